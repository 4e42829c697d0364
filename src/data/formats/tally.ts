/**
 * What an export counts while it writes: what trains, by kind, and what was left out, by reason.
 *
 * What always holds: memory does not grow with the samples: of what is named, only the first ones are.
 */
import type { Sample, Segment } from "../../trace/sample.ts";
import type { SpanKind } from "../../trace/span.ts";
import type { Tokenised } from "../tokenizer.ts";

/** `tokens` is undefined where a segment has no ids and nothing tokenised it. */
export type Sum = { segments: number; chars: number; tokens: number | undefined };

export type Named = { count: number; readonly first: string[]; readonly why: string };

const NAMED = 5;
const DISTINCT = 200;

/** Names with how often they came; of too many the rest is counted together. */
export class Census {
	readonly counts = new Map<string, number>();

	add(name: string): void {
		const known = this.counts.has(name) || this.counts.size < DISTINCT;
		const key = known ? name : "(others)";
		this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
	}
}

export class Tally {
	readonly trained: Partial<Record<SpanKind, Sum>> = {};
	/** Of outputs and, where they are masked, hints: what a reader without masks would train. */
	readonly masked: Partial<Record<SpanKind, number>> = {};
	readonly dropped = new Map<string, Named>();
	readonly models = new Census();
	readonly engines = new Census();
	readonly policies = new Census();
	readonly dialects = new Census();
	readonly samplings = new Census();
	readonly verdicts = new Census();
	readonly sources = new Census();
	readonly runs = new Census();
	readonly editors = new Census();
	readonly reviewers = new Census();
	/** By name, the versions that were told. */
	readonly versions = new Map<string, Census>();
	readonly problems = new Set<string>();
	read = 0;
	rejected = 0;
	accepted = 0;
	edits = 0;
	samples = 0;
	totalTokens: number | undefined = 0;
	longestTokens = 0;
	longestChars = 0;
	about = false;
	inexact: Named = { count: 0, first: [], why: "" };
	/** How many ended how, where tokens were made. */
	readonly ends: Record<Tokenised["end"], number> = {
		there: 0,
		added: 0,
		missing: 0,
		"not known": 0,
		"cut off": 0,
	};
	/** All ids are the engine's. */
	kept = 0;
	/** Traces that did not end by themselves: readers that write the end of a turn teach to stop there. */
	unended = 0;
	guessedTurns = 0;
	/** Of conversations: the turn holds thinking that ends, which some templates cut out. */
	thinkingTurns = 0;

	drop(reason: string, id: string, why: string): void {
		const named = this.dropped.get(reason) ?? { count: 0, first: [], why };
		this.dropped.set(reason, named);
		name(named, id);
	}

	add(sample: Sample, segments: readonly Segment[], tokens: Tokenised | undefined): void {
		this.samples++;
		this.problems.add(sample.question_id);
		let chars = 0;
		for (const { kind, text, train, ids } of segments) {
			chars += text.length;
			if (kind === "prompt") continue;
			if (!train) {
				this.masked[kind] = (this.masked[kind] ?? 0) + text.length;
				continue;
			}
			const sum = this.#sum(kind);
			sum.segments++;
			sum.chars += text.length;
			if (!tokens) sum.tokens = sum.tokens === undefined || !ids ? undefined : sum.tokens + ids.length;
		}
		this.longestChars = Math.max(this.longestChars, chars);
		const length = tokens?.ids.length ?? sample.n_tokens;
		this.totalTokens =
			this.totalTokens === undefined || length === undefined ? undefined : this.totalTokens + length;
		if (length !== undefined) this.longestTokens = Math.max(this.longestTokens, length);
		if (tokens) {
			for (const [kind, count] of Object.entries(tokens.trained)) {
				const sum = this.#sum(kind as SpanKind);
				sum.tokens = (sum.tokens ?? 0) + count;
			}
			this.about ||= tokens.about;
			this.ends[tokens.end]++;
			if (tokens.kept) this.kept++;
		}
		if (!sample.exact) name(this.inexact, sample.id);
		if (sample.end !== "eos") this.unended++;
		this.#describe(sample, segments);
	}

	#sum(kind: SpanKind): Sum {
		const sum = this.trained[kind] ?? { segments: 0, chars: 0, tokens: 0 };
		this.trained[kind] = sum;
		return sum;
	}

	#describe(sample: Sample, segments: readonly Segment[]): void {
		this.models.add(sample.model);
		this.engines.add(sample.engine);
		// Each rollout has a seed of its own.
		this.policies.add(sample.policy.replace(/ ?\bseed=\d+/, ""));
		this.dialects.add(sample.dialect);
		const { seed: _, ...sampling } = sample.sampling;
		this.samplings.add(JSON.stringify(sampling));
		this.verdicts.add(sample.verdict);
		this.sources.add(setOf(sample.source));
		this.runs.add(sample.run ?? "a live session");
		if (sample.review) this.reviewers.add(sample.review.by);
		for (const { edited } of segments) if (edited) this.editors.add(edited.by);
		for (const [what, version] of Object.entries(sample.versions)) {
			const census = this.versions.get(what) ?? new Census();
			if (this.versions.size < DISTINCT) this.versions.set(what, census);
			census.add(version);
		}
	}
}

function name(named: Named, id: string): void {
	named.count++;
	if (named.first.length < NAMED) named.first.push(id);
}

/** The set that a source names: what stands before the place in it ("nudge-tiny/product:388,286"). */
export function setOf(source: string | undefined): string {
	return source === undefined || source.trim() === ""
		? "not said"
		: source.trim().replace(/:(?!\/\/).*$/s, "");
}

/** "model 1,234 tokens (5,678 characters); hint ...". */
export function trainedSays({ trained, about }: Pick<Tally, "trained" | "about">): string {
	const number = (count: number): string => count.toLocaleString("en-GB");
	return Object.entries(trained)
		.map(([kind, { chars, tokens }]) =>
			tokens === undefined
				? `${kind} ${number(chars)} characters`
				: `${kind} ${about ? "about " : ""}${number(tokens)} tokens (${number(chars)} characters)`,
		)
		.join("; ");
}
