/**
 * Whatever samples tokens. Exact by contract: `generate` continues `prefix` (header + spans) and nothing else, no chat
 * template touches the assistant's turn, and every piece of text that the engine sampled is handed over once, unchanged.
 * Facts behind it: serving reference sections 1, 2 and 9.
 */
import type { ScanConfig, ScanState } from "../hints/marker.ts";
import type { Prefix } from "../trace/span.ts";

export type EngineCaps = {
	/** Token ids: taken and given, only taken, or neither. */
	readonly ids: "in+out" | "in" | "none";
	/** False for chat APIs with a prefix: what the model is continued from cannot be known to the byte. Shown wherever it matters. */
	readonly exact: boolean;
	/** Whether the end of a request says which stop string fired. */
	readonly stop: "reason" | "opaque";
	/** How a request is ended early: closing the socket, by request id, or not at all. */
	readonly cancel: "socket" | "request-id" | "none";
	/** The engine runs the scanner beside the sampler and ends by itself at what it finds (embedded). */
	readonly scan: boolean;
	/** `position`: what is drawn depends on the seed and the place alone, so one seed does for a whole trace, however it is cut. Else a reused seed restarts the draw. */
	readonly seeds?: "position" | "request";
	/** Most alternatives per token it can report; 0: none. */
	readonly logprobs: number;
	/** Tokens of header + spans + new ones that fit. */
	readonly contextTokens: number;
};

export type EngineInfo = {
	/** How the user named it: `embedded`, `llama-server:http://127.0.0.1:8080`, ... */
	readonly id: string;
	/** The model as the engine names it. */
	readonly model: string;
	/** What answers: name and version of the server or the library. */
	readonly server: string;
	readonly caps: EngineCaps;
};

export type Message = { readonly role: "system" | "user"; readonly content: string };

export type SampleOptions = {
	readonly maxTokens: number;
	/** Never part of the text handed over; the end says which one fired where the engine can. */
	readonly stop?: readonly string[];
	readonly temperature: number;
	readonly topP?: number;
	readonly topK?: number;
	readonly minP?: number;
	readonly seed?: number;
	/** How many alternatives per token to report. */
	readonly topLogprobs?: number;
	/** For engines with `caps.scan`: stop right after the token that completes one of the wanted events. The caller's own scanner stays the authority. */
	readonly scan?: {
		readonly config: ScanConfig;
		readonly state: ScanState;
		readonly until: readonly ("word" | "fence-open" | "fence-close")[];
	};
};

export type TokenAlternative = { readonly id?: number; readonly text: string; readonly logprob: number };

/** A piece of the stream. `ids` and `lens` as in Span: lens sum to `text.length`. Chunks may be one token or many. */
export type Chunk = {
	readonly text: string;
	readonly ids?: readonly number[];
	readonly lens?: readonly number[];
	readonly top?: readonly (readonly TokenAlternative[])[];
};

export type Usage = {
	/** Tokens of the prefix. */
	readonly promptTokens: number;
	/** Of these, not computed again. Undefined where the engine does not say (unknown is not zero). */
	readonly cachedTokens?: number;
	/** Tokens sampled, the one that ended the request included. */
	readonly completionTokens: number;
};

export type GenerateEnd = {
	readonly reason: "eos" | "stop" | "length" | "abort" | "scan";
	/** The stop string that fired, where known. */
	readonly matched?: string;
	/** For `eos`: the text of the token that ended the turn ("<|im_end|>"), where the engine can say. */
	readonly eosText?: string;
	readonly usage: Usage;
};

export interface Engine {
	readonly info: EngineInfo;
	/** The only place where a chat template runs: system and user messages and the opening of the assistant's turn. */
	renderHeader(messages: readonly Message[]): Promise<Prefix>;
	/** Ids of a text inside the turn: no BOS, special tokens parsed only where `special` is true. Engines with `caps.ids` other than "none" have it. */
	tokenize?(text: string, special?: boolean): Promise<number[]>;
	detokenize?(ids: readonly number[]): Promise<string>;
	/** Returns how it ended. Throws EngineError. Returning from the loop early (or `signal`) ends the sampling at once. */
	generate(
		prefix: Prefix,
		options: SampleOptions,
		signal?: AbortSignal,
	): AsyncGenerator<Chunk, GenerateEnd, void>;
	close(): Promise<void>;
}

/** What went wrong with an engine, said so that a user can act: what, where (URL, file, process), what to do next. Never holds a secret. */
export class EngineError extends Error {
	override readonly name = "EngineError";
	/** `cut`: the stream broke off, going on from what was received is right. `context`: the prefix does not fit. */
	readonly kind: "unreachable" | "refused" | "cut" | "crashed" | "context" | "missing" | "protocol";
	constructor(kind: EngineError["kind"], message: string, options?: ErrorOptions) {
		super(message, options);
		this.kind = kind;
	}
}
