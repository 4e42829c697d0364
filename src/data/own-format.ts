/**
 * nudge's own form of a problem: an object with the fields that docs/problems.md names. Every other form is brought into
 * this one and checked here.
 *
 * What always holds: what comes out is a whole problem, so that nobody after this asks again; fields that are not known
 * are left alone.
 */
import { letterIn } from "../score/choice.ts";
import type { CodeTests, Domain, Problem } from "../trace/events.ts";

export const DOMAINS: readonly Domain[] = ["math", "code", "science"];

/** `doubt` says why a verdict on this problem would mean little, where the file says so. */
export type Checked = { readonly problem: Problem; readonly doubt?: string } | { readonly mistake: string };

/** A problem from one line of JSON, or what is wrong with it. */
export function parseProblem(text: string): Checked {
	const read = objectIn(text);
	return "mistake" in read ? read : checked(read.value);
}

/** The object of one line of JSON. */
export function objectIn(
	text: string,
): { readonly value: Record<string, unknown> } | { readonly mistake: string } {
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch (error) {
		return { mistake: `this is not JSON: ${(error as Error).message}` };
	}
	if (typeof value !== "object" || value === null || Array.isArray(value)) {
		return { mistake: "a line holds one JSON object with the fields id, domain and problem" };
	}
	return { value: value as Record<string, unknown> };
}

/** A problem from the fields that docs/problems.md names, or what is wrong with them. */
export function checked(row: Record<string, unknown>): Checked {
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
	const tests = row.tests === undefined ? undefined : testsOf(row.tests, row.preamble);
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
function testsOf(value: unknown, before: unknown): CodeTests | string {
	const list = Array.isArray(value) ? value : [value];
	if (list.length === 0) return '"tests" is an empty list: nothing would be checked';
	if (list.every(isInputTest)) return list.map(({ input, output }) => ({ input, output }));
	const [only] = list;
	if (list.length === 1 && isFunctionTest(only)) {
		const preamble = [only.preamble, before].find((one) => isText(one) && one.trim() !== "");
		const { entry_point, test, style } = only;
		return { entry_point, test, style, ...(preamble === undefined ? {} : { preamble: preamble as string }) };
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
