/**
 * Problem files: JSON Lines, one problem a line, as docs/problems.md describes them.
 *
 * What always holds: a file is read as a stream and never held; a line that is no problem is a mistake with its file and
 * line, never skipped in silence; fields that are not known are left alone. What comes out of here is checked, so that
 * nobody after this asks again.
 */
import { existsSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { letterIn } from "../score/choice.ts";
import type { CodeTests, Domain, Problem } from "../trace/events.ts";
import { linesOf } from "./lines.ts";

/** Problems written for nudge, each solvable without any other file. */
export const BUNDLED: readonly string[] = ["bundled.jsonl", "extra.jsonl"].map((name) =>
	fileURLToPath(new URL(`../../problems/${name}`, import.meta.url)),
);

export const DOMAINS: readonly Domain[] = ["math", "code", "science"];

/** A problem file, or a problem, that cannot be used: where, what, and what to do. */
export class ProblemError extends Error {
	override readonly name = "ProblemError";
}

/** A line of a problem file. `doubt` says why a verdict on this problem would mean little, where the file says so. */
export type Row = { readonly file: string; readonly line: number } & (
	| { readonly problem: Problem; readonly doubt?: string }
	| { readonly mistake: string }
);

/** Every line of a file that is not empty, right or wrong. */
export async function* readRows(file: string, signal?: AbortSignal): AsyncGenerator<Row, void, void> {
	mustBeAFile(file);
	for await (const { text, line } of linesOf(file, signal)) {
		if (text.trim() !== "") yield { file, line, ...parseProblem(text) };
	}
}

/** The problems of files, one after the other. Throws ProblemError at the first line that is none. */
export async function* readProblems(
	files: string | readonly string[] = BUNDLED,
	signal?: AbortSignal,
): AsyncGenerator<Problem, void, void> {
	for (const file of typeof files === "string" ? [files] : files) {
		for await (const row of readRows(file, signal)) {
			if ("mistake" in row) throw new ProblemError(`${row.file}:${row.line}: ${row.mistake}`);
			yield row.problem;
		}
	}
}

/** The problem with an id. Reads on only until it is found. */
export async function findProblem(
	id: string,
	files: string | readonly string[] = BUNDLED,
	signal?: AbortSignal,
): Promise<Problem> {
	for await (const problem of readProblems(files, signal)) if (problem.id === id) return problem;
	const where = typeof files === "string" ? files : "the bundled problems";
	throw new ProblemError(
		`there is no problem "${id}" in ${where}; nudge problems list${typeof files === "string" ? ` --file ${files}` : ""} shows what there is`,
	);
}

/** Whether a problem is of a domain and has all the words somewhere in its id, source or text. */
export function matches(
	problem: Problem,
	wish: { readonly words?: string; readonly domain?: string },
): boolean {
	if (wish.domain !== undefined && problem.domain !== wish.domain) return false;
	const text = `${problem.id} ${problem.source ?? ""} ${problem.problem}`.toLowerCase();
	return (wish.words ?? "")
		.toLowerCase()
		.split(/\s+/)
		.every((word) => text.includes(word));
}

/** A problem from one line of JSON, or what is wrong with it. */
export function parseProblem(
	text: string,
): { readonly problem: Problem; readonly doubt?: string } | { readonly mistake: string } {
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch (error) {
		return { mistake: `this is not JSON: ${(error as Error).message}` };
	}
	if (typeof value !== "object" || value === null || Array.isArray(value)) {
		return { mistake: "a line holds one JSON object with the fields id, domain and problem" };
	}
	const row = value as Record<string, unknown>;
	for (const name of ["id", "problem"] as const) {
		if (typeof row[name] !== "string" || row[name].trim() === "") {
			return {
				mistake: `"${name}" must be a text that is not empty${row[name] === undefined ? "; it is missing" : ""}`,
			};
		}
	}
	if (!DOMAINS.includes(row.domain as Domain)) {
		const found = row.domain === undefined ? "it is missing" : `it is ${JSON.stringify(row.domain)}`;
		return { mistake: `"domain" must be one of ${DOMAINS.join(", ")}; ${found}` };
	}
	if (row.source !== undefined && typeof row.source !== "string")
		return { mistake: '"source" must be a text' };
	const answer = typeof row.answer === "number" ? String(row.answer) : row.answer;
	if (answer !== undefined && typeof answer !== "string") {
		return { mistake: '"answer" must be a text, or a number' };
	}
	const choices = row.choices;
	if (choices !== undefined) {
		if (!Array.isArray(choices) || choices.length < 2 || choices.length > 26 || !choices.every(isText)) {
			return { mistake: '"choices" must be a list of 2 to 26 texts' };
		}
		if (answer === undefined)
			return { mistake: '"choices" need an "answer": a letter, or the text of a choice' };
		if (!letterIn(answer, choices))
			return { mistake: `the answer ${JSON.stringify(answer)} is none of the choices` };
	}
	const tests = row.tests === undefined ? undefined : testsOf(row.tests);
	if (typeof tests === "string") return { mistake: tests };
	const problem: Problem = {
		id: row.id as string,
		domain: row.domain as Domain,
		problem: question(row, tests),
		...(answer === undefined ? {} : { answer }),
		...(tests === undefined ? {} : { tests }),
		...(choices === undefined ? {} : { choices: choices as readonly string[] }),
		...(row.source === undefined ? {} : { source: row.source as string }),
	};
	return row.reference_passes === false
		? { problem, doubt: "the file says that its own reference solution fails the tests" }
		: { problem };
}

/** What is asked, together with the beginning of the code and the name that the tests call, where the text lacks them. */
function question(row: Record<string, unknown>, tests: CodeTests | undefined): string {
	let text = row.problem as string;
	const starter = typeof row.starter === "string" ? row.starter.trim() : "";
	if (starter !== "" && !text.includes(starter)) {
		text += `\n\nThe code begins with:\n\`\`\`python\n${starter}\n\`\`\``;
	}
	if (tests && "entry_point" in tests && !text.includes(nameOf(tests.entry_point))) {
		text += `\n\nThe tests call ${tests.entry_point}.`;
	}
	return text;
}

/** "Solution().twoSum" -> "twoSum" */
function nameOf(entryPoint: string): string {
	return /\w+$/.exec(entryPoint)?.[0] ?? entryPoint;
}

/** Tests, or what is wrong with them. A list of one function test is that test. */
function testsOf(value: unknown): CodeTests | string {
	const list = Array.isArray(value) ? value : [value];
	if (list.length === 0) return '"tests" is an empty list: nothing would be checked';
	if (list.every(isInputTest)) return list.map(({ input, output }) => ({ input, output }));
	const [only] = list;
	if (list.length === 1 && isFunctionTest(only)) {
		return { entry_point: only.entry_point, test: only.test, style: only.style };
	}
	return (
		'"tests" must be a list of {input, output}, or one {entry_point, test, style} ' +
		'where style is "check" or "script"'
	);
}

function isText(value: unknown): value is string {
	return typeof value === "string";
}

function isInputTest(value: unknown): value is { input: string; output: string } {
	const test = value as { input?: unknown; output?: unknown } | null;
	return typeof test === "object" && isText(test?.input) && isText(test.output);
}

function isFunctionTest(value: unknown): value is Extract<CodeTests, { entry_point: string }> {
	const test = value as { entry_point?: unknown; test?: unknown; style?: unknown } | null;
	return (
		typeof test === "object" &&
		isText(test?.entry_point) &&
		isText(test.test) &&
		(test.style === "check" || test.style === "script")
	);
}

function mustBeAFile(file: string): void {
	if (!existsSync(file)) throw new ProblemError(`there is no file ${file}`);
	if (!statSync(file).isFile() && !statSync(file).isFIFO()) {
		throw new ProblemError(`${file} is not a file; problems are read from JSON Lines`);
	}
}
