/**
 * What a sampling process tells of itself while it runs: `now-IofK.json` in the run's folder, for whoever watches from
 * here or from another machine (`nudge runs watch | top | list`).
 *
 * What always holds: the file is whole or absent, it is replaced about once a second, and it goes at a clean end; one
 * that a kill left behind is told by an `updated` that moves no more. It has a bound, whatever runs: the ends of at most 64
 * traces, TAIL_UNITS of text in all. Sampling never waits for it and never fails for it: where it cannot be written that is
 * said once, and tried again. Nothing is done for a token: the traces are looked at when the file is written.
 */
import { renameSync } from "node:fs";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import type { BlockVerdict, OutcomeVerdict } from "../trace/events.ts";
import type { Branch } from "../trace/fold.ts";
import type { SpanKind } from "../trace/span.ts";
import type { Shard } from "./run-folder.ts";

const FORMAT = 1;

/** An engine of several; `state` in its own words ("ready", "left out, tried again in 20 s"). */
export type EngineNow = {
	readonly name: string;
	readonly state: string;
	/** Traces at once there, and how many it bears. */
	readonly running?: number;
	readonly level?: number;
	readonly tokensPerSecond?: number;
};

/** What the sampling process knows of its shard. Counts, not rates: those are made here. */
export type NowFacts = {
	/** Rollouts at once. */
	readonly level: number;
	/** Of the shard, with what was there before this start. */
	readonly done: number;
	readonly total: number;
	/** Since this start. */
	readonly tokens: number;
	readonly calls: number;
	readonly kept: number;
	/** Of the shard. */
	readonly verdicts: Readonly<Record<OutcomeVerdict, number>>;
	readonly engines?: readonly EngineNow[];
};

/** A part of a trace that grows: `spans` are its last units, and `from` says where in the trace they begin. */
export type Tail = {
	readonly from: number;
	/** Of the whole trace so far. */
	readonly length: number;
	readonly spans: readonly { readonly kind: SpanKind; readonly text: string }[];
	/** Hints and calls within it, by their place in the trace. */
	readonly hints: readonly {
		readonly at: number;
		readonly hint: string;
		readonly kind: string;
		readonly marker: string;
		readonly word?: string;
	}[];
	readonly calls: readonly {
		readonly at: number;
		readonly block: number;
		readonly code: string;
		/** Absent while it runs. */
		readonly verdict?: BlockVerdict;
		readonly ms?: number;
	}[];
};

/** A rollout that is being made. */
export type InFlight = {
	readonly key: string;
	readonly problem: string;
	/** The beginning of its question. */
	readonly asks: string;
	readonly sample: number;
	/** When it was begun, milliseconds since the epoch. */
	readonly begun: number;
	readonly tokens: number;
	readonly calls: number;
	readonly hints: number;
	readonly tail: Tail;
};

export type RunNow = {
	readonly format: number;
	/** "2/8". */
	readonly shard: string;
	readonly pid: number;
	readonly host: string;
	/** ISO 8601, UTC, by the clock of that machine. */
	readonly started: string;
	readonly updated: string;
	readonly level: number;
	readonly done: number;
	readonly owed: number;
	readonly total: number;
	readonly kept: number;
	/** Over the last RATE_MS. */
	readonly tokensPerSecond: number;
	readonly callsPerSecond: number;
	readonly rolloutsPerSecond: number;
	readonly verdicts: Readonly<Record<OutcomeVerdict, number>>;
	readonly engines?: readonly EngineNow[];
	/** Those begun last, and how many more there are. */
	readonly inFlight: readonly InFlight[];
	readonly more: number;
};

const EVERY_MS = 1_000;
/** Where the disk is slow it is written less often, so that it takes no more of the time than this share. */
const SHARE = 0.05;
const SELDOM_MS = 5_000;
const RATE_MS = 20_000;
const MOST_IN_FLIGHT = 64;
/** Traces that are looked at without a pause. */
const AT_ONCE = 4;
/** Of one rollout, and of all together. */
const TAIL_LEAST = 500;
const TAIL_MOST = 4_000;
const TAIL_UNITS = 64_000;
const ASKS_UNITS = 600;
const CODE_UNITS = 2_000;

const nameOf = ({ index, count }: Shard): string => `now-${index}of${count}.json`;

/** What is told of one rollout while it is being made. */
export type Begun = {
	readonly key: string;
	readonly problem: { readonly id: string; readonly problem: string };
	readonly sample: number;
};

export type NowOptions = {
	readonly folder: string;
	readonly shard: Shard;
	readonly facts: () => NowFacts;
	/** Said once: it cannot be written. */
	readonly onTrouble?: (says: string) => void;
	readonly everyMs?: number;
	readonly now?: () => number;
};

type Point = { readonly at: number; readonly tokens: number; readonly calls: number; readonly kept: number };

export class NowWriter {
	readonly #options: NowOptions;
	readonly #now: () => number;
	readonly #started: number;
	readonly #inFlight = new Map<
		string,
		{ readonly of: Begun; readonly branch: () => Branch; readonly at: number }
	>();
	readonly #points: Point[];
	#timer: NodeJS.Timeout | undefined;
	#writing: Promise<void> | undefined;
	#troubled = false;
	#ended = false;

	constructor(options: NowOptions) {
		this.#options = options;
		this.#now = options.now ?? Date.now;
		this.#started = this.#now();
		this.#points = [{ at: this.#started, tokens: 0, calls: 0, kept: 0 }];
		this.#schedule(0);
	}

	/** A rollout begins; `branch` gives it as it stands. */
	readonly begun = (of: Begun, branch: () => Branch): void => {
		this.#inFlight.set(of.key, { of, branch, at: this.#now() });
	};

	readonly over = (key: string): void => {
		this.#inFlight.delete(key);
	};

	/** As it stands now. The ends of long traces cost some work: others have their turn in between. */
	async status(): Promise<RunNow> {
		const { shard, facts } = this.#options;
		const { level, done, total, tokens, calls, kept, verdicts, engines } = facts();
		const now = this.#now();
		const rate = this.#rates({ at: now, tokens, calls, kept });
		const all = [...this.#inFlight.values()].reverse();
		const shown = all.slice(0, MOST_IN_FLIGHT);
		const units = Math.max(
			TAIL_LEAST,
			Math.min(TAIL_MOST, Math.floor(TAIL_UNITS / Math.max(1, shown.length))),
		);
		const inFlight: InFlight[] = [];
		for (const [index, { of, branch, at }] of shown.entries()) {
			if (index % AT_ONCE === AT_ONCE - 1) await new Promise(setImmediate);
			inFlight.push(inFlightOf(of, branch(), at, units));
		}
		return {
			format: FORMAT,
			shard: `${shard.index}/${shard.count}`,
			pid: process.pid,
			host: hostname(),
			started: new Date(this.#started).toISOString(),
			updated: new Date(now).toISOString(),
			level,
			done,
			owed: total - done,
			total,
			kept,
			...rate,
			verdicts: { ...verdicts },
			...(engines ? { engines } : {}),
			inFlight,
			more: all.length - shown.length,
		};
	}

	/** Nothing is written after it; the file is gone. */
	async end(): Promise<void> {
		this.#ended = true;
		clearTimeout(this.#timer);
		await this.#writing;
		const file = join(this.#options.folder, nameOf(this.#options.shard));
		await Promise.all([rm(file, { force: true }), rm(`${file}.part`, { force: true })]).catch(() => {});
	}

	#rates(point: Point): Pick<RunNow, "tokensPerSecond" | "callsPerSecond" | "rolloutsPerSecond"> {
		const points = this.#points;
		points.push(point);
		while (points.length > 2 && point.at - points[0]!.at > RATE_MS) points.shift();
		const from = points[0]!;
		const seconds = Math.max(1, (point.at - from.at) / 1_000);
		const rate = (count: number): number => Math.round((100 * count) / seconds) / 100;
		return {
			tokensPerSecond: rate(point.tokens - from.tokens),
			callsPerSecond: rate(point.calls - from.calls),
			rolloutsPerSecond: rate(point.kept - from.kept),
		};
	}

	#schedule(inMs: number): void {
		this.#timer = setTimeout(() => {
			const begun = performance.now();
			this.#writing = this.#write().finally(() => {
				this.#writing = undefined;
				const took = performance.now() - begun;
				if (!this.#ended)
					this.#schedule(Math.max(this.#options.everyMs ?? EVERY_MS, Math.min(SELDOM_MS, took / SHARE)));
			});
		}, inMs).unref();
	}

	async #write(): Promise<void> {
		const { folder, shard, onTrouble } = this.#options;
		const file = join(folder, nameOf(shard));
		try {
			await writeFile(`${file}.part`, `${JSON.stringify(await this.status())}\n`);
			// Of one system call: between asking whether it is over and renaming nothing else runs.
			if (!this.#ended) renameSync(`${file}.part`, file);
			this.#troubled = false;
		} catch (error) {
			if (this.#troubled) return;
			this.#troubled = true;
			onTrouble?.(
				`${file} cannot be written (${(error as Error).message}): whoever watches sees no progress; sampling goes on`,
			);
		}
	}
}

function inFlightOf({ key, problem, sample }: Begun, branch: Branch, begun: number, units: number): InFlight {
	let tokens = 0;
	for (const { kind, ids, text } of branch.spans)
		if (kind === "model") tokens += ids?.length ?? Math.ceil(text.length / 4);
	return {
		key,
		problem: problem.id,
		asks: problem.problem.slice(0, ASKS_UNITS),
		sample,
		begun,
		tokens,
		calls: branch.calls.length,
		hints: branch.hints.length,
		tail: tailOf(branch, units),
	};
}

/** The last units of a trace. */
export function tailOf(branch: Branch, units: number): Tail {
	const { length } = branch;
	const spans: { kind: SpanKind; text: string }[] = [];
	let from = length;
	for (let i = branch.spans.length - 1; i >= 0 && length - from < units; i--) {
		const { kind, text } = branch.spans[i]!;
		let begin = Math.max(0, text.length - (units - (length - from)));
		// Half of a surrogate pair is no text.
		if (begin > 0 && /[\udc00-\udfff]/.test(text.charAt(begin))) begin++;
		if (begin >= text.length && text !== "") break;
		spans.unshift({ kind, text: text.slice(begin) });
		from -= text.length - begin;
		if (begin > 0) break;
	}
	return {
		from,
		length,
		spans,
		hints: branch.hints
			.filter(({ at }) => at >= from)
			.map(({ at, hint, kind, marker }) => {
				const word = branch.markers.findLast((one) => one.at === at)?.word;
				return { at, hint, kind, marker, ...(word === undefined ? {} : { word }) };
			}),
		calls: branch.calls
			.filter(({ at }) => at >= from)
			.map(({ at, block, code, output }) => ({
				at,
				block,
				code: code.length > CODE_UNITS ? `${code.slice(0, CODE_UNITS)} ...` : code,
				...(output ? { verdict: output.verdict, ms: output.durationMs } : {}),
			})),
	};
}

/** What the processes of a run say of themselves, live or left behind. Others' and damaged files are left out. */
export async function readNows(folder: string): Promise<RunNow[]> {
	let names: string[];
	try {
		names = (await readdir(folder)).filter((name) => /^now-\d+of\d+\.json$/.test(name)).sort();
	} catch {
		return [];
	}
	const read = await Promise.all(names.map((name) => readFile(join(folder, name), "utf8").catch(() => "")));
	return read.flatMap((text) => parseNow(text) ?? []);
}

export function parseNow(text: string): RunNow | undefined {
	let value: Partial<RunNow> | null;
	try {
		value = JSON.parse(text) as Partial<RunNow> | null;
	} catch {
		return undefined;
	}
	const whole =
		value?.format === FORMAT &&
		typeof value.shard === "string" &&
		typeof value.updated === "string" &&
		typeof value.total === "number" &&
		typeof value.done === "number" &&
		typeof value.verdicts === "object" &&
		Array.isArray(value.inFlight);
	return whole ? (value as RunNow) : undefined;
}

/** How long nothing may come of a process that lives. */
const SILENT_MS = 15_000;

/**
 * Which of the processes still run. A machine's clock may be wrong: what was seen to move a moment ago runs, whatever its
 * `updated` says; at the first look that is compared with the clock here.
 */
export class Liveness {
	readonly #seen = new Map<string, { updated: string; at: number | undefined }>();
	readonly #now: () => number;

	constructor(now: () => number = Date.now) {
		this.#now = now;
	}

	isLive(now: RunNow): boolean {
		if (isDeadHere(now)) return false;
		const at = this.#now();
		const id = `${now.shard} ${now.host} ${now.pid} ${now.started}`;
		const before = this.#seen.get(id);
		if (!before) {
			const age = at - Date.parse(now.updated);
			this.#seen.set(id, { updated: now.updated, at: Math.abs(age) < SILENT_MS ? at : undefined });
			return Math.abs(age) < SILENT_MS;
		}
		if (before.updated !== now.updated) {
			before.updated = now.updated;
			before.at = at;
		}
		return before.at !== undefined && at - before.at < SILENT_MS;
	}
}

/** Of this machine, where that can be asked. */
function isDeadHere({ host, pid }: RunNow): boolean {
	if (host !== hostname()) return false;
	try {
		process.kill(pid, 0);
		return false;
	} catch (error) {
		return (error as NodeJS.ErrnoException).code === "ESRCH";
	}
}
