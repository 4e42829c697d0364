/**
 * The folder of a run: `run.json` (run-sheet.ts), `rollouts-IofK.jsonl` for each shard, append-only, one rollout a line,
 * and `starts.jsonl`, a line for each time that it was started.
 *
 * What always holds:
 * - A rollout that `append` returned from survives `kill -9` of this process. (Power loss: what was there at the last
 *   `close`, or a few seconds ago.)
 * - After a crash a file is whole lines and at most one torn one at its end, which is cut off when the shard is next
 *   opened; what it would have been is owed again. A damaged line in the middle is counted and said, and owed as well.
 * - One writer a shard, and no two partitions at once: nobody samples what somebody else does.
 * - Never all rollouts in memory: keys, or one rollout.
 */
import {
	appendFileSync,
	closeSync,
	fdatasync,
	fstatSync,
	fsyncSync,
	ftruncateSync,
	openSync,
	readdirSync,
	writeSync,
} from "node:fs";
import { basename, join } from "node:path";
import { type Reading, readLines } from "../trace/lines.ts";
import { heldBy, Lock } from "../trace/lock.ts";
import { parseRollout, type Rollout } from "./rollout.ts";
import { RunError } from "./run-sheet.ts";

/** Part `index` of `count`, from 1. */
export type Shard = { readonly index: number; readonly count: number };

export const WHOLE: Shard = { index: 1, count: 1 };

export function parseShard(text: string): Shard | undefined {
	const found = /^(\d{1,6})\/(\d{1,6})$/.exec(text);
	const [index, count] = [Number(found?.[1]), Number(found?.[2])];
	return found && index >= 1 && index <= count ? { index, count } : undefined;
}

/** Whether the problem at a place (from 0) is of a shard. All samples of a problem are: they share its prefix. */
export function ofShard(place: number, { index, count }: Shard): boolean {
	return place % count === index - 1;
}

const nameOf = ({ index, count }: Shard): string => `${index}of${count}`;

/** The rollout files of a run, whoever made them. */
export function rolloutFiles(folder: string): string[] {
	return readdirSync(folder)
		.filter((name) => /^rollouts-[\w-]+\.jsonl$/.test(name))
		.sort()
		.map((name) => join(folder, name));
}

/** Which shards are being sampled now. */
export function writersOf(folder: string): string[] {
	return readdirSync(folder)
		.filter((name) => /^lock-\d+of\d+$/.test(name) && heldBy(folder, name) !== undefined)
		.map((name) => name.slice("lock-".length).replace("of", "/"));
}

/** Hands over every rollout of a file, one at a time, and says what else was found. Others have their turn meanwhile. */
export async function readRollouts(
	file: string,
	onRollout: (rollout: Rollout, line: string) => void,
	signal?: AbortSignal,
): Promise<Reading> {
	const reading = readLines(file, (line) => {
		const rollout = parseRollout(line);
		if (typeof rollout === "string") return rollout;
		onRollout(rollout, line);
		return undefined;
	});
	try {
		for (;;) {
			const step = reading.next();
			if (step.done) return step.value;
			await new Promise(setImmediate);
			signal?.throwIfAborted();
		}
	} finally {
		reading.return(undefined as never);
	}
}

export type Damage = { readonly file: string; readonly line?: number; readonly why: string };

export type ShardOpened = {
	readonly writer: ShardWriter;
	/** What is done, in all files of the run. */
	readonly keys: ReadonlySet<string>;
	readonly damage: readonly Damage[];
};

const SYNC_EVERY_MS = 5_000;

export class ShardWriter {
	readonly file: string;
	readonly #descriptor: number;
	readonly #lock: Lock;
	readonly #folder: string;
	/** Where the last whole line ends. */
	#bytes: number;
	#synced = performance.now();

	private constructor(file: string, descriptor: number, lock: Lock, folder: string, bytes: number) {
		this.file = file;
		this.#descriptor = descriptor;
		this.#lock = lock;
		this.#folder = folder;
		this.#bytes = bytes;
	}

	/** Takes the shard, repairs its file, and reads what the run has. `onRollout` is told of every rollout that is there, once. */
	static async open(
		folder: string,
		shard: Shard,
		onRollout: (rollout: Rollout) => void = () => {},
		signal?: AbortSignal,
	): Promise<ShardOpened> {
		const lock = Lock.take(
			folder,
			`lock-${nameOf(shard)}`,
			`shard ${shard.index}/${shard.count} of ${folder}`,
		);
		let descriptor: number | undefined;
		try {
			const others = writersOf(folder).filter((name) => !name.endsWith(`/${shard.count}`));
			if (others.length > 0)
				throw new RunError(
					`${folder} is being sampled as shard ${others.join(", ")}: shards of another number would do the same work twice. Wait for it, or use shards of ${others[0]!.split("/")[1]}.`,
				);
			const file = join(folder, `rollouts-${nameOf(shard)}.jsonl`);
			descriptor = openSync(file, "a");
			const keys = new Set<string>();
			const damage: Damage[] = [];
			for (const each of rolloutFiles(folder)) {
				const take = (rollout: Rollout): void => {
					if (keys.has(rollout.key)) return;
					keys.add(rollout.key);
					onRollout(rollout);
				};
				const reading = await readRollouts(each, take, signal);
				for (const { line, why } of reading.bad) damage.push({ file: each, line, why });
				if (each === file) repair(descriptor, reading);
				if (each === file && reading.torn) damage.push({ file: each, why: "a torn last line was cut off" });
			}
			const writer = new ShardWriter(file, descriptor, lock, folder, fstatSync(descriptor).size);
			return { writer, keys, damage };
		} catch (error) {
			if (descriptor !== undefined) closeSync(descriptor);
			lock.release();
			throw error;
		}
	}

	/** Throws RunError where the disk refuses; the file is then as it was. */
	append(rollout: Rollout): void {
		this.#write(Buffer.from(`${JSON.stringify(rollout)}\n`));
		const now = performance.now();
		if (now - this.#synced < SYNC_EVERY_MS) return;
		this.#synced = now;
		fdatasync(this.#descriptor, () => {});
	}

	/** Notes that the run was started, with what may differ from time to time. */
	started(entry: Readonly<Record<string, unknown>>): void {
		appendFileSync(join(this.#folder, "starts.jsonl"), `${JSON.stringify(entry)}\n`);
	}

	close(): void {
		try {
			fsyncSync(this.#descriptor);
		} finally {
			closeSync(this.#descriptor);
			this.#lock.release();
		}
	}

	#write(bytes: Buffer): void {
		try {
			for (let from = 0; from < bytes.length; ) from += writeSync(this.#descriptor, bytes, from);
		} catch (error) {
			try {
				ftruncateSync(this.#descriptor, this.#bytes);
			} catch {
				// A torn last line then: cut off when the shard is next opened.
			}
			throw new RunError(
				`cannot write ${this.file}: ${(error as Error).message}. What is on disk stays; make room and start the same command again.`,
			);
		}
		this.#bytes += bytes.length;
	}
}

/** Cuts a torn end off, or ends the last line. */
function repair(descriptor: number, reading: Reading): void {
	if (reading.torn) ftruncateSync(descriptor, reading.bytes);
	else if (reading.unended) writeSync(descriptor, "\n");
}

/** Where a piece of damage is, in words. */
export function damageSays({ file, line, why }: Damage): string {
	return `${basename(file)}${line === undefined ? "" : `:${line}`}: ${why}`;
}
