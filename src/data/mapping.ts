/**
 * Which field of somebody else's problem file is what: what a mapping is, what --map says, and how one is told.
 *
 * What always holds: a mapping is one for a whole source and is made before its first problem comes out (find-mapping.ts),
 * so that it can be shown before anything starts.
 */
import type { Domain } from "../trace/events.ts";
import { ProblemError } from "./problem-error.ts";

export const TARGETS = [
	"problem",
	"answer",
	"choices",
	"tests",
	"id",
	"source",
	"domain",
	"starter",
] as const;
export type Target = (typeof TARGETS)[number];
/** What --map says: a field, or several with "+" between; "" for none. */
export type Wish = Partial<Readonly<Record<Target, string>>>;

/** `hashes`: what stands behind the last "####"; `boxed`: in the last box; `index`: a choice, counted from 0. */
export const FORMS = ["text", "boxed", "hashes", "index"] as const;
export type Form = (typeof FORMS)[number];

/** Fields that a question may need to be understood. */
export const BEFORE_QUESTIONS = ["body", "context", "passage"];

export type Mapping = {
	/** Several are put below each other. */
	readonly problem: readonly string[];
	/** It was found, not said: a row where something stands before the question was not foreseen. */
	readonly found?: true;
	readonly answer?: { readonly field: string; readonly form: Form };
	/** One field that holds a list, or one field for each. */
	readonly choices?: readonly string[];
	readonly tests?: readonly string[];
	readonly id?: string;
	readonly source?: string;
	readonly starter?: string;
	readonly domain: Domain | { readonly field: string };
};

/** "problem=question,answer=final" */
export function wishOf(text: string): Wish {
	const wish: Partial<Record<Target, string>> = {};
	for (const part of text.split(",")) {
		const [, name, value] = /^\s*(\w+)\s*=(.*)$/.exec(part) ?? [];
		if (name === undefined || value === undefined || !TARGETS.includes(name as Target)) {
			throw new ProblemError(
				`--map cannot be read at "${part.trim()}": it takes NAME=FIELD with commas between, NAME one of ${TARGETS.join(", ")}`,
			);
		}
		if (wish[name as Target] !== undefined) throw new ProblemError(`--map names "${name}" twice`);
		wish[name as Target] = value.trim();
	}
	return wish;
}

/** "question -> problem, answer behind #### -> answer, id made from the row number, domain math" */
export function mappingSays({
	problem,
	answer,
	choices,
	tests,
	id,
	source,
	starter,
	domain,
}: Mapping): string {
	const form = { text: "", hashes: " after ####", boxed: " (its last box)", index: " (counted from 0)" };
	return [
		`${problem.join(" and ")} -> problem`,
		...(choices
			? [
					`${choices.join(" and ")} -> choices${isShuffled(choices, answer) ? " (shuffled by the question)" : ""}`,
				]
			: []),
		...(answer ? [`${answer.field}${form[answer.form]} -> answer`] : []),
		...(tests ? [`${tests.join(" and ")} -> tests`] : []),
		...(starter ? [`${starter} -> starter`] : []),
		...(answer || tests ? [] : ["nothing to check an answer against"]),
		id ? `${id} -> id` : "id made from the row number",
		...(source ? [`${source} -> source`] : []),
		typeof domain === "string" ? `domain ${domain}` : `${domain.field} -> domain`,
	].join(", ");
}

/** Where the right choice has a field of its own, its place must not give it away. */
export function isShuffled(choices: readonly string[], answer: Mapping["answer"]): boolean {
	return choices.length > 1 && answer !== undefined && choices.includes(answer.field);
}

/** The fields at the top of a row that a mapping reads: no other column is needed. */
export function fieldsOf(mapping: Mapping, besides: readonly string[] = []): readonly string[] {
	const { problem, answer, choices, tests, id, source, starter, domain } = mapping;
	const used = [
		...problem,
		answer?.field,
		...(choices ?? []),
		...(tests ?? []),
		id,
		source,
		starter,
		...besides,
	];
	if (typeof domain !== "string") used.push(domain.field);
	used.push(...BEFORE_QUESTIONS.flatMap((name) => [name, `${name[0]!.toUpperCase()}${name.slice(1)}`]));
	return [
		...new Set(used.filter((name) => name !== undefined).flatMap((name) => [name, name.split(".")[0]!])),
	];
}
