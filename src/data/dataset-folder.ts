/**
 * A folder as a dataset: which of its files belong to which configuration and split, found as the Hugging Face Hub does
 * (https://huggingface.co/docs/hub/datasets-data-files-configuration): what the README's YAML says under `configs`, else
 * the names of files and folders.
 *
 * What always holds: one choice of configuration and split gives files of one format in the order of their names; where
 * there is more than one choice nothing is taken by chance, the error names them all.
 */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { parse } from "yaml";
import { ProblemError } from "./problem-error.ts";

export type Part = {
	readonly config: string;
	readonly split: string;
	readonly files: readonly string[];
};

const DATA_FILE = /\.(parquet|jsonl|ndjson|json|csv|tsv)(\.gz)?$/i;
const SPLITS: readonly (readonly [RegExp, string])[] = [
	[/(?:^|[-._ /\d])(?:train|training)(?=$|[-._ /\d])/i, "train"],
	[/(?:^|[-._ /\d])(?:validation|valid|val|dev)(?=$|[-._ /\d])/i, "validation"],
	[/(?:^|[-._ /\d])(?:test|testing|eval|evaluation)(?=$|[-._ /\d])/i, "test"],
];
const DEEPEST = 4;
const MOST_FILES = 20_000;

/** "folder" or "folder:split", "folder:config", "folder:config/split", where the folder is there; else undefined. */
export function folderOf(path: string): { readonly folder: string; readonly choice?: string } | undefined {
	if (existsSync(path)) return statSync(path).isDirectory() ? { folder: path } : undefined;
	const found = /^(.+):([^:]+)$/.exec(path);
	if (!found || !existsSync(found[1]!) || !statSync(found[1]!).isDirectory()) return undefined;
	return { folder: found[1]!, choice: found[2]! };
}

/** The part of a dataset folder that is meant. */
export function partOf(folder: string, choice?: string): Part {
	const parts = partsOf(folder);
	const named = parts.map((part) => `${folder}:${nameOf(part, parts)}`);
	const choose = `name one of ${named.slice(0, 20).join(", ")}${named.length > 20 ? ", ..." : ""}`;
	const [part, other] = parts.filter(
		({ config, split }) =>
			choice === undefined || choice === split || choice === config || choice === `${config}/${split}`,
	);
	if (!part) throw new ProblemError(`the dataset ${folder} has no "${choice}": ${choose}`);
	if (other) {
		throw new ProblemError(
			`the dataset ${folder}${choice === undefined ? "" : `:${choice}`} has several parts: ${choose}`,
		);
	}
	const formats = new Set(part.files.map((file) => DATA_FILE.exec(file)?.[1]?.toLowerCase()));
	if (formats.size > 1) {
		throw new ProblemError(
			`${folder}:${nameOf(part, parts)} is there in several formats (${[...formats].join(", ")}): name a file of it`,
		);
	}
	return part;
}

/** All parts of a dataset folder, in the order of their names. */
export function partsOf(folder: string): readonly Part[] {
	const files = listed(folder);
	if (files.length === 0) {
		throw new ProblemError(
			`${folder} is a folder without problem files: it needs .jsonl, .csv, .tsv or .parquet files, at its top, in data/ or as its README.md says`,
		);
	}
	const parts = declared(folder, files) ?? byName(files);
	return [...parts.values()].map(({ config, split, files: names }) => ({
		config,
		split,
		files: [...new Set(names)].sort(compare).map((name) => join(folder, name)),
	}));
}

/** How a part is named where others are there: by its split where that is enough. */
function nameOf(part: Part, all: readonly Part[]): string {
	const same = all.filter(({ split }) => split === part.split).length;
	return same === 1 || part.config === "" ? part.split : `${part.config}/${part.split}`;
}

/** Names relative to the folder, with "/" between them. */
function listed(folder: string): string[] {
	const found: string[] = [];
	const look = (under: string, depth: number): void => {
		for (const entry of readdirSync(join(folder, under), { withFileTypes: true })) {
			if (entry.name.startsWith(".")) continue;
			const name = under === "" ? entry.name : `${under}/${entry.name}`;
			// The Hub's cache keeps links: what they lead to counts.
			const kind = entry.isSymbolicLink() ? statSync(join(folder, name), { throwIfNoEntry: false }) : entry;
			if (kind?.isDirectory() && depth < DEEPEST && entry.name !== "node_modules") look(name, depth + 1);
			else if (kind?.isFile() && DATA_FILE.test(name)) found.push(name);
			if (found.length > MOST_FILES) {
				throw new ProblemError(
					`${folder} has more than ${MOST_FILES} data files below it: is it a dataset? Name a file or a folder of it`,
				);
			}
		}
	};
	look("", 0);
	return found.sort(compare);
}

type Parts = Map<string, { config: string; split: string; files: string[] }>;

function add(parts: Parts, config: string, split: string, files: readonly string[]): void {
	const key = `${config}\n${split}`;
	const part = parts.get(key) ?? { config, split, files: [] };
	part.files.push(...files);
	if (part.files.length > 0) parts.set(key, part);
}

/** Train, test and validation by the names of files and folders; what names none of them is all "train". */
function byName(files: readonly string[]): Parts {
	const parts: Parts = new Map();
	for (const name of files) {
		const path = name.split("/");
		const file = path.pop()!;
		const split = splitIn(file) ?? path.map(splitIn).findLast((found) => found !== undefined);
		// A .json file that names no split tells about the dataset (dataset_infos.json), it is none of it.
		if (split === undefined && /\.json(\.gz)?$/i.test(file)) continue;
		const config = path.filter((part) => part !== "data" && splitIn(part) !== part).join("/");
		add(parts, config, split ?? "train", [name]);
	}
	return parts;
}

function splitIn(name: string): string | undefined {
	const sharded = /^([\w.]+?)-\d{5}-of-\d{5}/.exec(name)?.[1];
	const known = SPLITS.find(([pattern]) => pattern.test(sharded ?? name.replace(DATA_FILE, "")))?.[1];
	return sharded !== undefined && known !== sharded ? sharded : known;
}

/** The parts that README.md declares; undefined where it declares none. */
function declared(folder: string, files: readonly string[]): Parts | undefined {
	const readme = join(folder, "README.md");
	if (!existsSync(readme)) return undefined;
	const front = /^\ufeff?---\r?\n([\s\S]*?)\r?\n---\s*(?:\n|$)/.exec(readFileSync(readme, "utf8"))?.[1];
	if (front === undefined) return undefined;
	let configs: unknown;
	try {
		configs = (parse(front) as { configs?: unknown } | null)?.configs;
	} catch (error) {
		throw new ProblemError(
			`the YAML at the head of ${readme} cannot be read: ${(error as Error).message.split("\n")[0]}`,
		);
	}
	if (!Array.isArray(configs)) return undefined;
	const parts: Parts = new Map();
	let declares = false;
	for (const entry of configs as Record<string, unknown>[]) {
		if (typeof entry !== "object" || entry === null) continue;
		const config = String(entry.config_name ?? "default");
		const below = typeof entry.data_dir === "string" ? `${entry.data_dir.replace(/\/+$/, "")}/` : "";
		if (entry.data_files === undefined && below === "") continue;
		declares = true;
		if (entry.data_files === undefined) {
			const inside = files.filter((name) => name.startsWith(below));
			for (const { split, files: names } of byName(inside).values()) add(parts, config, split, names);
			continue;
		}
		for (const [split, pattern] of patternsOf(entry.data_files)) {
			const matching = matcher(`${below}${pattern.replace(/^\.\//, "")}`);
			const matched = files.filter((name) => matching.test(name));
			if (split !== undefined) add(parts, config, split, matched);
			else for (const part of byName(matched).values()) add(parts, config, part.split, part.files);
		}
	}
	if (declares && parts.size === 0) {
		throw new ProblemError(`${readme} names data files under "configs", and none of them is in ${folder}`);
	}
	return declares ? parts : undefined;
}

/** A pattern, a list of them, {train: ...}, or a list of {split, path}. */
function patternsOf(value: unknown, split?: string): [split: string | undefined, pattern: string][] {
	if (typeof value === "string") return [[split, value]];
	if (Array.isArray(value)) return value.flatMap((inner) => patternsOf(inner, split));
	if (typeof value !== "object" || value === null) return [];
	const named = value as { split?: unknown; path?: unknown };
	if (named.path !== undefined)
		return patternsOf(named.path, named.split === undefined ? split : String(named.split));
	return Object.entries(value).flatMap(([name, inner]) => patternsOf(inner, name));
}

/** `*`, `?`, `[a-z]`, `{a,b}` inside one name; `**` across folders. */
function matcher(pattern: string): RegExp {
	const source = pattern.replaceAll(/\*\*\/|\*\*|\*|\?|\[[^\]]*\]|\{[^}]*\}|[.+^$()|\\{}[\]]/g, (part) => {
		if (part === "**/") return "(?:.*/)?";
		if (part === "**") return ".*";
		if (part === "*") return "[^/]*";
		if (part === "?") return "[^/]";
		if (part.length > 1 && part.startsWith("[")) return part.replace(/^\[!/, "[^").replaceAll("\\", "\\\\");
		if (part.length > 1) return `(?:${part.slice(1, -1).split(",").map(escaped).join("|")})`;
		return `\\${part}`;
	});
	try {
		return new RegExp(`^${source}$`);
	} catch {
		throw new ProblemError(
			`the pattern ${JSON.stringify(pattern)} of the dataset's README.md cannot be read`,
		);
	}
}

function escaped(text: string): string {
	return text.replaceAll(/[.*+?^$()|\\{}[\]]/g, "\\$&");
}

function compare(a: string, b: string): number {
	return a < b ? -1 : a > b ? 1 : 0;
}

/** What the ids of problems without one begin with: "gsm8k-train" for gsm8k/data/train-00000-of-00001.parquet. */
export function stemOf(path: string): string {
	const whole = resolve(path);
	const stem = basename(whole)
		.replace(/\.gz$/i, "")
		.replace(/\.\w+$/, "")
		.replace(/-\d{5}-of-\d{5}$/, "");
	if (!/^(train|test|validation|valid|val|dev|data|problems|questions)$/i.test(stem)) return stem;
	const above = whole.split(/[\\/]/).slice(0, -1).reverse();
	const folder = above.find((name) => name !== "data");
	return folder === undefined || folder === "" ? stem : `${folder}-${stem}`;
}
