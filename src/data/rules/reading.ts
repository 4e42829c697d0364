/**
 * A rollout as the rules look at it: worked out once, when the first rule asks, and shared by all.
 *
 * What always holds: `text` is what the trace has outside the interpreter's outputs, in order; all offsets are into it.
 * A block that is open where an output follows was closed by that (the outputs stand between whole lines).
 */
import type { FenceDialect } from "../../hints/marker.ts";
import type { Rollout } from "../rollout.ts";
import { type Block, blocksOf, type FenceShape, shapeOf } from "./blocks.ts";
import type { RuleContext } from "./rule.ts";

export type { Block };

/** A part of the text: from an offset up to another. */
export type Part = { readonly from: number; readonly to: number };

export class Reading {
	readonly rollout: Rollout;
	readonly #context: Pick<RuleContext, "thinkClose" | "dialect">;
	#text: string | undefined;
	/** Where outputs stood. */
	#cuts: number[] = [];
	#blocks: readonly Block[] | undefined;
	#prose: readonly Part[] | undefined;
	#closedAt: number | undefined;
	#units: Uint16Array | undefined;
	#ascii: boolean | undefined;

	constructor(rollout: Rollout, context: Pick<RuleContext, "thinkClose" | "dialect">) {
		this.rollout = rollout;
		this.#context = context;
	}

	/** All that is no output: what the model, the hints and people wrote. */
	get text(): string {
		if (this.#text === undefined) {
			const parts: string[] = [];
			let length = 0;
			for (const { kind, text } of this.rollout.spans) {
				if (kind === "output") {
					if (this.#cuts.at(-1) !== length) this.#cuts.push(length);
				} else {
					parts.push(text);
					length += text.length;
				}
			}
			this.#text = parts.length === 1 ? (parts[0] as string) : parts.join("");
		}
		return this.#text;
	}

	/** The units of the text, one number each: what is read through whole is read faster so. */
	get units(): Uint16Array {
		if (!this.#units) {
			const bytes = Buffer.allocUnsafeSlow(this.text.length * 2);
			bytes.write(this.text, "utf16le");
			this.#units = new Uint16Array(bytes.buffer, bytes.byteOffset, this.text.length);
		}
		return this.#units;
	}

	/** Whether there are characters of ASCII alone. */
	get ascii(): boolean {
		this.#ascii ??= Buffer.byteLength(this.text) === this.text.length;
		return this.#ascii;
	}

	/** Where outputs stood in the text, in order. */
	get cuts(): readonly number[] {
		void this.text;
		return this.#cuts;
	}

	/** The fenced blocks, in order, none inside another. */
	get blocks(): readonly Block[] {
		this.#blocks ??= blocksOf(this.text, this.cuts, this.#shape());
		return this.#blocks;
	}

	/** What is in no block. */
	get prose(): readonly Part[] {
		if (!this.#prose) {
			const parts: Part[] = [];
			let from = 0;
			for (const { start, end } of this.blocks) {
				if (start > from) parts.push({ from, to: start });
				from = end;
			}
			if (from < this.text.length) parts.push({ from, to: this.text.length });
			this.#prose = parts;
		}
		return this.#prose;
	}

	/** Whether the thinking is marked: begun by the prompt or by the model. */
	get thinks(): boolean {
		const open = this.#context.thinkClose.replace("/", "");
		return (
			this.closedAt >= 0 ||
			(this.rollout.header?.text ?? "").trimEnd().endsWith(open) ||
			this.text.trimStart().startsWith(open)
		);
	}

	/** Where the end of the thinking stands (the last, if there are several); -1 where nothing says that it ended. */
	get closedAt(): number {
		this.#closedAt ??= this.text.lastIndexOf(this.#context.thinkClose);
		return this.#closedAt;
	}

	/** Where the answer begins: behind the thinking, or 0 where none is marked; undefined where thinking never ended. */
	get answerFrom(): number | undefined {
		if (this.closedAt >= 0) return this.closedAt + this.#context.thinkClose.length;
		return this.thinks ? undefined : 0;
	}

	/** Tokens of the text (outputs not counted): by their ids, or as the engine counted what it sampled. */
	get tokens(): number {
		let tokens = 0;
		for (const { kind, text, ids } of this.rollout.spans) {
			if (kind === "output" || (text === "" && !ids)) continue;
			if (!ids) return this.rollout.usage.sampledTokens;
			tokens += ids.length;
		}
		return tokens;
	}

	#shape(): FenceShape {
		return shapeOf(this.dialect);
	}

	get dialect(): FenceDialect {
		return this.#context.dialect(this.rollout.settings.dialect);
	}
}
