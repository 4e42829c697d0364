/** The verifiers with what they need, for commands that judge without an engine: Python is found or made when first asked for. */
import { resolve } from "node:path";
import { dialectNamed, libraryLayers, openLibrary } from "../hints/library.ts";
import { type Environment, ensureEnvironment } from "../python/environment.ts";
import { openHost } from "../python/host.ts";
import type { InterpreterHost } from "../python/interpreter.ts";
import { loadPlugin } from "../score/load-plugin.ts";
import type { ScorePlugin } from "../score/plugin.ts";
import { Registry } from "../score/registry.ts";
import { ownPlugins } from "../score/verifier.ts";
import { type Context, UsageError, wholeNumber } from "./command.ts";
import { narrowHost } from "./narrow-host.ts";
import { labSettings } from "./run-setup.ts";

export type ScoreLab = {
	readonly registry: Registry;
	readonly interpreters: () => Promise<InterpreterHost>;
	readonly workers: number;
	close(): Promise<void>;
};

/** `dialect`: how the model writes code, where that is known. */
export async function scoreLab(context: Context, dialect?: string): Promise<ScoreLab> {
	const { io, options, signal } = context;
	const settings = labSettings(context);
	const { isolation, base, limits } = settings.python;
	const workers = wholeNumber(context, "workers", 1) ?? settings.score?.workers ?? 2;
	const env = isolation === "auto" ? io.env : { ...io.env, NUDGE_ISOLATION: isolation };
	let environment: Promise<Environment> | undefined;
	const made = (): Promise<Environment> => {
		environment ??= ensureEnvironment({
			env,
			signal,
			onProgress: ({ step, detail }) => {
				if (step !== "looking" && step !== "ready") io.stderr.write(`${detail}\n`);
			},
			...(base === undefined ? {} : { basePython: base }),
		});
		return environment;
	};
	let host: Promise<InterpreterHost> | undefined;
	const interpreters = (): Promise<InterpreterHost> => {
		host ??= made().then(async (environment) =>
			narrowHost(
				await openHost({ env, environment, limits, allowUnisolated: settings.python.allowUnisolated }),
				workers,
			),
		);
		return host;
	};
	const own = ownPlugins({
		python: async () => (await made()).python,
		workers,
		limits,
		...(options["all-tests"] ? { allTests: true } : {}),
		...(options["last-number"] ? { lastNumber: true } : {}),
		...(dialect === undefined
			? {}
			: { dialect: dialectNamed(openLibrary(libraryLayers(io)).dialects, dialect) }),
	});
	const wished = (options.verifier as readonly string[] | undefined) ?? [];
	const chosen = own.filter(({ id }) => wished.includes(id));
	const files = wished.filter((name) => !own.some(({ id }) => id === name));
	const unknown = files.find((name) => /^[a-z0-9-]+$/.test(name));
	if (unknown !== undefined)
		throw new UsageError(
			`--verifier takes ${own.map(({ id }) => id).join(", ")}, or a file (./${unknown}.mjs), not "${unknown}"`,
		);
	// One that is named alone judges alone; files go before nudge's own.
	const theirs: ScorePlugin[] = [];
	for (const file of [
		...files.map((name) => resolve(io.cwd, name)),
		...(chosen.length > 0 ? [] : (settings.score?.plugins ?? [])),
	])
		theirs.push(await loadPlugin(file));
	const registry = new Registry([...theirs, ...(chosen.length > 0 ? chosen : own)], theirs.length === 0);
	return {
		registry,
		interpreters,
		workers,
		close: async () => {
			await registry.close();
			await (await host?.catch(() => undefined))?.close();
		},
	};
}
