/** Every hostile program against the real sandbox, under each kind of isolation that this machine can do. */
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PythonHost } from "../../src/python/host.ts";
import type { Interpreter } from "../../src/python/interpreter.ts";
import { hostileGroups, LIMITS, SECRET_WORD, secretFolder } from "./hostile/all.ts";
import { attack } from "./pool.ts";
import { guestProcesses, host, workingKinds } from "./support.ts";

const secret = secretFolder();
const kinds = await workingKinds();
test("this machine can isolate", () => {
	expect(kinds, "install bubblewrap or allow user namespaces").not.toEqual([]);
});

describe.each(kinds)("under %s", (kind) => {
	let python: PythonHost;
	let witness: Interpreter;

	beforeAll(async () => {
		python = await host(kind, { limits: LIMITS });
		witness = await python.open({ limits: { timeoutMs: 10_000 } });
		await witness.run("here = 'since before'");
	});

	describe.each(hostileGroups(secret))("programs %s", (_, programs) => {
		test.concurrent.each(programs)("$name", async (program) => {
			const session = await python.open();
			try {
				expect(await attack(session, program)).toEqual([]);
			} finally {
				await session.close();
			}
		});
	});

	test("after all of them nothing is left, earlier sessions answer and new ones open", async () => {
		expect((await witness.run("here")).text).toBe("'since before'");
		const fresh = await python.open();
		expect((await fresh.run("import numpy; int(numpy.ones(3).sum())")).text).toBe("3");
		await fresh.close();
		const before = guestProcesses().length;
		expect(before).toBeGreaterThan(0);
		await python.close();
		await expect.poll(guestProcesses, { timeout: 10_000 }).toEqual([]);
		expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toMatch(/nudge-(python|scratch)/);
		const mine = readdirSync(tmpdir()).filter((name) => name.startsWith(`nudge-python-${process.pid}-`));
		expect(mine).toEqual([]);
		expect(readFileSync(join(secret, "key"), "utf8")).toBe(SECRET_WORD);
	});
});

afterAll(() => rmSync(secret, { recursive: true, force: true }));
