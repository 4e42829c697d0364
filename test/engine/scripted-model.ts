/**
 * A "model" for servers in tests: it continues whatever prompt it is given, deterministically, so that a run that is cut
 * and taken up again can be compared with one that is not. Its tokenizer has ids, tokens of several characters and single
 * bytes for what is not ASCII, so that tokens end inside words, stop strings and characters.
 */
export const BOS = { id: 1, text: "<s>" } as const;
export const EOS = { id: 2, text: "<|im_end|>" } as const;

const PIECE = /<s>|<\|[a-z_]+\|>|<\/?think>|``|`\n|[ ]?[A-Za-z]{1,5}|[0-9]|[\x00-\x7f]|[^\x00-\x7f]+/gu;
const FIRST_BYTE = 16;
const FIRST_WORD = 300;

export class ScriptedTokenizer {
	readonly #ids = new Map<string, number>([
		[BOS.text, BOS.id],
		[EOS.text, EOS.id],
	]);
	readonly #bytes = new Map<number, Uint8Array>([
		[BOS.id, Buffer.from(BOS.text)],
		[EOS.id, Buffer.from(EOS.text)],
	]);

	encode(text: string): number[] {
		const ids: number[] = [];
		for (const [piece] of text.matchAll(PIECE)) {
			if (piece.charCodeAt(0) < 0x80) ids.push(this.#word(piece));
			else for (const byte of Buffer.from(piece)) ids.push(this.#byte(byte));
		}
		return ids;
	}

	bytes(ids: readonly number[]): Buffer {
		return Buffer.concat(ids.map((id) => this.#bytes.get(id) ?? Buffer.from("\ufffd")));
	}

	decode(ids: readonly number[]): string {
		return this.bytes(ids).toString("utf8");
	}

	#word(piece: string): number {
		let id = this.#ids.get(piece);
		if (id === undefined) {
			id = FIRST_WORD + this.#ids.size;
			this.#ids.set(piece, id);
			this.#bytes.set(id, Buffer.from(piece));
		}
		return id;
	}

	#byte(byte: number): number {
		const id = FIRST_BYTE + byte;
		this.#bytes.set(id, Uint8Array.of(byte));
		return id;
	}
}

/** What follows a turn so far. "": the model ends. */
export type Continuation = (turn: string, header: string) => string;

/** Says its script from wherever the turn stands in it. A turn that left it (a hint) goes on with the rest of the script behind the last piece that both share. */
export function sayScript(script: string): Continuation {
	return (turn) => {
		if (script.startsWith(turn)) return script.slice(turn.length);
		for (let end = turn.length; end > 0; end--) {
			const at = script.lastIndexOf(turn.slice(Math.max(0, end - 12), end));
			if (at >= 0) return script.slice(at + Math.min(12, end));
		}
		return script;
	};
}

export const SCRIPTED_TEMPLATE = `{{- bos_token -}}{%- for message in messages -%}
{{- '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' -}}
{%- endfor -%}{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\\n<think>\\n' -}}{%- endif -%}`;

export function scriptedHeader(messages: readonly { role: string; content: string }[]): string {
	const turns = messages.map(({ role, content }) => `<|im_start|>${role}\n${content}<|im_end|>\n`).join("");
	return `${BOS.text}${turns}<|im_start|>assistant\n<think>\n`;
}

/** Header and turn of a prompt; a prompt without an assistant's turn is all header. */
export function partsOf(prompt: string): { header: string; turn: string } {
	const open = "<|im_start|>assistant\n";
	const at = prompt.lastIndexOf(open);
	if (at < 0) return { header: prompt, turn: "" };
	const behind = at + open.length;
	const think = prompt.startsWith("<think>\n", behind) ? "<think>\n".length : 0;
	return { header: prompt.slice(0, behind + think), turn: prompt.slice(behind + think) };
}
