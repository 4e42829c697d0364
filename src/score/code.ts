/**
 * Code problems: takes the program out of the answer and runs the problem's tests on it in the trace's kind of
 * interpreter, isolated and limited like every other code of a model.
 *
 * What always holds: a fresh namespace for the function tests and for every standard input test; what a program should
 * print is compared here and never shown to it; the first test that fails ends it, and the reason says which and how.
 * A program that is too slow, too large or that dies is wrong: the limits are part of the tests.
 */
import { randomUUID } from "node:crypto";
import type { FenceDialect } from "../hints/marker.ts";
import { Scanner } from "../hints/scanner.ts";
import type { BlockResult, InterpreterHost, Limits } from "../python/interpreter.ts";
import type { CodeTests } from "../trace/events.ts";
import { ScoreError } from "./mathverify.ts";

export type CodeOutcome = {
	readonly verdict: "correct" | "wrong" | "no answer";
	/** The program that was tested. */
	readonly answer?: string;
	readonly reason?: string;
};

export type CodeOptions = {
	readonly thinkClose?: string;
	/** How this model writes code; Markdown fences by default. */
	readonly dialect?: FenceDialect;
	readonly limits?: Partial<Limits>;
	readonly signal?: AbortSignal;
};

/** Names that contest solutions take for granted, as the usual harnesses provide them. */
const PRELUDE = [
	"import bisect, collections, functools, heapq, itertools, math, operator, random, re, string, sys",
	"from bisect import *",
	"from collections import *",
	"from functools import *",
	"from heapq import *",
	"from itertools import *",
	"from math import *",
	"from typing import *",
	"inf = float('inf')",
].join("\n");

const MARKDOWN: FenceDialect = {
	id: "markdown",
	codeOpen: "```python",
	codeClose: "```",
	languages: ["python", "py", "python3"],
	outputOpen: "```output\n",
	outputClose: "```\n",
	callsUsedUp: "",
};

export async function scoreCode(
	tests: CodeTests,
	text: string,
	host: InterpreterHost,
	options: CodeOptions = {},
): Promise<CodeOutcome> {
	const answer = program(text, "entry_point" in tests ? tests.entry_point : undefined, options);
	if (answer === undefined) return { verdict: "no answer" };
	const failure =
		"entry_point" in tests
			? await functionTest(tests, answer, host, options)
			: await inputTests(tests, answer, host, options);
	return failure === undefined
		? { verdict: "correct", answer }
		: { verdict: "wrong", answer, reason: failure };
}

/**
 * The program that was handed in: the last whole block after the thinking, else the last one in it. Where the tests
 * call a function, the last block that defines it goes before an example of its use.
 */
export function program(
	text: string,
	entryPoint: string | undefined,
	options: CodeOptions = {},
): string | undefined {
	const close = options.thinkClose ? text.lastIndexOf(options.thinkClose) : -1;
	const scanner = new Scanner({ words: [], dialect: options.dialect ?? MARKDOWN });
	const blocks = [...scanner.push(text), ...scanner.flush()].flatMap((event) =>
		event.type === "fence-close" && event.runnable && event.code.trim() !== "" ? [event] : [],
	);
	const name = entryPoint && /^[A-Za-z_]\w*/.exec(entryPoint)?.[0];
	const defines = name
		? new RegExp(`^[ \\t]*(?:async +def|def|class) +${name}\\b|^${name} *=`, "m")
		: undefined;
	for (const part of [blocks.filter((block) => block.start > close), blocks]) {
		const found = part.findLast((block) => defines?.test(block.code)) ?? part.at(-1);
		if (found) return found.code;
	}
	return undefined;
}

async function functionTest(
	tests: Extract<CodeTests, { entry_point: string }>,
	answer: string,
	host: InterpreterHost,
	options: CodeOptions,
): Promise<string | undefined> {
	// Only code that was not stopped by a failed assert reaches the mark, and no program can know it beforehand.
	const mark = randomUUID();
	const call = tests.style === "check" ? `check(${tests.entry_point})` : "";
	const interpreter = await host.open(options.limits ? { limits: options.limits } : {});
	try {
		const run = (code: string) => interpreter.run(code, options.signal ? { signal: options.signal } : {});
		const defined = await run(`${PRELUDE}\n\n${answer}`);
		if (defined.verdict !== "ok") return `the program itself: ${told(defined)}`;
		const tested = await run(`${tests.test}\n${call}\nprint("${mark}")`);
		if (tested.verdict === "ok" && tested.text.includes(mark)) return undefined;
		return `the tests: ${told(tested)}`;
	} finally {
		await interpreter.close();
	}
}

async function inputTests(
	tests: Extract<CodeTests, readonly unknown[]>,
	answer: string,
	host: InterpreterHost,
	options: CodeOptions,
): Promise<string | undefined> {
	if (tests.length === 0)
		throw new ScoreError("a code problem has an empty list of tests; nothing would be checked");
	for (const [index, { input, output }] of tests.entries()) {
		const where = `test ${index + 1} of ${tests.length}`;
		const mark = randomUUID();
		const interpreter = await host.open({
			limits: { ...options.limits, outputChars: Math.max(20_000, 2 * output.length + 2000) },
		});
		try {
			const result = await interpreter.run(
				withInput(answer, input, mark),
				options.signal ? { signal: options.signal } : {},
			);
			const [, printed] = result.text.split(mark);
			if (result.verdict !== "ok" || printed === undefined) return `${where}: ${told(result)}`;
			if (!sameOutput(JSON.parse(printed.trim()) as string, output)) {
				return `${where}: it printed something else than it should`;
			}
		} finally {
			await interpreter.close();
		}
	}
	return undefined;
}

/** The program as a block that reads `input` and whose output comes between two marks, untouched by how an interpreter shows things. */
function withInput(code: string, input: string, mark: string): string {
	return [
		"import builtins as _builtins, io as _io, json as _json, sys as _sys",
		// The interpreter's own input() says that nobody is there to type.
		"def _input(prompt=''):",
		"    _sys.stdout.write(str(prompt))",
		"    line = _sys.stdin.readline()",
		"    if not line: raise EOFError('the input has ended')",
		"    return line.rstrip('\\n')",
		"_builtins.input = _input",
		`_sys.stdin = _io.TextIOWrapper(_io.BytesIO(${JSON.stringify(input)}.encode()), encoding="utf-8")`,
		"_kept = _sys.stdout",
		"_sys.stdout = _io.TextIOWrapper(_io.BytesIO(), encoding='utf-8', write_through=True)",
		"try:",
		`    exec(compile(${JSON.stringify(code)}, "program.py", "exec"), {"__name__": "__main__"})`,
		"except SystemExit:",
		"    pass",
		"finally:",
		"    _sys.stdout.flush()",
		"    _printed, _sys.stdout = _sys.stdout.buffer.getvalue().decode('utf-8', 'replace'), _kept",
		`print("${mark}" + _json.dumps(_printed) + "${mark}")`,
	].join("\n");
}

/** As contests compare: line by line, blanks at the ends of lines and of the text aside. */
export function sameOutput(printed: string, wanted: string): boolean {
	const lines = (text: string) =>
		text
			.trimEnd()
			.split("\n")
			.map((line) => line.trimEnd());
	const a = lines(printed);
	const b = lines(wanted);
	return a.length === b.length && a.every((line, i) => line === b[i]);
}

/** How a block ended, in a few words: the last line of a traceback says most. */
function told(result: BlockResult): string {
	if (result.verdict === "timeout") return "it ran past its time limit";
	if (result.verdict === "memory") return "it used more memory than it may";
	const last = result.text.trim().split("\n").at(-1)?.slice(0, 200) ?? "";
	if (result.verdict === "error") return last || "an error";
	if (result.verdict === "ok") return "it ended before the tests did";
	return `the Python it ran in was ${result.verdict}`;
}
