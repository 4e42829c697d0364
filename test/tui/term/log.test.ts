import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ScreenLog } from "../../../src/tui/term/log.ts";

let home: string;
beforeEach(() => {
	home = mkdtempSync(join(tmpdir(), "nudge-log-"));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const NOW = new Date("2026-01-02T03:04:05.006Z");
const logOf = (): ScreenLog => new ScreenLog(join(home, "cache", "screen.log"), () => NOW);
const read = (log: ScreenLog, end = ""): string => readFileSync(log.file + end, "utf8");

test("what is written has its time, and the file is its owner's alone", () => {
	const log = logOf();
	log.write("one\n");
	log.write("two");
	expect(read(log)).toBe("2026-01-02T03:04:05.006Z one\n2026-01-02T03:04:05.006Z two\n");
	expect(statSync(log.file).mode & 0o777).toBe(0o600);
	expect(statSync(join(home, "cache")).mode & 0o777).toBe(0o700);
});

test("while it captures, nothing of console or standard error reaches the terminal; afterwards all does", () => {
	const log = logOf();
	const { stderr } = process;
	const was = { log: console.log, warn: console.warn, write: stderr.write };
	const reached: string[] = [];
	stderr.write = ((text: string) => reached.push(text) > 0) as typeof stderr.write;
	let written = false;
	try {
		const give = log.capture();
		console.log("a %s of %d", "number", 7, { deep: 1 });
		console.error(new Error("of a library").message);
		stderr.write("from %s below\n");
		stderr.write(Buffer.from("as bytes"), () => {
			written = true;
		});
		give();
		expect(console.log).toBe(was.log);
		expect(console.warn).toBe(was.warn);
		stderr.write("again");
	} finally {
		stderr.write = was.write;
	}
	expect(reached).toEqual(["again"]);
	expect(read(log).replaceAll(/^\S+ /gm, "")).toBe(
		"log: a number of 7 { deep: 1 }\nerror: of a library\nstderr: from %s below\nstderr: as bytes\n",
	);
	return new Promise<void>((resolve) => setImmediate(resolve)).then(() => expect(written).toBe(true));
});

test("it never grows beyond its size, and the part before stays", () => {
	const log = logOf();
	const piece = "é".repeat(80_000);
	for (let i = 0; i < 16; i++) log.write(`${i}${piece}`);
	log.write("z".repeat(3_000_000));
	expect(statSync(log.file).size).toBeLessThanOrEqual(1_000_000);
	expect(statSync(`${log.file}.1`).size).toBeLessThanOrEqual(1_000_000);
	expect(read(log)).toContain(" 15é");
	expect(read(log, ".1")).toContain(" 7é");
	// The size of before counts too.
	const next = logOf();
	for (let i = 0; i < 5; i++) next.write(piece);
	expect(statSync(log.file).size).toBeLessThanOrEqual(1_000_000);
});

test("a log that cannot be written stops nobody", () => {
	writeFileSync(join(home, "cache"), "in the way");
	expect(() => logOf().write("lost")).not.toThrow();
});
