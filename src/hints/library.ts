/**
 * Reads the library from its layers: the hints that come with nudge, the user's, the project's. A hint of a later layer
 * replaces the one of the same id as a whole; `disabled: true` takes it out. Frames and dialects are replaced one by one.
 * What is wrong is reported with file, line and column; a broken hint is left out, everything else is there.
 */
import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { homes } from "../trace/home.ts";
import {
	type Diagnostic,
	type Frames,
	type Hint,
	type Layer,
	type Library,
	LibraryError,
	MARKER_KINDS,
	sayDiagnostic,
} from "./hint.ts";
import { hintFiles, isHintFile, readLayer } from "./layer.ts";
import type { FenceDialect, MarkerKind } from "./marker.ts";
import { BUILT_IN_DIR } from "./yaml.ts";

export const DEFAULT_DIALECT = "qwen";

export const builtInLayer: Layer = { name: "built-in", dir: fileURLToPath(BUILT_IN_DIR) };

/** Where hints are looked for: nudge's own, the user's, and those of the nearest folder upward that has `.nudge/hints`. */
export function libraryLayers(where: { readonly env: NodeJS.ProcessEnv; readonly cwd: string }): Layer[] {
	return [
		builtInLayer,
		{ name: "user", dir: join(homes(where.env).config, "hints") },
		{ name: "project", dir: projectHints(where.cwd) },
	];
}

/**
 * A library by itself: the hints of one file or folder and no others. Frames and dialects that it does not have are
 * nudge's own. Throws LibraryError where there is no such library, or no hint in it.
 */
export function soleLayers(path: string): Layer[] {
	if (!existsSync(path)) throw new LibraryError(`there is no hint library ${path}`, []);
	const layer: Layer = { name: "project", dir: path };
	const files = hintFiles(path);
	if (files.length === 0) throw new LibraryError(`${path} holds no .yaml files of hints`, []);
	if (files[0] === path && !isHintFile(basename(path)))
		throw new LibraryError(`${path} is no file of hints: their names end in .yaml or .yml`, []);
	const layers: Layer[] = [{ ...builtInLayer, withoutHints: true }, layer];
	const { hints, problems } = loadLibrary(layers);
	if (hints.length === 0 && !problems.some(({ severity }) => severity === "error"))
		throw new LibraryError(`${path} holds no hint: nudge hints new writes one to begin with`, []);
	return layers;
}

function projectHints(cwd: string): string {
	for (let dir = cwd; ; dir = dirname(dir)) {
		const hints = join(dir, ".nudge", "hints");
		if (existsSync(hints)) return hints;
		if (dirname(dir) === dir) return join(cwd, ".nudge", "hints");
	}
}

/** All that the layers hold; what is wrong with them is in `problems`. */
export function loadLibrary(layers: readonly Layer[]): Library {
	const hints = new Map<string, Hint>();
	const frames: Partial<Record<MarkerKind, string>> = {};
	const dialects = new Map<string, FenceDialect>();
	const problems: Diagnostic[] = [];
	for (const layer of layers) {
		const read = readLayer(layer.name, hintFiles(layer.dir));
		problems.push(...read.problems);
		Object.assign(frames, read.frames);
		for (const dialect of read.dialects) dialects.set(dialect.id, dialect);
		if (layer.withoutHints) continue;
		for (const hint of read.hints) hints.set(hint.id, hint);
		for (const { id, at } of read.disabled) {
			if (!hints.delete(id)) {
				problems.push({
					...at,
					severity: "warning",
					message: `no earlier layer has a hint "${id}": there is nothing to disable`,
				});
			}
		}
	}
	const missing = MARKER_KINDS.filter((marker) => frames[marker] === undefined);
	if (missing.length > 0) {
		throw new LibraryError(`no layer of the hints has a frame for ${missing.join(", ")}`, problems);
	}
	return { hints: [...hints.values()], frames: frames as Frames, dialects, problems };
}

/** The same, refusing a library with mistakes: a run should not quietly do without a hint that its user wrote. */
export function openLibrary(layers: readonly Layer[]): Library {
	const library = loadLibrary(layers);
	const errors = library.problems.filter((problem) => problem.severity === "error");
	if (errors.length > 0) {
		throw new LibraryError(
			`the hints have mistakes:\n${errors.map(sayDiagnostic).join("\n")}\nMend them, then see nudge hints check`,
			errors,
		);
	}
	return library;
}

/** The fence dialects by id. */
export function loadDialects(layers: readonly Layer[] = [builtInLayer]): ReadonlyMap<string, FenceDialect> {
	return openLibrary(layers.includes(builtInLayer) ? layers : [builtInLayer, ...layers]).dialects;
}

/** A dialect by its id, or an error that names those there are. */
export function dialectNamed(
	dialects: ReadonlyMap<string, FenceDialect>,
	id: string = DEFAULT_DIALECT,
): FenceDialect {
	const dialect = dialects.get(id);
	if (!dialect) {
		throw new LibraryError(`there is no dialect "${id}"; there are ${[...dialects.keys()].join(", ")}`);
	}
	return dialect;
}
