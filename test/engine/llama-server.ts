/**
 * A real llama-server for tests: llama.cpp's own HTTP server out of the PyPI wheel of xllamacpp, which runs with the C
 * library of Debian 12. The virtual environment is made once, under the cache folder (or NUDGE_TEST_CACHE), and reused.
 * What cannot be installed makes the test fail: a skipped test would say that all is well.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { homes } from "../../src/trace/home.ts";

/** llama.cpp b11549 of October 2026. */
const WHEEL = "xllamacpp==2026.10.11549";

const run = promisify(execFile);

const SERVE = `
import sys, xllamacpp
p = xllamacpp.CommonParams()
p.model.path = sys.argv[1]
p.hostnames = ["127.0.0.1"]
p.port = int(sys.argv[3])
p.n_parallel = int(sys.argv[2])
p.cpuparams.n_threads = 1
p.cpuparams_batch.n_threads = 1
p.n_gpu_layers = 0
server = xllamacpp.Server(p)
print("LISTENING", server.listening_address, flush=True)
sys.stdin.read()
`;

export type RealServer = { readonly url: string; readonly version: string; close(): Promise<void> };

/** Without a port, one that is free. */
export async function llamaServer(modelPath: string, parallel = 1, port = 0): Promise<RealServer> {
	const python = await environment();
	const child = spawn(python, ["-c", SERVE, modelPath, String(parallel), String(port)], {
		stdio: ["pipe", "pipe", "pipe"],
	});
	let said = "";
	const url = await new Promise<string>((resolve, reject) => {
		const read = (data: Buffer): void => {
			said = (said + data.toString()).slice(-4000);
			const found = /LISTENING (http:\S+)/.exec(said);
			if (found !== null) resolve(found[1]!);
		};
		child.stdout.on("data", read);
		child.stderr.on("data", read);
		child.on("error", reject);
		const late = setTimeout(() => {
			child.kill("SIGKILL");
			reject(new Error(`llama-server did not listen within a minute:\n${said}`));
		}, 60_000);
		child.stdout.once("data", () => clearTimeout(late));
		child.on("exit", (code) =>
			reject(new Error(`llama-server ended with ${code} before it listened:\n${said}`)),
		);
	});
	return { url, version: WHEEL, close: () => ended(child) };
}

/** Its standard input closed, it ends; if this process is killed, so is it. */
async function ended(child: ChildProcess): Promise<void> {
	if (child.exitCode !== null || child.signalCode !== null) return;
	const gone = new Promise((resolve) => child.once("exit", resolve));
	child.kill("SIGKILL");
	await gone;
}

/** The Python of a virtual environment that holds the wheel. Made aside and renamed, so that a broken one is never taken for whole. */
async function environment(): Promise<string> {
	const cache = process.env.NUDGE_TEST_CACHE ?? join(homes().cache, "test");
	const folder = join(cache, WHEEL.replaceAll(/[^a-z0-9.]+/gi, "-"));
	const python = join(folder, "bin", "python");
	const mark = join(folder, "complete");
	if (existsSync(mark)) return python;
	await mkdir(cache, { recursive: true });
	const lock = `${folder}.lock`;
	for (let waited = 0; ; waited++) {
		try {
			await mkdir(lock);
			break;
		} catch {
			// Another test process makes it; a lock of a killed one is broken after three minutes.
			if (existsSync(mark)) return python;
			if (waited >= 180) await rm(lock, { recursive: true, force: true });
			await new Promise((resolve) => setTimeout(resolve, 1000));
		}
	}
	try {
		if (existsSync(mark)) return python;
		await rm(folder, { recursive: true, force: true });
		// A virtual environment holds its own path: it cannot be made elsewhere and moved. The mark says that it is whole.
		await run("python3", ["-m", "venv", folder]);
		await run(
			python,
			[
				"-m",
				"pip",
				"install",
				"--quiet",
				"--disable-pip-version-check",
				"--no-deps",
				"--only-binary",
				":all:",
				WHEEL,
			],
			{
				timeout: 240_000,
			},
		);
		await run(python, ["-c", "import xllamacpp"]);
		await writeFile(`${mark}.part`, WHEEL);
		await rename(`${mark}.part`, mark);
		return python;
	} catch (error) {
		throw new Error(
			`The real llama-server for tests could not be installed (${WHEEL} into ${folder}): ${error instanceof Error ? error.message : String(error)}`,
			{ cause: error },
		);
	} finally {
		await rm(lock, { recursive: true, force: true });
	}
}
