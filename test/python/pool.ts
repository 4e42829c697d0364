/**
 * The hostile programs as one crowd: each in a session of its own, many at once, next to sessions of honest work. What
 * test/python/hostile.test.ts asks of each alone must hold of all together.
 */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import type { PythonHost } from "../../src/python/host.ts";
import type { Interpreter } from "../../src/python/interpreter.ts";
import type { Hostile } from "./hostile/program.ts";

const CALM = { timeoutMs: 20_000 };

/** What is wrong with how one program came out, in words; nothing where all is well. */
export async function attack(session: Interpreter, program: Hostile): Promise<string[]> {
	const wrong: string[] = [];
	const expect = (holds: boolean, what: string): void => {
		if (!holds) wrong.push(`${program.name}: ${what}`);
	};
	await session.run("kept = 1", { limits: CALM });
	const result = await session.run(program.code, program.limits ? { limits: program.limits } : {});
	const shown = JSON.stringify({ ...result, text: result.text.slice(-300) });
	expect(program.verdict.includes(result.verdict), `verdict ${shown}`);
	if (program.text) expect(program.text.test(result.text), `text ${shown}`);
	if (program.notText) expect(!program.notText.test(result.text), `text ${shown}`);
	if (program.keepsState !== undefined) expect(!result.stateLost === program.keepsState, `names ${shown}`);
	if (result.stateLost) expect(result.text.includes("earlier variables are gone"), `not said ${shown}`);
	const then = program.afterwards ?? { code: "1 + 1", text: /^2$/ };
	const after = await session.run(then.code, then.code.includes("while True") ? {} : { limits: CALM });
	expect(then.text.test(after.text), `afterwards ${JSON.stringify(after)}`);
	const kept = await session.run("'kept' in globals()", { limits: CALM });
	const lost = result.stateLost || after.stateLost;
	if (program.name !== "the runner's main module")
		expect(kept.text === (lost ? "False" : "True"), `kept ${kept.text}, ${shown}`);
	return wrong;
}

export type Honest = {
	readonly answered: number;
	readonly waitsMs: readonly number[];
	readonly wrong: readonly string[];
};

/** Honest work until it is over: small sums whose answers are known, in one namespace. */
export async function honest(
	session: Interpreter,
	seed: number,
	over: (count: number) => boolean,
): Promise<Honest> {
	const wrong: string[] = [];
	const waitsMs: number[] = [];
	await session.run(`total, step = 0, ${seed}`, { limits: CALM });
	for (let count = 1; !over(count); count++) {
		const began = performance.now();
		const code =
			"import numpy, sympy\ntotal += step\nprint(total)\nint(sympy.prime(int(numpy.arange(20).sum()) // 19))";
		const result = await session.run(code, { limits: CALM });
		waitsMs.push(performance.now() - began);
		if (result.verdict !== "ok" || result.text !== `${count * seed}\n29`)
			wrong.push(`honest ${seed}, block ${count}: ${JSON.stringify(result)}`);
	}
	return { answered: waitsMs.length, waitsMs, wrong };
}

export type Crowd = {
	readonly programs: readonly Hostile[];
	/** Hostile sessions at a time. */
	readonly atOnce: number;
	/** Honest ones beside them. */
	readonly honest: number;
	/** Blocks of each of those; left out: until the hostile ones are done. */
	readonly rounds?: number;
};

/** Plays all of the programs, `atOnce` at a time. What went wrong, in words. */
export async function play(host: PythonHost, crowd: Crowd): Promise<{ wrong: string[]; honest: Honest[] }> {
	let running = true;
	const left = [...crowd.programs];
	const wrong: string[] = [];
	const attackers = Array.from({ length: crowd.atOnce }, async () => {
		for (let program = left.shift(); program; program = left.shift()) {
			const session = await host.open();
			wrong.push(...(await attack(session, program)));
			await session.close();
		}
	});
	const others = Array.from({ length: crowd.honest }, async (_, index) => {
		const session = await host.open({ limits: CALM });
		const did = await honest(session, index + 1, (count) =>
			crowd.rounds === undefined ? !running : count > crowd.rounds,
		);
		await session.close();
		return did;
	});
	await Promise.all(attackers).finally(() => {
		running = false;
	});
	const did = await Promise.all(others);
	return { wrong: [...wrong, ...did.flatMap((one) => one.wrong)], honest: did };
}

/** Every living process below this one. */
export function below(pid = process.pid): number[] {
	const parents = new Map<number, number>();
	for (const name of readdirSync("/proc")) {
		if (!/^\d+$/.test(name)) continue;
		try {
			const fields = readFileSync(`/proc/${name}/stat`, "latin1")
				.replace(/^.*\) /s, "")
				.split(" ");
			if (fields[0] !== "Z") parents.set(Number(name), Number(fields[1]));
		} catch {
			// It ended while we looked.
		}
	}
	const found = [pid];
	for (const above of found) for (const [child, parent] of parents) if (parent === above) found.push(child);
	return found.slice(1);
}

/** Those of the processes that still live and are of that run: a number may have been given out again. */
export function naming(pids: readonly number[], mark: string): number[] {
	return pids.filter((pid) => {
		try {
			return readFileSync(`/proc/${pid}/cmdline`, "latin1").includes(mark);
		} catch {
			return false;
		}
	});
}

/** Descriptors of this process that lead to a socket. */
export function sockets(): number {
	return readdirSync("/proc/self/fd").filter((fd) => {
		try {
			return readlinkSync(`/proc/self/fd/${fd}`).startsWith("socket:");
		} catch {
			return false;
		}
	}).length;
}

/** What a host that is closed must not leave: mounts and folders of this process's. */
export function remains(): string[] {
	const mounts = readFileSync("/proc/self/mountinfo", "utf8").match(/nudge-(python|scratch)\S*/g) ?? [];
	const folders = readdirSync(tmpdir()).filter((name) => name.startsWith(`nudge-python-${process.pid}-`));
	return [...mounts, ...folders];
}
