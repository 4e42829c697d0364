/**
 * A dataset that is being reviewed: its samples by place (review-index.ts), what people decided (review-log.ts), how far
 * they are, and the deeds that a screen, a dialogue and a command line have in common.
 *
 * What always holds: one sample is in memory at a time; the counts are those of the samples that are there, whoever decided.
 */
import type { FenceDialect } from "../../hints/marker.ts";
import type { Sample } from "../../trace/sample.ts";
import { ruleContext } from "../rules/context.ts";
import { type DatasetSheet, readDatasetSheet } from "./dataset.ts";
import { type ReviewEvent, type Reviewed, reviewed } from "./review.ts";
import { type Change, refused } from "./review-edits.ts";
import { type SampleEntry, SampleIndex } from "./review-index.ts";
import { type ReviewDisk, ReviewLog } from "./review-log.ts";
import { type Standing, standingOf } from "./review-standing.ts";

export type Progress = {
	readonly of: number;
	readonly accepted: number;
	readonly rejected: number;
	readonly edited: number;
	/** Neither accepted nor rejected. */
	readonly undecided: number;
	/** Nobody has decided, edited or noted anything. */
	readonly untouched: number;
};

/** A sample as it stands, and as it was made. */
export type Looked = Reviewed & { readonly before: Sample; readonly events: readonly ReviewEvent[] };

export type BookOptions = {
	readonly by: string;
	readonly env: NodeJS.ProcessEnv;
	readonly cwd: string;
	readonly now?: () => number;
	readonly disk?: ReviewDisk;
};

const LOOK_MS = 1_000;

export class ReviewBook {
	readonly folder: string;
	readonly sheet: DatasetSheet;
	readonly index: SampleIndex;
	readonly log: ReviewLog;
	readonly thinkClose: string;
	readonly #dialect: (id: string) => FenceDialect;
	readonly #now: () => number;
	readonly #stop = new AbortController();
	readonly #listeners = new Set<() => void>();
	#by: string;
	#standings = new Map<string, { readonly count: number; readonly standing: Standing }>();
	#looked: { readonly id: string; readonly count: number; readonly looked: Looked } | undefined;
	#looking: NodeJS.Timeout | undefined;
	/** Changes whenever anything was decided. */
	version = 0;

	/** Throws DatasetError where the folder is no dataset. */
	constructor(folder: string, { by, env, cwd, now = Date.now, disk }: BookOptions) {
		this.folder = folder;
		this.sheet = readDatasetSheet(folder);
		this.index = new SampleIndex(folder);
		this.log = new ReviewLog(folder, { onNews: () => this.#news(), ...(disk ? { disk } : {}) });
		const { dialect, thinkClose } = ruleContext({ env, cwd });
		this.#dialect = dialect;
		this.thinkClose = thinkClose;
		this.#by = by;
		this.#now = now;
	}

	get by(): string {
		return this.#by;
	}
	set by(name: string) {
		this.#by = name;
		this.#tell();
	}

	subscribe(listener: () => void): () => void {
		this.#listeners.add(listener);
		return () => this.#listeners.delete(listener);
	}

	/** Reads the samples, and from now on what others decide. */
	async read(): Promise<void> {
		this.#looking ??= setInterval(() => this.log.look(), LOOK_MS).unref();
		await this.index.read(() => this.#tell(), this.#stop.signal);
	}

	#tell(): void {
		for (const listener of [...this.#listeners]) listener();
	}

	#news(): void {
		this.version++;
		this.#progress = undefined;
		this.#tell();
	}

	standing(id: string): Standing {
		const events = this.log.of(id);
		const known = this.#standings.get(id);
		if (known?.count === events.length) return known.standing;
		const standing = standingOf(events);
		if (events.length > 0) this.#standings.set(id, { count: events.length, standing });
		return standing;
	}

	#progress: { readonly of: number; readonly progress: Progress } | undefined;

	get progress(): Progress {
		const of = this.index.entries.length;
		if (this.#progress?.of === of) return this.#progress.progress;
		let [accepted, rejected, edited, touched] = [0, 0, 0, 0];
		for (const id of this.log.samples) {
			if (!this.index.find(id)) continue;
			const { decision, edits, notes } = this.standing(id);
			if (decision === "accepted") accepted++;
			if (decision === "rejected") rejected++;
			if (edits > 0) edited++;
			if (decision || edits > 0 || notes > 0) touched++;
		}
		const undecided = of - accepted - rejected;
		const progress = { of, accepted, rejected, edited, undecided, untouched: of - touched };
		this.#progress = { of, progress };
		return progress;
	}

	/** The sample as it stands; or why it cannot be read. */
	look(entry: SampleEntry): Looked | string {
		const events = this.log.of(entry.id);
		if (this.#looked?.id === entry.id && this.#looked.count === events.length) return this.#looked.looked;
		const before = this.#looked?.id === entry.id ? this.#looked.looked.before : this.index.sampleAt(entry);
		if (typeof before === "string") return before;
		const looked = { ...reviewed(before, events), before, events: [...events] };
		this.#looked = { id: entry.id, count: events.length, looked };
		return looked;
	}

	dialectOf({ dialect }: Pick<Sample, "dialect">): FenceDialect {
		return this.#dialect(dialect);
	}

	// What a person does. All of them throw where somebody else is the writer.

	accept(id: string, why?: string): void {
		this.#append({ do: "accept", ...this.#who(id, why) });
	}
	reject(id: string, why?: string): void {
		this.#append({ do: "reject", ...this.#who(id, why) });
	}
	clear(id: string): void {
		this.#append({ do: "clear", ...this.#who(id) });
	}
	note(id: string, text: string): void {
		this.#append({ do: "note", ...this.#who(id), text });
	}

	/** Undefined where it was made; else why it cannot be. */
	edit(id: string, { sample }: Pick<Looked, "sample">, change: Change, why?: string): string | undefined {
		const not = refused(sample, change);
		if (not !== undefined) return not;
		const { from, was, text } = change;
		this.#append({ do: "edit", ...this.#who(id, why), from, was, text });
		return undefined;
	}

	/** Several, one after the other, each where it stands after those before it. */
	editAll(entry: SampleEntry, changes: readonly Change[], why?: string): string | undefined {
		for (const change of changes) {
			const looked = this.look(entry);
			if (typeof looked === "string") return looked;
			const not = this.edit(entry.id, looked, change, why);
			if (not !== undefined) return not;
		}
		return undefined;
	}

	/** False where no edit stands. */
	undo(id: string, { edits }: Pick<Looked, "edits">): boolean {
		if (edits === 0) return false;
		this.#append({ do: "undo", ...this.#who(id) });
		return true;
	}

	#who(sample: string, why?: string) {
		const said = why?.trim();
		return {
			sample,
			by: this.#by,
			at: new Date(this.#now()).toISOString(),
			...(said ? { why: said } : {}),
		};
	}

	#append(event: ReviewEvent): void {
		this.log.append(event);
		this.#news();
	}

	/** What is lost, in words, where the disk refused until the end. */
	close(): string | undefined {
		this.#stop.abort();
		clearInterval(this.#looking);
		this.#listeners.clear();
		return this.log.close();
	}
}
