/** What the tests of src/python share: one environment for all, and which kinds of isolation this machine can do. */
import { readdirSync, readFileSync } from "node:fs";
import { type Environment, ensureEnvironment } from "../../src/python/environment.ts";
import { type HostOptions, openHost, type PythonHost } from "../../src/python/host.ts";
import type { LocalIsolation } from "../../src/python/interpreter.ts";

/** The user's own place, so that all rooms' tests share one environment, kept between runs: making it takes a minute. */
export const testEnv: NodeJS.ProcessEnv = process.env;

let environment: Promise<Environment> | undefined;
export const pythonEnvironment = (): Promise<Environment> => {
	environment ??= ensureEnvironment({ env: testEnv });
	return environment;
};

export async function host(
	isolation: LocalIsolation | "auto",
	options: HostOptions = {},
): Promise<PythonHost> {
	const env = { ...testEnv, ...options.env, NUDGE_ISOLATION: isolation };
	return openHost({ environment: await pythonEnvironment(), ...options, env });
}

/** The kinds that work here. NUDGE_ISOLATION in the environment of the tests narrows them to one. */
export async function workingKinds(): Promise<LocalIsolation[]> {
	const asked = process.env.NUDGE_ISOLATION;
	if (asked && asked !== "auto") return [asked as LocalIsolation];
	const kinds: LocalIsolation[] = [];
	for (const kind of ["bubblewrap", "userns"] as const) {
		try {
			await (await host(kind, { spares: 0 })).close();
			kinds.push(kind);
		} catch {
			// The suite says which kinds it ran with; none at all is a failure there.
		}
	}
	return kinds;
}

/** Every process whose command line names the guest's main file, or that descends from one that did. */
export function guestProcesses(): string[] {
	const found: string[] = [];
	for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
		try {
			const line = readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " ");
			if (line.includes("python/guest/main.py") && line.includes(`nudge-python-${process.pid}-`))
				found.push(`${pid} ${line.slice(0, 60)}`);
		} catch {
			// It ended while we looked.
		}
	}
	return found;
}
