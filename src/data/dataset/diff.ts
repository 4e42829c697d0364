/** What two datasets do not have in common: samples, and what they were made with. Memory: a print for each sample. */
import { createHash } from "node:crypto";
import { type DatasetSheet, reviewedDataset } from "./dataset.ts";
import { printOf } from "./questions.ts";
import type { Reviewed } from "./review.ts";

export type Changed = { readonly id: string; readonly question: string; readonly what: readonly string[] };

export type DatasetDiff = {
	/** Ids, in the order of each dataset. */
	readonly onlyA: readonly string[];
	readonly onlyB: readonly string[];
	readonly changed: readonly Changed[];
	readonly same: number;
	/** Questions of both with other samples. */
	readonly otherChoice: number;
	/** What they were made with, one line each: kind, sources, recipe. */
	readonly made: readonly { readonly what: string; readonly a: string; readonly b: string }[];
};

type Print = {
	readonly text: string;
	readonly review: string;
	readonly about: string;
	readonly question: string;
};

export async function diffOf(a: string, b: string, signal?: AbortSignal): Promise<DatasetDiff> {
	const options = signal ? { signal } : {};
	const [one, other] = [reviewedDataset(a, options), reviewedDataset(b, options)];
	const prints = new Map<string, Print>();
	for await (const each of one.reviewed) prints.set(each.sample.id, printsOf(each));
	const onlyB: string[] = [];
	const questionsB = new Set<string>();
	const changed: Changed[] = [];
	let same = 0;
	for await (const each of other.reviewed) {
		const { id, question_id: question } = each.sample;
		const there = prints.get(id);
		if (!there) {
			onlyB.push(id);
			questionsB.add(printOf(each.sample.problem, each.sample.gold));
			continue;
		}
		prints.delete(id);
		const now = printsOf(each);
		const what = [
			...(there.text === now.text ? [] : ["text"]),
			...(there.about === now.about ? [] : ["verdict, settings or versions"]),
			...(there.review === now.review ? [] : [`review: ${there.review}, now ${now.review}`]),
		];
		if (what.length > 0) changed.push({ id, question, what });
		else same++;
	}
	const questionsA = new Set([...prints.values()].map(({ question }) => question));
	return {
		onlyA: [...prints.keys()],
		onlyB,
		changed,
		same,
		otherChoice: [...questionsA].filter((question) => questionsB.has(question)).length,
		made: madeDiffers(one.sheet, other.sheet),
	};
}

function printsOf({ sample, decision, edits }: Reviewed): Print {
	const { segments, review: _, n_tokens: __, trained: ___, run: ____, ...about } = sample;
	const hash = (value: unknown): string =>
		createHash("sha256").update(JSON.stringify(value)).digest("base64url").slice(0, 22);
	return {
		text: hash(segments.map(({ kind, text, train }) => [kind, text, train])),
		about: hash(about),
		review: `${decision ?? "undecided"}${edits > 0 ? `, ${edits} ${edits === 1 ? "edit" : "edits"}` : ""}`,
		question: printOf(sample.problem, sample.gold),
	};
}

/** By content: where runs lie, and when a dataset was made, does not matter. */
function madeDiffers(a: DatasetSheet, b: DatasetSheet): DatasetDiff["made"] {
	const described = ({ kind, nudge, trainHints, sources, recipe }: DatasetSheet): Map<string, string> => {
		const flat = new Map<string, string>();
		put(flat, "kind", kind);
		put(flat, "nudge", nudge);
		put(flat, "hints train", trainHints);
		for (const [index, source] of sources.entries()) {
			const { kind, hash, model, rollouts } = source;
			const name = source.role ?? `source ${index + 1}`;
			put(
				flat,
				name,
				`${[kind, hash?.slice(0, 12), model].filter(Boolean).join(" ")}, ${rollouts} looked at`,
			);
		}
		put(flat, "recipe", recipe ?? null);
		return flat;
	};
	const [one, other] = [described(a), described(b)];
	return [...new Set([...one.keys(), ...other.keys()])]
		.filter((what) => one.get(what) !== other.get(what))
		.map((what) => ({ what, a: one.get(what) ?? "none", b: other.get(what) ?? "none" }));
}

function put(flat: Map<string, string>, name: string, value: unknown): void {
	if (typeof value === "object" && value !== null && !Array.isArray(value)) {
		for (const [field, inner] of Object.entries(value)) put(flat, `${name}.${field}`, inner);
	} else if (value !== null) flat.set(name, typeof value === "string" ? value : JSON.stringify(value));
}
