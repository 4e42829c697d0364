/** The machine's part of `nudge doctor`. Looks and asks; makes nothing. */
import { constants } from "node:fs";
import { access, readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Check } from "../../engine/conformance.ts";
import { tinyModelPath } from "../../engine/open.ts";
import { findPython } from "../../python/environment.ts";
import { findProgram, openHost } from "../../python/host.ts";
import { openRemoteHost } from "../../python/remote.ts";
import { isThisMachine, parsePythonHost } from "../../python/remote-spec.ts";
import { homes } from "../../trace/home.ts";

type World = {
	readonly env: NodeJS.ProcessEnv;
	readonly cwd: string;
	readonly add: (check: Check) => void;
	readonly signal: AbortSignal;
	/** The setting python-host. */
	readonly pythonHost: string;
};

const OLDEST_NODE: readonly [number, number] = [22, 12];

export async function systemChecks(world: World): Promise<void> {
	node(world);
	await python(world);
	await cluster(world);
	await model(world);
	await folders(world);
}

function node({ add }: World): void {
	const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
	const enough = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
	add({
		name: "Node",
		status: enough ? "ok" : "fail",
		says: enough
			? process.versions.node
			: `${process.versions.node} is too old: nudge needs ${OLDEST_NODE.join(".")} or newer (start it with npm start or bin/nudge.cjs, which bring their own)`,
	});
}

async function python({ add, env, signal }: World): Promise<void> {
	try {
		const base = await findPython(env);
		add({ name: "Python", status: "ok", says: `${base.version} (${base.executable})` });
	} catch (error) {
		add({ name: "Python", status: "fail", says: message(error) });
		return;
	}
	const made = await readdir(join(homes(env).data, "python")).catch(() => []);
	if (made.length === 0) {
		const wrapped = findProgram("bwrap", env) !== undefined;
		add({
			name: "Python environment",
			status: "note",
			says: "not made yet: the first run makes it, which takes a minute or two and the network",
		});
		add({
			name: "isolation",
			status: "note",
			says: `tried when the Python environment is there; bubblewrap is ${wrapped ? "installed" : "not installed, user namespaces are tried instead"}`,
		});
		return;
	}
	try {
		const host = await openHost({ env, signal, allowUnisolated: true, spares: 0 });
		const { isolation } = host;
		await host.close();
		add({ name: "Python environment", status: "ok", says: "ready" });
		add({ name: "isolation", status: isolation.kind === "none" ? "warn" : "ok", says: isolation.says });
	} catch (error) {
		if (signal.aborted) return;
		add({ name: "Python environment", status: "fail", says: message(error) });
	}
}

/** Where the setting python-host names a cluster: it is asked to run a small block. */
async function cluster({ add, pythonHost, signal }: World): Promise<void> {
	const where = parsePythonHost(pythonHost);
	if (typeof where === "string" || where.kind === "local") return;
	try {
		const began = performance.now();
		const host = await openRemoteHost(where, { allowUnisolated: true, signal });
		const { says } = host.isolation;
		await host.close();
		const took = `A small block was answered in ${Math.round(performance.now() - began)} ms.`;
		add({ name: "python-host", status: "ok", says: `${says} ${took}` });
		if (isThisMachine(where.url))
			add({
				name: "python-host",
				status: "note",
				says: "nudge asks before it runs code there, since it is this machine; --allow-unisolated agrees",
			});
	} catch (error) {
		if (!signal.aborted) add({ name: "python-host", status: "fail", says: message(error) });
	}
}

async function model({ add }: World): Promise<void> {
	const path = tinyModelPath();
	const info = await stat(path).catch(() => undefined);
	add(
		info === undefined
			? {
					name: "model",
					status: "warn",
					says: `the model that comes with nudge is not at ${path}; the engine "embedded" needs a GGUF file of yours`,
				}
			: { name: "model", status: "ok", says: `${path} (${(info.size / 1e6).toFixed(1)} MB)` },
	);
}

async function folders({ add, env }: World): Promise<void> {
	const { data, config, cache } = homes(env);
	for (const [name, path] of [
		["data folder", data],
		["settings folder", config],
		["cache folder", cache],
	] as const) {
		const reason = await unwritable(path);
		add({
			name,
			status: reason === undefined ? "ok" : "fail",
			says:
				reason === undefined ? path : `${path} cannot be written: ${reason}; choose another with NUDGE_HOME`,
		});
	}
}

/** Why a folder cannot be written, or undefined. One that is not there yet counts as the nearest that is. */
async function unwritable(path: string): Promise<string | undefined> {
	for (let folder = path; ; folder = dirname(folder)) {
		const info = await stat(folder).catch(() => undefined);
		if (info === undefined && folder !== dirname(folder)) continue;
		if (info?.isDirectory() !== true) return `${folder} is no folder`;
		return access(folder, constants.W_OK | constants.X_OK).then(
			() => undefined,
			(error: unknown) => message(error),
		);
	}
}

function message(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}
