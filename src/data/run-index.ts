/**
 * The rollouts of a run as a list holds them: where each stands and what it came to, in the order in which they ended, a
 * few hundred bytes each; never the traces. Filled as the files are read (run-reader.ts), and while they grow.
 *
 * What always holds: a rollout is there once, however many files have it; one of other settings is not. `entries` only ever
 * grows at its end, unless `orders` has changed: then anything may have moved.
 */
import { statSync } from "node:fs";
import { join } from "node:path";
import type { EndReason, OutcomeVerdict } from "../trace/events.ts";
import { type Head, type Place, RunReader } from "./run-reader.ts";
import { Summing } from "./run-summary.ts";
import { type Rescored, rescored, SCORES_FILE } from "./scores.ts";

/** Of the problem: once for all of its samples. */
export type EntryProblem = {
	readonly id: string;
	/** The beginning of the question. */
	readonly asks: string;
	readonly gold?: string;
	/** What words are looked for in, in small letters. */
	readonly words: string;
};

export type Entry = {
	readonly place: Place;
	readonly key: string;
	readonly problem: EntryProblem;
	readonly sample: number;
	readonly verdict: OutcomeVerdict;
	/** Its beginning. */
	readonly answer?: string;
	readonly end: EndReason;
	readonly tokens: number;
	readonly calls: number;
	/** Calls that answered with another verdict than ok. */
	readonly failed: number;
	readonly hints: number;
	/** Kinds of its hints, one behind the other. */
	readonly kinds: string;
	readonly ms: number;
	/** When it ended, milliseconds since the epoch; 0 where that is not known. */
	readonly ended: number;
};

const ASKS_UNITS = 240;
const ANSWER_UNITS = 120;
const SCORES_EVERY_MS = 10_000;
const SCORES_SHARE = 20;

type Known = EntryProblem & {
	/** Samples that are there: a bit each, those from 31 on apart. */
	bits: number;
	more?: Set<number>;
};

export type RunIndexOptions = {
	readonly keep?: boolean;
	/** As RunReader. */
	readonly whole?: boolean;
	readonly onPiece?: () => void;
};

export class RunIndex {
	readonly #reader: RunReader;
	readonly #folder: string;
	readonly hash: string;
	readonly #keep: boolean;
	readonly #problems = new Map<string, Known>();
	/** Texts that many have, once. */
	readonly #texts = new Map<string, string>();
	#entries: Entry[] = [];
	#summing = new Summing();
	#count = 0;
	#orders = 0;
	#sorted = true;
	#rescored: ReadonlyMap<string, Rescored> = new Map();
	#scored = "";
	#scoresNext = 0;
	#duplicates = 0;
	#strangers = 0;
	#caughtUp = false;

	/** `hash` is that of the run's settings. Without `keep` the rollouts are counted and summed, and `entries` stays empty. */
	constructor(
		folder: string,
		hash: string,
		{ keep = true, whole = false, onPiece = () => {} }: RunIndexOptions = {},
	) {
		this.#folder = folder;
		this.hash = hash;
		this.#keep = keep;
		this.#reader = new RunReader(folder, {
			onHead: (head, place) => this.#add(head, place),
			onReset: () => this.#reset(),
			onPiece,
			whole,
		});
	}

	/** The one that ended last is the last. Always the same array until `orders` changes. */
	get entries(): readonly Entry[] {
		return this.#entries;
	}
	/** How many there are. */
	get count(): number {
		return this.#count;
	}
	get orders(): number {
		return this.#orders;
	}
	get summing(): Summing {
		return this.#summing;
	}
	/** Everything that was there at the last look has been read. */
	get caughtUp(): boolean {
		return this.#caughtUp;
	}
	/** Share of the bytes that are read. */
	get share(): number {
		const { read, of } = this.#reader.progress;
		return of === 0 ? 1 : read / of;
	}
	get duplicates(): number {
		return this.#duplicates;
	}
	get strangers(): number {
		return this.#strangers;
	}
	get reader(): RunReader {
		return this.#reader;
	}

	has(problem: string, sample: number): boolean {
		const known = this.#problems.get(problem);
		return known !== undefined && hasSample(known, sample);
	}

	/** Reads what has come, and where the rollouts were scored anew since, everything with the verdicts now in force. */
	async read(signal?: AbortSignal): Promise<void> {
		await this.#readScores(signal);
		await this.#reader.read(signal);
		if (!this.#sorted) this.#sort();
		this.#caughtUp = true;
	}

	async #readScores(signal: AbortSignal | undefined): Promise<void> {
		const file = statSync(join(this.#folder, SCORES_FILE), { throwIfNoEntry: false });
		const stamp = file ? `${file.size} ${file.mtimeMs}` : "";
		const begun = performance.now();
		if (stamp === this.#scored || begun < this.#scoresNext) return;
		this.#scored = stamp;
		const had = this.#rescored.size > 0;
		this.#rescored = await rescored(this.#folder, signal);
		// While a scoring goes on it is not read again all the time.
		const took = performance.now() - begun;
		this.#scoresNext = performance.now() + Math.max(SCORES_EVERY_MS, SCORES_SHARE * took);
		if ((had || this.#rescored.size > 0) && this.#count > 0) this.#reader.reset();
	}

	/** At first the files come one behind the other: their order is made once, when all are read. */
	#sort(): void {
		this.#entries = [...this.#entries].sort((a, b) => a.ended - b.ended);
		this.#sorted = true;
		this.#orders++;
	}

	#reset(): void {
		this.#problems.clear();
		this.#entries = [];
		this.#count = 0;
		this.#summing = new Summing();
		this.#duplicates = 0;
		this.#strangers = 0;
		this.#sorted = true;
		this.#caughtUp = false;
		this.#orders++;
	}

	#add(head: Head, place: Place): void {
		const { key, problem, sample, end, usage, hints, calls } = head;
		if (!key.includes(`#${this.hash}#`)) {
			this.#strangers++;
			return;
		}
		const known = this.#problem(problem);
		if (hasSample(known, sample)) {
			this.#duplicates++;
			return;
		}
		keepSample(known, sample);
		const { verdict, answer } = this.#rescored.get(key) ?? head;
		this.#summing.add(verdict === head.verdict ? head : { ...head, verdict });
		this.#count++;
		if (!this.#keep) return;
		const ms = usage.durationMs ?? 0;
		const begun = Date.parse(head.begun ?? "");
		const entry: Entry = {
			place: { ...place, file: this.#once(place.file) },
			key,
			problem: known,
			sample,
			verdict: this.#once(verdict) as OutcomeVerdict,
			...(answer === undefined ? {} : { answer: answer.slice(0, ANSWER_UNITS) }),
			end: this.#once(end.reason) as EndReason,
			tokens: usage.sampledTokens,
			calls: calls.length,
			failed: calls.filter(({ output }) => output !== undefined && output.verdict !== "ok").length,
			hints: hints.length,
			kinds: this.#once(hints.map(({ kind, hint }) => kind || hint).join(" ")),
			ms,
			ended: Number.isNaN(begun) ? 0 : begun + ms,
		};
		const last = this.#entries.at(-1);
		// What comes later comes in its order, or nearly: that is kept, so that nothing moves under whoever reads.
		if (!this.#caughtUp && last && last.ended > entry.ended) this.#sorted = false;
		this.#entries.push(entry);
	}

	#problem({ id, problem, answer }: Head["problem"]): Known {
		const there = this.#problems.get(id);
		if (there) return there;
		const asks = problem.slice(0, ASKS_UNITS);
		const words = `${id} ${asks} ${answer ?? ""}`.toLowerCase();
		const known: Known = { id, asks, words, bits: 0, ...(answer === undefined ? {} : { gold: answer }) };
		this.#problems.set(id, known);
		return known;
	}

	#once(text: string): string {
		const there = this.#texts.get(text);
		if (there !== undefined) return there;
		this.#texts.set(text, text);
		return text;
	}
}

const BITS = 31;

function hasSample({ bits, more }: Known, sample: number): boolean {
	return sample < BITS ? (bits & (1 << sample)) !== 0 : more?.has(sample) === true;
}

function keepSample(known: Known, sample: number): void {
	if (sample < BITS) known.bits |= 1 << sample;
	else {
		known.more ??= new Set();
		known.more.add(sample);
	}
}
