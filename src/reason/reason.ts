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
import { createHash } from "node:crypto";
import {
	type Chunk,
	type Engine,
	EngineError,
	type GenerateEnd,
	type SampleOptions,
} from "../engine/engine.ts";
import type { FenceDialect, Marker, MarkerKind, ScanConfig, ScanEvent } from "../hints/marker.ts";
import type { Decision, Policy } from "../hints/policy.ts";
import { Scanner } from "../hints/scanner.ts";
import type { Interpreter } from "../python/interpreter.ts";
import { lettered } from "../score/choice.ts";
import type {
	EndReason,
	OutcomeVerdict,
	Problem,
	TraceEvent,
	TraceSettings,
	TraceUsage,
} from "../trace/events.ts";
import type { Prefix, Span } from "../trace/span.ts";
import { Blocks } from "./blocks.ts";
import { type Accepted, Follower, Turn } from "./turn.ts";

/** The tags a model thinks between. `close` is the marker "before the end of thinking"; a turn that has no tags thinks to its end. */
export type ThinkTags = { readonly open: string; readonly close: string };
export const THINK_TAGS: ThinkTags = { open: "<think>", close: "</think>" };

/** After these words a model doubts itself: the paper's places for a hint. */
export const REFLECTION_WORDS: readonly string[] = ["Wait", "Alternatively", "Hmm", "Hold on", "But wait"];

/** Where a trace stands that is taken up again: from the fold of its journal. */
export type Standing = {
	readonly header: Prefix;
	readonly spans: readonly Span[];
	/** Blocks that ran, in order: their code is run again to bring the namespace back before the next one. */
	readonly blocks: readonly { readonly code: string; readonly output: string }[];
	readonly hints: readonly {
		readonly at: number;
		readonly hint: string;
		readonly kind: string;
		readonly marker: string;
	}[];
	readonly markers: readonly { readonly at: number; readonly marker: string }[];
	readonly segments: number;
	readonly usage: TraceUsage;
	/** It came to its end, and only its verdict is owed. */
	readonly ended?: EndReason;
};

export type ReasonRequest = {
	readonly session: string;
	readonly branch: string;
	readonly problem: Problem;
	readonly settings: TraceSettings;
	readonly from?: Standing;
};

export type ReasonDeps = {
	readonly engine: Engine;
	/** Asked for when the first block runs. */
	readonly interpreter: () => Promise<Interpreter>;
	readonly policy: Policy;
	readonly dialect: FenceDialect;
	readonly words?: readonly string[];
	readonly tags?: ThinkTags;
	/** The verdict on the assistant's whole text. */
	readonly score: (
		problem: Problem,
		text: string,
	) => Promise<{ readonly verdict: OutcomeVerdict; readonly answer?: string; readonly reason?: string }>;
	/** Milliseconds since the epoch. */
	readonly now?: () => number;
	readonly signal?: AbortSignal;
	/** Waits, abortable; a test hands in one that does not. */
	readonly sleep?: (ms: number, signal?: AbortSignal) => Promise<void>;
};

/** A dropped stream is taken up again this often without a single new token in between. */
const RETRIES = 4;

/** What may pass by itself. The others need somebody to change something first. */
const MAY_PASS: ReadonlySet<EngineError["kind"]> = new Set(["unreachable", "cut", "crashed"]);

const again = (error: EngineError, failures: number): string =>
	`${error.message}; going on from where the trace stands (try ${failures} of ${RETRIES})`;

/** One seed per request, since a reused one restarts the engine's random generator (serving reference, section 9). */
export function segmentSeed(seed: number, segment: number): number {
	return createHash("sha256").update(`${seed}:${segment}`).digest().readUInt32BE(0) & 0x7fff_ffff;
}

/** Runs one trace to its end. Returns why it ended. The events `session` and `branch` are the caller's. */
export async function* reason(
	request: ReasonRequest,
	deps: ReasonDeps,
): AsyncGenerator<TraceEvent, EndReason, void> {
	const run = new Run(request, deps);
	return yield* run.toTheEnd();
}

/** What happened at a marker: go on with the same stream, or begin a new request from what is now accepted. */
type Step = "on" | "anew";

class Run {
	readonly #request: ReasonRequest;
	readonly #deps: ReasonDeps;
	readonly #tags: ThinkTags;
	readonly #scanConfig: ScanConfig;
	readonly #started: number;
	readonly #now: () => number;
	#turn!: Turn;
	#follower!: Follower;
	#blocks!: Blocks;
	#phase: "thinking" | "answer" = "thinking";
	#segment: number;
	#sampled: number;
	#computed: number | undefined;
	#hints: { at: number; hint: string; kind: string; marker: string }[];
	#markers: { at: number; marker: string }[];
	#failures = 0;
	#asides: string[] = [];

	constructor(request: ReasonRequest, deps: ReasonDeps) {
		this.#request = request;
		this.#deps = deps;
		this.#tags = deps.tags ?? THINK_TAGS;
		this.#now = deps.now ?? Date.now;
		this.#started = this.#now() - (request.from?.usage.durationMs ?? 0);
		this.#scanConfig = { words: deps.words ?? REFLECTION_WORDS, dialect: deps.dialect };
		this.#segment = request.from?.segments ?? 0;
		this.#sampled = request.from?.usage.sampledTokens ?? 0;
		this.#computed = request.from ? request.from.usage.computedPromptTokens : 0;
		this.#hints = [...(request.from?.hints ?? [])];
		this.#markers = [...(request.from?.markers ?? [])];
	}

	async *toTheEnd(): AsyncGenerator<TraceEvent, EndReason, void> {
		const { ended } = this.#request.from ?? {};
		if (ended) this.#whole();
		const reason = ended ?? (yield* this.#live());
		if (reason === "interrupted" || reason === "engine") return reason;
		let scored: Awaited<ReturnType<ReasonDeps["score"]>>;
		try {
			scored = await this.#deps.score(this.#request.problem, this.#turn.text);
		} catch (error) {
			if (this.#deps.signal?.aborted) throw error;
			// The trace is whole; only its verdict is missing, and `unchecked` says so.
			const reason = error instanceof Error ? error.message : String(error);
			yield this.#notice("error", `the answer could not be checked: ${reason}`);
			scored = { verdict: "unchecked", reason };
		}
		yield {
			...this.#on("outcome"),
			verdict: scored.verdict,
			usage: this.#usage(),
			session: this.#request.session,
			...given({ answer: scored.answer, reason: scored.reason }),
		};
		return reason;
	}

	/** The trace from where it stands to why it stopped. */
	async *#live(): AsyncGenerator<TraceEvent, EndReason, void> {
		let end: { reason: EndReason; message?: string; eos?: string };
		try {
			yield* this.#begin();
			end = yield* this.#grow();
		} catch (error) {
			if (this.#deps.signal?.aborted) end = { reason: "interrupted" };
			else if (error instanceof EngineError)
				end = { reason: error.kind === "context" ? "context" : "engine", message: error.message };
			else throw error;
		}
		const usage = this.#usage();
		yield { ...this.#on("end"), reason: end.reason, usage, ...given({ message: end.message, eos: end.eos }) };
		return end.reason;
	}

	/** A trace that is only to be scored: its text, as it is. */
	#whole(): void {
		const { header, spans, blocks } = this.#request.from as Standing;
		this.#turn = new Turn(header, spans);
		this.#blocks = new Blocks(this.#deps, this.#request.settings.budgets.maxCalls, blocks);
	}

	/** The header, or what a broken-off trace had: the scanner reads it all once. */
	async *#begin(): AsyncGenerator<TraceEvent, void, void> {
		const { problem, settings, from } = this.#request;
		let header = from?.header;
		if (!header) {
			const system = settings.system ? [{ role: "system" as const, content: settings.system }] : [];
			header = await this.#deps.engine.renderHeader([
				...system,
				{ role: "user", content: questionOf(problem, settings.instruction) },
			]);
			yield { ...this.#on("header"), text: header.text, ...given({ ids: header.ids }) };
		}
		const ids = header.ids ?? (await this.#tokenize(header.text, true));
		if (ids) header = { text: header.text, ids };
		this.#turn = new Turn(header, await this.#withIds(header, from?.spans ?? []));
		this.#follower = new Follower((state) => new Scanner(this.#scanConfig, state));
		const seen = this.#follower.push(this.#turn.text);
		this.#follower.rest();
		if (from?.spans.some((span) => span.kind === "model" && span.text.includes(this.#tags.close)))
			this.#phase = "answer";
		this.#blocks = new Blocks(this.#deps, settings.budgets.maxCalls, from?.blocks ?? []);
		// The trace broke off behind a whole block, before its output was there: it is still owed one.
		const last = seen.at(-1);
		const owed =
			last?.type === "fence-close" && last.runnable && this.#turn.text.slice(last.at).trim() === "";
		if (owed && this.#phase === "thinking" && last.code.trim() !== "") yield* this.#runBlock(last.code);
	}

	/** A cut through a token, or a person's edit, leaves text without ids: it gets ids of its own, so that the rest keeps its. */
	async #withIds(header: Prefix, spans: readonly Span[]): Promise<readonly Span[]> {
		if (!header.ids) return spans;
		return Promise.all(
			spans.map(async (span) => {
				const ids = span.ids ?? (await this.#tokenize(span.text, span.kind === "model"));
				return ids ? { ...span, ids } : span;
			}),
		);
	}

	async *#grow(): AsyncGenerator<TraceEvent, { reason: EndReason; message?: string; eos?: string }, void> {
		for (;;) {
			const over = this.#overBudget();
			if (over) return { reason: over };
			const heldBefore = this.#turn.receivedLength;
			let end: GenerateEnd | undefined;
			try {
				end = yield* this.#segmentOf();
			} catch (error) {
				yield* this.#settleAll();
				if (!(error instanceof EngineError) || !MAY_PASS.has(error.kind)) throw error;
				this.#failures = this.#turn.receivedLength > heldBefore ? 1 : this.#failures + 1;
				if (this.#failures > RETRIES) throw error;
				yield this.#notice("warning", again(error, this.#failures));
				await this.#sleep(250 * 2 ** (this.#failures - 1));
				continue;
			}
			this.#failures = 0;
			if (!end) continue;
			switch (end.reason) {
				case "abort":
					yield* this.#settleAll();
					return { reason: this.#overBudget() === "time" ? "time" : "interrupted" };
				case "length":
					yield* this.#settleAll();
					if (this.#overBudget() === "tokens") return { reason: "tokens" };
					return { reason: "context" };
				case "scan":
					yield* this.#settleAll();
					continue;
				case "eos":
				case "stop": {
					const ended = yield* this.#atStop(end);
					if (ended) return ended;
				}
			}
		}
	}

	/** One request to the engine. Undefined: something was put into the turn, and a new request continues it. */
	async *#segmentOf(): AsyncGenerator<TraceEvent, GenerateEnd | undefined, void> {
		yield* this.#said();
		const limit = new AbortController();
		const { maxMs } = this.#request.settings.budgets;
		const timer =
			maxMs === undefined ? undefined : setTimeout(() => limit.abort(), Math.max(0, maxMs - this.#elapsed()));
		const signal = this.#deps.signal ? AbortSignal.any([this.#deps.signal, limit.signal]) : limit.signal;
		const stream = this.#deps.engine.generate(this.#turn.prefix(), this.#options(), signal);
		this.#segment++;
		let received = 0;
		try {
			for (;;) {
				const next = await stream.next();
				if (next.done) {
					this.#count(next.value, received);
					return next.value;
				}
				received += next.value.ids?.length ?? 1;
				if ((yield* this.#take(next.value)) === "anew") {
					const last = this.#deps.engine.info.caps.scan ? await stream.next() : undefined;
					if (last?.done) this.#count(last.value, received);
					else {
						await stream.return(undefined as never);
						this.#sampled += received;
						this.#computed = undefined;
					}
					return undefined;
				}
			}
		} catch (error) {
			this.#sampled += received;
			throw error;
		} finally {
			clearTimeout(timer);
		}
	}

	#options(): SampleOptions {
		const { sampling, budgets } = this.#request.settings;
		return {
			maxTokens: this.#roomTokens(budgets.maxTokens - this.#sampled),
			temperature: sampling.temperature,
			seed: segmentSeed(sampling.seed, this.#segment),
			stop: this.#phase === "thinking" ? [this.#tags.close] : [],
			...given({ topP: sampling.topP, topK: sampling.topK, minP: sampling.minP }),
			...(this.#deps.engine.info.caps.scan && this.#phase === "thinking"
				? { scan: { config: this.#scanConfig, state: this.#follower.state, until: this.#until() } }
				: {}),
		};
	}

	#until(): readonly ScanEvent["type"][] {
		if (this.#deps.policy.mode === "off") return ["fence-close"];
		return ["word", "fence-open", "fence-close"];
	}

	#roomTokens(wanted: number): number {
		const used = this.#turn.tokenCount;
		const { contextTokens } = this.#deps.engine.info.caps;
		if (used === undefined) return wanted;
		const room = contextTokens - used;
		if (room < 1)
			throw new EngineError(
				"context",
				`the trace has filled the engine's context of ${contextTokens} tokens; a larger context is needed to go on`,
			);
		return Math.min(wanted, room);
	}

	async *#take(chunk: Chunk): AsyncGenerator<TraceEvent, Step, void> {
		this.#turn.receive(chunk);
		if (this.#phase === "answer") {
			yield* this.#settleAll();
			return "on";
		}
		for (const event of this.#follower.push(chunk.text)) {
			if ((yield* this.#found(event)) === "anew") return "anew";
		}
		yield* this.#settle(this.#follower.settled);
		this.#follower.rest();
		return "on";
	}

	/** A thing that the scanner found. Text before it is accepted; what comes behind it is still open. */
	async *#found(event: ScanEvent): AsyncGenerator<TraceEvent, Step, void> {
		switch (event.type) {
			case "word":
				return yield* this.#atMarker("after-word", event.at, event.word);
			case "fence-open":
				if (!event.runnable || event.start < this.#turn.text.length) return "on";
				return yield* this.#atMarker("before-code", event.start);
			case "fence-close": {
				if (!event.runnable || event.code.trim() === "") return "on";
				yield* this.#cut(event.at, true);
				yield* this.#runBlock(event.code);
				return "anew";
			}
		}
	}

	async *#atMarker(kind: MarkerKind, at: number, word?: string): AsyncGenerator<TraceEvent, Step, void> {
		yield* this.#settle(at);
		const decision = yield* this.#decide(kind, at, word);
		if (!("insert" in decision)) return "on";
		yield* this.#cut(at, false);
		yield* this.#insert(decision.insert, kind, at);
		return "anew";
	}

	/** The model wants to end its thinking, or its turn: the last marker, again and again for as many rounds as the policy wants. */
	async *#atStop(
		end: GenerateEnd,
	): AsyncGenerator<TraceEvent, { reason: EndReason; eos?: string } | undefined, void> {
		const last = this.#phase === "thinking" ? this.#follower.flush() : [];
		for (const event of last) {
			if (event.type === "fence-close" && event.runnable && event.code.trim() !== "") {
				yield* this.#settleAll();
				yield* this.#runBlock(event.code);
				return undefined;
			}
		}
		yield* this.#settleAll();
		if (this.#phase === "answer") return ended(end);
		const decision = yield* this.#decide("before-end", this.#turn.text.length);
		if ("insert" in decision) {
			yield* this.#insert(decision.insert, "before-end", this.#turn.text.length);
			return undefined;
		}
		if (end.reason === "eos") return ended(end);
		yield* this.#sampledText(this.#tags.close);
		this.#phase = "answer";
		return undefined;
	}

	async *#decide(kind: MarkerKind, at: number, word?: string): AsyncGenerator<TraceEvent, Decision, void> {
		const index = this.#markers.filter((marker) => marker.marker === kind && marker.at !== at).length;
		const marker: Marker = { kind, at, index, ...given({ word }) };
		if (!this.#markers.some((seen) => seen.marker === kind && seen.at === at)) {
			this.#markers.push({ at, marker: kind });
			yield { ...this.#on("marker"), marker: kind, at, index, ...given({ word }) };
		}
		if (this.#deps.policy.mode === "off") return { skip: { by: "policy", reason: "the policy is off" } };
		const decision = await this.#deps.policy.decide(marker, {
			problem: this.#request.problem,
			dialect: this.#deps.dialect,
			text: this.#turn.text.slice(0, at),
			hints: this.#hints,
			calls: this.#blocks.count,
			callsLeft: this.#blocks.left,
		});
		const proposal = decision.proposal;
		if (proposal)
			yield {
				...this.#on("proposal"),
				at,
				hint: proposal.hint,
				kind: proposal.kind,
				text: proposal.text,
				reason: proposal.reason,
			};
		if ("insert" in decision) {
			const { insert } = decision;
			yield {
				...this.#on("decision"),
				at,
				decision: proposal && proposal.text !== insert.text ? "edit" : "insert",
				by: insert.by,
				reason: insert.reason,
				hint: insert.hint,
			};
		} else if (proposal)
			yield {
				...this.#on("decision"),
				at,
				decision: "veto",
				by: decision.skip.by,
				reason: decision.skip.reason,
				hint: proposal.hint,
			};
		return decision;
	}

	async *#insert(insert: Extract<Decision, { insert: unknown }>["insert"], marker: MarkerKind, at: number) {
		this.#hints.push({ at, hint: insert.hint, kind: insert.kind, marker });
		const piece = await this.#written(insert.text);
		this.#put(piece);
		yield {
			...this.#on("hint"),
			at,
			...piece,
			hint: insert.hint,
			kind: insert.kind,
			wording: insert.wording,
			marker,
			by: insert.by,
		};
	}

	/** Runs a block that stands at the end of the turn and puts its output behind it. */
	async *#runBlock(code: string): AsyncGenerator<TraceEvent, void, void> {
		const newline = this.#turn.text.endsWith("\n") ? "" : "\n";
		if (this.#blocks.left === 0) {
			const piece = await this.#written(newline + this.#deps.dialect.callsUsedUp);
			this.#put(piece);
			yield { ...this.#on("limit"), block: this.#blocks.count + 1, ...piece };
			return;
		}
		yield { ...this.#on("call"), block: this.#blocks.count + 1, code };
		for (const text of await this.#blocks.bringBack()) yield this.#notice("warning", text);
		const ran = await this.#blocks.run(code);
		this.#deps.signal?.throwIfAborted();
		const piece = await this.#written(newline + ran.framed);
		this.#put(piece);
		yield {
			...this.#on("output"),
			block: this.#blocks.count,
			...piece,
			output: ran.result.text,
			verdict: ran.result.verdict,
			durationMs: ran.result.durationMs,
			...(ran.result.stateLost ? { stateLost: true } : {}),
		};
	}

	/** Text that nobody sampled, with ids of its own: it starts at a boundary that the trace forces. */
	async #written(text: string): Promise<{ text: string; ids?: readonly number[] }> {
		const ids = this.#turn.tokenCount === undefined ? undefined : await this.#tokenize(text, false);
		return { text, ...given({ ids }) };
	}

	/** Text that the model sampled, though the engine kept it back as a stop. */
	async *#sampledText(text: string): AsyncGenerator<TraceEvent, void, void> {
		const ids = this.#turn.tokenCount === undefined ? undefined : await this.#tokenize(text, true);
		const piece = { text, ...given({ ids }) };
		this.#put(piece);
		yield { ...this.#on("tokens"), ...piece, segment: this.#segment };
	}

	async #tokenize(text: string, special: boolean): Promise<readonly number[] | undefined> {
		const { engine } = this.#deps;
		if (!engine.tokenize) return undefined;
		return this.#patiently(() => (engine.tokenize as NonNullable<Engine["tokenize"]>)(text, special));
	}

	/** An engine that died or does not answer is asked again, as a dropped stream is. */
	async #patiently<Value>(work: () => Promise<Value>): Promise<Value> {
		for (let failures = 1; ; failures++) {
			try {
				return await work();
			} catch (error) {
				if (!(error instanceof EngineError) || !MAY_PASS.has(error.kind) || failures > RETRIES) throw error;
				this.#asides.push(again(error, failures));
				await this.#sleep(250 * 2 ** (failures - 1));
			}
		}
	}

	/** What there was to say while something was waited for. */
	*#said(): Generator<TraceEvent, void, void> {
		for (const text of this.#asides.splice(0)) yield this.#notice("warning", text);
	}

	#put(piece: { text: string; ids?: readonly number[] }): void {
		this.#turn.append(piece);
		this.#follower.push(piece.text);
		this.#follower.rest();
	}

	*#settle(offset: number): Generator<TraceEvent, void, void> {
		yield* this.#accepted(this.#turn.settle(offset));
	}

	*#settleAll(): Generator<TraceEvent, void, void> {
		if (!this.#turn) return;
		yield* this.#accepted(this.#turn.settleAll());
	}

	/** Keeps the text up to `offset` and lets the rest go; the scanner goes back with it. */
	async *#cut(offset: number, wholeTokens: boolean): AsyncGenerator<TraceEvent, void, void> {
		const accepted = await this.#turn.cut(offset, (text) => this.#tokenize(text, false), wholeTokens);
		this.#follower.back(this.#turn.text.length);
		yield* this.#accepted(accepted);
	}

	*#accepted(piece: Accepted | undefined): Generator<TraceEvent, void, void> {
		if (piece) yield { ...this.#on("tokens"), ...piece, segment: this.#segment };
	}

	#count(end: GenerateEnd, received: number): void {
		this.#sampled += Math.max(end.usage.completionTokens, received);
		const { promptTokens, cachedTokens } = end.usage;
		this.#computed =
			this.#computed === undefined || cachedTokens === undefined
				? undefined
				: this.#computed + promptTokens - cachedTokens;
	}

	#overBudget(): EndReason | undefined {
		const { maxTokens, maxMs } = this.#request.settings.budgets;
		if (this.#deps.signal?.aborted) return "interrupted";
		if (maxMs !== undefined && this.#elapsed() >= maxMs) return "time";
		if (this.#sampled >= maxTokens) return "tokens";
		return undefined;
	}

	#elapsed(): number {
		return this.#now() - this.#started;
	}

	#usage(): TraceUsage {
		return {
			sampledTokens: this.#sampled,
			hints: this.#hints.length,
			calls: this.#blocks?.count ?? 0,
			durationMs: this.#elapsed(),
			...given({ computedPromptTokens: this.#computed }),
		};
	}

	#notice(level: "info" | "warning" | "error", text: string): TraceEvent {
		return { ...this.#on("notice"), level, text };
	}

	#on<Type extends TraceEvent["type"]>(
		type: Type,
	): { readonly type: Type; readonly t: number; readonly branch: string } {
		return { type, t: this.#now(), branch: this.#request.branch };
	}

	async #sleep(ms: number): Promise<void> {
		if (this.#deps.sleep) return this.#deps.sleep(ms, this.#deps.signal);
		await new Promise<void>((resolve) => {
			const done = (): void => {
				clearTimeout(timer);
				this.#deps.signal?.removeEventListener("abort", done);
				resolve();
			};
			const timer = setTimeout(done, ms);
			this.#deps.signal?.addEventListener("abort", done, { once: true });
		});
	}
}

/** The user's message: the problem, its choices, and what to do. */
function questionOf({ problem, choices }: Problem, instruction: string | undefined): string {
	return [problem, choices?.length ? lettered(choices) : undefined, instruction].filter(Boolean).join("\n\n");
}

function ended(end: GenerateEnd): { reason: EndReason; eos?: string } {
	return { reason: "eos", ...given({ eos: end.eosText }) };
}

/** The fields that are there: absent and undefined are different things to a strict type. */
function given<Fields extends Record<string, unknown>>(
	fields: Fields,
): { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> } {
	return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}
