/**
 * A dataset as files for readers outside nudge.
 *
 * What always holds: the folder is there whole or not at all (written beside its place and renamed); samples come one at a
 * time, as reviewed and without the rejected ones; a sample that cannot be exported as it should be is dropped, counted
 * and named, never cut or mended; an export in which nothing trains is refused; whoever wrote a problem, all its samples
 * are in the same split.
 */
import { createHash } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Sample, Segment } from "../../trace/sample.ts";
import { DatasetError, type DatasetSheet, readDatasetSheet, reviewedSamplesOf } from "../dataset/dataset.ts";
import { type Tokenised, type Tokenizer, tokenised } from "../tokenizer.ts";
import { cardOf } from "./card.ts";
import { type Exporting, type Format, type Written, withMask } from "./format.ts";
import { ids } from "./ids.ts";
import { checkPlace, EXPORT_FILE, placeError, put } from "./place.ts";
import { Shards } from "./shards.ts";
import { Tally } from "./tally.ts";
import { conversationOf } from "./turns.ts";

export const SHARD_BYTES = 256 * 1024 * 1024;

export type Part = {
	readonly format: Format;
	/** Below the folder of the export. */
	readonly folder: string;
	readonly parquet: boolean;
	/** Of the configuration in the data card; the first part is "default". */
	readonly config: string;
};

export type Split = { readonly name: string; readonly share: number };

export type ExportOptions = {
	readonly dataset: string;
	readonly to: string;
	readonly parts: readonly Part[];
	readonly tokenizer?: Tokenizer;
	/** The ids of the engine are not looked at: for another model than the one that was sampled. */
	readonly retokenize?: boolean;
	readonly maskHints?: boolean;
	readonly maxTokens?: number;
	/** A part of the problems goes into a split of its own. */
	readonly split?: Split;
	/** Which sample each row is, in files of their own. */
	readonly withIds?: boolean;
	/** An identifier of the Hub (https://huggingface.co/docs/hub/repositories-licenses). */
	readonly license?: string;
	/** An export that is there already is replaced. */
	readonly replace?: boolean;
	readonly shardBytes?: number;
	/** Where it can be loaded from, for the card: a repository, or the folder as seen from beside it. */
	readonly where: string;
	readonly nudge: string;
	readonly now: () => Date;
	readonly signal?: AbortSignal;
	readonly onSample?: (done: number, of: number) => void;
};

export type WrittenPart = Part & { readonly written: Written; readonly warnings: readonly string[] };

export type Exported = {
	readonly sheet: DatasetSheet;
	readonly parts: readonly WrittenPart[];
	readonly tally: Tally;
};

/** From so many samples on it is clear that ids are of another tokenizer, none decoding. */
const FOREIGN_AFTER = 4;

export async function exportDataset(options: ExportOptions): Promise<Exported> {
	const { dataset, to, signal } = options;
	const sheet = readDatasetSheet(dataset);
	checkPlace(to, options.replace ?? false);
	const root = join(dirname(to), `.${basename(to)}.${process.pid}.part`);
	const shards = new Map<string, Shards>();
	try {
		rmSync(root, { recursive: true, force: true });
		mkdirSync(root, { recursive: true });
		const tally = new Tally();
		const exporter = new Exporter(options, root, shards, tally);
		for await (const { sample, decision, edits } of reviewedSamplesOf(dataset, signal ? { signal } : {})) {
			tally.read++;
			if (decision === "rejected") tally.rejected++;
			else {
				if (decision === "accepted") tally.accepted++;
				tally.edits += edits;
				await exporter.take(sample);
			}
			options.onSample?.(tally.read, sheet.waterfall.samples);
		}
		signal?.throwIfAborted();
		exporter.check();
		const parts = exporter.finish(sheet.name);
		const exported = { sheet, parts, tally };
		writeFileSync(join(root, "README.md"), cardOf(exported, options));
		writeFileSync(join(root, EXPORT_FILE), `${JSON.stringify(exportSheet(exported, options), null, "\t")}\n`);
		put(root, to);
		return exported;
	} catch (error) {
		for (const open of shards.values()) open.abandon();
		rmSync(root, { recursive: true, force: true });
		throw placeError(error, to);
	}
}

class Exporter {
	readonly #options: ExportOptions;
	readonly #parts: readonly Part[];
	readonly #root: string;
	readonly #shards: Map<string, Shards>;
	readonly #tally: Tally;
	readonly #turns: boolean;
	/** By model: samples whose ids the tokenizer knows, and those whose ids it does not. */
	readonly #known = new Map<string, { own: number; foreign: number; example: string }>();

	constructor(options: ExportOptions, root: string, shards: Map<string, Shards>, tally: Tally) {
		this.#options = options;
		this.#root = root;
		this.#shards = shards;
		this.#tally = tally;
		this.#parts = options.withIds
			? [...options.parts, { format: ids, folder: "ids", parquet: false, config: "ids" }]
			: options.parts;
		this.#turns = options.parts.some(({ format }) => format.carries === "turn");
	}

	async take(sample: Sample): Promise<void> {
		const { maskHints = false, maxTokens, tokenizer } = this.#options;
		const tally = this.#tally;
		const drop = (reason: string, why: string): void => tally.drop(reason, sample.id, why);
		const segments = withMask(sample.segments, maskHints);
		if (!segments.every(({ text }) => text.isWellFormed()))
			return drop(
				"text that is no Unicode",
				"half of a surrogate pair stands in its text: no reader could take it",
			);
		if (!segments.some(({ kind, train, text }) => train && kind !== "prompt" && text !== ""))
			return drop("nothing to train on", maskHints ? "all that would train is masked" : "no segment trains");
		let tokens: Tokenised | undefined;
		if (tokenizer) {
			const made = await this.#tokenised(sample, segments, tokenizer);
			if ("why" in made) return drop("decode(ids) is not the text", made.why);
			tokens = made;
		}
		if (maxTokens !== undefined) {
			const length = tokens?.ids.length ?? sample.n_tokens;
			if (length === undefined)
				throw new DatasetError(
					`sample ${sample.id} has no token ids, so its length is not known: give --tokenizer beside --max-tokens`,
				);
			if (length > maxTokens)
				return drop("too long", `${length} tokens, more than ${maxTokens}: dropped, as nothing is cut`);
		}
		const exporting: Exporting = { sample, segments, ...(tokens && { tokens }) };
		const rows: (readonly [Part, Readonly<Record<string, unknown>>])[] = [];
		for (const part of this.#parts) {
			const row = part.format.row(exporting, part.parquet);
			if (typeof row === "string") return drop(`no row of ${part.format.id}`, row);
			rows.push([part, row]);
		}
		const split = this.#splitOf(sample);
		for (const [part, row] of rows) this.#shardsOf(part, split).add(row);
		tally.add(sample, segments, tokens);
		if (!this.#turns) return;
		const { guessed, messages } = conversationOf(sample);
		if (guessed) tally.guessedTurns++;
		if (messages.at(-1)?.content.includes("</think>")) tally.thinkingTurns++;
	}

	/** Throws where nothing is left. */
	check(): void {
		const { samples, read, trained, dropped } = this.#tally;
		const reasons = [...dropped]
			.map(([reason, { count, first, why }]) => `${count} ${reason} (${first[0]}: ${why})`)
			.join("; ");
		if (samples === 0)
			throw new DatasetError(
				read === 0
					? `${this.#options.dataset} has no samples: there is nothing to export`
					: `none of the ${read} samples can be exported${reasons === "" ? ": all are rejected" : `: ${reasons}`}`,
			);
		const some = Object.values(trained).some(({ chars, tokens }) => chars > 0 && tokens !== 0);
		if (!some) throw new DatasetError("nothing in this export would train: it is refused");
	}

	finish(name: string): WrittenPart[] {
		const { split } = this.#options;
		const versions = [...this.#tally.versions.keys()].sort();
		return this.#parts.map((part) => {
			const splits = ["train", ...(split ? [split.name] : [])]
				.map((named) => this.#shards.get(`${part.folder} ${named}`)?.finish())
				.filter((written) => written !== undefined);
			const written: Written = { name, versions, splits };
			for (const [file, text] of Object.entries(part.format.extras?.(written) ?? {}))
				writeFileSync(join(this.#root, file), text);
			return { ...part, written, warnings: part.format.warnings?.(written) ?? [] };
		});
	}

	async #tokenised(
		sample: Sample,
		segments: readonly Segment[],
		tokenizer: Tokenizer,
	): Promise<Tokenised | { readonly why: string }> {
		const retokenize = this.#options.retokenize ?? false;
		const made = await tokenised(sample, segments, tokenizer, { retokenize });
		if (retokenize || !segments.some((segment) => segment.ids)) return made;
		const seen = this.#known.get(sample.model) ?? { own: 0, foreign: 0, example: "" };
		this.#known.set(sample.model, seen);
		if ("why" in made && made.foreign) {
			seen.foreign++;
			seen.example ||= `${sample.id}: ${made.why}`;
		} else seen.own++;
		if (seen.own === 0 && seen.foreign >= FOREIGN_AFTER) this.#refuse(sample.model, seen.example);
		return made;
	}

	/** What was sampled with one tokenizer is not trained with another one by mistake. */
	#refuse(model: string, example: string): never {
		throw new DatasetError(
			`the tokenizer ${this.#options.tokenizer?.says} is not that of ${model}, which sampled this (${example}). Give the sampled model's, or --retokenize to drop the engine's ids and tokenise all texts anew`,
		);
	}

	#splitOf({ question_id }: Sample): string {
		const { split } = this.#options;
		if (!split) return "train";
		const hash = createHash("sha256").update(question_id).digest().readUInt32BE(0) / 2 ** 32;
		return hash < split.share ? split.name : "train";
	}

	#shardsOf({ format, folder, parquet }: Part, split: string): Shards {
		const key = `${folder} ${split}`;
		const there = this.#shards.get(key);
		if (there) return there;
		const { shardBytes = SHARD_BYTES } = this.#options;
		const made = new Shards({
			root: this.#root,
			folder,
			split,
			parquet,
			columns: format.columns,
			shardBytes,
		});
		this.#shards.set(key, made);
		return made;
	}
}

function exportSheet({ sheet, parts, tally }: Exported, options: ExportOptions): object {
	const { tokenizer, retokenize, maskHints, maxTokens, split, license, nudge, now } = options;
	return {
		format: 1,
		nudge,
		created: now().toISOString(),
		dataset: { name: sheet.name, kind: sheet.kind, sha256: sheet.sha256 },
		parts: parts.map(({ format, parquet, written }) => ({
			format: format.id,
			parquet,
			splits: written.splits,
		})),
		...(tokenizer && { tokenizer: { from: tokenizer.says, sha256: tokenizer.hash } }),
		retokenize: retokenize ?? false,
		maskHints: maskHints ?? false,
		...(maxTokens !== undefined && { maxTokens }),
		...(split && { split }),
		...(license !== undefined && { license }),
		samples: tally.samples,
		rejected: tally.rejected,
		dropped: Object.fromEntries([...tally.dropped].map(([reason, { count }]) => [reason, count])),
		trained: tally.trained,
	};
}
