/** Every hostile program against the real sandbox, under each kind of isolation that this machine can do. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PythonHost } from "../../src/python/host.ts";
import type { Interpreter, Limits } from "../../src/python/interpreter.ts";
import { channel } from "./hostile/channel.ts";
import { memory } from "./hostile/memory.ts";
import { processes } from "./hostile/processes.ts";
import type { Hostile } from "./hostile/program.ts";
import { signals } from "./hostile/signals.ts";
import { walls } from "./hostile/walls.ts";
import { guestProcesses, host, workingKinds } from "./support.ts";

const LIMITS: Limits = {
	timeoutMs: 700,
	memoryBytes: 256 * 1024 ** 2,
	outputChars: 2000,
	scratchBytes: 16 * 1024 ** 2,
	processes: 24,
};
const secretFolder = mkdtempSync(join(tmpdir(), "nudge-secret-"));
const secretWord = "wordOfASecretKey";
writeFileSync(join(secretFolder, "key"), secretWord);
mkdirSync(join(secretFolder, "inner"));

const kinds = await workingKinds();
const reversed = [...secretWord].reverse().join("");
const code = (text: string): string =>
	text.replaceAll("@SECRET@", secretFolder).replaceAll("@DROW@", reversed);

test("this machine can isolate", () => {
	expect(kinds, "install bubblewrap or allow user namespaces").not.toEqual([]);
});

describe.each(kinds)("under %s", (kind) => {
	let python: PythonHost;
	let witness: Interpreter;

	beforeAll(async () => {
		process.env.NUDGE_TEST_API_KEY = secretWord;
		python = await host(kind, { limits: LIMITS });
		witness = await python.open({ limits: { timeoutMs: 10_000 } });
		await witness.run("here = 'since before'");
	});

	const groups: [string, Hostile[]][] = [
		["that multiply or linger", processes],
		["that are deaf or endless", signals],
		["that want too much", memory],
		["that attack the capture and the runner", channel],
		["that look or reach outside", walls],
	];
	describe.each(groups)("programs %s", (_, programs) => {
		test.concurrent.each(programs)("$name", async (program) => {
			const session = await python.open();
			try {
				await session.run("kept = 1", { limits: { timeoutMs: 10_000 } });
				const result = await session.run(
					code(program.code),
					program.limits ? { limits: program.limits } : {},
				);
				const shown = `${JSON.stringify(result).slice(0, 3000)}`;
				expect(program.verdict, shown).toContain(result.verdict);
				if (program.text) expect(result.text, shown).toMatch(program.text);
				if (program.notText) expect(result.text, shown).not.toMatch(program.notText);
				if (program.keepsState !== undefined) expect(!result.stateLost, shown).toBe(program.keepsState);
				if (result.stateLost) expect(result.text, shown).toContain("earlier variables are gone");
				const slow = {
					limits: { timeoutMs: program.afterwards?.code.includes("while True") ? 700 : 10_000 },
				};
				const then = program.afterwards ?? { code: "1 + 1", text: /^2$/ };
				const after = await session.run(then.code, slow);
				expect(after.text, JSON.stringify(after)).toMatch(then.text);
				// What is said about the names is true.
				const kept = await session.run("'kept' in globals()", { limits: { timeoutMs: 10_000 } });
				if (program.name !== "the runner's main module")
					expect(kept.text, shown).toBe(result.stateLost || after.stateLost ? "False" : "True");
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
		expect(readFileSync(join(secretFolder, "key"), "utf8")).toBe(secretWord);
	});
});

afterAll(() => rmSync(secretFolder, { recursive: true, force: true }));
