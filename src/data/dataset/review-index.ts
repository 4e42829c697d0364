/**
 * The samples of a dataset as a list holds them: where each stands in `samples.jsonl` and what it is, a few hundred bytes
 * each; never the texts. Filled as the file is read; it never changes afterwards, since the file does not.
 *
 * What always holds: entries are in the order of the file and only ever grow at their end; a line that is no sample is
 * counted and told, and the others are there.
 */
import { closeSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import type { OutcomeVerdict } from "../../trace/events.ts";
import type { Sample } from "../../trace/sample.ts";
import { parseSample, SAMPLES_FILE } from "./dataset.ts";
import { eachRawLine } from "./raw-lines.ts";

export type SampleEntry = {
	/** The line's first byte in the file, and its length. */
	readonly at: number;
	readonly bytes: number;
	readonly id: string;
	readonly question: string;
	/** The beginning of the question. */
	readonly asks: string;
	readonly domain: string;
	readonly source: string;
	readonly verdict: OutcomeVerdict;
	readonly answer?: string;
	readonly gold?: string;
	/** Kinds of its hints, one behind the other. */
	readonly kinds: string;
	readonly hints: number;
	readonly calls: number;
	/** Of the whole sample where that is known, else of what trains, at four characters each. */
	readonly tokens: number;
	/** What words are looked for in, in small letters. */
	readonly words: string;
};

const ASKS_UNITS = 200;
const ANSWER_UNITS = 120;
const UNITS_PER_TOKEN = 4;
const SEGMENTS = Buffer.from(',"segments":[');
/** Fields that may come behind the segments, as they are written. */
const AFTER = ['],"n_tokens":', '],"trained":{'].map((text) => Buffer.from(text));

type Head = Omit<Sample, "segments">;

/** What stands around the texts of a line. They are not parsed: a quote inside a text is escaped, so these marks are none. */
export function headOfSample(line: Buffer): Head | string {
	const cut = line.indexOf(SEGMENTS);
	const tail = Math.max(...AFTER.map((mark) => line.lastIndexOf(mark)));
	if (cut > 0 && tail > cut) {
		try {
			const head = JSON.parse(`${line.toString("utf8", 0, cut)}${line.toString("utf8", tail + 1)}`) as Head;
			if (typeof head.id === "string" && typeof head.question_id === "string") return head;
		} catch {
			// Fields in another order: all of it is read.
		}
	}
	return parseSample(line.toString("utf8"));
}

export class SampleIndex {
	readonly file: string;
	readonly entries: SampleEntry[] = [];
	readonly #byId = new Map<string, number>();
	/** Texts that many have, once. */
	readonly #texts = new Map<string, string>();
	#caughtUp = false;
	#damaged = 0;

	constructor(folder: string) {
		this.file = join(folder, SAMPLES_FILE);
	}

	/** All of the file is read. */
	get caughtUp(): boolean {
		return this.#caughtUp;
	}
	/** Lines that are no sample. */
	get damaged(): number {
		return this.#damaged;
	}

	find(id: string): SampleEntry | undefined {
		const index = this.#byId.get(id);
		return index === undefined ? undefined : this.entries[index];
	}

	/** Reads the file; others have their turn meanwhile, and `onPiece` is told what there is. */
	async read(onPiece: () => void = () => {}, signal?: AbortSignal): Promise<void> {
		const reading = await eachRawLine(
			this.file,
			(bytes, at) => {
				const head = headOfSample(bytes);
				if (typeof head === "string") return head;
				this.#add(head, at, bytes.length);
				return undefined;
			},
			{ signal, onBytes: onPiece },
		);
		this.#damaged = reading.damaged + (reading.torn ? 1 : 0);
		this.#caughtUp = true;
		onPiece();
	}

	#add(head: Head, at: number, bytes: number): void {
		const { id, problem, answer, gold, hints, usage, n_tokens, trained } = head;
		if (this.#byId.has(id)) return;
		const asks = problem.slice(0, ASKS_UNITS);
		const chars = Object.values(trained ?? {}).reduce((sum, one) => sum + (one?.chars ?? 0), 0);
		this.#byId.set(id, this.entries.length);
		this.entries.push({
			at,
			bytes,
			id,
			question: head.question_id,
			asks,
			domain: this.#once(head.domain),
			source: this.#once(head.source ?? ""),
			verdict: this.#once(head.verdict) as OutcomeVerdict,
			...(answer === undefined ? {} : { answer: answer.slice(0, ANSWER_UNITS) }),
			...(gold === undefined ? {} : { gold: gold.slice(0, ANSWER_UNITS) }),
			kinds: this.#once((hints ?? []).map(({ kind, id: name }) => kind || name).join(" ")),
			hints: hints?.length ?? 0,
			calls: usage?.calls ?? 0,
			tokens: n_tokens ?? Math.ceil(chars / UNITS_PER_TOKEN),
			words: `${id} ${asks} ${answer ?? ""}`.toLowerCase(),
		});
	}

	#once(text: string): string {
		const there = this.#texts.get(text);
		if (there !== undefined) return there;
		this.#texts.set(text, text);
		return text;
	}

	/** The whole sample, read from the file; or why it cannot be. */
	sampleAt({ at, bytes, id }: SampleEntry): Sample | string {
		let descriptor: number | undefined;
		try {
			descriptor = openSync(this.file, "r");
			const line = Buffer.alloc(bytes);
			for (let from = 0; from < bytes; ) {
				const got = readSync(descriptor, line, from, bytes - from, at + from);
				if (got === 0) return "the file became shorter";
				from += got;
			}
			const sample = parseSample(line.toString("utf8"));
			if (typeof sample !== "string" && sample.id !== id) return "the file was changed";
			return sample;
		} catch (error) {
			return (error as Error).message;
		} finally {
			if (descriptor !== undefined) closeSync(descriptor);
		}
	}
}
