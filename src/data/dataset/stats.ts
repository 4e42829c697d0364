/** What is in a dataset, as reviewed, in numbers. Memory: a few numbers for each sample. */
import type { Sample } from "../../trace/sample.ts";
import { type DatasetSheet, reviewedDataset } from "./dataset.ts";
import { printOf } from "./questions.ts";
import type { Reviewed } from "./review.ts";

/** Of a length: what most samples are within. */
export type Lengths = {
	/** Samples whose length is known. */
	readonly count: number;
	readonly sum: number;
	readonly mean: number;
	readonly least: number;
	readonly median: number;
	readonly p95: number;
	readonly most: number;
};

export type DatasetStats = {
	readonly sheet: DatasetSheet;
	/** All, rejected ones too. */
	readonly samples: number;
	/** Not rejected: what trains. All that follows is of these. */
	readonly training: number;
	readonly problems: number;
	/** `misfits`: events that fit no text any more. */
	readonly reviews: {
		readonly accepted: number;
		readonly rejected: number;
		readonly edited: number;
		readonly misfits: number;
	};
	/** Of the whole sample, prompt included; absent where no sample has ids. */
	readonly tokens?: Lengths;
	readonly chars: Lengths;
	/** What trains, by kind: tokens where all are known. */
	readonly trained: Readonly<
		Record<string, { readonly chars: number; readonly segments: number; readonly tokens?: number }>
	>;
	readonly calls: Readonly<Record<string, number>>;
	readonly hints: Readonly<Record<string, number>>;
	readonly domains: Readonly<Record<string, number>>;
	readonly sources: Readonly<Record<string, number>>;
	readonly verdicts: Readonly<Record<string, number>>;
	readonly models: Readonly<Record<string, number>>;
	readonly ends: Readonly<Record<string, number>>;
};

export async function statsOf(folder: string, signal?: AbortSignal): Promise<DatasetStats> {
	const { sheet, reviewed } = reviewedDataset(folder, signal ? { signal } : {});
	const summing = new Summing();
	for await (const one of reviewed) summing.add(one);
	return summing.stats(sheet);
}

const NO_SOURCE = "(none named)";

type Counted = "calls" | "hints" | "domains" | "sources" | "verdicts" | "models" | "ends";

class Summing {
	#samples = 0;
	#training = 0;
	readonly #reviews = { accepted: 0, rejected: 0, edited: 0, misfits: 0 };
	readonly #problems = new Set<string>();
	readonly #tokens: number[] = [];
	readonly #chars: number[] = [];
	readonly #trained = new Map<string, { chars: number; segments: number; tokens: number | undefined }>();
	readonly #counts: Readonly<Record<Counted, Map<string, number>>> = {
		calls: new Map(),
		hints: new Map(),
		domains: new Map(),
		sources: new Map(),
		verdicts: new Map(),
		models: new Map(),
		ends: new Map(),
	};

	add({ sample, decision, edits, misfits }: Reviewed): void {
		this.#samples++;
		if (decision) this.#reviews[decision]++;
		if (edits > 0) this.#reviews.edited++;
		this.#reviews.misfits += misfits.length;
		if (decision === "rejected") return;
		this.#training++;
		this.#problems.add(printOf(sample.problem, sample.gold));
		if (sample.n_tokens !== undefined) this.#tokens.push(sample.n_tokens);
		this.#chars.push(sample.segments.reduce((sum, { text }) => sum + text.length, 0));
		this.#addTrained(sample);
		const count = (of: Counted, name: string): void => {
			this.#counts[of].set(name, (this.#counts[of].get(name) ?? 0) + 1);
		};
		const calls = sample.usage?.calls ?? sample.segments.filter(({ kind }) => kind === "output").length;
		count("calls", String(calls));
		for (const { kind } of sample.hints) count("hints", kind);
		count("domains", sample.domain);
		count("sources", sample.source ?? NO_SOURCE);
		count("verdicts", sample.verdict);
		count("models", sample.model);
		count("ends", sample.end ?? "open");
	}

	#addTrained({ trained }: Sample): void {
		for (const [kind, { chars, segments, tokens }] of Object.entries(trained)) {
			const own = this.#trained.get(kind) ?? { chars: 0, segments: 0, tokens: 0 };
			own.chars += chars;
			own.segments += segments;
			own.tokens = own.tokens === undefined || tokens === undefined ? undefined : own.tokens + tokens;
			this.#trained.set(kind, own);
		}
	}

	stats(sheet: DatasetSheet): DatasetStats {
		const { calls, ...others } = this.#counts;
		const most = (counts: Map<string, number>): Record<string, number> =>
			Object.fromEntries([...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)));
		const trained = [...this.#trained].map(([kind, { tokens, ...own }]) => [
			kind,
			{ ...own, ...(tokens === undefined ? {} : { tokens }) },
		]);
		return {
			sheet,
			samples: this.#samples,
			training: this.#training,
			problems: this.#problems.size,
			reviews: { ...this.#reviews },
			...(this.#tokens.length > 0 ? { tokens: lengthsOf(this.#tokens) } : {}),
			chars: lengthsOf(this.#chars),
			trained: Object.fromEntries(trained),
			calls: Object.fromEntries([...calls].sort((a, b) => Number(a[0]) - Number(b[0]))),
			hints: most(others.hints),
			domains: most(others.domains),
			sources: most(others.sources),
			verdicts: most(others.verdicts),
			models: most(others.models),
			ends: most(others.ends),
		};
	}
}

export function lengthsOf(values: readonly number[]): Lengths {
	const sorted = [...values].sort((a, b) => a - b);
	const sum = sorted.reduce((all, value) => all + value, 0);
	const at = (share: number): number =>
		sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
	return {
		count: sorted.length,
		sum,
		mean: sorted.length === 0 ? 0 : sum / sorted.length,
		least: sorted[0] ?? 0,
		median: at(0.5),
		p95: at(0.95),
		most: sorted.at(-1) ?? 0,
	};
}
