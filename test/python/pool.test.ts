/** Many sessions at once: nobody's hunger, noise or death is anybody else's. `npm run test:pool` plays all programs at 64. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { hostileGroups, LIMITS, secretFolder } from "./hostile/all.ts";
import { below, naming, play, remains, sockets } from "./pool.ts";
import { host, workingKinds } from "./support.ts";

const secret = secretFolder();
const kinds = await workingKinds();
const WORST = [
	"a fork bomb",
	"a daemon by double fork and setsid",
	"a subprocess that holds the output open with nohup",
	"memory spread over children",
	"a list without end",
	"the disk filled",
	"output without end from a child",
	"descriptors without end",
	"ignored SIGINT",
	"stop itself",
	"kill everything it may",
	"secrets in environments",
];
const worst = hostileGroups(secret)
	.flatMap(([, programs]) => programs)
	.filter(({ name }) => WORST.includes(name));

// What differs between the kinds is the outer wall; `npm run test:pool` plays under all.
describe.each(kinds.slice(0, 1))("under %s", (kind) => {
	test("64 sessions, a fifth of them hostile: the others answer rightly, and nothing is left", async () => {
		expect(worst.length).toBe(WORST.length);
		const socketsBefore = sockets();
		const python = await host(kind, { limits: LIMITS });
		const { wrong, honest } = await play(python, {
			programs: worst,
			atOnce: WORST.length,
			honest: 64 - WORST.length,
			rounds: 2,
		});
		expect(wrong).toEqual([]);
		expect(honest.length).toBe(64 - WORST.length);
		expect(Math.min(...honest.map(({ answered }) => answered))).toBe(2);
		// All sessions are closed; what is left is the fork server's and its spares'.
		await expect.poll(() => below(python.pid).length, { timeout: 10_000 }).toBeLessThan(12);
		expect(sockets()).toBeLessThanOrEqual(socketsBefore + 4);
		await python.close();
		await expect.poll(remains, { timeout: 10_000 }).toEqual([]);
	});

	test("more blocks than processors, all busy: each has its own time, none times out, none loses its names", async () => {
		const python = await host(kind);
		const many = 8 * availableParallelism();
		const sessions = await Promise.all(Array.from({ length: many }, () => python.open()));
		// By the wall each would need at least eight times as long as it uses the processor.
		const busy =
			"import time\nbegan = time.process_time()\nwhile time.process_time() - began < 0.2: pass\nkept = 1";
		const results = await Promise.all(
			sessions.map((session) => session.run(busy, { limits: { timeoutMs: 800 } })),
		);
		expect(results.map(({ verdict, text }) => verdict + text).filter((one) => one !== "ok")).toEqual([]);
		const kept = await Promise.all(sessions.map((session) => session.run("kept")));
		expect(new Set(kept.map(({ text }) => text))).toEqual(new Set(["1"]));
		await python.close();
	});

	test("150 sessions are open at once, each with its own names", async () => {
		const python = await host(kind);
		const sessions = await Promise.all(Array.from({ length: 150 }, () => python.open()));
		const results = await Promise.all(
			sessions.map(async (session, index) => {
				await session.run(`import sympy\nmine = ${index}`);
				return (await session.run("int(sympy.Integer(mine))")).text;
			}),
		);
		expect(results).toEqual(sessions.map((_, index) => `${index}`));
		await python.close();
	}, 120_000);

	test("the fork server is killed under 64 sessions: each says so once, and all go on in fresh namespaces", async () => {
		const python = await host(kind);
		const sessions = await Promise.all(Array.from({ length: 64 }, () => python.open()));
		await Promise.all(sessions.map((session) => session.run("x = 1")));
		const busy = "import time; time.sleep(1000)";
		const running = sessions.slice(0, 32).map((session) => session.run(busy, { limits: { timeoutMs: 1e6 } }));
		await expect.poll(() => python.blocks, { timeout: 20_000 }).toEqual({ running: 32, waiting: 0 });
		for (const pid of below(python.pid)) {
			try {
				process.kill(pid, "SIGKILL");
			} catch {
				// Died with the one before.
			}
		}
		const ended = await Promise.all(running);
		expect(new Set(ended.map(({ verdict, stateLost }) => `${verdict} ${stateLost}`))).toEqual(
			new Set(["lost true"]),
		);
		const next = await Promise.all(sessions.map((session) => session.run("'x' in globals()")));
		// Those that ran nothing when it happened have not been told yet. A session that had not ended when its block came
		// has lost that one too.
		const told =
			/^(False\n\[the Python session was restarted|\[lost: the Python session ended).*variables are gone\]$/;
		for (const [at, { text, stateLost }] of next.entries()) {
			if (at < 32) expect(text).toBe("False");
			else expect(text).toMatch(told);
			expect(stateLost).toBe(at >= 32);
		}
		const then = await Promise.all(sessions.map((session) => session.run("x = 2; x")));
		expect(new Set(then.map(({ text, stateLost }) => `${text} ${stateLost}`))).toEqual(new Set(["2 false"]));
		await python.close();
		await expect.poll(remains, { timeout: 10_000 }).toEqual([]);
	}, 60_000);

	test("kill -9 of nudge with 64 sessions at work leaves no process", async () => {
		const child = spawn(process.execPath, [join(import.meta.dirname, "nudge-that-dies.ts"), kind, "64"], {
			stdio: ["ignore", "pipe", "inherit"],
		});
		await once(child.stdout, "data");
		const all = below(child.pid);
		expect(all.length).toBeGreaterThan(128);
		child.kill("SIGKILL");
		await once(child, "exit");
		const mark = `nudge-python-${child.pid}-`;
		await expect.poll(() => naming(all, mark), { timeout: 20_000 }).toEqual([]);
	}, 60_000);
});

afterAll(() => rmSync(secret, { recursive: true, force: true }));
