/**
 * From segments to token ids and labels.
 *
 * What always holds:
 * - The ids that the engine gave are kept as they are, unless the caller wants other ones. Text without ids is tokenised
 *   in maximal runs of equal mask: where what trains begins is a boundary at inference too (finetune reference 4.2;
 *   https://docs.axolotl.ai/docs/dataset-formats/template_free.html does the same), so no token lies on both sides of a mask.
 * - `decode(ids)` is the text, byte for byte, or the sample is refused: nothing is trained that was not there.
 * - The texts of special tokens count as such in the header and in what the model wrote, never in what a hint, a person
 *   or Python said.
 * - One BOS at most. A trace that ended by itself ends in a trained end-of-turn token; one that was cut off does not.
 */
import type { Sample, Segment } from "../trace/sample.ts";
import type { SpanKind } from "../trace/span.ts";

/** What is left out of the loss, in PyTorch's `cross_entropy` and with all its users. */
export const MASKED = -100;

export type Tokenizer = {
	/** For a person: where it is from. */
	readonly says: string;
	/** Two tokenizers of the same hash give the same ids. */
	readonly hash: string;
	/** `special`: the texts of special tokens are those tokens. No BOS, no EOS is added. */
	encode(text: string, special: boolean): Promise<readonly number[]> | readonly number[];
	/** Special tokens as their texts. Undefined where an id is none of its own. */
	decode(ids: readonly number[]): Promise<string | undefined> | string | undefined;
	readonly bos?: { readonly id: number; readonly text: string; readonly automatic: boolean };
	/** What ends a turn, where it is known. */
	readonly eos?: { readonly id: number; readonly text: string };
	/** All that may end a turn; empty where it is not known. */
	readonly ends: ReadonlySet<number>;
	/** Finds the text of a special token; absent where it is not known. */
	readonly specials?: RegExp;
	close(): Promise<void>;
};

export type TokenSums = Partial<Record<SpanKind, number>>;

export type Tokenised = {
	readonly ids: readonly number[];
	/** The ids, or MASKED. */
	readonly labels: readonly number[];
	readonly trained: TokenSums;
	/** A token that trains was counted to one kind though another one may have a part in it. */
	readonly about: boolean;
	readonly end: "there" | "added" | "missing" | "not known" | "cut off";
	/** All of them are the engine's. */
	readonly kept: boolean;
};

export type TokeniseOptions = {
	/** The engine's ids are not looked at. */
	readonly retokenize?: boolean;
};

type Run = { readonly train: boolean; readonly ids?: readonly number[]; readonly parts: Segment[] };

/** The sample's ids with their labels, or why it cannot have any. `segments` are the sample's as they are to train. */
export async function tokenised(
	sample: Pick<Sample, "end">,
	segments: readonly Segment[],
	tokenizer: Tokenizer,
	{ retokenize = false }: TokeniseOptions = {},
): Promise<Tokenised | { readonly why: string; readonly foreign: boolean }> {
	const runs: Run[] = [];
	for (const segment of segments) {
		const { train, ids } = segment;
		const last = runs.at(-1);
		if (ids && !retokenize) runs.push({ train, ids, parts: [segment] });
		else if (last && !last.ids && last.train === train) last.parts.push(segment);
		else runs.push({ train, parts: [segment] });
	}
	const all: number[] = [];
	const labels: number[] = [];
	const trained: TokenSums = {};
	let about = false;
	for (const run of runs) {
		const ids = run.ids ?? (await encodeRun(run.parts, tokenizer));
		for (const id of ids) {
			all.push(id);
			labels.push(run.train ? id : MASKED);
		}
		if (run.train) about = (await count(run.parts, ids.length, trained, tokenizer)) || about;
	}
	let text = segments.map((segment) => segment.text).join("");

	const { bos } = tokenizer;
	if (bos) {
		let leading = 0;
		while (all[leading] === bos.id) leading++;
		if (leading > 1) {
			all.splice(0, leading - 1);
			labels.splice(0, leading - 1);
		} else if (leading === 0 && bos.automatic && !runs[0]?.ids && !text.startsWith(bos.text)) {
			all.unshift(bos.id);
			labels.unshift(MASKED);
		}
	}

	let end: Tokenised["end"] = "cut off";
	if (sample.end === "eos") {
		const last = all.at(-1);
		const { eos, ends } = tokenizer;
		if (ends.size === 0) end = "not known";
		else if (last !== undefined && ends.has(last)) end = labels.at(-1) === MASKED ? "missing" : "there";
		else if (eos) {
			all.push(eos.id);
			labels.push(eos.id);
			trained.model = (trained.model ?? 0) + 1;
			text += eos.text;
			end = "added";
		} else end = "missing";
	}

	const decoded = await tokenizer.decode(all);
	if (decoded !== text && !(bos && decoded === bos.text + text)) {
		const kept = runs.some(({ ids }) => ids);
		return {
			foreign: kept,
			why:
				decoded === undefined
					? "it has ids that the tokenizer does not know"
					: `${kept ? "the ids that the engine gave" : "the ids"} do not decode to the text (${differs(text, decoded)})`,
		};
	}
	return { ids: all, labels, trained, about, end, kept: runs.every(({ ids }) => ids !== undefined) };
}

/** Text of one mask as one piece, but for what would be taken for a special token and is none. */
async function encodeRun(parts: readonly Segment[], tokenizer: Tokenizer): Promise<number[]> {
	const ids: number[] = [];
	let text = "";
	let special = true;
	const flush = async (): Promise<void> => {
		if (text !== "") for (const id of await tokenizer.encode(text, special)) ids.push(id);
		text = "";
	};
	for (const part of parts) {
		const trusted = part.kind === "prompt" || part.kind === "model";
		// Without knowing the special tokens, whatever is not the model's is tokenised by itself.
		const own = !trusted && (tokenizer.specials?.test(part.text) ?? true);
		if (own === special) {
			await flush();
			special = !own;
		}
		text += part.text;
	}
	await flush();
	return ids;
}

/** Adds a run's tokens to the sums of its kinds; true where a boundary between kinds was not one of tokens. */
async function count(
	parts: readonly Segment[],
	tokens: number,
	sums: TokenSums,
	tokenizer: Tokenizer,
): Promise<boolean> {
	let left = tokens;
	for (const [i, { kind, text }] of parts.entries()) {
		if (kind === "prompt") continue;
		const own = i === parts.length - 1 ? left : Math.min(left, (await tokenizer.encode(text, true)).length);
		left -= own;
		sums[kind] = (sums[kind] ?? 0) + own;
	}
	return new Set(parts.map(({ kind }) => kind)).size > 1;
}

function differs(text: string, decoded: string): string {
	let at = 0;
	while (at < text.length && text[at] === decoded[at]) at++;
	const piece = (of: string): string => JSON.stringify(of.slice(at, at + 12));
	return `from character ${at} on: ${piece(text)}, decoded ${piece(decoded)}`;
}
