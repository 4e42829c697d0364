/**
 * What the program and the child process that holds llama.cpp say to each other, over Node's own IPC channel. Plain data
 * only. Every request carries an `id`; a generation is answered by chunks and exactly one `end` or `error`.
 */
import type { Chunk, EngineError, GenerateEnd, SampleOptions } from "../engine.ts";

export type LoadSettings = {
	readonly modelPath: string;
	/** Most tokens of a trace; less where the model was trained on less or memory is short. */
	readonly contextTokens: number;
	/** Traces kept at the same time, each with its own KV cache; of one process, in what it is told. */
	readonly parallel: number;
	/** Undefined: chosen by the size of the model and the number of physical cores. */
	readonly threads?: number;
	readonly gpu: "auto" | false;
};

/** Models below this size are faster on one thread: llama.cpp's threads wait for each other in busy loops (serving reference section 6). */
export const SMALL_MODEL_BYTES = 200e6;

/** Up to this size of the vocabulary all of it is looked at when a request leaves nothing out; above, llama.cpp draws then. */
export const SMALL_VOCABULARY = 8192;

/** How many tokens two traces have in common from their beginning. */
export function commonTokens(a: readonly number[], b: readonly number[]): number {
	const most = Math.min(a.length, b.length);
	let n = 0;
	while (n < most && a[n] === b[n]) n++;
	return n;
}

/**
 * What a cache that begins with `common` of a prefix's tokens, and holds `held`, is worth to that prefix: what is found
 * there counts against half of what is lost there, which another trace may want again.
 */
export const worthOf = (common: number, held: number): number => common - (held - common) / 2;

/** Token counts since the engine was opened. */
export type EngineStats = {
	/** Put through the model: prefixes and sampled tokens. */
	readonly evaluated: number;
	/** Of prefixes, found in the KV cache. */
	readonly reused: number;
	/** Sampled and put through the model for nothing: the trace went on without them. */
	readonly discarded: number;
	/** Forgotten because another trace or an earlier point of this one was asked for. */
	readonly evicted: number;
};

/** What the program must know of a loaded model. */
export type ModelFacts = {
	readonly name: string;
	readonly description: string;
	readonly template: string | undefined;
	readonly bos: string;
	readonly eos: string;
	readonly contextTokens: number;
	readonly vocabulary: number;
	readonly threads: number;
	/** The release of llama.cpp. */
	readonly llamaCpp: string;
};

export type Failure = { readonly kind: EngineError["kind"]; readonly message: string };

export type ToChild =
	| { readonly type: "load"; readonly settings: LoadSettings }
	| {
			readonly type: "generate";
			readonly id: number;
			readonly text: string;
			readonly ids?: readonly number[];
			readonly options: SampleOptions;
	  }
	| { readonly type: "abort"; readonly id: number }
	/** `header`: the start of a prompt, with the BOS that the model wants; else a text inside the turn. */
	| {
			readonly type: "tokenize";
			readonly id: number;
			readonly text: string;
			readonly as: "header" | "plain" | "special";
	  }
	| { readonly type: "detokenize"; readonly id: number; readonly ids: readonly number[] };

export type FromChild =
	| { readonly type: "ready"; readonly facts: ModelFacts }
	| ({ readonly type: "failed" } & Failure)
	| { readonly type: "chunk"; readonly id: number; readonly chunk: Chunk }
	| { readonly type: "end"; readonly id: number; readonly end: GenerateEnd; readonly stats: EngineStats }
	| ({ readonly type: "error"; readonly id: number } & Failure)
	| { readonly type: "ids"; readonly id: number; readonly ids: readonly number[] }
	| { readonly type: "text"; readonly id: number; readonly text: string };
