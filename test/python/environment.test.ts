import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ensureEnvironment, findPython, type Progress } from "../../src/python/environment.ts";

let home: string;
beforeEach(() => {
	home = mkdtempSync(join(tmpdir(), "nudge-environment-"));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const env = (extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
	...process.env,
	NUDGE_HOME: home,
	...extra,
});
const script = (name: string, text: string): string => {
	const path = join(home, name);
	writeFileSync(path, `#!/bin/sh\n${text}\n`);
	chmodSync(path, 0o755);
	return path;
};
/** A Python that can say what it is; its venv holds a Python that does `inside`. */
const pretend = (version: string, inside: string, venv = ""): string => {
	const python = script("inside", inside);
	return script(
		"python3",
		`case "$2" in
-c) echo '["${join(home, "python3")}", "${version}", "/nowhere"]' ;;
-m) ${venv} mkdir -p "$4/bin"; cp ${python} "$4/bin/python" ;;
esac`,
	);
};

test("it is made once, whole, with progress; two at once make one; what a killed one left is cleared", async () => {
	const root = join(home, "data", "python");
	const steps: Progress[] = [];
	const options = { env: env(), requirements: "# nothing\n", onProgress: (one: Progress) => steps.push(one) };
	const [first, second] = await Promise.all([ensureEnvironment(options), ensureEnvironment(options)]);
	expect(second).toEqual(first);
	expect(steps.filter((one) => one.step === "creating")).toHaveLength(1);
	expect(steps.filter((one) => one.step === "waiting")).toHaveLength(1);
	expect(steps.at(-1)?.step).toBe("ready");
	expect(execFileSync(first.python, ["-c", "print(6*7)"]).toString()).toBe("42\n");

	steps.length = 0;
	await ensureEnvironment(options);
	expect(steps).toEqual([]);

	// As a kill in the middle of the build, and one of the folder's removal, would leave it.
	const key = readdirSync(root).find((name) => /^[0-9a-f]{16}$/.test(name))!;
	rmSync(join(root, key, "complete.json"));
	mkdirSync(join(root, `.building-${key}-1-dead`, "bin"), { recursive: true });
	expect(await ensureEnvironment(options)).toEqual(first);
	expect(existsSync(join(root, key, "complete.json"))).toBe(true);
	expect(readdirSync(root).filter((name) => name.startsWith(".building") || name.endsWith(".lock"))).toEqual(
		[],
	);
});

test("no Python: says what to install", async () => {
	await expect(findPython({ PATH: home })).rejects.toThrow(/found none in PATH.*python3-venv/s);
});

test("only an old one: says which, and how to choose another", async () => {
	pretend("3.8.1", "true");
	await expect(findPython({ PATH: home })).rejects.toThrow(
		/3\.10 or newer and found only .*3\.8\.1.*NUDGE_PYTHON/s,
	);
	await expect(findPython({ PATH: "", NUDGE_PYTHON: join(home, "python3") })).rejects.toThrow(
		/is Python 3\.8\.1/,
	);
});

test("a chosen Python that does not run", async () => {
	await expect(findPython({ NUDGE_PYTHON: "/no/such/python" })).rejects.toThrow(
		/NUDGE_PYTHON is \/no\/such\/python/,
	);
});

test.each([
	[
		"no venv module",
		"true",
		"echo 'ensurepip is not available'; exit 1;",
		/lacks its venv module.*apt install python3\.12-venv/s,
	],
	[
		"no network",
		"echo 'NewConnectionError: [Errno -3] Temporary failure in name resolution'; exit 1",
		"",
		/no network/,
	],
	["a full disk", "echo '[Errno 28] No space left on device'; exit 1", "", /disk is full.*NUDGE_HOME/s],
	[
		"no wheel",
		"echo 'ERROR: No matching distribution found for numpy'; exit 1",
		"",
		/no library for Python 3\.12\.1/,
	],
	["anything else", "echo 'strange'; exit 3", "", /could not be made\.\nstrange\nThe whole log: /],
])(
	"%s: the error says what to do, the log is kept, nothing half is left",
	async (_, inside, venv, message) => {
		const basePython = pretend("3.12.1", inside, venv);
		await expect(ensureEnvironment({ env: env(), basePython })).rejects.toThrow(message);
		const left = readdirSync(join(home, "data", "python"));
		expect(left.filter((name) => !name.endsWith(".log"))).toEqual([]);
		expect(left.filter((name) => name.endsWith(".log"))).toHaveLength(1);
	},
);

test("an abort stops the build and leaves nothing", async () => {
	const basePython = pretend("3.12.1", "sleep 60");
	const stop = new AbortController();
	const making = ensureEnvironment({
		env: env(),
		basePython,
		signal: stop.signal,
		onProgress: () => setTimeout(() => stop.abort(), 200),
	});
	await expect(making).rejects.toThrow(/Stopped while making/);
	expect(readdirSync(join(home, "data", "python")).filter((name) => !name.endsWith(".log"))).toEqual([]);
});
