/** What a dataset came to, in words that fit 80 columns. Text of a model or a file reaches the terminal only through `visibleLine`. */
import type { DatasetKind, Source, Waterfall } from "../data/dataset/dataset.ts";
import type { DatasetDiff } from "../data/dataset/diff.ts";
import { PLAIN } from "../data/dataset/kinds.ts";
import type { DatasetStats, Lengths } from "../data/dataset/stats.ts";
import type { Why } from "../data/dataset/why.ts";
import type { Recipe } from "../data/recipe.ts";
import { chooseSays } from "../data/recipe-choose.ts";
import { visibleLine } from "../trace/visible.ts";

const WIDTH = 80;
const NAME = 22;

/** From rollouts to samples, a line a step; steps that dropped nothing are named together. */
export function waterfallLines(
	{ rollouts, problems, steps, samples, kept }: Waterfall,
	what = "rollouts",
): string[] {
	let [left, stay] = [rollouts, problems];
	const row = (name: string, dropped: string, now: number, lost: string, there: number): string =>
		`${name.padEnd(NAME)}${dropped.padStart(10)}${String(now).padStart(10)}${lost.padStart(12)}${String(there).padStart(10)}`;
	const lines = [
		`${"".padEnd(NAME)}${"dropped".padStart(10)}${"left".padStart(10)}${"problems".padStart(12)}${"left".padStart(10)}`,
		row(what, "", rollouts, "", problems),
	];
	const idle: string[] = [];
	const said: string[] = [];
	for (const { id, says, dropped, problems: lost } of steps) {
		if (dropped === 0) {
			idle.push(id);
			continue;
		}
		left -= dropped;
		stay -= lost;
		lines.push(row(`- ${id}`, String(dropped), left, lost === 0 ? "" : String(lost), stay));
		said.push(...entry(id, says));
	}
	lines.push(row("samples", "", samples, "", kept), "");
	lines.push(...said);
	if (idle.length > 0) lines.push(...wrapped(`Nothing was dropped by ${idle.join(", ")}.`, ""));
	return lines;
}

function entry(id: string, says: string): string[] {
	return wrapped(`${id.padEnd(NAME - 2)}${visibleLine(says)}`, " ".repeat(NAME - 2));
}

/** Lines of at most 80 columns, those after the first indented. */
export function wrapped(text: string, indent: string, width = WIDTH): string[] {
	const lines: string[] = [];
	let line = "";
	let empty = true;
	for (const word of text.split(/(?<=\S) (?=\S)/)) {
		if (!empty && line.length + 1 + word.length > width) {
			lines.push(line);
			line = indent + word;
		} else line = empty ? word : `${line} ${word}`;
		empty = false;
	}
	return [...lines, line];
}

export const counted = (count: number, word: string): string => `${count} ${word}${count === 1 ? "" : "s"}`;

const LABEL = 12;
const labelled = (label: string, text: string): string[] =>
	wrapped(`${label.padEnd(LABEL)}${visibleLine(text)}`, " ".repeat(LABEL));

/** Of many names the most frequent ones. */
const NAMES = 8;

function listed(counts: Readonly<Record<string, number>>, most = Number.POSITIVE_INFINITY): string {
	const all = Object.entries(counts);
	const shown = all.slice(0, most).map(([name, count]) => `${name} ${count}`);
	const more = all.length - shown.length;
	return `${shown.join(", ") || "none"}${more > 0 ? `, and ${more} more names` : ""}`;
}

export function statsLines(stats: DatasetStats, name: string): string[] {
	const { sheet, samples, training, problems, reviews, tokens, chars, trained } = stats;
	const { accepted, rejected, edited, misfits } = reviews;
	const lines = [
		...labelled("dataset", `${name}: ${sheet.kind}, made by nudge ${sheet.nudge}, ${sheet.created}`),
		...sheet.sources.flatMap((source) => labelled(source.role ?? "from", sourceSays(source))),
		...recipeLines(sheet.recipe),
		"",
		...waterfallLines(sheet.waterfall, unitOf(sheet.kind)),
		"",
		...labelled(
			"samples",
			rejected > 0
				? `${training} of ${counted(problems, "problem")} to train on; ${rejected} more were rejected`
				: `${training} of ${counted(problems, "problem")}`,
		),
		...labelled(
			"reviews",
			`${accepted} accepted, ${rejected} rejected, ${samples - accepted - rejected} undecided; ${edited} edited`,
		),
	];
	if (misfits > 0)
		lines.push(...labelled("", `${misfits} events of reviews fit no text: nudge dataset review shows them`));
	if (training === 0) return lines;
	if (tokens) {
		const some = tokens.count < training ? ` (known of ${tokens.count})` : "";
		lines.push(...labelled("tokens", `${lengthsSay(tokens)}${some}`));
	} else lines.push(...labelled("tokens", "not known: the engine gave no ids"));
	lines.push(...labelled("characters", lengthsSay(chars)));
	for (const [kind, { chars, segments, tokens }] of Object.entries(trained))
		lines.push(
			...labelled(
				kind === Object.keys(trained)[0] ? "trained" : "",
				`${kind}: ${tokens === undefined ? "tokens not known" : counted(tokens, "token")}, ${counted(chars, "character")}, ${counted(segments, "segment")}`,
			),
		);
	lines.push(
		...labelled("calls", `${listed(stats.calls)} (calls of Python: samples)`),
		...labelled("hints", listed(stats.hints, 2 * NAMES)),
		...labelled("domains", listed(stats.domains)),
		...labelled("problems of", listed(stats.sources, NAMES)),
		...labelled("verdicts", listed(stats.verdicts)),
		...labelled("ended by", listed(stats.ends)),
		...labelled("models", listed(stats.models)),
	);
	return lines;
}

function sourceSays({ kind, path, hash, model, rollouts, duplicates, strangers, damaged }: Source): string {
	const parts = [path, model, hash?.slice(0, 12)].filter((part) => part !== undefined);
	const odd = [
		duplicates ? `${duplicates} found twice` : "",
		strangers ? `${strangers} of other settings` : "",
		damaged ? `${counted(damaged, "damaged line")}` : "",
	].filter(Boolean);
	const looked = rollouts > 0 ? `, ${rollouts} looked at` : "";
	return `${kind} ${parts.join(", ")}${looked}${odd.length > 0 ? `; ${odd.join(", ")}` : ""}`;
}

function recipeLines(recipe: unknown): string[] {
	const {
		name,
		rules,
		choose,
		plain_most: plainMost,
	} = (recipe ?? {}) as Partial<Recipe> & { plain_most?: number };
	if (!rules || !choose || name === undefined) return [];
	const on = Object.entries(rules).filter(([, rule]) => rule.on);
	const off = Object.entries(rules).filter(([, rule]) => !rule.on);
	return [
		...labelled(
			"recipe",
			`${name}; rules: ${on.map(([id]) => id).join(", ") || "none"}; off: ${off.map(([id]) => id).join(", ") || "none"}`,
		),
		...labelled("choice", chooseSays(choose)),
		...(plainMost ? labelled("", `a problem fails plain with at most ${plainMost} correct`) : []),
	];
}

const unitOf = (kind: DatasetKind): string =>
	kind === "merge" || kind === "split" ? "samples read" : kind === "sessions" ? "branches" : "rollouts";

function lengthsSay({ sum, mean, least, median, p95, most }: Lengths): string {
	return `${sum} in all; each ${least} to ${most}, median ${median}, mean ${mean.toFixed(1)}, 95 % to ${p95}`;
}

/** Of each kind of difference so many are listed. */
const LISTED = 10;

export function diffLines(diff: DatasetDiff, a: string, b: string, all: boolean): string[] {
	const { onlyA, onlyB, changed, same, otherChoice, made } = diff;
	const some = (ids: readonly string[]): string[] => {
		const shown = all ? ids : ids.slice(0, LISTED);
		const more = ids.length - shown.length;
		return [
			...shown.map((id) => `  ${visibleLine(id)}`),
			...(more > 0 ? [`  and ${more} more (--all)`] : []),
		];
	};
	const lines = [`${counted(same, "sample")} the same in both`];
	if (onlyA.length > 0) lines.push(`${counted(onlyA.length, "sample")} in ${a} alone`, ...some(onlyA));
	if (onlyB.length > 0) lines.push(`${counted(onlyB.length, "sample")} in ${b} alone`, ...some(onlyB));
	if (otherChoice > 0)
		lines.push(
			`${otherChoice === 1 ? "1 question has" : `${otherChoice} questions have`} other samples in each of them`,
		);
	if (changed.length > 0) {
		lines.push(`${counted(changed.length, "sample")} not the same`);
		lines.push(...some(changed.map(({ id, what }) => `${id}: ${what.join("; ")}`)));
	}
	if (made.length === 0) lines.push("made alike");
	else {
		lines.push("made differently");
		for (const { what, a, b } of made)
			lines.push(...wrapped(`  ${visibleLine(what)}: ${visibleLine(a)}, now ${visibleLine(b)}`, "    "));
	}
	return lines;
}

export function whyLines(why: Why, name: string, indent = ""): string[] {
	const { question, asked, rollouts, before, gone, sheet } = why;
	const chosen = rollouts.filter((one) => one.chosen);
	const passed = rollouts.filter(({ fate }) => fate === "passed");
	const lines = [
		`${indent}${visibleLine(question)} in ${visibleLine(name)}: ${
			chosen.length > 0
				? `${counted(chosen.length, "sample")}, chosen from ${passed.length} that passed, of ${rollouts.length} looked at`
				: `no sample; ${passed.length} passed, of ${rollouts.length} looked at`
		}`,
	];
	for (const { id, fate, step, why: reason, chosen, decision, edits } of rollouts) {
		const mark = id === asked ? ">" : " ";
		const reviewed = [decision, edits ? counted(edits, "edit") : undefined].filter(
			(part) => part !== undefined,
		);
		const state = chosen
			? `SAMPLE${reviewed.length > 0 ? ` (${reviewed.join(", ")})` : ""}`
			: fate === "passed"
				? "passed, not chosen"
				: step === PLAIN
					? "of the plain run"
					: `dropped by ${step}`;
		const said = reason === undefined ? "" : `: ${reason}`;
		lines.push(
			...wrapped(`${indent}${mark} ${visibleLine(id)}  ${state}${visibleLine(said)}`, `${indent}    `),
		);
	}
	const { choose } = (sheet.recipe ?? {}) as Partial<Recipe>;
	if (passed.length > 1 && choose)
		lines.push(...wrapped(`${indent}The choice: ${chooseSays(choose)}.`, indent));
	for (const from of gone)
		lines.push(
			...wrapped(`${indent}It was made of ${visibleLine(from)}, which is not there any more.`, indent),
		);
	for (const one of before) lines.push("", ...whyLines(one, one.sheet.name, indent));
	return lines;
}
