/**
 * THE loop: problem + engine + interpreter + policy -> events. The only place where they meet, and the only one that
 * knows START's order of things (arXiv 2503.04625, section on Hint-infer): the model thinks; at a marker a hint may go
 * in; the same turn goes on; code that it writes runs, its output goes back into the turn; until it ends.
 *
 * Screen and batch run the same generator. It yields the events of the journal, in the order in which they hold, and
 * an event is yielded only for what is decided: text that a hint may still cut away is held back.
 * What the engine continues is always `header + accepted spans`: stopping, cutting, a dropped connection and a
 * resumption all come down to a request with a longer prefix.
 */
import { type Chunk, EngineError, type GenerateEnd } from "../engine/engine.ts";
import type { MarkerKind, ScanConfig, ScanEvent } from "../hints/marker.ts";
import type { EndReason, TraceEvent } from "../trace/events.ts";
import { Blocks } from "./blocks.ts";
import type { HandHint } from "./live.ts";
import { Markers } from "./markers.ts";
import {
	given,
	messagesOf,
	type On,
	REFLECTION_WORDS,
	type ReasonDeps,
	type ReasonRequest,
	THINK_CLOSE,
} from "./request.ts";
import { Sampler } from "./sampler.ts";
import { thinkingEnded } from "./standing.ts";
import { Writing } from "./writing.ts";

/** Runs one trace to its end. Returns why it ended. The events `session` and `branch` are the caller's. */
export async function* reason(
	request: ReasonRequest,
	deps: ReasonDeps,
): AsyncGenerator<TraceEvent, EndReason, void> {
	return yield* new Run(request, deps).toTheEnd();
}

type Events<Value = void> = AsyncGenerator<TraceEvent, Value, void>;

/** What happened at a marker: go on with the same stream, or begin a new request from what now stands. */
type Step = "on" | "anew";

type End = {
	readonly reason: EndReason;
	readonly message?: string;
	readonly eos?: string;
	readonly eosIds?: readonly number[];
};

/** What a hint is called that a person wrote: the library has no name for it. */
const BY_HAND = "by-hand";

class Run {
	readonly #request: ReasonRequest;
	readonly #deps: ReasonDeps;
	readonly #thinkClose: string;
	readonly #scan: ScanConfig;
	readonly #sampler: Sampler;
	readonly #markers: Markers;
	readonly #blocks: Blocks;
	readonly #on: On;
	readonly #now: () => number;
	#writing: Writing | undefined;
	/** The policy, or a person, is asked about a marker. */
	#deciding = false;
	#phase: "thinking" | "answer" = "thinking";
	/** Aborts when the request that runs is to be left, because a person steers. */
	#interrupt: AbortSignal | undefined;
	/** Whether the request that runs stops at the end of thinking. */
	#stops = false;

	constructor(request: ReasonRequest, deps: ReasonDeps) {
		const now = deps.now ?? Date.now;
		this.#request = request;
		this.#deps = deps;
		this.#thinkClose = deps.thinkClose ?? THINK_CLOSE;
		this.#scan = { words: deps.words ?? REFLECTION_WORDS, dialect: deps.dialect };
		this.#now = now;
		this.#on = (type) => ({ type, t: now(), branch: request.branch });
		this.#sampler = new Sampler(request, deps, now);
		const { maxCalls, maxRounds } = request.settings.budgets;
		const rounds = (): number => deps.steering?.rounds ?? maxRounds;
		this.#markers = new Markers(deps.policy, rounds, this.#on, request.from);
		this.#blocks = new Blocks(deps, this.#on, maxCalls, request.from);
	}

	async *toTheEnd(): Events<EndReason> {
		const { from } = this.#request;
		const reason = from?.ended ?? (yield* this.#live());
		if (reason === "interrupted" || reason === "engine" || from?.scored) return reason;
		yield* this.#score(this.#writing?.text ?? from?.spans.map((span) => span.text).join("") ?? "");
		return reason;
	}

	/** The trace from where it stands to why it stopped. */
	async *#live(): Events<EndReason> {
		let end: End;
		try {
			const writing = yield* this.#begin();
			end = yield* this.#grow(writing);
		} catch (error) {
			if (this.#deps.signal?.aborted) end = { reason: "interrupted" };
			else if (error instanceof EngineError)
				end = { reason: error.kind === "context" ? "context" : "engine", message: error.message };
			else throw error;
		}
		yield* this.#notices();
		yield { ...this.#on("end"), ...end, usage: this.#usage() };
		return end.reason;
	}

	/** The header, or what a broken-off trace had: the scanner reads it all once. */
	async *#begin(): Events<Writing> {
		const { from } = this.#request;
		let header = from?.header;
		if (!header) {
			header = await this.#sampler.header(messagesOf(this.#request));
			yield* this.#notices();
			yield { ...this.#on("header"), text: header.text, ...given({ ids: header.ids }) };
		}
		const writing = await Writing.begin(header, from?.spans ?? [], {
			scan: this.#scan,
			tokenize: (text, special) => this.#sampler.tokenize(text, special),
			tokens: (piece) => ({ ...this.#on("tokens"), ...piece, segment: this.#sampler.segment }),
		});
		this.#writing = writing;
		if (thinkingEnded(from?.spans ?? [], this.#thinkClose)) this.#phase = "answer";
		yield* this.#runOwed(writing);
		return writing;
	}

	/** The text ends in a whole block without its output: the trace broke off there, or a hint brought it. */
	async *#runOwed(writing: Writing): Events {
		const last = writing.endsIn;
		if (this.#phase === "thinking" && isBlock(last)) yield* this.#blocks.put(writing, last.code);
	}

	async *#grow(writing: Writing): Events<End> {
		for (;;) {
			yield* this.#steer(writing);
			const over = this.#sampler.overBudget();
			if (over) return { reason: over };
			yield* this.#notices();
			this.#interrupt = this.#deps.steering?.watch();
			const before = writing.receivedLength;
			let end: GenerateEnd | undefined;
			try {
				end = yield* this.#follow(writing);
			} catch (error) {
				if (!this.#aside) {
					// Broken off before it was decided what goes in here, the trace ends here: it is asked again.
					if (this.#deciding) writing.drop();
					else yield* writing.settleAll();
					const progress = writing.receivedLength > before;
					const { says, wait } = this.#sampler.afterFailure(error, progress);
					yield this.#notice("warning", says);
					await wait(this.#interrupt);
					continue;
				}
			}
			const ended = end && !this.#aside ? yield* this.#after(writing, end) : undefined;
			if (ended && !this.#aside) return ended;
			if (this.#aside) writing.drop();
		}
	}

	/** A person steers: what the request that runs still brings is not the trace's. */
	get #aside(): boolean {
		return this.#interrupt?.aborted === true && !this.#deps.signal?.aborted;
	}

	/** Between two requests a person's hints go in, and the loop waits for as long as it was told to. */
	async *#steer(writing: Writing): Events {
		const { steering, signal } = this.#deps;
		while (steering && !signal?.aborted) {
			const hint = steering.take();
			if (hint) {
				yield* this.#inject(writing, hint);
				continue;
			}
			if (!steering.paused) return;
			const since = this.#now();
			await steering.moved(signal);
			this.#sampler.rested(this.#now() - since);
		}
	}

	async *#inject(
		writing: Writing,
		{ text, hint = BY_HAND, kind = BY_HAND, wording = text }: HandHint,
	): Events {
		const at = writing.text.length;
		const piece = await writing.append(text);
		const decided = { at, decision: "insert", by: "person", reason: "put in by hand", hint } as const;
		yield { ...this.#on("decision"), ...decided };
		yield this.#markers.inserted({ hint, kind, wording, by: "person" }, "anywhere", at, piece);
		this.#phase = "thinking";
		yield* this.#runOwed(writing);
	}

	/** One request to the engine. Undefined: something was put into the turn, and a new request continues it. */
	async *#follow(writing: Writing): Events<GenerateEnd | undefined> {
		const thinking = this.#phase === "thinking";
		this.#stops = thinking && this.#hinting;
		const ask = {
			stop: this.#stops ? [this.#thinkClose] : [],
			...(thinking && this.#sampler.scans
				? { scan: { config: this.#scan, state: writing.scanState, until: this.#until() } }
				: {}),
		};
		const stream = this.#sampler.stream(writing.prefix(), ask, this.#interrupt);
		try {
			for (;;) {
				const next = await stream.next();
				if (next.done) return next.value;
				if (this.#aside) continue;
				if ((yield* this.#take(writing, next.value)) === "on") continue;
				// An engine that scans has stopped by itself, and its end tells what the request cost.
				if (this.#sampler.scans) await stream.next();
				return undefined;
			}
		} finally {
			await stream.return(undefined as never);
		}
	}

	/** Without hints nothing can go in before the end of thinking: the engine need not stop there. */
	get #hinting(): boolean {
		return this.#deps.policy.mode !== "off";
	}

	/** Where an engine that scans is to stop: only at what may lead to something here. */
	#until(): readonly ScanEvent["type"][] {
		return this.#hinting ? ["word", "fence-open", "fence-close"] : ["fence-close"];
	}

	async *#take(writing: Writing, chunk: Chunk): Events<Step> {
		const found = writing.receive(chunk);
		if (this.#phase === "answer") {
			yield* writing.settleAll();
			return "on";
		}
		const closed = this.#stops ? undefined : writing.receivedEnd(this.#thinkClose, chunk.text.length);
		for (const event of found) {
			if (closed !== undefined && event.at > closed) break;
			if ((yield* this.#found(writing, event)) === "anew") return "anew";
			if (this.#aside) return "on";
		}
		if (closed !== undefined) {
			yield* this.#atMarker(writing, "before-end", closed - this.#thinkClose.length);
			if (this.#aside) return "on";
			yield* writing.settleAll();
			this.#phase = "answer";
			return "on";
		}
		yield* writing.settled();
		return "on";
	}

	/** A thing that the scanner found. Text before it stands; what comes behind it is still open. */
	async *#found(writing: Writing, event: ScanEvent): Events<Step> {
		if (event.type === "word") return yield* this.#atMarker(writing, "after-word", event.at, event.word);
		if (event.type === "fence-open") {
			if (!event.runnable || event.start < writing.text.length) return "on";
			return yield* this.#atMarker(writing, "before-code", event.start);
		}
		if (!isBlock(event)) return "on";
		yield* writing.cut(event.at, true);
		yield* this.#blocks.put(writing, event.code);
		return "anew";
	}

	async *#atMarker(writing: Writing, kind: MarkerKind, at: number, word?: string): Events<Step> {
		yield* writing.settle(at);
		this.#deciding = true;
		const insert = yield* this.#markers.decide(kind, at, word, {
			problem: this.#request.problem,
			dialect: this.#deps.dialect,
			text: writing.text.slice(0, at),
			calls: this.#blocks.count,
			callsLeft: this.#blocks.left,
		});
		this.#deciding = false;
		if (!insert) {
			// A person who puts a hint in at a marker means this place, and not where a token happens to end.
			if (this.#aside && this.#deps.steering?.injects) yield* writing.cut(at, false);
			return "on";
		}
		yield* writing.cut(at, false);
		yield this.#markers.inserted(insert, kind, at, await writing.append(insert.text));
		return "anew";
	}

	/** What the end of a request means for the trace; undefined: it goes on. */
	async *#after(writing: Writing, end: GenerateEnd): Events<End | undefined> {
		if (end.reason === "eos" || end.reason === "stop") return yield* this.#atStop(writing, end);
		yield* writing.settleAll();
		if (end.reason === "scan") return undefined;
		const over = this.#sampler.overBudget();
		if (end.reason === "abort") return { reason: over === "time" ? "time" : "interrupted" };
		return { reason: over ?? "context" };
	}

	/** The model wants to end its thinking, or its turn: the last marker, again and again for as many rounds as the policy wants. */
	async *#atStop(writing: Writing, end: GenerateEnd): Events<End | undefined> {
		const last = this.#phase === "thinking" ? writing.flush().find(isBlock) : undefined;
		yield* writing.settleAll();
		if (last) {
			yield* this.#blocks.put(writing, last.code);
			return undefined;
		}
		if (this.#phase === "thinking") {
			if ((yield* this.#atMarker(writing, "before-end", writing.text.length)) === "anew") return undefined;
			if (this.#aside) return undefined;
			if (end.reason === "stop") {
				// The model sampled it, though the engine kept it back.
				const piece = await writing.append(this.#thinkClose, true);
				yield { ...this.#on("tokens"), ...piece, segment: this.#sampler.segment };
				this.#phase = "answer";
				return undefined;
			}
		}
		const eos = end.eosText;
		const eosIds = eos && writing.prefix().ids ? await this.#sampler.tokenize(eos, true) : undefined;
		return { reason: "eos", ...given({ eos, eosIds }) };
	}

	async *#score(text: string): Events {
		const { problem, session } = this.#request;
		let scored: Awaited<ReturnType<ReasonDeps["score"]>>;
		try {
			scored = await this.#deps.score(problem, text);
		} catch (error) {
			if (this.#deps.signal?.aborted) throw error;
			// The trace is whole; only its verdict is missing, and `unchecked` says so.
			const reason = error instanceof Error ? error.message : String(error);
			yield this.#notice("error", `the answer could not be checked: ${reason}`);
			scored = { verdict: "unchecked", reason };
		}
		const { verdict, answer, reason } = scored;
		yield { ...this.#on("outcome"), verdict, usage: this.#usage(), session, ...given({ answer, reason }) };
	}

	#usage() {
		return this.#sampler.usage(this.#markers.count, this.#blocks.count);
	}

	*#notices(): Generator<TraceEvent, void, void> {
		for (const text of this.#sampler.takeNotices()) yield this.#notice("warning", text);
	}

	#notice(level: "info" | "warning" | "error", text: string): TraceEvent {
		return { ...this.#on("notice"), level, text };
	}
}

/** A whole block that is to run. */
function isBlock(event: ScanEvent | undefined): event is Extract<ScanEvent, { type: "fence-close" }> {
	return event?.type === "fence-close" && event.runnable && event.code.trim() !== "";
}
