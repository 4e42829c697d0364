/**
 * Code problems: takes the program out of the answer and runs the problem's tests on it in the trace's kind of
 * interpreter, isolated and limited like every other code of a model (guest/run_tests.py).
 *
 * What always holds: every test on standard input has a process of its own; what a program should print is compared here
 * and never shown to it; each test ends in a verdict, with its time; a program that is too slow, too large or that dies
 * is wrong: the limits are part of the tests, and hold for each input, and for all of a function's assertions together.
 */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { BlockResult, Interpreter, InterpreterHost, Limits } from "../python/interpreter.ts";
import type { CodeTests } from "../trace/events.ts";
import { sameOutput, toleranceIn } from "./compare-output.ts";
import { ScoreError } from "./mathverify.ts";
import type { Outcome, ScoreContext, ScorePlugin, TestResult, TestVerdict } from "./plugin.ts";
import { type ProgramOptions, program } from "./program.ts";
import { Reporting } from "./test-report.ts";

export type CodeOptions = ProgramOptions & {
	readonly limits?: Partial<Limits>;
	readonly signal?: AbortSignal;
	/** Run all tests, also after one has failed. */
	readonly allTests?: boolean;
	/** What numbers that a program prints may be off by; without, they must be the same. */
	readonly tolerance?: number | undefined;
};

const DEFAULT_TIMEOUT_MS = 10_000;
/** So many tests go into one block at most; the first ones alone, since most programs that fail do so at once. */
const BATCHES = [1, 4, 16, 32];
const BATCH_CHARS = 4 << 20;
/** The block may last as long as all its tests on a machine where others wait as well, and this. */
const SLACK_MS = 10_000;
/** Assertions that are told one by one. */
const SHOWN_ASSERTS = 32;

const GUEST = fileURLToPath(new URL("../../src/score/guest/run_tests.py", import.meta.url));
let guest: string | undefined;
const guestCode = (): string => {
	guest ??= readFileSync(GUEST, "utf8");
	return guest;
};

/** Names that contest solutions take for granted, as the usual harnesses provide them. */
const PRELUDE = [
	"import bisect, collections, functools, heapq, itertools, math, operator, random, re, string, sys",
	"import datetime",
	"from bisect import *",
	"from collections import *",
	"from functools import *",
	"from heapq import *",
	"from itertools import *",
	"from math import *",
	"from typing import *",
	"inf = float('inf')",
].join("\n");

export function codePlugin(options: Omit<CodeOptions, "signal" | "tolerance">): ScorePlugin {
	const { limits, allTests, thinkClose, dialect } = options;
	return {
		id: "code",
		version: "2",
		says: "programs: the problem's tests on standard input, or its assertions, in isolated Python",
		settings: { ...limits, allTests: allTests === true, thinkClose, dialect: dialect?.id },
		applies: ({ tests }) => tests !== undefined,
		score: async (problem, text, { signal, interpreters }: ScoreContext) => {
			if (!interpreters)
				return { verdict: "unchecked", reason: "its tests need a Python to run in, and none was given" };
			return scoreCode(problem.tests!, text, interpreters, {
				...options,
				tolerance: toleranceIn(problem.problem),
				...(signal ? { signal } : {}),
			});
		},
	};
}

export async function scoreCode(
	tests: CodeTests,
	text: string,
	/** Asked for only where there is a program. */
	interpreters: InterpreterHost | (() => Promise<InterpreterHost>),
	options: CodeOptions = {},
): Promise<Outcome> {
	const answer = program(text, "entry_point" in tests ? tests.entry_point : undefined, options);
	if (answer === undefined) return { verdict: "no answer", reason: "there is no whole block of Python" };
	const host = typeof interpreters === "function" ? await interpreters() : interpreters;
	const interpreter = await host.open(options.limits ? { limits: options.limits } : {});
	try {
		const runner = new Runner(interpreter, options);
		const { reporting, failure } =
			"entry_point" in tests ? await runner.asserts(tests, answer) : await runner.inputs(tests, answer);
		options.signal?.throwIfAborted();
		const report = reporting.report();
		return failure === undefined
			? { verdict: "correct", answer, tests: report }
			: { verdict: "wrong", answer, reason: failure, tests: report };
	} finally {
		await interpreter.close();
	}
}

type Ran = { readonly reporting: Reporting; readonly failure?: string };
type InputTest = { readonly input: string; readonly output: string };
/** A line of run_tests.py. */
type Line = {
	readonly i: number;
	readonly v: TestVerdict | "done";
	readonly ms: number;
	readonly out?: string;
	readonly why?: string;
};

class Runner {
	readonly #interpreter: Interpreter;
	readonly #options: CodeOptions;

	constructor(interpreter: Interpreter, options: CodeOptions) {
		this.#interpreter = interpreter;
		this.#options = options;
	}

	async inputs(tests: readonly InputTest[], answer: string): Promise<Ran> {
		if (tests.length === 0)
			throw new ScoreError("a code problem has an empty list of tests; nothing would be checked");
		const reporting = new Reporting(tests.length);
		let failure: string | undefined;
		for (let next = 0, batch = 0; next < tests.length; batch++) {
			const some = cutBatch(tests.slice(next, next + BATCHES[Math.min(batch, BATCHES.length - 1)]!));
			for (const result of await this.#batch(some, answer, next)) {
				next = result.test;
				reporting.add(result);
				if (result.verdict === "pass") continue;
				failure ??= `test ${result.test} of ${tests.length}: ${result.why ?? SAYS[result.verdict]}`;
				if (!this.#options.allTests) return { reporting, failure };
			}
			this.#options.signal?.throwIfAborted();
		}
		return failure === undefined ? { reporting } : { reporting, failure };
	}

	/** At least one result, in order; fewer than tests where the session ended in one of them. */
	async #batch(tests: readonly InputTest[], answer: string, from: number): Promise<TestResult[]> {
		const mark = randomBytes(16).toString("hex");
		const most = tests.map(({ output }) => 20_000 + 2 * JSON.stringify(ascii(output)).length);
		const given = JSON.stringify(JSON.stringify(tests.map(({ input }, i) => [input, most[i]])));
		const timeoutMs = this.#options.limits?.timeoutMs ?? DEFAULT_TIMEOUT_MS;
		const code = [
			guestCode(),
			"import json as _json",
			`nudge_inputs("${mark}", ${JSON.stringify(answer)}, _json.loads(${given}), ${timeoutMs / 1000})`,
		].join("\n");
		const result = await this.#run(
			code,
			tests.length * timeoutMs + SLACK_MS,
			most.reduce((sum, one) => sum + one, 20_000),
		);
		const results = linesIn(result.text, mark).map(({ i, v, ms, out, why }): TestResult => {
			const of = { test: from + i + 1, ms, ...(why === undefined ? {} : { why }) };
			if (v !== "done") return { ...of, verdict: v };
			return sameOutput(out ?? "", tests[i]!.output, this.#options.tolerance)
				? { ...of, verdict: "pass" }
				: { ...of, verdict: "fail" };
		});
		if (results.length < tests.length) results.push(broken(result, from + results.length + 1));
		return results;
	}

	async asserts(tests: Extract<CodeTests, { entry_point: string }>, answer: string): Promise<Ran> {
		const timeoutMs = this.#options.limits?.timeoutMs ?? DEFAULT_TIMEOUT_MS;
		// Only code that was not stopped by a failed assert reaches the last mark, and no program can know it beforehand.
		const mark = randomBytes(16).toString("hex");
		const defined = await this.#run(`${PRELUDE}\n\n${tests.preamble ?? ""}\n\n${answer}`, timeoutMs);
		if (defined.verdict !== "ok") {
			const reporting = new Reporting(undefined);
			reporting.add(broken(defined, 1));
			return { reporting, failure: `the program itself: ${told(defined)}` };
		}
		const call = tests.style === "check" ? `\ncheck(${tests.entry_point})\n` : "";
		const code = [
			`exec(compile(${JSON.stringify(guestCode())}, "run_tests.py", "exec"), _${mark} := {})`,
			`_${mark}["nudge_asserts"]("${mark}", ${JSON.stringify(tests.test + call)}, ${this.#options.allTests ? "False" : "True"}, ${SHOWN_ASSERTS}, globals())`,
			`print("\\n${mark}end")`,
		].join("\n");
		const result = await this.#run(code, timeoutMs, 100_000);
		return assertsRan(result, mark);
	}

	#run(code: string, timeoutMs: number, outputChars?: number): Promise<BlockResult> {
		const { signal, limits } = this.#options;
		return this.#interpreter.run(code, {
			limits: { ...limits, timeoutMs, ...(outputChars === undefined ? {} : { outputChars }) },
			...(signal ? { signal } : {}),
		});
	}
}

function assertsRan(result: BlockResult, mark: string): Ran {
	const lines = linesIn(result.text, mark) as (Line & { state?: { count: number; passed: number } })[];
	const state = lines.find((line) => line.state)?.state;
	const results = lines
		.filter((line) => line.state === undefined)
		.map(({ i, v, ms, why }) => ({
			test: i + 1,
			verdict: v as TestVerdict,
			ms,
			...(why === undefined ? {} : { why }),
		}));
	const reporting = new Reporting(undefined);
	for (const one of results) reporting.add(one);
	reporting.passed((state?.passed ?? 0) - results.filter(({ verdict }) => verdict === "pass").length);
	const failed = results.find(({ verdict }) => verdict !== "pass");
	const ended = result.verdict === "ok" && result.text.includes(`\n${mark}end`);
	if (ended && !failed) {
		if (reporting.count === 0) reporting.passed(1);
		return { reporting };
	}
	if (failed) return { reporting, failure: `the tests: ${failed.why ?? SAYS[failed.verdict]}` };
	reporting.add(broken(result, (state?.count ?? results.length) + 1));
	return { reporting, failure: `the tests: ${told(result)}` };
}

function linesIn(text: string, mark: string): Line[] {
	return text
		.split("\n")
		.filter((line) => line.startsWith(mark) && line[mark.length] === "{")
		.map((line) => JSON.parse(line.slice(mark.length)) as Line);
}

/** Tests whose texts together are not too large for one block; at least one. */
function cutBatch(tests: readonly InputTest[]): readonly InputTest[] {
	let size = 0;
	const end = tests.findIndex(({ input, output }) => {
		size += input.length + 2 * output.length;
		return size > BATCH_CHARS;
	});
	return end < 0 ? tests : tests.slice(0, Math.max(1, end));
}

/** As json.dumps writes it: what one character may need there. */
function ascii(text: string): string {
	return text.replaceAll(/[^\x20-\x7e]/g, "\\u0000");
}

const SAYS: Readonly<Record<TestVerdict, string>> = {
	pass: "it passed",
	fail: "it printed something else than it should",
	error: "an error",
	timeout: "it ran past its time limit",
	memory: "it used more memory than it may",
};

/** A test in which the block itself ended. */
function broken(result: BlockResult, test: number): TestResult {
	const verdict = result.verdict === "timeout" ? "timeout" : result.verdict === "memory" ? "memory" : "error";
	return { test, verdict, ms: Math.round(result.durationMs), why: told(result) };
}

/** How a block ended, in a few words: the last line of a traceback says most. */
function told(result: BlockResult): string {
	if (result.verdict === "timeout") return SAYS.timeout;
	if (result.verdict === "memory") return SAYS.memory;
	const last = result.text.trim().split("\n").at(-1)?.slice(0, 200) ?? "";
	if (result.verdict === "error") return last || "an error";
	if (result.verdict === "ok") return "it ended before the tests did";
	return `the Python it ran in was ${result.verdict}`;
}
