/**
 * The values of foreign problem files, brought into nudge's own form: texts, choices, tests.
 *
 * What always holds: a value is understood as a whole or not at all; where it is not, the mistake says what was expected.
 */
import type { CodeTests } from "../trace/events.ts";

type Row = Record<string, unknown>;

/** "a.b" is the field b of the object a, unless a field is really named so. */
export function fieldIn(row: Row, name: string): unknown {
	if (name in row || !name.includes(".")) return row[name];
	const at = name.indexOf(".");
	const outer = row[name.slice(0, at)];
	return isRow(outer) ? fieldIn(outer, name.slice(at + 1)) : undefined;
}

/** A text, a number, one of either in a list, or what the user says last in a list of chat messages. */
export function textIn(value: unknown): string | undefined {
	if (typeof value === "string") return value.trim() === "" ? undefined : value;
	if (typeof value === "number" || typeof value === "boolean") return String(value);
	if (!Array.isArray(value) || value.length === 0) return undefined;
	const said = value.findLast((item) => isRow(item) && item.role === "user");
	if (isRow(said)) return textIn(said.content);
	const texts = value.map((item) => (Array.isArray(item) ? undefined : textIn(item)));
	return texts.every((text) => text !== undefined) ? texts.join(", ") : undefined;
}

/** Choices; with the labels that answers use, where the file has its own. */
export function choicesIn(
	value: unknown,
): { readonly texts: readonly string[]; readonly labels?: readonly string[] } | undefined {
	const list = jsonIn(value);
	if (Array.isArray(list)) {
		const texts = list.map((item) => (isRow(item) ? undefined : textIn(item)));
		return isTexts(texts) && texts.length >= 2 ? { texts } : undefined;
	}
	if (!isRow(list)) return undefined;
	if (Array.isArray(list.text)) {
		const inner = choicesIn(list.text);
		if (!inner || list.label === undefined || list.label === null) return inner;
		const labels = Array.isArray(list.label) ? list.label.map(textIn) : [];
		return isTexts(labels) && labels.length === inner.texts.length ? { ...inner, labels } : undefined;
	}
	// {"A": "oxygen", "B": "argon"}
	const labels = Object.keys(list);
	const inner = choicesIn(Object.values(list));
	return inner && labels.every((label) => label.length === 1) ? { ...inner, labels } : undefined;
}

export type Tests = { readonly tests: CodeTests; readonly mistake?: never } | { readonly mistake: string };

/** Tests from the fields of a mapping, the one that names them first. */
export function testsIn(row: Row, fields: readonly string[]): Tests {
	const [first = ""] = fields;
	const named = (name: string): unknown => {
		const field = fields.slice(1).find((one) => one.toLowerCase() === name);
		return field === undefined ? undefined : fieldIn(row, field);
	};
	const value = jsonIn(fieldIn(row, first));
	if (value === undefined || value === null) return { mistake: `"${first}" (the tests) is missing` };
	const entry = textIn(named("entry_point"));
	if (typeof value === "string") {
		if (entry === undefined)
			return { mistake: `"${first}" is a text of tests, and no "entry_point" says what they call` };
		const style = /^\s*def\s+check\s*\(/m.test(value) ? "check" : "script";
		return { tests: { entry_point: entry, test: value, style } };
	}
	if (Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === "string")) {
		return asserts(value, entry, textIn(named("code")), [named("test_imports"), named("test_setup_code")]);
	}
	const pairs = pairsIn(value);
	if (pairs) return { tests: pairs };
	const own = Array.isArray(value) && value.length === 1 ? value[0] : value;
	if (isRow(own) && typeof own.entry_point === "string" && typeof own.test === "string") {
		const style = own.style === "check" || own.style === "script" ? own.style : undefined;
		if (style) return { tests: { entry_point: own.entry_point, test: own.test, style } };
	}
	if (isRow(own) && own.fn_name !== undefined) {
		return {
			mistake: `"${first}" calls the function ${String(own.fn_name)} with arguments: only tests on standard input are read from this form`,
		};
	}
	return {
		mistake: `"${first}" holds no tests that are understood: asserts, {input, output} pairs or {inputs, outputs}`,
	};
}

/** MBPP's list of assertions. They call the function that the reference code defines, or the first that they name. */
function asserts(
	lines: readonly string[],
	entry: string | undefined,
	code: string | undefined,
	before: readonly unknown[],
): Tests {
	const test = [...before.flatMap((part) => (Array.isArray(part) ? part : [part])), ...lines]
		.filter((part): part is string => typeof part === "string" && part.trim() !== "")
		.join("\n");
	const defined = new Set(
		[...(code ?? "").matchAll(/^(?:async\s+)?(?:def|class)\s+(\w+)/gm)].map(([, name]) => name!),
	);
	const called = [...lines.join("\n").matchAll(/\b([A-Za-z_]\w*)\s*\(/g)].map(([, name]) => name!);
	const name = entry ?? called.find((one) => defined.has(one)) ?? called.find((one) => !PYTHONS_OWN.has(one));
	if (name === undefined) return { mistake: "the assertions call no function" };
	return { tests: { entry_point: name, test, style: "script" } };
}

const PYTHONS_OWN = new Set(
	"assert not and or in is if else for lambda len set list tuple dict sorted sum abs round min max all any str int float math isclose".split(
		" ",
	),
);

/** {input, output} in a list, or the lists `inputs` and `outputs` beside each other. */
function pairsIn(value: unknown): { input: string; output: string }[] | undefined {
	if (Array.isArray(value)) {
		const pairs = value.map((item) => (isRow(item) ? pairOf(item.input, item.output) : undefined));
		return pairs.length > 0 && pairs.every((pair) => pair !== undefined) ? pairs : undefined;
	}
	if (!isRow(value) || value.fn_name !== undefined) return undefined;
	const inputs = value.inputs ?? value.input;
	const outputs = value.outputs ?? value.output;
	if (!Array.isArray(inputs) || !Array.isArray(outputs) || inputs.length !== outputs.length) return undefined;
	return pairsIn(inputs.map((input, i) => ({ input, output: outputs[i] })));
}

/** A text, or its lines. */
function pairOf(input: unknown, output: unknown): { input: string; output: string } | undefined {
	const [from, to] = [input, output].map((part) =>
		Array.isArray(part) && isTexts(part) ? part.join("\n") : part,
	);
	return typeof from === "string" && typeof to === "string" ? { input: from, output: to } : undefined;
}

/** Lists and objects that a text cell holds as JSON. */
function jsonIn(value: unknown): unknown {
	if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return value;
	try {
		return JSON.parse(value);
	} catch {
		return value;
	}
}

function isRow(value: unknown): value is Row {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isTexts(values: readonly unknown[]): values is string[] {
	return values.every((value) => typeof value === "string");
}
