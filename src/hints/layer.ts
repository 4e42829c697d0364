/**
 * Reads the files of one layer. A mistake costs the hint it is in, no other; an id stands once in a layer.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { fenceRules } from "./fences.ts";
import type { Diagnostic, Frames, Hint, LayerName } from "./hint.ts";
import type { FenceDialect, MarkerKind } from "./marker.ts";
import { checkFrames, checkHint, type RawHint } from "./rules.ts";
import { mismatches, type Path, YamlFile } from "./yaml.ts";

type Place = Pick<Diagnostic, "file" | "line" | "column">;

export type LayerContent = {
	readonly hints: readonly Hint[];
	readonly disabled: readonly { readonly id: string; readonly at: Place }[];
	readonly frames: Partial<Frames>;
	readonly dialects: readonly FenceDialect[];
	readonly problems: readonly Diagnostic[];
};

export function isHintFile(name: string): boolean {
	return /\.ya?ml$/.test(name) && !name.startsWith(".");
}

/** The YAML files of a folder, by name; a file is itself. None where there is no such folder. */
export function hintFiles(dir: string): string[] {
	const found = statSync(dir, { throwIfNoEntry: false });
	if (!found) return [];
	if (!found.isDirectory()) return [dir];
	return readdirSync(dir)
		.filter(isHintFile)
		.sort()
		.map((name) => join(dir, name));
}

export function readLayer(layer: LayerName, files: readonly string[]): LayerContent {
	const reader = new LayerReader(layer);
	for (const file of files) reader.read(file);
	return reader;
}

class LayerReader implements LayerContent {
	readonly hints: Hint[] = [];
	readonly disabled: { id: string; at: Place }[] = [];
	readonly frames: Partial<Record<MarkerKind, string>> = {};
	readonly dialects: FenceDialect[] = [];
	readonly problems: Diagnostic[] = [];
	private readonly layer: LayerName;
	/** Where each id stands. */
	private readonly places = new Map<string, string>();

	constructor(layer: LayerName) {
		this.layer = layer;
	}

	read(name: string): void {
		const file = open(name);
		const data = file.data();
		if (isRecord(data) && /^dialects\.ya?ml$/.test(basename(name))) this.readDialects(file, data);
		else if (data !== undefined) this.readHints(file, data);
		this.problems.push(...file.problems);
	}

	private readDialects(file: YamlFile, data: Record<string, unknown>): void {
		const wrong = mismatches("dialects", file, data);
		for (const [index, dialect] of list(data.dialects).entries()) {
			const path = ["dialects", index];
			if (touches(wrong, path) || !this.unique("dialect", dialect.id, file, path)) continue;
			try {
				fenceRules(dialect as FenceDialect);
				this.dialects.push(dialect as FenceDialect);
			} catch (error) {
				file.report(path, "error", (error as Error).message);
			}
		}
	}

	private readHints(file: YamlFile, data: unknown): void {
		const wrong = mismatches("hints", file, data);
		if (!isRecord(data)) return;
		if (data.frames !== undefined && !touches(wrong, ["frames"])) {
			const found = data.frames as Partial<Frames>;
			if (clean(file, () => checkFrames(found, file, ["frames"]))) Object.assign(this.frames, found);
		}
		for (const [index, raw] of list(data.hints).entries()) {
			const path = ["hints", index];
			if (touches(wrong, path) || !this.unique("hint", raw.id, file, path)) continue;
			const line = file.line([...path, "id"]);
			if (raw.disabled === true) {
				this.disabled.push({ id: raw.id as string, at: { file: file.file, line, column: 1 } });
				continue;
			}
			const hint = raw as RawHint;
			if (!clean(file, () => checkHint(hint, file, path))) continue;
			this.hints.push({
				weight: 1,
				opens: "code",
				...hint,
				origin: { layer: this.layer, file: file.file, line },
			});
		}
	}

	private unique(what: string, id: unknown, file: YamlFile, path: Path): boolean {
		const at = [...path, "id"];
		const before = this.places.get(`${what} ${id}`);
		if (before === undefined) this.places.set(`${what} ${id}`, `${file.file}:${file.line(at)}`);
		else file.report(at, "error", `the ${what} "${id}" is here a second time; the first is at ${before}`);
		return before === undefined;
	}
}

/** Whether a check reports no error. */
function clean(file: YamlFile, check: () => void): boolean {
	const errors = (): number => file.problems.filter((one) => one.severity === "error").length;
	const before = errors();
	check();
	return errors() === before;
}

/** Whether something is wrong at `path` or below it. */
function touches(wrong: readonly Path[], path: Path): boolean {
	return wrong.some((one) => path.every((step, index) => one[index] === step));
}

function open(name: string): YamlFile {
	let text = "";
	let failure: string | undefined;
	try {
		text = readFileSync(name, "utf8");
	} catch (error) {
		failure = (error as Error).message;
	}
	const file = new YamlFile(name, text);
	if (failure !== undefined) file.report([], "error", `cannot be read: ${failure}`);
	return file;
}

function isRecord(value: unknown): value is Record<string, unknown> {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

const list = (value: unknown): Record<string, unknown>[] => (Array.isArray(value) ? value : []);
