/**
 * The bytes behind each token and exact tokenisation. llama.cpp's detokeniser works on whole texts: it strips a leading
 * space and shows half a character as U+FFFD. Continuing a trace needs the bytes of every single token, which the
 * vocabulary itself gives (llama.cpp `llama_token_to_piece`).
 */
import type { LlamaModel, Token } from "node-llama-cpp";

/** `tokenizer.ggml.token_type` of GGUF. */
const KIND = { normal: 1, unused: 5, byte: 6 } as const;

/** The printable stand-ins of GPT-2's byte-level BPE (https://github.com/openai/gpt-2/blob/master/src/encoder.py). */
function byteOfStandIn(): Map<string, number> {
	const map = new Map<string, number>();
	let next = 256;
	for (let byte = 0; byte < 256; byte++) {
		const printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
		map.set(String.fromCodePoint(printable ? byte : next++), byte);
	}
	return map;
}

export class Vocabulary {
	readonly #model: LlamaModel;
	readonly #pieces: (Uint8Array | undefined)[] = [];
	readonly #texts: readonly string[];
	readonly #kinds: readonly number[];
	readonly #standIns: Map<string, number> | undefined;
	readonly #bySentencePiece: boolean;

	constructor(model: LlamaModel) {
		this.#model = model;
		const ggml = model.fileInfo.metadata.tokenizer.ggml as {
			model?: string;
			tokens?: readonly string[];
			token_type?: readonly number[];
		};
		this.#texts = ggml.tokens ?? [];
		this.#kinds = ggml.token_type ?? [];
		this.#standIns = ggml.model === "gpt2" ? byteOfStandIn() : undefined;
		this.#bySentencePiece = ggml.model === "llama" || ggml.model === "t5";
	}

	get size(): number {
		return this.#texts.length;
	}

	readonly piece = (id: number): Uint8Array => {
		let piece = this.#pieces[id];
		if (piece === undefined) {
			piece = this.#read(id);
			this.#pieces[id] = piece;
		}
		return piece;
	};

	text(ids: readonly number[]): string {
		return Buffer.concat(ids.map(this.piece)).toString("utf8");
	}

	/** The ids that a prompt of this text begins with: special tokens parsed, the model's BOS in front exactly once. */
	header(text: string): number[] {
		const ids: number[] = this.#model.tokenize(text, true);
		const { bos, shouldPrependBosToken } = this.#model.tokens;
		return shouldPrependBosToken && bos !== null && ids[0] !== bos ? [bos, ...ids] : ids;
	}

	/** Ids that spell exactly `text` inside a turn, or undefined where the tokeniser cannot (it changes or adds something). */
	exact(text: string, special = false): number[] | undefined {
		if (text === "") return [];
		const plain: number[] = this.#model.tokenize(text, special);
		if (this.text(plain) === text) return plain;
		// SentencePiece models put a space in front of a text: let a newline take it, and leave both out.
		const behind: number[] = this.#model.tokenize(`\n${text}`, special);
		for (let i = 1; i <= Math.min(4, behind.length); i++)
			if (this.text(behind.slice(0, i)).endsWith("\n") && this.text(behind.slice(i)) === text)
				return behind.slice(i);
		return undefined;
	}

	#read(id: number): Uint8Array {
		const text = this.#texts[id];
		const kind = this.#kinds[id] ?? KIND.normal;
		if (text === undefined) return new Uint8Array(0);
		if (kind === KIND.unused) return new Uint8Array(0);
		if (kind === KIND.byte) {
			const hex = /^<0x([0-9A-Fa-f]{2})>$/.exec(text)?.[1];
			if (hex !== undefined) return Uint8Array.of(Number.parseInt(hex, 16));
		}
		if (kind !== KIND.normal) return Buffer.from(text, "utf8");
		if (this.#standIns !== undefined) {
			const bytes: number[] = [];
			for (const character of text) {
				const byte = this.#standIns.get(character);
				if (byte === undefined) return Buffer.from(text, "utf8");
				bytes.push(byte);
			}
			return Uint8Array.from(bytes);
		}
		if (this.#bySentencePiece) return Buffer.from(text.replaceAll("\u2581", " "), "utf8");
		return Buffer.from(this.#model.detokenize([id as Token], true), "utf8");
	}
}
