"""The interactive prompt of a session that a person types into: the same namespace, the same process as the model's
blocks, one thing at a time.

While the prompt waits for a key it also waits for blocks: Python's input hook, which readline calls while idle, runs
them there and then redraws the person's half-typed line. During a block, descriptors 0, 1 and 2 are the block's own;
afterwards they are the terminal again.

Packets here, besides those of worker.py: to the prompt "G" (go: the block's clock runs), "A" (the block's output is on
the screen: draw the prompt), "C" (Ctrl+C at the prompt; the newline that follows ends the line to be dropped), "W" (another width). From it:
"B" (ready to begin the block), "n" (the prompt reads keys until the next Enter), "p" with 1 or 0 (the person's code
begins, or the prompt is back), "h" (a line that the person has entered, for the history).
"""

import builtins
import codeop
import ctypes
import functools
import os
import select
import signal
import sys
import termios

from . import blocks

__builtins__ = dict(vars(builtins))  # see blocks.py
_CONTROL = 1000  # worker.CONTROL; worker imports this module
_ask = builtins.input
_RESET = b"\x18\x1b[?1049h\x1b[?1049l\x1b[!p"  # terminal.RESET
_STAYS = "Python stays open; the pane's title names the key that leaves it.\n"
_HISTORY_CHARACTERS = 4000
_BINDINGS = (
    "tab: complete",
    "set show-all-if-ambiguous on",
    "set page-completions off",
    # A paste comes in as one text, blank lines and all; Enter runs it.
    "set enable-bracketed-paste on",
    "set enable-active-region off",
)


class Prompt:
    def __init__(self, worker, terminal: str, history: list[str]) -> None:
        self.worker = worker
        self.token = worker.token
        self.entries = 0
        self.waiting = False
        self.cancelled = False
        self.terminal = terminal
        os.environ["TERM"] = "xterm-256color"
        self.to_terminal()
        self.cooked = termios.tcgetattr(0)
        self.input = self.person_input()
        self.readline = self.prepare_readline(history)
        self._hook = ctypes.PYFUNCTYPE(ctypes.c_int)(self.idle)
        pointer = ctypes.c_void_p.in_dll(ctypes.pythonapi, "PyOS_InputHook")
        pointer.value = ctypes.cast(self._hook, ctypes.c_void_p).value

    def prepare_readline(self, history: list[str]):
        """Imported only here, since it looks at the terminal and its type when it is."""
        try:
            import readline
            import rlcompleter
        except ImportError:  # a Python built without it: the terminal's own line editing remains
            return None
        readline.set_completer(rlcompleter.Completer(self.worker.namespace).complete)
        self.libedit = "libedit" in (readline.__doc__ or "")
        for binding in ("bind ^I rl_complete",) if self.libedit else _BINDINGS:
            readline.parse_and_bind(binding)
        readline.set_history_length(1000)
        for line in history:
            readline.add_history(line)
        return readline

    def person_input(self):
        """`input` for the person's own code."""

        @functools.wraps(_ask)
        def ask(prompt="", /):
            try:
                return _ask(prompt)
            finally:
                self.worker.line_ended()

        return ask

    def to_terminal(self, modes: list | None = None) -> None:
        """Descriptors 0, 1 and 2 are the terminal, in these modes."""
        # By name each time, since blocks may close what they like. The first terminal that a session's leader opens
        # becomes its controlling one: Ctrl+C then signals this process.
        try:
            opened = os.open(self.terminal, os.O_RDWR)
        except OSError:  # a block has left no descriptor free
            os.closerange(3, 512)
            opened = os.open(self.terminal, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(opened, descriptor, True)
        if opened > 2:
            os.close(opened)
        if modes is not None:
            self.set_modes(modes)
        worker = self.worker
        if worker.streams_broken():
            worker.streams()
        sys.stdin, sys.stdout, sys.stderr = worker.stdin, worker.out, worker.err
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def set_modes(self, modes: list) -> None:
        try:
            termios.tcsetattr(0, termios.TCSANOW, modes)
        except termios.error:
            pass  # no terminal there just now: the next `to_terminal` mends that

    def say(self, kind: bytes, payload: bytes = b"") -> None:
        self.worker.token = self.token
        self.worker.send(kind, payload)

    def run_for_ever(self) -> None:
        while True:
            self.entries += 1
            source = self.read()
            if source.strip():
                self.run(source)

    # The person

    def read(self) -> str:
        """One entry, of several lines where it needs them."""
        lines: list[str] = []
        while True:
            try:
                line = self.line("... " if lines else ">>> ")
            except EOFError:
                self.forget_end()
                self.worker.out.write("\n" + _STAYS)
                return ""
            if self.cancelled:
                self.worker.out.write("KeyboardInterrupt\n")
                return ""
            lines.append(line)
            self.keep(line)
            source = "\n".join(lines)
            try:
                if codeop.compile_command(source, f"<input {self.entries}>", "single") is not None:
                    return source
            except (SyntaxError, ValueError, OverflowError):
                return source  # several statements at once, or a mistake: running it tells

    def keep(self, line: str) -> None:
        """What readline has put into its history; a paste of several lines as those lines."""
        for one in line.split("\n"):
            if one.strip():
                self.say(b"h", one[:_HISTORY_CHARACTERS].encode("utf-8", "backslashreplace"))

    def line(self, prompt: str) -> str:
        self.waiting, self.cancelled = True, False
        hooked = self.readline is not None and not self.libedit  # whose way of reading calls no such hook
        if hooked:
            # Called when readline has the terminal: a key that came before would be echoed by the terminal itself too.
            self.readline.set_startup_hook(lambda: self.say(b"n"))
        else:
            self.say(b"n")
        try:
            return _ask(prompt)
        finally:
            self.waiting = False
            if hooked:
                self.readline.set_startup_hook(None)
            while not self.cancelled and select.select([_CONTROL], [], [], 0)[0] and self.peek() == b"C":
                self.worker.receive()
                self.cancelled = True

    def peek(self) -> bytes:
        import socket

        return self.worker.control.recv(17, socket.MSG_PEEK)[16:17]

    def run(self, source: str) -> None:
        worker = self.worker
        self.say(b"p", b"\1")
        text = ""
        try:
            builtins.input = self.input
            worker.line_ended()
            signal.signal(signal.SIGINT, signal.default_int_handler)
            _, text = blocks.run(source, f"<input {self.entries}>", worker.namespace, settle=False)
        except KeyboardInterrupt:
            text = "KeyboardInterrupt"
        finally:
            worker.quiet()
            blocks.restore_builtins()
        if os.getpid() != worker.pid:
            os._exit(0)
        if not text and worker.stdin.closed:
            text = _STAYS.rstrip()  # exit() and quit() close what they read
        self.to_terminal(self.cooked)
        os.write(1, _RESET)
        worker.fresh_line()
        if text:
            worker.out.write(text + "\n")
        self.say(b"p", b"\0")

    # The model

    def idle(self) -> int:
        """Python calls this while it waits for a key."""
        while self.waiting:
            try:
                ready, _, _ = select.select([0, _CONTROL], [], [])
                if _CONTROL not in ready:
                    return 0
                kind, payload = self.worker.receive()
                if kind == b"C":
                    self.cancelled = True
                elif kind == b"W":
                    self.readline_call("rl_resize_terminal")
                elif kind == b"R":
                    self.block(payload)
            except KeyboardInterrupt:
                pass
        return 0

    def block(self, payload: bytes) -> None:
        worker = self.worker
        number, source = worker.block(payload)
        modes = termios.tcgetattr(0)
        self.clear()
        worker.send(b"B")
        self.await_packet(b"G")
        self.waiting = False  # the block may read a line itself, from nothing
        verdict, text = worker.run(number, source)
        worker.finish(verdict, text)
        self.await_packet(b"A")
        self.to_terminal(modes)
        self.waiting = True
        self.redraw()

    def await_packet(self, wanted: bytes) -> None:
        while self.worker.receive()[0] != wanted:
            pass

    def clear(self) -> None:
        """The half-typed line gives way, however many rows it has; its supervisor clears where that cannot be asked."""
        self.readline_call("rl_clear_visible_line")

    def forget_end(self) -> None:
        """Readline 8.2, fed key by key, keeps a Ctrl+D for ever and then ends every line twice."""
        try:
            ctypes.c_int.in_dll(ctypes.CDLL(self.readline.__file__), "rl_eof_found").value = 0
        except (AttributeError, OSError, ValueError):
            pass

    def readline_call(self, name: str) -> bool:
        """One of those of GNU readline that Python does not offer. False where there is none."""
        try:
            library = ctypes.CDLL(self.readline.__file__)
            getattr(library, name)()
            library.fflush(None)
        except (AttributeError, OSError):
            return False
        return True

    def redraw(self) -> None:
        if self.readline is not None and not self.libedit:
            os.write(1, b"\x1b[?2004h")  # the block's end took it back with everything else
        if not self.readline_call("rl_forced_update_display"):
            typed = self.readline.get_line_buffer() if self.readline is not None else ""
            self.worker.out.write(">>> " + typed)
