/**
 * Themes from files: those that come with nudge, then the user's (`themes/*.json` in the folder of settings), which may
 * stand in for one of the former or build on it. A theme with a mistake is left out, and the mistake told with its place.
 */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Diagnostic } from "../../hints/hint.ts";
import { nearest } from "../../hints/nearest.ts";
import { mismatches, YamlFile } from "../../hints/yaml.ts";
import { homes } from "../../trace/home.ts";
import { BUILT_IN_IDS, BUILT_IN_THEMES, builtInThemes } from "./built-in.ts";
import type { Theme } from "./theme.ts";

export type Themes = { readonly themes: readonly Theme[]; readonly problems: readonly Diagnostic[] };

export const THEME_SCHEMA = new URL("theme.schema.json", BUILT_IN_THEMES);

/** A theme as its file has it, once the schema has passed it. */
type Raw = {
	readonly name: string;
	readonly extends?: string;
	readonly kind?: Theme["kind"];
	readonly styles?: Theme["styles"];
};

/** Where the user's themes are, whether or not there are any. */
export function userThemes(env: NodeJS.ProcessEnv): string {
	return join(homes(env).config, "themes");
}

export function loadThemes(options: { readonly env: NodeJS.ProcessEnv }): Themes {
	const { themes, problems } = readUserThemes(userThemes(options.env));
	return { themes: withBuiltIn(themes), problems };
}

/** Those of nudge in their order, each replaced by the user's of that id, then the user's others by their ids. */
export function withBuiltIn(users: ReadonlyMap<string, Theme>): readonly Theme[] {
	const builtIn = builtInThemes();
	const own = new Set(builtIn.map(({ id }) => id));
	return [
		...builtIn.map((theme) => users.get(theme.id) ?? theme),
		...[...users.values()].filter(({ id }) => !own.has(id)).sort((a, b) => (a.id < b.id ? -1 : 1)),
	];
}

type UserThemes = {
	readonly themes: ReadonlyMap<string, Theme>;
	readonly problems: readonly Diagnostic[];
	/** The ids of files that are there and cannot be used. */
	readonly broken: ReadonlySet<string>;
};

export function readUserThemes(dir: string): UserThemes {
	const { found, unread } = themeFiles(dir);
	const files = new Map(found.map((name) => [basename(name, ".json"), open(join(dir, name))]));
	const raws = new Map<string, Raw>();
	for (const [id, file] of files) {
		const raw = check(id, file);
		if (raw) raws.set(id, raw);
	}

	const themes = new Map<string, Theme | undefined>();
	/** `on` is the way by which it was come to: each builds on the next. */
	const resolve = (id: string, raw: Raw, on: readonly string[]): Theme | undefined => {
		if (themes.has(id)) return themes.get(id);
		const base = raw.extends === undefined ? undefined : baseOf(id, raw.extends, on);
		const good = raw.extends === undefined || base !== undefined;
		const kind = raw.kind ?? base?.kind ?? "any";
		themes.set(
			id,
			good ? { id, name: raw.name, kind, styles: { ...base?.styles, ...raw.styles } } : undefined,
		);
		return themes.get(id);
	};
	const baseOf = (id: string, wanted: string, on: readonly string[]): Theme | undefined => {
		const wrong = (message: string): undefined => {
			files.get(id)?.report(["extends"], "error", message);
		};
		if (wanted === id || !files.has(wanted)) {
			const own = builtInThemes().find((theme) => theme.id === wanted);
			const ids = new Set([...BUILT_IN_IDS, ...[...files.keys()].filter((one) => one !== id)]);
			return own ?? wrong(`there is no theme "${wanted}"; there are ${say(ids)}${nearest(wanted, [...ids])}`);
		}
		if (on.includes(wanted)) return wrong(`a circle: ${[...on, wanted].join(" extends ")}`);
		const raw = raws.get(wanted);
		return (
			(raw && resolve(wanted, raw, [...on, wanted])) ??
			wrong(`the theme "${wanted}" has mistakes of its own, and this one builds on it`)
		);
	};
	for (const [id, raw] of raws) resolve(id, raw, [id]);

	const usable = [...themes].filter((entry): entry is [string, Theme] => entry[1] !== undefined);
	return {
		themes: new Map(usable),
		problems: [...unread, ...[...files.values()].flatMap((file) => file.problems)],
		broken: new Set([...files.keys()].filter((id) => themes.get(id) === undefined)),
	};
}

const say = (ids: Iterable<string>): string => [...ids].join(", ");

export function isThemeFile(name: string): boolean {
	return name.endsWith(".json") && !name.startsWith(".") && name !== "theme.schema.json";
}

/** A folder that is there and cannot be read is a mistake; one that is not there is none. */
function themeFiles(dir: string): {
	readonly found: readonly string[];
	readonly unread: readonly Diagnostic[];
} {
	try {
		return { found: readdirSync(dir).filter(isThemeFile).sort(), unread: [] };
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "ENOENT") return { found: [], unread: [] };
		const message = `your themes cannot be read: ${(error as Error).message}`;
		return { found: [], unread: [{ file: dir, line: 1, column: 1, severity: "error", message }] };
	}
}

function open(name: string): YamlFile {
	let text = "{}";
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

function check(id: string, file: YamlFile): Raw | undefined {
	if (file.problems.some((one) => one.severity === "error")) return undefined;
	const data = file.data();
	if (data === undefined || mismatches(THEME_SCHEMA, file, data).length > 0) return undefined;
	if (id === "auto") {
		file.report([], "error", `"auto" is no name for a theme: it means that nudge chooses; rename the file`);
		return undefined;
	}
	return data as Raw;
}
