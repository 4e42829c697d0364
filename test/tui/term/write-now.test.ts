import { execFileSync } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeNow } from "../../../src/tui/term/write-now.ts";

let dir: string;
let fifo: number;
beforeAll(() => {
	dir = mkdtempSync(join(tmpdir(), "nudge-write-"));
	execFileSync("mkfifo", [join(dir, "fifo")]);
	fifo = openSync(join(dir, "fifo"), constants.O_RDWR);
});
afterAll(() => {
	closeSync(fifo);
	rmSync(dir, { recursive: true, force: true });
});

test("it is written when it returns", () => {
	writeNow(fifo, "all of it");
	const bytes = Buffer.alloc(100);
	expect(bytes.toString("utf8", 0, readSync(fifo, bytes))).toBe("all of it");
});

test("what takes nothing is given up, and what is gone is told", () => {
	writeNow(fifo, "x".repeat(1_000_000));
	const bytes = Buffer.alloc(2_000_000);
	expect(readSync(fifo, bytes)).toBeGreaterThan(0);
	expect(() => writeNow(9_999, "x")).toThrow("EBADF");
});
