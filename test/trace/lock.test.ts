import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { heldBy, Lock, SessionLockedError } from "../../src/trace/lock.ts";
import { freshFolder } from "./folder.ts";

const LOCK_MODULE = join(import.meta.dirname, "../../src/trace/lock.ts");

function lockFile(folder: string, holder: object): void {
	writeFileSync(join(folder, "lock"), JSON.stringify(holder));
}

test("one holder at a time; released, the next may have it", () => {
	const folder = freshFolder();
	const lock = Lock.take(folder);
	expect(heldBy(folder)).toBe(`another nudge (pid ${process.pid})`);
	expect(() => Lock.take(folder)).toThrow(SessionLockedError);
	expect(() => Lock.take(folder)).toThrow(
		`is open in another nudge (pid ${process.pid}). Close it there first.`,
	);
	lock.release();
	expect(heldBy(folder)).toBeUndefined();
	expect(readdirSync(folder)).toEqual([]);
	Lock.take(folder).release();
});

test("the lock of a process that is gone is taken over", () => {
	const folder = freshFolder();
	const { pid } = spawnSync(process.execPath, ["--version"]);
	lockFile(folder, { pid, host: hostname(), started: "1" });
	expect(heldBy(folder)).toBeUndefined();
	Lock.take(folder).release();
});

test("a pid that another process has by now does not hold the lock, where the system tells when it started", () => {
	const folder = freshFolder();
	lockFile(folder, { pid: process.pid, host: hostname(), started: "1" });
	if (existsSync("/proc/self/stat")) Lock.take(folder).release();
	else expect(() => Lock.take(folder)).toThrow(SessionLockedError);
});

test("a holder that was killed and that nobody has waited for yet holds nothing", async () => {
	if (!existsSync("/proc/self/stat")) return;
	const folder = freshFolder();
	// The shell starts a child, becomes a program that never waits, and so leaves the killed child a zombie.
	const parent = spawn("sh", ["-c", "sleep 60 & echo $!; exec sleep 60"], {
		stdio: ["ignore", "pipe", "ignore"],
	});
	try {
		const pid = Number(
			await new Promise<string>((done) => parent.stdout.once("data", (data) => done(`${data}`))),
		);
		const fields = (): string[] => readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
		lockFile(folder, { pid, host: hostname(), started: fields()[19]! });
		expect(heldBy(folder)).toBe(`another nudge (pid ${pid})`);
		// `exec` has replaced the shell by now, or will: a shell that waits would reap it.
		await expect.poll(() => readFileSync(`/proc/${parent.pid}/comm`, "utf8").trim()).toBe("sleep");
		process.kill(pid, "SIGKILL");
		await expect.poll(() => fields()[0]).toBe("Z");
		expect(heldBy(folder)).toBeUndefined();
		Lock.take(folder).release();
	} finally {
		const over = new Promise((done) => parent.once("close", done));
		parent.kill("SIGKILL");
		await over;
	}
});

test("the lock of another machine is never taken over, and the message says which file to remove", () => {
	const folder = freshFolder();
	lockFile(folder, { pid: 1, host: "elsewhere", started: "1" });
	expect(() => Lock.take(folder)).toThrow(
		`(pid 1 on elsewhere). If that one is gone, remove ${join(folder, "lock")}`,
	);
	expect(readFileSync(join(folder, "lock"), "utf8")).toContain("elsewhere");
});

test("of many processes that want a stale lock at once, one gets it", async () => {
	const folder = freshFolder();
	const { pid } = spawnSync(process.execPath, ["--version"]);
	lockFile(folder, { pid, host: hostname(), started: "1" });
	const program = `
		const { Lock } = await import(${JSON.stringify(LOCK_MODULE)});
		const start = Number(process.argv[1]);
		while (Date.now() < start);
		try { Lock.take(${JSON.stringify(folder)}); console.log("got"); } catch { console.log("refused"); }
		process.stdin.resume();`;
	const start = String(Date.now() + 1_000);
	const children = Array.from({ length: 6 }, () =>
		spawn(process.execPath, ["--input-type=module", "-e", program, start], {
			stdio: ["pipe", "pipe", "ignore"],
			env: { ...process.env, NODE_OPTIONS: "" },
		}),
	);
	// All stay alive until all have answered: a holder that is gone would rightly be followed by another.
	const answers = await Promise.all(
		children.map(
			(child) =>
				new Promise<string>((done, fail) => {
					child.on("error", fail);
					child.stdout.once("data", (data) => done(String(data).trim()));
				}),
		),
	);
	for (const child of children) child.stdin.end();
	expect(answers.filter((answer) => answer === "got")).toHaveLength(1);
	expect(answers.filter((answer) => answer === "refused")).toHaveLength(5);
	await Promise.all(children.map((child) => new Promise((done) => child.once("close", done))));
});
