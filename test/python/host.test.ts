/** The life of the host: how it starts, what it refuses, and that nothing outlives it. */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { NotIsolatedError } from "../../src/python/host.ts";
import { host, workingKinds } from "./support.ts";

const kinds = await workingKinds();

function processesNaming(word: string): string[] {
	return readdirSync("/proc").filter((pid) => {
		try {
			return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, "latin1").includes(word);
		} catch {
			return false;
		}
	});
}

describe.each(kinds)("under %s", (kind) => {
	test("kill -9 of nudge in the middle of its work leaves no process", async () => {
		const child = spawn(process.execPath, [join(import.meta.dirname, "nudge-that-dies.ts"), kind], {
			stdio: ["ignore", "pipe", "inherit"],
		});
		await once(child.stdout, "data");
		const mark = `nudge-python-${child.pid}-`;
		expect(processesNaming(mark).length).toBeGreaterThan(3);
		child.kill("SIGKILL");
		await once(child, "exit");
		await expect.poll(() => processesNaming(mark), { timeout: 10_000 }).toEqual([]);
	});

	// As administrators set them: 64 kB of locked memory, for one, is what some systems begin with.
	test("limits of the machine that are lower than ours stand, and Python works below them", async () => {
		const limits = "ulimit -l 64 -f 400000 -i 200 -q 8192 -s 16384 -n 1024 -c 0";
		const script = join(import.meta.dirname, "prints-42.ts");
		const words = ["-c", `${limits} && exec "$@"`, "bash", process.execPath, script, kind];
		expect(execFileSync("bash", words, { encoding: "utf8" })).toBe("42\n42\n");
	});

	test("too few open files are said", async () => {
		const script = join(import.meta.dirname, "prints-42.ts");
		const words = ["-c", 'ulimit -n 400 && exec "$@"', "bash", process.execPath, script, kind];
		const { stderr } = spawnSync("bash", words, { encoding: "utf8" });
		expect(stderr).toContain("a process may have 400 open files here (ulimit -Hn)");
	});

	test("when the fork server dies, running blocks are lost, say so, and the next one finds a fresh namespace", async () => {
		const python = await host(kind);
		const session = await python.open();
		await session.run("x = 1");
		const running = session.run("while True: pass");
		await new Promise((resolve) => setTimeout(resolve, 100));
		for (const pid of processesNaming(`nudge-python-${process.pid}-`)) {
			try {
				process.kill(Number(pid), "SIGKILL");
			} catch {
				// Died with the one before.
			}
		}
		expect(await running).toMatchObject({ verdict: "lost", stateLost: true });
		expect((await session.run("'x' in globals()")).text).toBe("False");
		await python.close();
	});
});

test("without isolation nothing runs unless the user agreed", async () => {
	await expect(host("none")).rejects.toThrow(NotIsolatedError);
	await expect(host("none")).rejects.toThrow(/cannot isolate.*bubblewrap/s);
	const python = await host("none", { allowUnisolated: true });
	expect(python.isolation.kind).toBe("none");
	expect(python.isolation.says).toMatch(/WITHOUT isolation/);
	const session = await python.open({ limits: { timeoutMs: 500 } });
	expect((await session.run("print(1)\n2")).text).toBe("1\n2");
	// Verdicts, limits and clearing away hold here too.
	expect((await session.run("while True: pass")).verdict).toBe("timeout");
	expect((await session.run("import os; os._exit(1)")).verdict).toBe("killed");
	const code = "import subprocess\nprint(subprocess.Popen(['sleep', '987654']).pid)";
	const left = Number((await session.run(code)).text);
	expect(left).toBeGreaterThan(1);
	expect(processesNaming("987654")).toEqual([]);
	const scratch = (await session.run("import os; print(os.getcwd())")).text.trim();
	expect(scratch).toMatch(/nudge-scratch-/);
	await session.close();
	await expect.poll(() => readdirSync(join(scratch, "..")).includes(scratch.split("/").at(-1)!)).toBe(false);
	await python.close();
});

test("an unknown kind of isolation is refused by name", async () => {
	await expect(host("bwrap" as "none")).rejects.toThrow(/NUDGE_ISOLATION is bwrap: it may be auto/);
});
