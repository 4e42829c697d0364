/** One row of a foreign problem file as a problem, by the mapping of the file. What cannot be mapped is a mistake. */
import { createHash } from "node:crypto";
import { extractAnswer } from "../score/answer.ts";
import { choicesIn, fieldIn, testsIn, textIn } from "./field-values.ts";
import { BEFORE_QUESTIONS, type Form, isShuffled, type Mapping } from "./mapping.ts";
import { type Checked, checked } from "./own-format.ts";

/** `stem` and `number` make the id of a row that has none of its own. */
export function mapRow(
	row: Record<string, unknown>,
	mapping: Mapping,
	stem: string,
	number: number,
): Checked {
	const own: Record<string, unknown> = {};
	const parts: string[] = [];
	for (const name of mapping.problem) {
		const part = textIn(fieldIn(row, name));
		if (part === undefined) return missing(row, name, "the problem");
		parts.push(part);
	}
	own.problem = parts.join("\n");
	const before = mapping.found && beforeQuestion(row, mapping.problem);
	if (before !== undefined) {
		const names = mapping.problem.join("+");
		return {
			mistake: `"${before}" is not empty here and may belong to the question: --map problem=${before}+${names}, or problem=${names}`,
		};
	}
	own.id = idOf(row, mapping, stem, number);
	if (own.id === undefined) return missing(row, mapping.id!, "the id");
	own.domain = typeof mapping.domain === "string" ? mapping.domain : fieldIn(row, mapping.domain.field);
	if (mapping.choices) {
		const names = mapping.choices;
		const value = names.length === 1 ? fieldIn(row, names[0]!) : names.map((name) => fieldIn(row, name));
		const choices = choicesIn(value);
		if (!choices) return { mistake: `"${names.join('", "')}" must hold two choices or more as texts` };
		const { field, form } = mapping.answer!;
		const answer = textIn(fieldIn(row, field));
		if (answer === undefined) return missing(row, field, "the answer");
		if (isShuffled(names, mapping.answer)) {
			const order = shuffled(choices.texts, own.problem as string);
			own.choices = order;
			own.answer = String.fromCharCode(65 + order.indexOf(answer));
		} else {
			own.choices = choices.texts;
			own.answer = choiceOf(answer, choices, form);
		}
		if (own.answer === undefined) {
			return { mistake: `"${field}" is ${answer}: it counts no choice of ${choices.texts.length} from 0` };
		}
	} else if (mapping.answer) {
		const { field, form } = mapping.answer;
		const text = textIn(fieldIn(row, field));
		if (text === undefined) return missing(row, field, "the answer");
		own.answer = answerIn(text, form);
		if (own.answer === undefined) {
			return { mistake: `"${field}" has no ${form === "boxed" ? "\\boxed{...}" : "####"} with the answer` };
		}
	}
	if (mapping.tests) {
		const found = testsIn(row, mapping.tests);
		if (found.mistake !== undefined) return found;
		own.tests = found.tests;
	}
	if (mapping.source) own.source = textIn(fieldIn(row, mapping.source));
	if (mapping.starter) own.starter = fieldIn(row, mapping.starter);
	if (row.reference_passes === false) own.reference_passes = false;
	return checked(own);
}

/** A field of the row, where it is a text; a number says too little by itself. */
function idOf(
	row: Record<string, unknown>,
	mapping: Mapping,
	stem: string,
	number: number,
): string | undefined {
	if (mapping.id === undefined) return `${stem}-${number}`;
	const value = fieldIn(row, mapping.id);
	if (typeof value === "number" || (typeof value === "string" && /^\d+$/.test(value)))
		return `${stem}-${value}`;
	return textIn(value);
}

/** A text that the first rows did not have, and without which the question may mean nothing. */
function beforeQuestion(row: Record<string, unknown>, mapped: readonly string[]): string | undefined {
	return Object.keys(row).find(
		(name) =>
			BEFORE_QUESTIONS.includes(name.toLowerCase()) &&
			!mapped.includes(name) &&
			textIn(row[name]) !== undefined,
	);
}

/** An order that depends on the question and the texts alone: the same for everybody who reads the file. */
function shuffled(texts: readonly string[], problem: string): readonly string[] {
	const keys = new Map(
		texts.map((text) => [text, createHash("sha256").update(`${problem}\n${text}`).digest("hex")]),
	);
	return [...texts].sort((a, b) => (keys.get(a)! < keys.get(b)! ? -1 : 1));
}

function choiceOf(
	answer: string,
	{ texts, labels }: NonNullable<ReturnType<typeof choicesIn>>,
	form: Form,
): string | undefined {
	const at =
		form === "index" ? (/^\d+$/.test(answer) ? Number(answer) : -1) : (labels?.indexOf(answer) ?? -1);
	if (at >= 0 && at < texts.length) return String.fromCharCode(65 + at);
	return form === "index" ? undefined : answer;
}

function answerIn(text: string, form: Form): string | undefined {
	if (form === "boxed") return extractAnswer(text)?.answer;
	if (form !== "hashes") return text.trim();
	const at = text.lastIndexOf("####");
	const answer = at < 0 ? "" : text.slice(at + 4).trim();
	// Thousands are parted by commas there; a list would have blanks behind them.
	return answer === ""
		? undefined
		: /^-?\d{1,3}(,\d{3})+(\.\d+)?$/.test(answer)
			? answer.replaceAll(",", "")
			: answer;
}

function missing(row: Record<string, unknown>, name: string, what: string): { mistake: string } {
	const value = fieldIn(row, name);
	return {
		mistake:
			value === undefined || value === null || value === ""
				? `"${name}" (${what}) is missing`
				: `"${name}" (${what}) must be a text that is not empty`,
	};
}
