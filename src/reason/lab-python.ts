/**
 * The Python of a lab while it is being made: the environment, and the host of the model's blocks, on this machine or on a
 * cluster. Nobody need wait for it until a block runs; what failed is known to have failed.
 */
import { type Environment, ensureEnvironment } from "../python/environment.ts";
import { NotIsolatedError, openHost } from "../python/host.ts";
import type { InterpreterHost, Limits } from "../python/interpreter.ts";
import { openRemoteHost } from "../python/remote.ts";
import { parsePythonHost } from "../python/remote-spec.ts";

export type PythonSettings = {
	/** `local` (also where absent), or a cluster: the setting python-host. */
	readonly host?: string;
	/** What nudge's own environment is made from; looked for where absent. */
	readonly base?: string;
	readonly limits: Partial<Limits>;
	readonly isolation: "auto" | "bubblewrap" | "userns" | "none";
	/** The user has agreed already. */
	readonly allowUnisolated: boolean;
};

type Hooks = {
	readonly env: NodeJS.ProcessEnv;
	readonly onProgress?: (says: string) => void;
	readonly signal?: AbortSignal;
};

export const isRemote = ({ host }: PythonSettings): boolean => (host ?? "local") !== "local";

export const onThisMachine = (settings: PythonSettings): PythonSettings => ({ ...settings, host: "local" });

export type Python = {
	readonly environment: Promise<Environment>;
	readonly host: Promise<InterpreterHost>;
	readonly allowUnisolated: boolean;
	/** It could not be made; that nobody has agreed to do without isolation is no such failure. */
	readonly failed: boolean;
	stop(): void;
};

/** Makes the environment where it is not there, then the fork server. Nobody need wait for it until a block runs. */
export function startPython(settings: PythonSettings, hooks: Hooks, allowUnisolated: boolean): Python {
	const { base, isolation, limits } = settings;
	const stopped = new AbortController();
	const signal = hooks.signal ? AbortSignal.any([hooks.signal, stopped.signal]) : stopped.signal;
	const env = isolation === "auto" ? hooks.env : { ...hooks.env, NUDGE_ISOLATION: isolation };
	const environment = ensureEnvironment({
		env,
		signal,
		onProgress: ({ step, detail, done, total }) => {
			if (step === "looking" || step === "ready") return;
			hooks.onProgress?.(total === undefined ? detail : `${detail} (${done ?? 0} of ${total})`);
		},
		...(base === undefined ? {} : { basePython: base }),
	});
	const where = parsePythonHost(settings.host ?? "local");
	// The verifier and terminals need this machine's environment in any case.
	const host: Promise<InterpreterHost> =
		typeof where === "string"
			? Promise.reject(new Error(`python-host: ${where}`))
			: where.kind === "local"
				? environment.then((made) => openHost({ env, environment: made, allowUnisolated, limits }))
				: openRemoteHost(where, { allowUnisolated, limits, signal });
	let failed = false;
	// Whoever needs them is told; until then a failure is nobody's.
	environment.catch(() => {});
	host.catch((error) => {
		failed = !(error instanceof NotIsolatedError);
	});
	return {
		environment,
		host,
		allowUnisolated,
		get failed() {
			return failed;
		},
		stop: () => stopped.abort(),
	};
}
