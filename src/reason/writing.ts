/**
 * The turn being written, with the scanner behind it: takes in what an engine sends, lets text stand once nothing can
 * cut it away any more, and says so as `tokens` events. Cutting takes the scanner back with the text.
 */
import type { Chunk } from "../engine/engine.ts";
import type { ScanConfig, ScanEvent, ScanState } from "../hints/marker.ts";
import { Scanner } from "../hints/scanner.ts";
import type { TraceEvent } from "../trace/events.ts";
import type { Prefix, Span } from "../trace/span.ts";
import { given } from "./request.ts";
import { type Accepted, Turn } from "./turn.ts";

export type WritingOptions = {
	readonly scan: ScanConfig;
	readonly tokenize: (text: string, special: boolean) => Promise<readonly number[] | undefined>;
	/** The event that says that a run of the model's text stands. */
	readonly tokens: (piece: Accepted) => TraceEvent;
};

export class Writing {
	readonly #turn: Turn;
	readonly #follower: Follower;
	readonly #options: WritingOptions;
	/** What the scanner found last in text that was put here whole: what stood already, or a hint. */
	#last: ScanEvent | undefined;

	private constructor(turn: Turn, options: WritingOptions) {
		this.#turn = turn;
		this.#options = options;
		this.#follower = new Follower((state) => new Scanner(options.scan, state));
		this.#last = this.#follower.push(turn.text).at(-1);
		this.#follower.rest();
	}

	/** Text without ids (a cut through a token, an edit, another model's) gets ids of its own, so that the rest keeps its. */
	static async begin(header: Prefix, spans: readonly Span[], options: WritingOptions): Promise<Writing> {
		const ids = header.ids ?? (await options.tokenize(header.text, true));
		if (!ids) return new Writing(new Turn(header, spans), options);
		const whole = spans.map(async (span) => {
			const own = span.ids ?? (await options.tokenize(span.text, span.kind === "model"));
			return own ? { ...span, ids: own } : span;
		});
		return new Writing(new Turn({ text: header.text, ids }, await Promise.all(whole)), options);
	}

	get text(): string {
		return this.#turn.text;
	}

	get receivedLength(): number {
		return this.#turn.receivedLength;
	}

	get scanState(): ScanState {
		return this.#follower.state;
	}

	prefix(): Prefix {
		return this.#turn.prefix();
	}

	/** Takes a chunk in; nothing of it stands yet. */
	receive(chunk: Chunk): readonly ScanEvent[] {
		this.#turn.receive(chunk);
		return this.#follower.push(chunk.text);
	}

	/** The offset behind `tag` where the last `length` units received completed it. */
	receivedEnd(tag: string, length: number): number | undefined {
		const window = this.#turn.lastReceived(length + tag.length - 1);
		const at = window.indexOf(tag);
		return at < 0 ? undefined : this.#turn.receivedLength - window.length + at + tag.length;
	}

	/** Lets stand what the scanner has decided. */
	*settled(): Generator<TraceEvent, void, void> {
		yield* this.settle(this.#follower.settled);
		this.#follower.rest();
	}

	*settle(offset: number): Generator<TraceEvent, void, void> {
		yield* this.#stands(this.#turn.settle(offset));
	}

	*settleAll(): Generator<TraceEvent, void, void> {
		yield* this.#stands(this.#turn.settleAll());
	}

	/** Nothing more comes of this stretch: what the scanner held back is decided. */
	flush(): readonly ScanEvent[] {
		return this.#follower.flush();
	}

	/** Keeps the text up to `offset` and lets the rest go. With `wholeTokens` a token that ends in white space stays whole. */
	async *cut(offset: number, wholeTokens: boolean): AsyncGenerator<TraceEvent, void, void> {
		const kept = await this.#turn.cut(offset, (text) => this.#options.tokenize(text, false), wholeTokens);
		this.#follower.back(this.#turn.text.length);
		yield* this.#stands(kept);
	}

	/** Appends text that nobody sampled: it starts at a boundary that the trace forces, so it has ids of its own. */
	async append(
		text: string,
		special = false,
	): Promise<{ readonly text: string; readonly ids?: readonly number[] }> {
		const ids = this.#turn.tokenCount === undefined ? undefined : await this.#options.tokenize(text, special);
		const piece = { text, ...given({ ids }) };
		this.#turn.append(piece);
		this.#last = this.#follower.push(text).at(-1);
		this.#follower.rest();
		return piece;
	}

	/** What was put here whole ends in this, and nothing stands behind it. */
	get endsIn(): ScanEvent | undefined {
		return this.#last && this.text.slice(this.#last.at).trim() === "" ? this.#last : undefined;
	}

	/** Lets go what was received and does not stand: it will come again. */
	drop(): void {
		this.#turn.drop();
		this.#follower.back(this.#turn.text.length);
	}

	*#stands(piece: Accepted | undefined): Generator<TraceEvent, void, void> {
		if (piece) yield this.#options.tokens(piece);
	}
}

/** Taking a state costs as much as the open block is long; going back this far costs microseconds. UTF-16 units. */
const REST_EVERY = 4096;

/**
 * Follows the turn with a scanner that can go back: keeps a state to return to and the text since, so that a cut
 * before the point the scanner has reached costs a few characters of scanning and never the whole text.
 */
class Follower {
	readonly #make: (state?: ReturnType<Scanner["state"]>) => Scanner;
	#scanner: Scanner;
	#base: ReturnType<Scanner["state"]>;
	#since = "";
	#offset = 0;
	#baseOffset = 0;

	constructor(make: (state?: ReturnType<Scanner["state"]>) => Scanner) {
		this.#make = make;
		this.#scanner = make();
		this.#base = this.#scanner.state();
	}

	get settled(): number {
		return this.#scanner.settled;
	}

	get state(): ReturnType<Scanner["state"]> {
		return this.#scanner.state();
	}

	push(text: string): ReturnType<Scanner["push"]> {
		const events = this.#scanner.push(text);
		this.#since += text;
		this.#offset += text.length;
		return events;
	}

	/** Called when all events of the last push are dealt with: what lies behind need not be gone back to. */
	rest(): void {
		if (this.#scanner.settled !== this.#offset || this.#since.length < REST_EVERY) return;
		this.#base = this.#scanner.state();
		this.#baseOffset = this.#offset;
		this.#since = "";
	}

	flush(): ReturnType<Scanner["flush"]> {
		return this.#scanner.flush();
	}

	/** Goes back to `offset`, which must not lie before the last point of rest. */
	back(offset: number): void {
		const kept = this.#since.slice(0, offset - this.#baseOffset);
		this.#scanner = this.#make(this.#base);
		this.#scanner.push(kept);
		this.#since = kept;
		this.#offset = offset;
	}
}
