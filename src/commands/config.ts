/**
 * `nudge config`: reads and writes settings. The user's file is written by conf, whole or not at all; a file that is
 * broken is never written over.
 */
import { visibleLine } from "../trace/visible.ts";
import type { Command, Context, ExitCode } from "./command.ts";
import type { Effective, Origin } from "./settings.ts";

const PROJECT = {
	name: "project",
	says: "the project's file, .nudge/config.json here or above, instead of the user's",
} as const;

const KEY = { name: "KEY", completes: "config-key", says: "a setting; nudge config list shows all" } as const;

export const config: Command = {
	summary: "read and write settings, each with its origin",
	details:
		"A setting comes from the first of these that has it: a flag, an environment variable (NUDGE_MAX_TOKENS), the project's\n" +
		".nudge/config.json, the user's config.json, the default. docs/config.md describes every one.",
	subcommands: {
		get: {
			summary: "print the value of one setting",
			positionals: [KEY],
			options: [{ name: "json", says: "as JSON, with its origin" }],
			examples: ["nudge config get engine", "nudge config get engines.lab.url"],
			run: get,
		},
		set: {
			summary: "write one setting into the user's file",
			positionals: [KEY, { name: "VALUE", says: "what it shall be; checked before it is written" }],
			options: [PROJECT],
			examples: [
				"nudge config set max-tokens 4096",
				"nudge config set engines.lab.type llama-server",
				"nudge config set engines.lab.url http://127.0.0.1:8080",
				"nudge config set --project rounds 2",
			],
			run: set,
		},
		unset: {
			summary: "take one setting out of the user's file",
			positionals: [KEY],
			options: [PROJECT],
			examples: ["nudge config unset max-tokens", "nudge config unset engines.lab"],
			run: unset,
		},
		list: {
			summary: "print every setting with its value and where that comes from",
			options: [{ name: "json", says: "as one JSON object" }],
			run: list,
		},
		path: {
			summary: "print the path of the user's file",
			options: [{ ...PROJECT, says: "the path of the project's file, if there is one" }],
			run: path,
		},
	},
};

async function get({ io, args, options }: Context): Promise<ExitCode> {
	const { readSettings } = await import("./settings.ts");
	const { effective, mistakes } = readSettings({ env: io.env, cwd: io.cwd });
	const { key, rest } = await keyOf(args[0] as string);
	for (const mistake of mistakes) io.stderr.write(`nudge: ${mistake}\n`);
	const { value: whole, origin } = effective[key];
	let value: unknown = whole;
	for (const part of rest) {
		value =
			typeof value === "object" && value !== null && Object.hasOwn(value, part)
				? (value as Record<string, unknown>)[part]
				: undefined;
	}
	if (options.json) io.stdout.write(`${JSON.stringify({ value: value ?? null, ...flat(origin) })}\n`);
	else if (value !== undefined) io.stdout.write(`${shown(value)}\n`);
	else io.stderr.write(`nudge: ${args[0]} is not set\n`);
	if (mistakes.length > 0) return 2;
	return value === undefined ? 1 : 0;
}

async function set(context: Context): Promise<ExitCode> {
	const { io, args } = context;
	const { mistakeInEngine, mistakeInField, parseField, parseSetting, variableOf } = await import(
		"./setting-table.ts"
	);
	const { UsageError } = await import("./command.ts");
	const [name = "", text = ""] = args;
	const { key, rest } = await keyOf(name);
	const { notForProjects } = await import("./settings.ts");
	const refused = context.options.project ? notForProjects(key, text) : undefined;
	if (refused) throw new UsageError(refused);
	let value: unknown;
	if (rest.length === 0) value = parseSetting(key, text, "nudge config set");
	else {
		const [engine = "", field] = rest;
		value = field === undefined ? json(text) : parseField(field, text);
		const mistake =
			mistakeInEngine(engine, field === undefined ? value : {})?.says ??
			(field === undefined ? undefined : mistakeInField(engine, field, value));
		if (mistake) throw new UsageError(mistake);
	}
	const { file, store } = await opened(context);
	store.set([key, ...rest].join("."), value);
	io.stdout.write(`${name} = ${shown(value)} in ${file}\n`);
	const variable = variableOf(key);
	if (variable && io.env[variable]) {
		io.stderr.write(`nudge: ${variable} is in the environment and goes before it\n`);
	}
	if (rest.length > 0 && store.get(`engines.${rest[0]}.type`) === undefined) {
		io.stderr.write(
			`nudge: engines.${rest[0]} has no type yet; nudge config set engines.${rest[0]}.type llama-server gives it one\n`,
		);
	}
	return 0;
}

async function unset(context: Context): Promise<ExitCode> {
	const { io, args } = context;
	const name = args[0] as string;
	const { readObject } = await import("./settings.ts");
	const { file, store } = await opened(context);
	// A name that is no setting may stand in the file by mistake, dots and all: it can be taken out as well.
	const read = readObject(file);
	const there = read && "object" in read && Object.hasOwn(read.object, name);
	if (!there) await keyOf(name);
	const path = there ? name.replaceAll("\\", "\\\\").replaceAll(".", "\\.") : name;
	if (!store.has(path)) {
		io.stderr.write(`nudge: ${name} was not set in ${file}\n`);
		return 0;
	}
	store.delete(path);
	io.stdout.write(`${name} is no longer set in ${file}\n`);
	return 0;
}

async function list({ io, options }: Context): Promise<ExitCode> {
	const { readSettings } = await import("./settings.ts");
	const { SETTING_KEYS } = await import("./setting-table.ts");
	const { effective, mistakes } = readSettings({ env: io.env, cwd: io.cwd });
	if (options.json) io.stdout.write(`${JSON.stringify(asJson(effective), null, 2)}\n`);
	else {
		const rows = SETTING_KEYS.map((key) => {
			const { value, origin } = effective[key];
			return [key, value === undefined ? "(not set)" : visibleLine(shown(value)), said(origin)] as const;
		});
		const widths = [0, 1].map((column) =>
			Math.min(40, Math.max(...rows.map((row) => (row[column] as string).length))),
		);
		for (const [key, value, origin] of rows) {
			io.stdout.write(`${key.padEnd(widths[0] ?? 0)}  ${value.padEnd(widths[1] ?? 0)}  ${origin}\n`);
		}
	}
	for (const mistake of mistakes) io.stderr.write(`nudge: ${mistake}\n`);
	return mistakes.length > 0 ? 2 : 0;
}

async function path({ io, options }: Context): Promise<ExitCode> {
	const { projectFile, userFile } = await import("./settings.ts");
	const file = options.project ? projectFile(io.cwd) : userFile(io.env);
	if (file === undefined) {
		io.stderr.write(`nudge: there is no .nudge/config.json in ${io.cwd} or above it\n`);
		return 1;
	}
	io.stdout.write(`${file}\n`);
	return 0;
}

/** `engines.lab.url` -> the key `engines` and the path below it. Every other key is whole. */
async function keyOf(name: string): Promise<{ key: keyof Effective; rest: readonly string[] }> {
	const { isSettingKey } = await import("./setting-table.ts");
	const { unknownKey } = await import("./settings.ts");
	const { UsageError } = await import("./command.ts");
	if (isSettingKey(name)) return { key: name, rest: [] };
	const [first = "", ...rest] = name.split(".");
	if (first !== "engines") throw new UsageError(unknownKey(name));
	if (rest.length > 2 || rest.some((part) => part === "")) {
		throw new UsageError(`${name} is not a setting; it should be engines.NAME or engines.NAME.FIELD`);
	}
	return { key: "engines", rest };
}

/** The file as conf writes it, after a look that it is whole: conf is loaded only here. */
async function opened({ io, options }: Context) {
	const { projectFile, readObject, userFile } = await import("./settings.ts");
	const { UsageError } = await import("./command.ts");
	const { basename, dirname, join } = await import("node:path");
	const file = options.project
		? (projectFile(io.cwd) ?? join(io.cwd, ".nudge", "config.json"))
		: userFile(io.env);
	const read = readObject(file);
	if (read && "mistake" in read)
		throw new UsageError(`${read.mistake}. Mend the file first; it was not changed`);
	const { default: Conf } = await import("conf");
	const store = new Conf<Record<string, unknown>>({
		cwd: dirname(file),
		configName: basename(file, ".json"),
		clearInvalidConfig: false,
		configFileMode: options.project ? 0o644 : 0o600,
	});
	return { file, store };
}

function asJson(effective: Effective): Record<string, unknown> {
	return Object.fromEntries(
		Object.entries(effective).map(([key, { value, origin }]) => [
			key,
			{ value: value ?? null, ...flat(origin) },
		]),
	);
}

function flat(origin: Origin): Record<string, string> {
	const { from, ...where } = origin;
	return { origin: from, ...where };
}

function said(origin: Origin): string {
	switch (origin.from) {
		case "flag":
			return origin.flag;
		case "environment":
			return `environment ${origin.variable}`;
		case "project":
		case "user":
			return `${origin.from} ${origin.file}`;
		case "default":
			return "default";
	}
}

function shown(value: unknown): string {
	return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function json(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return text;
	}
}
