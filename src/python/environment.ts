/**
 * The Python environment: a virtual environment of nudge's own with pinned libraries, found or made.
 *
 * What holds: `<data>/python/<key>` exists only whole. It is built beside, then renamed, and carries its description in
 * `complete.json`; the key is a hash of the requirements and of the Python it is made from, so a change of either makes
 * a new one and breaks none in use. Two nudges at once: one builds, the others wait. Once there, nothing needs a network.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { createWriteStream, existsSync } from "node:fs";
import { mkdir, open, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { homes } from "../trace/home.ts";
import { guestFolder } from "./server.ts";

export type Progress = {
	readonly step: "looking" | "waiting" | "creating" | "installing" | "checking" | "ready";
	/** For a person: what is being done. */
	readonly detail: string;
	readonly done?: number;
	readonly total?: number;
};

export type Environment = {
	readonly python: string;
	readonly sitePackages: string;
	readonly version: string;
	/** What a sandbox must show of this machine for that Python to run. */
	readonly readOnly: readonly string[];
};

export type EnvironmentOptions = {
	readonly env?: NodeJS.ProcessEnv;
	/** The Python to build on; left out: NUDGE_PYTHON, else the first in PATH that is new enough. */
	readonly basePython?: string;
	readonly onProgress?: (progress: Progress) => void;
	readonly signal?: AbortSignal;
	/** Another list of requirements: of another environment (training), or for tests. */
	readonly requirements?: string;
	/** What is imported to see that such an environment works, and how large it is about. */
	readonly imports?: string;
	readonly megabytes?: number;
};

/** What happened, and what to do about it. */
export class EnvironmentError extends Error {
	override name = "EnvironmentError";
}

export const OLDEST_PYTHON: readonly [number, number] = [3, 10];
export const requirementsFile = join(guestFolder, "..", "requirements.txt");

type Base = { readonly executable: string; readonly version: string; readonly prefix: string };

export async function ensureEnvironment(options: EnvironmentOptions = {}): Promise<Environment> {
	const env = options.env ?? process.env;
	const progress = options.onProgress ?? (() => {});
	const requirements = options.requirements ?? (await readFile(requirementsFile, "utf8"));
	const base = await findPython(env, options.basePython);
	const key = createHash("sha256")
		.update(JSON.stringify([requirements, base.version, base.prefix]))
		.digest("hex")
		.slice(0, 16);
	const root = join(homes(env).data, "python");
	const folder = join(root, key);
	const there = await readComplete(folder);
	if (there) return there;
	await mkdir(root, { recursive: true }).catch(explainDisk(root));
	const release = await lock(join(root, `${key}.lock`), folder, progress, options.signal);
	try {
		const meanwhile = await readComplete(folder);
		if (meanwhile) return meanwhile;
		await removeLeftovers(root, key);
		const building = join(root, `.building-${key}-${process.pid}-${randomBytes(4).toString("hex")}`);
		const log = join(root, `${key}.log`);
		try {
			const { imports, megabytes = 350, signal } = options;
			await build({ base, building, log, requirements, imports, megabytes, env, progress, signal });
			const version = base.version.split(".").slice(0, 2).join(".");
			const environment: Environment = {
				python: join(folder, "bin", "python"),
				sitePackages: join(folder, "lib", `python${version}`, "site-packages"),
				version: base.version,
				readOnly: [folder, base.prefix],
			};
			await writeFile(join(building, "complete.json"), `${JSON.stringify(environment, null, "\t")}\n`);
			await rm(folder, { recursive: true, force: true });
			await rename(building, folder);
			progress({ step: "ready", detail: `Python ${base.version} with its libraries is ready.` });
			return environment;
		} finally {
			await rm(building, { recursive: true, force: true });
		}
	} finally {
		await release();
	}
}

async function readComplete(folder: string): Promise<Environment | undefined> {
	try {
		const environment = JSON.parse(await readFile(join(folder, "complete.json"), "utf8")) as Environment;
		// The Python below may have been removed since: then its link leads nowhere.
		return existsSync(environment.python) ? environment : undefined;
	} catch {
		return undefined;
	}
}

// Finding a Python

const ASK =
	"import sys,json;print(json.dumps([getattr(sys,'_base_executable',sys.executable)," +
	"'.'.join(map(str,sys.version_info[:3])),sys.base_prefix]))";

function describePython(command: string): Promise<Base> {
	return new Promise((resolve, reject) => {
		execFile(command, ["-I", "-c", ASK], { timeout: 30_000 }, (error, stdout) => {
			if (error) return reject(error);
			try {
				const [executable, version, prefix] = JSON.parse(stdout) as [string, string, string];
				resolve({ executable, version, prefix });
			} catch (fault) {
				reject(fault);
			}
		});
	});
}

const newEnough = (version: string): boolean => {
	const [major = 0, minor = 0] = version.split(".").map(Number);
	return major > OLDEST_PYTHON[0] || (major === OLDEST_PYTHON[0] && minor >= OLDEST_PYTHON[1]);
};

export async function findPython(env: NodeJS.ProcessEnv, chosen?: string): Promise<Base> {
	const oldest = OLDEST_PYTHON.join(".");
	const asked = chosen ?? env.NUDGE_PYTHON;
	if (asked) {
		const base = await describePython(asked).catch((error: Error) => {
			throw new EnvironmentError(
				`${chosen ? "The Python set" : "NUDGE_PYTHON"} is ${asked}, which does not run: ${error.message.trim()}. Set it to a Python ${oldest} or newer.`,
			);
		});
		if (newEnough(base.version)) return base;
		throw new EnvironmentError(
			`${asked} is Python ${base.version}; nudge needs ${oldest} or newer. Set NUDGE_PYTHON to another.`,
		);
	}
	const seen: string[] = [];
	for (const name of [
		"python3",
		"python3.13",
		"python3.12",
		"python3.14",
		"python3.11",
		"python3.10",
		"python",
	]) {
		for (const folder of (env.PATH ?? "").split(delimiter)) {
			const command = join(folder, name);
			if (folder === "" || !existsSync(command)) continue;
			const base = await describePython(command).catch(() => undefined);
			if (base && newEnough(base.version)) return base;
			if (base) seen.push(`${command} (${base.version})`);
		}
	}
	throw new EnvironmentError(
		seen.length > 0
			? `nudge needs Python ${oldest} or newer and found only ${seen.join(", ")}. Install a newer one, or set NUDGE_PYTHON to it.`
			: `nudge needs Python ${oldest} or newer and found none in PATH. Install it (Debian, Ubuntu: apt install python3 python3-venv), or set NUDGE_PYTHON to it.`,
	);
}

// Building

type Build = {
	readonly base: Base;
	readonly building: string;
	readonly log: string;
	readonly requirements: string;
	readonly imports: string | undefined;
	readonly megabytes: number;
	readonly env: NodeJS.ProcessEnv;
	readonly progress: (progress: Progress) => void;
	readonly signal: AbortSignal | undefined;
};

async function build(work: Build): Promise<void> {
	const { base, building, log, requirements, progress } = work;
	const where = dirname(building);
	const detail = `The first time only: making a Python ${base.version} environment in ${where} (about ${work.megabytes} MB).`;
	progress({ step: "creating", detail });
	await writeFile(log, "").catch(explainDisk(log));
	await step(work, base.executable, ["-I", "-m", "venv", building], () => {});
	const list = join(building, "requirements.txt");
	await writeFile(list, requirements).catch(explainDisk(list));
	const total = requirements.split("\n").filter((line) => /^[a-z]/i.test(line)).length;
	const python = join(building, "bin", "python");
	const names = new Set<string>();
	const pip = ["-I", "-m", "pip", "install", "--no-input", "--disable-pip-version-check"];
	const quiet = [...pip, "--progress-bar", "off", "--prefer-binary"];
	const told = (line: string): void => {
		const collecting = /^Collecting ([A-Za-z0-9_.-]+)/.exec(line);
		if (collecting) names.add(collecting[1]!);
		if (collecting || line.startsWith("Installing collected"))
			progress({
				step: "installing",
				detail: collecting ? `Downloading ${collecting[1]}.` : "Installing the libraries.",
				done: Math.min(names.size, total),
				total,
			});
	};
	await step(work, python, [...quiet, "-r", list], told);
	progress({ step: "checking", detail: "Checking that the libraries load." });
	const own = requirements === (await readFile(requirementsFile, "utf8"));
	const imports = work.imports ?? (own ? "numpy, scipy, sympy, networkx, math_verify" : undefined);
	await step(work, python, ["-I", "-c", imports ? `import ${imports}` : "pass"], () => {});
}

/** One command of the build; its output goes to the log, whose end explains a failure. */
function step(work: Build, command: string, args: string[], onLine: (line: string) => void): Promise<void> {
	return new Promise((resolve, reject) => {
		if (work.signal?.aborted)
			return reject(new EnvironmentError("Stopped while making the Python environment."));
		// Libraries must be readable in the sandbox, whatever umask the user has.
		const child: ChildProcess = spawn("/bin/sh", ["-c", 'umask 022; exec "$0" "$@"', command, ...args], {
			env: withoutPythonVariables(work.env),
			stdio: ["ignore", "pipe", "pipe"],
			// A group of its own, so that stopping it stops what it has started too.
			detached: true,
		});
		const stop = (): void => {
			if (child.pid) process.kill(-child.pid, "SIGTERM");
		};
		work.signal?.addEventListener("abort", stop, { once: true });
		const file = createWriteStream(work.log, { flags: "a" });
		file.on("error", () => {});
		let tail = "";
		let rest = "";
		const take = (data: Buffer): void => {
			file.write(data);
			tail = (tail + data.toString()).slice(-4000);
			const lines = (rest + data.toString()).split("\n");
			rest = lines.pop() ?? "";
			for (const line of lines) onLine(line.trim());
		};
		child.stdout?.on("data", take);
		child.stderr?.on("data", take);
		child.once("error", (error) => reject(new EnvironmentError(`${command}: ${error.message}`)));
		child.once("close", (code) => {
			work.signal?.removeEventListener("abort", stop);
			file.end();
			if (code === 0) resolve();
			else if (work.signal?.aborted)
				reject(new EnvironmentError("Stopped while making the Python environment."));
			else reject(new EnvironmentError(explain(tail, work)));
		});
	});
}

function withoutPythonVariables(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
	const kept = { ...env };
	for (const name of ["PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "VIRTUAL_ENV", "PIP_TARGET", "PIP_USER"])
		delete kept[name];
	return kept;
}

function explain(tail: string, work: Build): string {
	const end = `\n${tail.trim().split("\n").slice(-8).join("\n")}\nThe whole log: ${work.log}`;
	const version = work.base.version.split(".").slice(0, 2).join(".");
	if (/ensurepip is not|No module named (venv|ensurepip)/.test(tail))
		return `Python ${work.base.version} lacks its venv module. Install it (Debian, Ubuntu: apt install python${version}-venv), or set NUDGE_PYTHON to another Python.${end}`;
	if (/No space left on device|Errno 28/.test(tail))
		return `The disk is full: the Python environment needs about ${work.megabytes + 50} MB in ${work.building}. Free some, or set NUDGE_HOME to another disk.${end}`;
	if (
		/name resolution|Network is unreachable|NewConnectionError|ConnectTimeout|Max retries|timed out/i.test(
			tail,
		)
	)
		return `The Python libraries could not be downloaded: no network, or a proxy that pip does not know. Connect and start again; this is needed once.${end}`;
	if (/No matching distribution|Could not find a version/.test(tail))
		return `The package index has no library for Python ${work.base.version} on this machine. Set NUDGE_PYTHON to another Python (3.11 to 3.13 fit best).${end}`;
	return `The Python environment could not be made.${end}`;
}

const explainDisk =
	(path: string) =>
	(error: NodeJS.ErrnoException): never => {
		const what = error.code === "ENOSPC" ? "the disk is full" : error.message;
		throw new EnvironmentError(`${path} cannot be written: ${what}. Set NUDGE_HOME to a folder that can.`);
	};

// One builder at a time

const HEARTBEAT_MS = 2000;
const STALE_MS = 20_000;
const LOOK_MS = 200;

/**
 * The lock spares double work only; that the folder is whole rests on the rename. So a lock whose owner died is simply
 * taken over once its heartbeat has stopped.
 */
async function lock(
	path: string,
	folder: string,
	progress: (progress: Progress) => void,
	signal: AbortSignal | undefined,
): Promise<() => Promise<void>> {
	let told = false;
	for (;;) {
		if (signal?.aborted) throw new EnvironmentError("Stopped while waiting for the Python environment.");
		try {
			const file = await open(path, "wx");
			await file.writeFile(String(process.pid));
			await file.close();
			const beat = setInterval(() => void utimes(path, new Date(), new Date()).catch(() => {}), HEARTBEAT_MS);
			return async () => {
				clearInterval(beat);
				await rm(path, { force: true });
			};
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== "EEXIST")
				explainDisk(path)(error as NodeJS.ErrnoException);
		}
		const age = await stat(path).then(
			(found) => Date.now() - found.mtimeMs,
			() => 0,
		);
		if (age > STALE_MS) await rm(path, { force: true });
		else if (existsSync(join(folder, "complete.json"))) return async () => {};
		else {
			if (!told)
				progress({ step: "waiting", detail: "Another nudge is making the Python environment: waiting." });
			told = true;
			await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
		}
	}
}

/** Half-built folders of builders that died. */
async function removeLeftovers(root: string, key: string): Promise<void> {
	for (const name of await readdir(root))
		if (name.startsWith(`.building-${key}-`)) await rm(join(root, name), { recursive: true, force: true });
}
