/**
 * What every setting (setting-table.ts) is in the end, and where that comes from. Reading is cheap: two small files and
 * the environment.
 * What always holds: precedence flag > environment > project file > user file > default; every mistake of a file is found
 * in one go, with file, line and column.
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { checkpointEngines } from "../engine/checkpoints.ts";
import { nearest } from "../hints/nearest.ts";
import { homes } from "../trace/home.ts";
import { UsageError } from "./command.ts";
import { JsonMistake, type Places, parsePlaced } from "./placed-json.ts";
import {
	isObject,
	isSettingKey,
	looksSecret,
	mistakeIn,
	mistakeInEngine,
	parseSetting,
	SETTING_KEYS,
	SETTINGS,
	type SettingKey,
	type Settings,
	variableOf,
} from "./setting-table.ts";

export type { EngineSetting, SettingKey, Settings } from "./setting-table.ts";

export type Origin =
	| { readonly from: "flag"; readonly flag: string }
	| { readonly from: "environment"; readonly variable: string }
	| { readonly from: "project" | "user"; readonly file: string }
	| { readonly from: "default" };

export type Effective = {
	readonly [Key in SettingKey]: { readonly value: Settings[Key]; readonly origin: Origin };
};

export type SettingsWorld = {
	readonly env: NodeJS.ProcessEnv;
	readonly cwd: string;
	/** By option name, as parsed: texts, numbers, true. Names that are no settings are left alone. */
	readonly flags?: Readonly<Record<string, unknown>>;
};

/** The file `nudge config set` writes. */
export function userFile(env: NodeJS.ProcessEnv): string {
	return join(homes(env).config, "config.json");
}

/** The nearest `.nudge/config.json` from a folder upwards. */
export function projectFile(cwd: string): string | undefined {
	for (let folder = cwd; ; folder = dirname(folder)) {
		const file = join(folder, ".nudge", "config.json");
		if (existsSync(file)) return file;
		if (dirname(folder) === folder) return undefined;
	}
}

/** All settings, checked. Throws a UsageError that names every mistake of the files. */
export function effectiveSettings(world: SettingsWorld): Effective {
	const { effective, mistakes } = readSettings(world);
	if (mistakes.length > 0) throw new UsageError(mistakes.join("\nnudge: "));
	const name = effective.engine.value;
	const named = effective.engines.value;
	if (Object.hasOwn(named, name) && named[name]?.type === undefined) {
		throw new UsageError(
			`the engine ${name} has no type yet; nudge config set engines.${name}.type llama-server gives it one`,
		);
	}
	return effective;
}

/** Engines that have a name: the user's own, and the models that a loop made here (LOOP:STAGE). */
export function namedEngines(
	{ engines }: Pick<Effective, "engines">,
	env: NodeJS.ProcessEnv,
): Effective["engines"]["value"] {
	return { ...checkpointEngines(env), ...engines.value };
}

/** The same where mistakes are to be shown beside what is right. Broken flags and variables still throw. */
export function readSettings(world: SettingsWorld): {
	readonly effective: Effective;
	readonly mistakes: readonly string[];
} {
	const user = readSettingsFile(userFile(world.env), "user");
	const nearby = projectFile(world.cwd);
	const project =
		nearby && nearby !== userFile(world.env)
			? readSettingsFile(nearby, "project")
			: { values: {}, mistakes: [] };
	const found: Partial<Record<SettingKey, { value: unknown; origin: Origin }>> = {};
	for (const key of SETTING_KEYS) found[key] = of(key, world, project.values, user.values, nearby);
	return { effective: found as Effective, mistakes: [...user.mistakes, ...project.mistakes] };
}

function of(
	key: SettingKey,
	world: SettingsWorld,
	project: Readonly<Record<string, unknown>>,
	user: Readonly<Record<string, unknown>>,
	nearby: string | undefined,
): { value: unknown; origin: Origin } {
	const flag = world.flags && Object.hasOwn(world.flags, key) ? world.flags[key] : undefined;
	if (flag !== undefined) {
		return { value: parseSetting(key, String(flag), `--${key}`), origin: { from: "flag", flag: `--${key}` } };
	}
	const variable = variableOf(key);
	const text = variable === undefined ? undefined : world.env[variable];
	if (variable !== undefined && text) {
		return { value: parseSetting(key, text, variable), origin: { from: "environment", variable } };
	}
	if (nearby && Object.hasOwn(project, key)) {
		return { value: project[key], origin: { from: "project", file: nearby } };
	}
	if (Object.hasOwn(user, key)) {
		return { value: user[key], origin: { from: "user", file: userFile(world.env) } };
	}
	return { value: SETTINGS[key].default, origin: { from: "default" } };
}

/** The good values of a file and the mistakes in it. No file: nothing of either. */
export function readSettingsFile(
	file: string,
	whose: "user" | "project",
): { readonly values: Readonly<Record<string, unknown>>; readonly mistakes: readonly string[] } {
	const read = readObject(file);
	if (read === undefined) return { values: {}, mistakes: [] };
	if ("mistake" in read) return { values: {}, mistakes: [read.mistake] };
	const values: Record<string, unknown> = {};
	const mistakes: string[] = [];
	for (const [name, value] of Object.entries(read.object)) {
		if (name === "$schema") continue;
		const mistake = mistakeOf(name, value, whose);
		if (mistake) mistakes.push(`${placeOf(file, read.places, mistake.path)}: ${mistake.says}`);
		else values[name] = value;
	}
	return { values, mistakes };
}

/** The object that a file holds; undefined where there is no file. */
export function readObject(
	file: string,
):
	| { readonly object: Readonly<Record<string, unknown>>; readonly places: Places }
	| { readonly mistake: string }
	| undefined {
	let text: string;
	try {
		text = readFileSync(file, "utf8");
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
		return { mistake: `${file} cannot be read: ${(error as Error).message}` };
	}
	if (text.trim() === "") return { object: {}, places: { at: () => ({ line: 1, column: 1 }) } };
	try {
		const { value, places } = parsePlaced(text);
		if (isObject(value)) return { object: value, places };
		return { mistake: `${placeOf(file, places, [])}: the settings must be an object, { ... }` };
	} catch (error) {
		if (!(error instanceof JsonMistake)) throw error;
		return { mistake: `${file}:${error.line}:${error.column}: ${error.message}` };
	}
}

function mistakeOf(
	name: string,
	value: unknown,
	whose: "user" | "project",
): { readonly path: readonly string[]; readonly says: string } | undefined {
	if (!isSettingKey(name)) return { path: [name], says: unknownKey(name) };
	const refused = whose === "project" ? notForProjects(name, value) : undefined;
	if (refused) return { path: [name], says: refused };
	if (name === "engines" && isObject(value)) {
		for (const [engine, fields] of Object.entries(value)) {
			const mistake = mistakeInEngine(engine, fields);
			if (mistake) return { path: [name, ...mistake.path], says: mistake.says };
		}
		return undefined;
	}
	const says = mistakeIn(name, value);
	return says === undefined ? undefined : { path: [name], says };
}

/** Why a project's file, which may come with a folder that somebody else wrote, cannot have a setting or this value of it. */
export function notForProjects(key: SettingKey, value: unknown): string | undefined {
	const why = `because such a file may come with a folder that somebody else wrote; set it for yourself with nudge config set ${key} ...`;
	if (!SETTINGS[key].project) return `a project's file cannot set ${key}, ${why}`;
	// A key that an engine takes from the environment would go wherever the URL says.
	if (key === "engine" && String(value).includes("://")) {
		return `a project's file cannot name the URL of an engine, only embedded, a GGUF file or a name from your engines, ${why}`;
	}
	return undefined;
}

export function unknownKey(name: string): string {
	const near = nearest(name, SETTING_KEYS);
	if (near === "" && looksSecret(name)) {
		return "secrets never stand in settings: put the key into an environment variable and name it with nudge config set engines.NAME.apiKeyEnv VARIABLE";
	}
	return `there is no setting "${name}"${near}; nudge config list shows all`;
}

function placeOf(file: string, places: Places, path: readonly string[]): string {
	const { line, column } = places.at(path);
	return `${file}:${line}:${column}`;
}
