import { spawnSync } from "node:child_process";
import {
	appendFileSync,
	ftruncateSync,
	mkdirSync,
	readFileSync,
	rmSync,
	writeFileSync,
	writeSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { TraceEvent } from "../../src/trace/events.ts";
import { Fold, fold } from "../../src/trace/fold.ts";
import { Journal, type JournalDisk, JournalError } from "../../src/trace/journal.ts";
import { readJournal } from "../../src/trace/lines.ts";
import { textOf } from "../../src/trace/span.ts";
import { freshFolder } from "./folder.ts";
import { histories, PROBLEM, play, SETTINGS, ToyTokenizer } from "./tree.ts";

const t = 1;
const START: TraceEvent[] = [
	{ type: "session", t, version: 1, id: "s", problem: PROBLEM, nudge: "0.1.0", environment: {} },
	{ type: "branch", t, branch: "b0", settings: SETTINGS, by: "person" },
];

/** Without waiting for the platter, which only power loss would show. */
const QUICK = { disk: { sync: () => {} } };

function tokens(text: string, segment = 0): TraceEvent {
	return { type: "tokens", t, branch: "b0", text, ids: [1], lens: [text.length], segment };
}

function note(text: string): TraceEvent {
	return { type: "note", t, text };
}

function read(file: string): { events: TraceEvent[]; bad: readonly { line: number; why: string }[] } {
	const events: TraceEvent[] = [];
	const { bad } = readJournal(file, (event) => events.push(event));
	return { events, bad };
}

describe("a journal", () => {
	test("gives back what was appended, in order, whatever the characters", () => {
		fc.assert(
			fc.property(fc.array(fc.string({ unit: "binary", maxLength: 20 }), { maxLength: 20 }), (texts) => {
				const journal = Journal.create(freshFolder(), QUICK);
				const events = [...START, ...texts.map(note), note("\ud83d"), note("\u2028\u0000")];
				for (const event of events) journal.append(event);
				journal.close();
				expect(read(journal.file)).toEqual({ events, bad: [] });
			}),
			{ numRuns: 25 },
		);
	});

	test("folds to the same state as the events that it was given, though it gathers model text", () => {
		fc.assert(
			fc.property(histories, (history) => {
				const journal = Journal.create(freshFolder(), QUICK);
				const given = new Fold();
				let events = 0;
				for (const step of play(history, new ToyTokenizer())) {
					for (const event of step.events) {
						journal.append(event);
						given.apply(event);
						events++;
					}
				}
				journal.close();
				const kept = read(journal.file).events;
				expect(kept.length).toBeLessThanOrEqual(events);
				// Gathered text keeps the time of its first piece, so the last time may be a little earlier.
				expect({ ...fold(kept), updated: 0 }).toEqual({ ...given.state, updated: 0 });
			}),
			{ numRuns: 60 },
		);
	});

	test("gathers neighbouring text of one request into one line, and of two requests into two", () => {
		const journal = Journal.create(freshFolder());
		for (const event of [...START, tokens("a"), tokens("b"), tokens("c", 1), note("x"), tokens("d", 1)]) {
			journal.append(event);
		}
		journal.flush();
		const kept = read(journal.file).events.slice(2);
		journal.close();
		expect(kept).toMatchObject([
			{ text: "ab", ids: [1, 1], lens: [1, 1] },
			{ text: "c" },
			{ type: "note" },
			{ text: "d" },
		]);
	});

	test("writes other events at once, and text by itself soon after", async () => {
		const journal = Journal.create(freshFolder());
		for (const event of START) journal.append(event);
		expect(read(journal.file).events).toEqual(START);
		journal.append(tokens("a"));
		for (let tries = 0; tries < 200 && read(journal.file).events.length < 3; tries++) await sleep(10);
		expect(read(journal.file).events[2]).toEqual(tokens("a"));
		journal.close();
	});

	test("goes on after it was closed and opened", () => {
		const folder = freshFolder();
		const first = Journal.create(folder);
		for (const event of START) first.append(event);
		first.close();
		const { journal, events, bad, torn } = Journal.open(folder);
		expect({ events, bad, torn }).toEqual({ events: START, bad: [], torn: undefined });
		journal.append(note("more"));
		journal.close();
		expect(read(journal.file).events).toEqual([...START, note("more")]);
	});

	test("is never made over another one, and its absence is said", () => {
		const folder = freshFolder();
		Journal.create(folder).close();
		expect(() => Journal.create(folder)).toThrow(/there is a journal already/);
		const empty = join(folder, "empty");
		mkdirSync(empty);
		expect(() => Journal.open(empty)).toThrow(/there is no journal/);
	});

	test("takes a line of ten million characters", () => {
		const folder = freshFolder();
		const journal = Journal.create(folder, QUICK);
		const long = "é".repeat(10_000_000);
		for (const event of [...START, note(long), note("after")]) journal.append(event);
		journal.close();
		const opened = Journal.open(folder);
		opened.journal.close();
		expect(opened.events[2]).toEqual(note(long));
		expect(opened.events[3]).toEqual(note("after"));
	});
});

describe("a torn end", () => {
	test("at any byte leaves every whole line, and the journal goes on with a clean one", () => {
		const folder = freshFolder();
		const journal = Journal.create(folder);
		const events = [...START, tokens("Wait… 😀"), note("déjà")];
		for (const event of events) {
			journal.append(event);
			journal.flush();
		}
		journal.close();
		const whole = readFileSync(journal.file);
		for (let length = 0; length <= whole.length; length++) {
			const torn = join(folder, `cut-${length}`);
			mkdirSync(torn);
			writeFileSync(join(torn, "journal.jsonl"), whole.subarray(0, length));
			const before = whole.subarray(0, length).toString("latin1");
			const lines = before.split("\n");
			// The last piece is whole when only its newline is missing.
			const ended = lines.length - 1 + (whole[length] === 10 ? 1 : 0);
			const opened = Journal.open(torn, QUICK);
			expect(opened.events).toEqual(events.slice(0, ended));
			expect(opened.bad).toEqual([]);
			const rest = whole[length] === 10 ? 0 : lines.at(-1)!.length;
			expect(opened.torn?.bytes ?? 0).toBe(rest);
			opened.journal.append(note("on"));
			opened.journal.close();
			expect(read(opened.journal.file)).toEqual({ events: [...events.slice(0, ended), note("on")], bad: [] });
		}
	});

	test("of zeros, as power loss leaves it, is cut off too", () => {
		const folder = freshFolder();
		const journal = Journal.create(folder);
		for (const event of START) journal.append(event);
		journal.close();
		appendFileSync(journal.file, Buffer.alloc(100));
		const opened = Journal.open(folder);
		opened.journal.close();
		expect(opened.events).toEqual(START);
		expect(opened.torn?.bytes).toBe(100);
	});

	test("lines in the middle that hold no event are skipped, each said with its number", () => {
		const file = join(freshFolder(), "journal.jsonl");
		const line = (value: unknown): string => `${JSON.stringify(value)}\n`;
		writeFileSync(
			file,
			Buffer.concat([
				Buffer.from(`${line(START[0])}{"type":"tok\n\n[1]\n${line({ t: 1 })}${line({ type: "note", t: 1 })}`),
				Buffer.from([0x22, 0xff, 0x22, 10]),
				Buffer.from(line({ type: "of-later", t: 2, x: 1 }) + line(START[1])),
			]),
		);
		const { events, bad } = read(file);
		expect(events).toEqual([START[0], { type: "of-later", t: 2, x: 1 }, START[1]]);
		expect(bad).toEqual([
			{ line: 2, why: "not JSON" },
			{ line: 3, why: "an empty line" },
			{ line: 4, why: "not a JSON object" },
			{ line: 5, why: `undefined: "type" is not a string` },
			{ line: 6, why: 'note: "text" is not a string' },
			{ line: 7, why: "not UTF-8" },
		]);
	});
});

/** A disk with so many bytes of room: the write that meets its end is partial, as a real one is. */
function smallDisk(): JournalDisk & { room: number; gone: boolean; stuck: boolean } {
	const disk = {
		room: Number.POSITIVE_INFINITY,
		gone: false,
		stuck: false,
		write(descriptor: number, bytes: Uint8Array, from: number): number {
			const fits = Math.min(disk.room, bytes.length - from);
			if (fits === 0)
				throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
			disk.room -= fits;
			return writeSync(descriptor, bytes, from, fits);
		},
		truncate(descriptor: number, length: number): void {
			if (disk.stuck) throw Object.assign(new Error("EIO: i/o error, ftruncate"), { code: "EIO" });
			ftruncateSync(descriptor, length);
		},
		links: () => (disk.gone ? 0 : 1),
		sync: () => {},
	};
	return disk;
}

describe("a disk that refuses", () => {
	test("is said clearly, leaves whole lines only, and nothing is missing or doubled once there is room", () => {
		fc.assert(
			fc.property(
				fc.array(
					fc.record({ text: fc.string({ maxLength: 30 }), room: fc.nat({ max: 400 }), stuck: fc.boolean() }),
				),
				(steps) => {
					const disk = smallDisk();
					const journal = Journal.create(freshFolder(), { disk, gatherMs: 100_000 });
					const events: TraceEvent[] = [];
					for (const [i, { text, room, stuck }] of steps.entries()) {
						disk.room = room;
						disk.stuck = stuck;
						const event = note(`${i} ${text}`);
						events.push(event);
						try {
							journal.append(event);
							expect(read(journal.file).events).toEqual(events);
						} catch (error) {
							if (!(error instanceof JournalError)) throw error;
							expect(error.message).toMatch(/disk is full|disk reported an error/);
							expect(error.message).toContain(journal.file);
						}
						const onDisk = read(journal.file);
						expect(onDisk.bad).toEqual([]);
						expect(onDisk.events).toEqual(events.slice(0, onDisk.events.length));
					}
					disk.room = Number.POSITIVE_INFINITY;
					disk.stuck = false;
					journal.close();
					expect(read(journal.file)).toEqual({ events, bad: [] });
				},
			),
			{ numRuns: 60 },
		);
	});

	test("tells, once, whoever asked to hear of it when gathered text cannot be written", async () => {
		const disk = smallDisk();
		const errors: JournalError[] = [];
		const journal = Journal.create(freshFolder(), {
			disk,
			gatherMs: 5,
			onError: (error) => errors.push(error),
		});
		for (const event of START) journal.append(event);
		disk.room = 10;
		journal.append(tokens("lost?"));
		for (let tries = 0; tries < 200 && errors.length === 0; tries++) await sleep(10);
		expect(errors.map((error) => error.message)).toEqual([expect.stringContaining("the disk is full")]);
		expect(() => journal.append(tokens("lost?"))).toThrow(JournalError);
		disk.room = Number.POSITIVE_INFINITY;
		journal.flush();
		journal.close();
		expect(textOf(fold(read(journal.file).events).branches.get("b0")!.spans)).toBe("lost?lost?");
		expect(errors).toHaveLength(1);
	});

	test("a folder deleted under the journal is noticed, not written into nowhere", () => {
		const folder = freshFolder();
		const journal = Journal.create(folder);
		journal.append(START[0]!);
		rmSync(folder, { recursive: true });
		expect(() => journal.append(START[1]!)).toThrow(/the file was deleted/);
		expect(() => journal.close()).toThrow(/the file was deleted/);
	});

	test("a real limit of the system in the middle of a line leaves whole lines only", () => {
		const folder = freshFolder();
		const program = `
			import { Journal } from ${JSON.stringify(join(import.meta.dirname, "../../src/trace/journal.ts"))};
			const journal = Journal.create(process.argv[1]);
			for (let i = 0; ; i++) {
				try { journal.append({ type: "note", t: i, text: "x".repeat(100) }); }
				catch (error) { console.log(i, error.message); process.exit(0); }
			}`;
		const run = spawnSync(
			"/bin/bash",
			[
				"-c",
				'ulimit -f 4; exec "$0" "$@"',
				process.execPath,
				"--input-type=module-typescript",
				"-e",
				program,
				folder,
			],
			{ encoding: "utf8", env: { ...process.env, NODE_OPTIONS: "" } },
		);
		expect(run.stdout).toMatch(/^\d+ cannot write .*: the file may not grow any further/);
		const { events, bad } = read(join(folder, "journal.jsonl"));
		expect(bad).toEqual([]);
		expect(events).toHaveLength(Number.parseInt(run.stdout, 10));
		expect(readFileSync(join(folder, "journal.jsonl")).at(-1)).toBe(10);
	});
});
