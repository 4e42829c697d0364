/**
 * One writer per session: a file `lock` in the session's folder that names its holder. Other folders of which only one
 * may be the writer (the shards of a run) use the same, under a name of their own.
 *
 * What always holds: whoever got a Lock is the only holder among processes that see each other. The lock of a process
 * that is gone (no such pid, a zombie that nobody has waited for yet, or a pid of a process that started later) is taken
 * over. The lock of another machine cannot be checked and is never taken over: the message says which file to remove.
 */
import { linkSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { basename, join } from "node:path";

type Holder = { readonly pid: number; readonly host: string; readonly started: string };

/** The session is open elsewhere. */
export class SessionLockedError extends Error {
	override readonly name = "SessionLockedError";
}

/** A lock is written at once after it is made; one that is empty for longer was left by a crash. */
const HALF_WRITTEN_MS = 5_000;

type Seen = {
	/** When it started, as the system counts it. */
	readonly started: string;
	/** It has ended, and only its parent has not asked how: it holds nothing any more. */
	readonly ended: boolean;
};

/** A process as the system shows it; undefined where it does not (not Linux, or no such process). */
function seen(pid: number): Seen | undefined {
	try {
		const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
		// Fields 3 and 22 of proc(5); the command name (field 2, in brackets) may hold anything.
		const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
		const state = fields[0] ?? "";
		return { started: fields[19] ?? "", ended: state === "Z" || state === "X" || state === "x" };
	} catch {
		return undefined;
	}
}

function isAlive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		return (error as NodeJS.ErrnoException).code === "EPERM";
	}
}

type Found = { readonly raw: string; readonly holder?: Holder; readonly ageMs: number };

function look(file: string): Found | undefined {
	try {
		const raw = readFileSync(file, "utf8");
		const ageMs = Date.now() - statSync(file).mtimeMs;
		try {
			const holder = JSON.parse(raw) as Holder;
			if (Number.isSafeInteger(holder.pid) && typeof holder.host === "string") return { raw, holder, ageMs };
		} catch {}
		return { raw, ageMs };
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
		throw error;
	}
}

function isStale({ holder, ageMs }: Found): boolean {
	if (!holder) return ageMs > HALF_WRITTEN_MS;
	if (holder.host !== hostname()) return false;
	if (!isAlive(holder.pid)) return true;
	const process = seen(holder.pid);
	if (!process) return false;
	if (process.ended) return true;
	return process.started !== "" && holder.started !== "" && process.started !== holder.started;
}

/** Who holds the session open now, in words; undefined when nobody does. */
export function heldBy(folder: string, name = "lock"): string | undefined {
	const found = look(join(folder, name));
	if (!found || isStale(found)) return undefined;
	if (!found.holder) return "another nudge";
	const { pid, host } = found.holder;
	return host === hostname() ? `another nudge (pid ${pid})` : `another nudge (pid ${pid} on ${host})`;
}

let count = 0;

/** Makes the file with its content in one step; false when it is there already. */
function put(file: string, content: string): boolean {
	const fresh = `${file}.${process.pid}.${count++}`;
	try {
		writeFileSync(fresh, content, { flag: "wx", mode: 0o600 });
		linkSync(fresh, file);
		return true;
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		if (code === "EEXIST") return false;
		if (code !== "EPERM" && code !== "ENOTSUP" && code !== "ENOSYS" && code !== "EOPNOTSUPP") throw error;
		// A file system without hard links: the lock is empty for an instant, which `isStale` allows for.
		try {
			writeFileSync(file, content, { flag: "wx", mode: 0o600 });
			return true;
		} catch (second) {
			if ((second as NodeJS.ErrnoException).code === "EEXIST") return false;
			throw second;
		}
	} finally {
		rmSync(fresh, { force: true });
	}
}

/** Takes a stale lock away. Two may try at once: only what was seen to be stale may go. */
function clear(file: string, seen: string): void {
	const aside = `${file}.${process.pid}.${count++}`;
	try {
		renameSync(file, aside);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
		throw error;
	}
	const taken = readFileSync(aside, "utf8");
	if (taken !== seen) put(file, taken);
	rmSync(aside, { force: true });
}

export class Lock {
	readonly #file: string;
	readonly #content: string;

	private constructor(file: string, content: string) {
		this.#file = file;
		this.#content = content;
	}

	/** `what` is that which is held, in words. */
	static take(folder: string, name = "lock", what = `session ${basename(folder)}`): Lock {
		const file = join(folder, name);
		const holder: Holder = { pid: process.pid, host: hostname(), started: seen(process.pid)?.started ?? "" };
		const content = `${JSON.stringify(holder)}\n`;
		for (let tries = 0; tries < 100; tries++) {
			if (put(file, content)) return new Lock(file, content);
			const found = look(file);
			if (!found) continue;
			if (!isStale(found)) {
				const elsewhere = found.holder && found.holder.host !== hostname();
				const advice = elsewhere ? ` If that one is gone, remove ${file}.` : " Close it there first.";
				throw new SessionLockedError(
					`${what} is open in ${heldBy(folder, name) ?? "another nudge"}.${advice}`,
				);
			}
			clear(file, found.raw);
		}
		throw new SessionLockedError(`${what}: others keep taking ${file}; try again`);
	}

	release(): void {
		if (look(this.#file)?.raw === this.#content) rmSync(this.#file, { force: true });
	}
}
