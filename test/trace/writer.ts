/**
 * A program that writes a session as fast as a quick model would, with pauses, and prints what it appended and when.
 * It is made to be killed: `node writer.ts FOLDER SEED`. It opens what an earlier one left and goes on counting.
 */
import { existsSync, writeSync } from "node:fs";
import { join } from "node:path";
import { Fold } from "../../src/trace/fold.ts";
import { Journal } from "../../src/trace/journal.ts";
import { textOf } from "../../src/trace/span.ts";
import { PROBLEM, SETTINGS } from "./tree.ts";

const [folder, seed] = process.argv.slice(2) as [string, string];
const fold = new Fold();
let journal: Journal;
if (existsSync(join(folder, "journal.jsonl"))) {
	const opened = Journal.open(folder);
	if (opened.bad.length > 0) throw new Error(`bad lines: ${JSON.stringify(opened.bad)}`);
	journal = opened.journal;
	for (const event of opened.events) fold.apply(event);
} else {
	journal = Journal.create(folder);
}
const t = (): number => Date.now();
if (!fold.state.session) {
	journal.append({
		type: "session",
		t: t(),
		version: 1,
		id: "s",
		problem: PROBLEM,
		nudge: "0",
		environment: {},
	});
}
if (!fold.state.branches.has("b0")) {
	journal.append({ type: "branch", t: t(), branch: "b0", settings: SETTINGS, by: "person" });
}

const branch = fold.state.branches.get("b0");
/** The number of the last piece of text: the pieces are "0 ", "1 ", ... */
let next = branch ? textOf(branch.spans).split(" ").length - 1 : 0;
let random = Number(seed);

function show(what: object): void {
	writeSync(1, `${JSON.stringify({ t: t(), ...what })}\n`);
}

function step(): void {
	random = (Math.imul(random, 1103515245) + 12345) >>> 0;
	const pieces = (random >>> 16) % 4;
	for (let i = 0; i < pieces; i++) {
		const text = `${next} `;
		const when = t();
		journal.append({
			type: "tokens",
			t: when,
			branch: "b0",
			text,
			ids: [next],
			lens: [text.length],
			segment: 0,
		});
		show({ t: when, piece: next++ });
	}
	if (random % 11 === 0)
		journal.append({ type: "notice", t: t(), branch: "b0", level: "info", text: "ping" });
	// Now and then a pause longer than text is gathered for: it must be written by itself.
	setTimeout(step, random % 17 === 0 ? 150 : (random >>> 8) % 4);
}

step();
// A sign of life, after all timers that were due: what they owed is done.
setInterval(() => setImmediate(() => show({ alive: true })), 10);
