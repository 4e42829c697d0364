/** The values that only this machine knows: sessions, hints, engines, problems, settings. Each list is short. */
import type { Io } from "./command.ts";
import type { Candidate, Given, Sources } from "./complete.ts";

/** More than anybody reads in a list of completions. */
const MOST = 500;
/** Of a problem file; the rest of a large one is not read. */
const MOST_PROBLEMS = 2000;

export function sourcesOf(io: Io): Sources {
	return {
		values: (kind, given) => sources[kind](io, given),
		settingValues: (key) => settingValues(key),
	};
}

const sources: Record<
	Parameters<Sources["values"]>[0],
	(io: Io, given: Given) => Promise<readonly Candidate[]>
> = {
	session: async (io) => {
		const [{ SessionStore }, { homes }] = await Promise.all([
			import("../trace/store.ts"),
			import("../trace/home.ts"),
		]);
		const ids = new SessionStore(homes(io.env).data).ids().slice(-MOST).reverse();
		if (ids.length === 0) return [];
		return [{ value: "last", says: "the newest session" }, ...ids.map((value) => ({ value }))];
	},
	hint: async (io) => {
		const { libraryLayers, loadLibrary } = await import("../hints/library.ts");
		return loadLibrary(libraryLayers({ env: io.env, cwd: io.cwd })).hints.map(({ id, kind }) => ({
			value: id,
			says: kind,
		}));
	},
	engine: async (io) => {
		const [{ namedEngines, readSettings }, { ENGINE_TYPES, STANDARD_URLS }] = await Promise.all([
			import("./settings.ts"),
			import("../engine/spec.ts"),
		]);
		const named = namedEngines(readSettings({ env: io.env, cwd: io.cwd }).effective, io.env);
		return [
			...Object.entries(named).map(([value, { type, url, model }]) => ({
				value,
				says: [type, url, model].filter((part) => part !== undefined).join(" "),
			})),
			...ENGINE_TYPES.map((type) => {
				if (type === "embedded") return { value: type, says: "the tiny model that comes with nudge" };
				const url = STANDARD_URLS[type];
				const local = url?.startsWith("http://127.") && type !== "ollama";
				return { value: local ? `${type}:${url}` : `${type}:` };
			}),
		];
	},
	problem: async (io, { options }) => {
		const [{ BUNDLED, readProblems }, { resolve }] = await Promise.all([
			import("../data/problems.ts"),
			import("node:path"),
		]);
		const file = options.from ?? options.file;
		const found: Candidate[] = [];
		for await (const { id, problem } of readProblems(file ? resolve(io.cwd, file) : BUNDLED, undefined, {
			map: file ? options.map : undefined,
		})) {
			found.push({ value: id, says: problem.replaceAll(/\s+/g, " ").slice(0, 60) });
			if (found.length >= MOST_PROBLEMS) break;
		}
		return found;
	},
	"config-key": async (io) => {
		const [{ readSettings }, { ENGINE_FIELDS, SETTING_KEYS, SETTINGS }] = await Promise.all([
			import("./settings.ts"),
			import("./setting-table.ts"),
		]);
		const named = Object.keys(readSettings({ env: io.env, cwd: io.cwd }).effective.engines.value);
		return [
			...SETTING_KEYS.map((value) => ({ value, says: SETTINGS[value].says })),
			...named.flatMap((name) => [
				{ value: `engines.${name}`, says: "one engine" },
				...Object.entries(ENGINE_FIELDS).map(([field, { says }]) => ({
					value: `engines.${name}.${field}`,
					says,
				})),
			]),
		];
	},
};

async function settingValues(key: string): Promise<readonly Candidate[]> {
	const [{ isSettingKey, SETTINGS }, { ENGINE_TYPES }] = await Promise.all([
		import("./setting-table.ts"),
		import("../engine/spec.ts"),
	]);
	if (/^engines\.[^.]+\.type$/.test(key)) return ENGINE_TYPES.map((value) => ({ value }));
	if (!isSettingKey(key)) return [];
	const spec = SETTINGS[key];
	if (spec.kind === "choice") return spec.choices.map((value) => ({ value }));
	if (spec.kind === "yes-no") return [{ value: "true" }, { value: "false" }];
	return [];
}
