/**
 * The tokenizer of a model folder (tokenizer.json, with tokenizer_config.json and generation_config.json where they are),
 * run by @huggingface/tokenizers: no Python, no network.
 *
 * What always holds: an id that is not in the vocabulary is told, never skipped; no token is added; where the texts of
 * special tokens do not count, they are tokenised as any other text (`split_special_tokens` of transformers).
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { Tokenizer as HfTokenizer } from "@huggingface/tokenizers";
import { DatasetError } from "./dataset/dataset.ts";
import type { Tokenizer } from "./tokenizer.ts";

type AddedToken = { readonly id: number; readonly content: string; readonly special?: boolean };

const FILE = "tokenizer.json";
const ONLY_IDS = { add_special_tokens: false } as const;
const WHOLE = { skip_special_tokens: false, clean_up_tokenization_spaces: false } as const;

/** The tokenizer.json that a path names: itself, or in the folder. Undefined where there is none. */
export function tokenizerFileAt(path: string): string | undefined {
	const there = statSync(path, { throwIfNoEntry: false });
	if (there?.isFile()) return path.endsWith(".json") ? path : undefined;
	const file = join(path, FILE);
	return there?.isDirectory() && existsSync(file) ? file : undefined;
}

export function openTokenizerFile(file: string): Tokenizer {
	const folder = dirname(file);
	const source = readFileSync(file);
	const json = parsed(file, source.toString("utf8")) as Readonly<Record<string, unknown>> & {
		readonly added_tokens?: readonly AddedToken[];
	};
	const config = optional(join(folder, "tokenizer_config.json"));
	let whole: HfTokenizer;
	let plain: HfTokenizer;
	const added = json.added_tokens ?? [];
	try {
		whole = new HfTokenizer(json, config);
		const ordinary = { ...json, added_tokens: added.filter(({ special }) => !special) };
		plain = new HfTokenizer(ordinary, config);
	} catch (error) {
		throw new DatasetError(
			`${file} cannot be used as a tokenizer: ${(error as Error).message}. It must be a tokenizer.json as transformers' save_pretrained writes it`,
		);
	}
	const idOf = (token: unknown): number | undefined => {
		const text = typeof token === "string" ? token : (token as { content?: string } | null)?.content;
		return text === undefined ? undefined : whole.token_to_id(text);
	};
	const textOf = (id: number): string => whole.decode([id], WHOLE);

	const eos = idOf(config.eos_token);
	const generation = optional(join(folder, "generation_config.json")).eos_token_id;
	const ends = new Set<number>([
		...(eos === undefined ? [] : [eos]),
		...[generation].flat().filter((id) => typeof id === "number"),
	]);
	const bos = bosOf(whole, idOf(config.bos_token));
	const specials = added.filter(({ special }) => special).map(({ content }) => escaped(content));
	return {
		says: basename(file) === FILE ? `${basename(folder)}/${FILE}` : basename(file),
		hash: createHash("sha256").update(source).digest("hex"),
		encode: (text, special) => (special ? whole : plain).encode(text, ONLY_IDS).ids,
		decode: (ids) =>
			ids.some((id) => whole.id_to_token(id) === undefined) ? undefined : whole.decode([...ids], WHOLE),
		...(bos && { bos: { ...bos, text: textOf(bos.id) } }),
		...(eos !== undefined && { eos: { id: eos, text: textOf(eos) } }),
		ends,
		specials: specials.length > 0 ? new RegExp(specials.join("|")) : /(?!)/,
		close: async () => {},
	};
}

/** Whether the tokenizer begins a text with BOS by itself is asked, not read: several fields say it. */
function bosOf(whole: HfTokenizer, id: number | undefined): { id: number; automatic: boolean } | undefined {
	const first = whole.encode("a", { add_special_tokens: true }).ids[0];
	const usual = whole.encode("a", ONLY_IDS).ids[0];
	if (first !== undefined && first !== usual && (id === undefined || first === id))
		return { id: first, automatic: true };
	return id === undefined ? undefined : { id, automatic: false };
}

function escaped(text: string): string {
	return text.replaceAll(/[.*+?^$()|[\]\\{}]/g, "\\$&");
}

function parsed(file: string, text: string): unknown {
	try {
		return JSON.parse(text);
	} catch (error) {
		throw new DatasetError(`${file} is no JSON: ${(error as Error).message}`);
	}
}

function optional(file: string): Record<string, unknown> {
	return existsSync(file) ? (parsed(file, readFileSync(file, "utf8")) as Record<string, unknown>) : {};
}
