/**
 * A run without a screen: as lines for a person who hears them or whose terminal knows no sequences, or as JSON Lines for a
 * program. What ends while one watches is told as it ends; how the run stands, now and then and when that changes.
 */
import type { Entry } from "../../data/run-index.ts";
import type { RunWatch, WatchState } from "../../data/run-watch.ts";
import { counted, inTime } from "../lines/says.ts";
import { trouble } from "../lines/voice.ts";
import { atOnce, longTime, percent, placesSay, rateSays } from "./standing.ts";

export type Following = {
	readonly watch: RunWatch;
	/** Between two that say how the run stands. */
	readonly everyMs: number;
	readonly says: (event: WatchEvent) => void;
	readonly signal: AbortSignal;
	/** It is watched on when it is done. */
	readonly stays?: boolean;
	readonly now?: () => number;
};

export type WatchEvent =
	| { readonly type: "progress"; readonly watch: RunWatch; readonly t: number }
	| { readonly type: "rollout"; readonly entry: Entry; readonly t: number }
	| { readonly type: "trouble"; readonly text: string; readonly t: number };

/** True when the run is done, false when it was left before. */
export function followRun({
	watch,
	everyMs,
	says,
	signal,
	stays = false,
	now = Date.now,
}: Following): Promise<boolean> {
	let told = 0;
	let orders: number | undefined;
	let state: WatchState | undefined;
	let saidAt = Number.NEGATIVE_INFINITY;
	let trouble: string | undefined;
	return new Promise((resolve) => {
		const leave = (done: boolean): void => {
			watch.close();
			signal.removeEventListener("abort", abort);
			resolve(done);
		};
		const abort = (): void => leave(false);
		const look = (): void => {
			const t = now();
			if (watch.trouble !== undefined && watch.trouble !== trouble)
				says({ type: "trouble", text: watch.trouble, t });
			trouble = watch.trouble;
			const { index } = watch;
			// What was there before is in the figures, and is not told one by one.
			if (watch.looked === 0 || (index && !index.caughtUp)) return;
			if (index && index.orders !== orders) {
				orders = index.orders;
				told =
					state === undefined || state === "waiting"
						? index.entries.length
						: Math.min(told, index.entries.length);
				if (state === "waiting") told = 0;
			}
			for (; index && told < index.entries.length; told++)
				says({ type: "rollout", entry: index.entries[told]!, t });
			const changed = watch.state !== state;
			state = watch.state;
			if (changed || (t - saidAt >= everyMs && state !== "done")) {
				saidAt = t;
				says({ type: "progress", watch, t });
			}
			if (state === "done" && !stays) leave(true);
		};
		if (signal.aborted) {
			leave(false);
			return;
		}
		signal.addEventListener("abort", abort, { once: true });
		watch.subscribe(look);
		watch.start();
	});
}

/** One object of a line of JSON. */
export function eventObject(event: WatchEvent): object {
	const t = new Date(event.t).toISOString();
	if (event.type === "trouble") return { type: "trouble", t, message: event.text };
	if (event.type === "rollout") {
		const { entry } = event;
		return {
			type: "rollout",
			t,
			key: entry.key,
			problem: entry.problem.id,
			sample: entry.sample,
			verdict: entry.verdict,
			...(entry.answer === undefined ? {} : { answer: entry.answer }),
			...(entry.problem.gold === undefined ? {} : { gold: entry.problem.gold }),
			end: entry.end,
			tokens: entry.tokens,
			calls: entry.calls,
			hints: entry.hints,
			seconds: entry.ms / 1_000,
			...entry.place,
		};
	}
	return { type: "progress", t, ...runObject(event.watch) };
}

/** How a run stands, for a program. */
export function runObject(watch: RunWatch): Readonly<Record<string, unknown>> {
	const { summary, rates, processes, gone } = watch;
	const told = (one: (typeof processes)[number]): object => {
		const { inFlight, format: _, more, ...rest } = one;
		return { ...rest, inFlight: inFlight.length + more };
	};
	return {
		run: watch.folder,
		state: watch.state,
		done: watch.done,
		total: watch.total,
		rolloutsPerSecond: rates.rollouts,
		tokensPerSecond: rates.tokens,
		callsPerSecond: rates.calls,
		...(rates.leftMs === undefined ? {} : { secondsLeft: Math.round(rates.leftMs / 1_000) }),
		...(summary ?? {}),
		processes: processes.map(told),
		...(gone.length > 0 ? { gone: gone.map(told) } : {}),
	};
}

const STATES: Readonly<Record<WatchState, string>> = {
	waiting: "is not begun yet; this waits for it",
	sampling: "is being sampled",
	silent: "is being sampled by a process that says nothing of itself",
	owed: "is sampled by nobody now",
	done: "is done",
};

/** Sentences of an event. */
export function eventSays(event: WatchEvent, name: string): string {
	if (event.type === "trouble") return trouble("warning", event.text);
	if (event.type === "progress") return progressSays(event.watch, name);
	return rolloutSays(event.entry);
}

export function rolloutSays({ problem, sample, verdict, answer, tokens, calls, hints, ms }: Entry): string {
	const { gold } = problem;
	const said = answer === undefined ? "" : `, answer ${answer}`;
	const wanted = verdict === "wrong" && gold !== undefined ? `, gold ${gold}` : "";
	const took = [counted(tokens, "token"), counted(calls, "call"), counted(hints, "hint"), inTime(ms)].join(
		", ",
	);
	return `${verdict.slice(0, 1).toUpperCase()}${verdict.slice(1)}: ${problem.id}, sample ${sample}${said}${wanted}; ${took}.`;
}

export function progressSays(watch: RunWatch, name: string): string {
	const { state, summary, rates, processes } = watch;
	if (state === "waiting") return `The run ${name} ${STATES.waiting}.`;
	const share = watch.total === 0 ? 0 : watch.done / watch.total;
	const says = [`The run ${name} ${STATES[state]}: ${watch.done} of ${watch.total}, ${percent(share)}.`];
	if (processes.length > 0)
		says.push(
			`${rateSays(rates.rollouts)} rollouts, ${Math.round(rates.tokens)} tokens and ${rateSays(rates.calls)} calls a second, ${atOnce(watch)} at once, ${placesSay(watch)}; ${rates.leftMs === undefined ? "time left unknown" : `${longTime(rates.leftMs)} left`}.`,
		);
	if (summary?.accuracy !== undefined) {
		const { interval } = summary;
		const between = interval ? `, between ${percent(interval[0])} and ${percent(interval[1])} at 95 %` : "";
		says.push(`Correct ${percent(summary.accuracy)}${between}.`);
	}
	return says.join(" ");
}

/** Nobody can listen to more in this time. */
const HEARD_MS = 4_000;
const MOST_HEARD = 3;

/** Sentences for somebody who hears them: where many end at once, they are counted. */
export class Spoken {
	readonly #say: (text: string) => void;
	readonly #name: string;
	#waiting: WatchEvent[] = [];
	#timer: NodeJS.Timeout | undefined;

	constructor(say: (text: string) => void, name: string) {
		this.#say = say;
		this.#name = name;
	}

	readonly says = (event: WatchEvent): void => {
		if (event.type !== "rollout") {
			this.end();
			this.#say(eventSays(event, this.#name));
			return;
		}
		this.#waiting.push(event);
		this.#timer ??= setTimeout(() => this.end(), HEARD_MS).unref();
	};

	/** What waits is said now. */
	end(): void {
		clearTimeout(this.#timer);
		this.#timer = undefined;
		const ended = this.#waiting.splice(0);
		if (ended.length <= MOST_HEARD) {
			for (const event of ended) this.#say(eventSays(event, this.#name));
			return;
		}
		const counts = new Map<string, number>();
		for (const event of ended)
			if (event.type === "rollout") {
				const { verdict } = event.entry;
				counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
			}
		const said = [...counts].map(([verdict, count]) => `${count} ${verdict}`).join(", ");
		this.#say(`${ended.length} rollouts have ended: ${said}.`);
	}
}
