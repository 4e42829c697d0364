/**
 * The examples that a code problem itself shows. The tests that a problem is scored with are hidden ones: a hint may put
 * only such examples into the stream as the model could read in the problem's text. So a test counts as an example when
 * its input stands in the text, and doctests of the text count too.
 */
import type { Problem } from "../trace/events.ts";

/** A program's whole input and the output that belongs to it. */
export type ProgramExample = { readonly input: string; readonly output: string };
/** Two Python expressions that are to be equal. */
export type CallExample = { readonly call: string; readonly expected: string };

export type Examples = {
	readonly programs: readonly ProgramExample[];
	readonly calls: readonly CallExample[];
};

/** A hint is to help, not to fill the context. */
const MOST_EXAMPLES = 4;
const MOST_CHARS = 2000;

export function visibleExamples(problem: Problem): Examples {
	const tests: readonly unknown[] = problem.tests === undefined ? [] : [problem.tests].flat();
	const shown = squeeze(problem.problem);
	const programs: ProgramExample[] = [];
	const calls: CallExample[] = doctests(problem.problem);
	for (const test of tests) {
		if (isProgram(test)) {
			if (squeeze(test.input) !== "" && shown.includes(squeeze(test.input)))
				programs.push({ input: test.input, output: test.output });
		} else if (isFunction(test)) {
			for (const example of asserts(test.test, test.entry_point)) {
				if (shown.includes(squeeze(example.arguments))) calls.push(example.condition);
			}
		}
	}
	return {
		programs: few(programs, (one) => one.input + one.output),
		calls: few(calls, (one) => one.call + one.expected),
	};
}

/** `>>> f(1)` and the line below it: Python's doctest, one line of each. */
function doctests(text: string): CallExample[] {
	const found: CallExample[] = [];
	for (const match of text.matchAll(/^[ \t]*>>> (.+)\n[ \t]*(?!>>>)(\S.*)$/gm)) {
		const [, call = "", expected = ""] = match;
		// What assigns or prints, and what raises, is no pair of expressions.
		if (/^(import|from|print)\b|[^=!<>]=[^=]/.test(call.replace(/\(.*\)/s, "()"))) continue;
		if (/^(Traceback|"""|''')/.test(expected)) continue;
		found.push({ call: call.trim(), expected: expected.trim() });
	}
	return found;
}

/** `assert f(1) == 2` on lines of their own; the function under test is `candidate` or bears its name. */
function asserts(test: string, entry: string): { arguments: string; condition: CallExample }[] {
	const found: { arguments: string; condition: CallExample }[] = [];
	for (const [, condition = ""] of test.matchAll(/^[ \t]*assert (.+)$/gm)) {
		const names = [entry, "candidate"].filter((name) => condition.startsWith(`${name}(`));
		const name = names[0];
		if (name === undefined) continue;
		const args = insideParentheses(condition, name.length);
		if (args === undefined || args.trim() === "") continue;
		const whole = name === "candidate" ? entry + condition.slice(name.length) : condition;
		found.push({ arguments: args, condition: { call: whole.trim(), expected: "True" } });
	}
	return found;
}

/** What stands between the parenthesis at `open` and the one that closes it; undefined where none does. */
function insideParentheses(text: string, open: number): string | undefined {
	let depth = 0;
	let quote = "";
	for (let i = open; i < text.length; i++) {
		const char = text[i]!;
		if (quote !== "") {
			if (char === "\\") i++;
			else if (char === quote) quote = "";
		} else if (char === '"' || char === "'") quote = char;
		else if ("([{".includes(char)) depth++;
		else if (")]}".includes(char) && --depth === 0) return text.slice(open + 1, i);
	}
	return undefined;
}

function few<One>(all: readonly One[], text: (one: One) => string): One[] {
	const taken: One[] = [];
	let chars = 0;
	for (const one of all) {
		chars += text(one).length;
		if (taken.length === MOST_EXAMPLES || chars > MOST_CHARS) break;
		taken.push(one);
	}
	return taken;
}

const squeeze = (text: string): string => text.replace(/\s+/g, "");

function isProgram(test: unknown): test is ProgramExample {
	return typeof test === "object" && test !== null && "input" in test && "output" in test;
}

function isFunction(test: unknown): test is { entry_point: string; test: string } {
	return typeof test === "object" && test !== null && "entry_point" in test && "test" in test;
}
