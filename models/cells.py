"""A small Jupyter-like runner of Python blocks: what the model sees as output, in training and in the evaluation.

What always holds: one namespace per trace, given by the caller; printed text first, then the repr of the last
expression unless it is None; an error is a traceback of the frames of the blocks alone, without caret lines. This is
NOT a sandbox: it runs in this process and is for code of our own generator, or inside a worker of evaluate.py.
"""
import ast
import contextlib
import io
import traceback


def run_cell(source, namespace, number):
    """Returns (output text, ok). `number` counts the blocks of the trace from 1."""
    name, out, ok = f"<block {number}>", io.StringIO(), True
    sources = namespace.setdefault("__sources__", {})
    sources[name] = source.split("\n")
    with contextlib.redirect_stdout(out):
        try:
            tree = ast.parse(source, name)
            last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
            exec(compile(tree, name, "exec"), namespace)
            if last is not None:
                value = eval(compile(ast.Expression(last.value), name, "eval"), namespace)
                if value is not None:
                    print(repr(value))
        except BaseException as error:  # a block may raise anything, SystemExit too
            ok = False
            print(describe(error, sources), end="")
    text = out.getvalue()
    return (text if not text or text.endswith("\n") else text + "\n"), ok


def describe(error, sources):
    last = "".join(traceback.format_exception_only(type(error), error)).rstrip("\n").split("\n")[-1] + "\n"
    if isinstance(error, SyntaxError):
        line = (error.text or "").strip()
        return f'  File "{error.filename}", line {error.lineno}\n' + (f"    {line}\n" if line else "") + last
    text = "Traceback (most recent call last):\n"
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename in sources:
            lines = sources[frame.filename]
            line = lines[frame.lineno - 1].strip() if 0 < frame.lineno <= len(lines) else ""
            text += f'  File "{frame.filename}", line {frame.lineno}, in {frame.name}\n' + (f"    {line}\n" if line else "")
    return text + last
