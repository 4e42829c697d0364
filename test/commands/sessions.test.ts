import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Io } from "../../src/commands/command.ts";
import { call } from "../../src/commands/main.ts";
import type { TraceEvent } from "../../src/trace/events.ts";
import { homes } from "../../src/trace/home.ts";
import { SessionStore } from "../../src/trace/store.ts";
import { freshFolder } from "../trace/folder.ts";
import { PROBLEM, SETTINGS, USAGE } from "../trace/tree.ts";

const NOON = Date.UTC(2026, 10, 22, 12);
const FIRST = "20261122-g000";
const on = { branch: "b0", t: NOON } as const;

let home: string;
let store: SessionStore;

beforeEach(() => {
	home = freshFolder();
	store = new SessionStore(homes({ NUDGE_HOME: home }).data);
});
afterEach(() => {
	process.exitCode = undefined;
});

type Ran = { code: number; out: string; err: string };

function run(
	words: string,
	how: { input?: string; columns?: number; signal?: AbortSignal; heard?: (said: string) => void } = {},
): Promise<Ran> {
	const stdin = new PassThrough();
	const stdout = new PassThrough();
	const stderr = new PassThrough();
	let out = "";
	let err = "";
	stdout.on("data", (data) => {
		out += String(data);
		how.heard?.(out);
	});
	stderr.on("data", (data) => {
		err += String(data);
		how.heard?.(err);
	});
	if (how.input !== undefined) {
		Object.assign(stdin, { isTTY: true });
		stdin.write(how.input);
	}
	if (how.columns !== undefined) Object.assign(stdout, { isTTY: true, columns: how.columns });
	const io = { stdin, stdout, stderr, env: { NUDGE_HOME: home, NO_COLOR: "1" }, cwd: home } as unknown as Io;
	return call(
		words.split(" ").map((word) => word.replaceAll("_", " ")),
		io,
		how.signal ?? new AbortController().signal,
	).then(async (code) => {
		await new Promise((done) => setImmediate(done));
		return { code, out, err };
	});
}

const TRACE: TraceEvent[] = [
	{ type: "branch", ...on, settings: SETTINGS, by: "person" },
	{ type: "header", ...on, text: "<|user|>" },
	{ type: "tokens", ...on, text: "Wait\x1b[2J", segment: 0 },
	{
		type: "hint",
		...on,
		at: 8,
		text: " py\n",
		hint: "calc",
		kind: "complex-calculation",
		wording: "1",
		marker: "after-word",
		by: "policy",
	},
	{ type: "tokens", ...on, t: NOON + 40, text: "42.\n", segment: 1 },
	{ type: "end", ...on, t: NOON + 50, reason: "eos", usage: USAGE, eos: "<|end|>" },
	{ type: "outcome", ...on, t: NOON + 60, verdict: "correct", answer: "42", usage: USAGE, session: FIRST },
];

function make(events: readonly TraceEvent[], atMs = NOON, problem = PROBLEM.problem): string {
	const what = { problem: { ...PROBLEM, problem }, nudge: "0.1.0", environment: {} };
	const session = store.create(what, { disk: { sync: () => {} } }, atMs);
	for (const event of events) session.append(event);
	session.close();
	return session.id;
}

describe("nudge sessions list", () => {
	test("shows the newest first, and only what was asked for", async () => {
		make(TRACE);
		const second = make([], NOON + 1000, "Second\nproblem \x1b[31m");
		await run(`sessions tag ${FIRST} seed`);
		const all = await run("sessions list");
		expect(all.code).toBe(0);
		const [head, ...rows] = all.out.trim().split("\n");
		expect(head).toMatch(/^ID +WHEN +VERDICT +HINTS +CALLS +NAME AND TAGS +PROBLEM$/);
		expect(rows[0]).toMatch(new RegExp(`^${second} .* open +0 +0 +Second problem ␛\\[31m$`));
		expect(rows[1]).toMatch(/^20261122-g000 .* correct +1 +0 +#seed +What is 6 x 7\?$/);
		expect((await run("sessions list --verdict correct --tag seed")).out).toContain(FIRST);
		expect((await run("sessions list --verdict none")).out).not.toContain(FIRST);
		expect((await run("sessions list -n 1")).out).not.toContain(FIRST);
		expect((await run("sessions list --verdict wrong")).err).toBe("no session fits\n");
	});

	test("as JSON says all that is known", async () => {
		make(TRACE);
		const { out } = await run("sessions list --json");
		expect(JSON.parse(out)).toMatchObject({
			id: FIRST,
			verdict: "correct",
			hints: 1,
			problemId: "p1",
			open: false,
		});
	});

	test("keeps each line within the terminal, also with wide characters", async () => {
		make([], NOON, "这是一个非常长的问题".repeat(20));
		const { out } = await run("sessions list", { columns: 80 });
		const row = out.split("\n")[1]!;
		let width = 0;
		for (const character of row) width += character.codePointAt(0)! > 0x2e80 ? 2 : 1;
		expect(width).toBeLessThanOrEqual(80);
		expect(row.endsWith("…")).toBe(true);
	});

	test("of nothing says how to begin", async () => {
		expect(await run("sessions list")).toEqual({
			code: 0,
			out: "",
			err: "there are no sessions yet; nudge run makes one\n",
		});
	});
});

describe("nudge sessions show", () => {
	test("prints facts and trace, with nothing in it that a terminal would obey", async () => {
		make(TRACE);
		const { code, out } = await run("sessions show last");
		expect(code).toBe(0);
		expect(out).toContain(`session  ${FIRST}`);
		expect(out).toContain("What is 6 x 7?");
		expect(out).toContain(
			"Wait␛[2J\n[hint after-word · complex-calculation]\n»  py\n42.\n[end · the model ended its turn]\n[outcome · correct · answer 42]\n",
		);
		expect(out).not.toContain("\x1b");
	});

	test("shows the branch that was asked for, and says which there are", async () => {
		make([
			...TRACE,
			{ ...TRACE[0], branch: "b1", parent: { branch: "b0", at: 4 } } as TraceEvent,
			{ type: "tokens", ...on, branch: "b1", text: ", no", segment: 0 },
		]);
		expect((await run("sessions show last --branch b1")).out).toContain("\nWait, no\n");
		expect((await run("sessions show last")).out).toContain("b0 · others: b1");
		const missing = await run("sessions show last --branch b9");
		expect(missing.code).toBe(1);
		expect(missing.err).toBe(`nudge: session ${FIRST} has no branch "b9"; it has b0, b1\n`);
	});

	test("says what of a damaged journal was left out, and shows the rest", async () => {
		make(TRACE);
		const file = join(store.folderOf(FIRST), "journal.jsonl");
		const lines = readFileSync(file, "utf8").split("\n");
		lines[4] = lines[4]!.slice(0, 20);
		writeFileSync(file, lines.join("\n"));
		const { code, out, err } = await run("sessions show last");
		expect(code).toBe(0);
		expect(err).toBe(`nudge: session ${FIRST}: line 5 of its journal is skipped: not JSON\n`);
		expect(out).toContain("Wait␛[2J42.");
		expect((await run("sessions list")).out).toContain("correct (damaged)");
	});

	test("of what is not there fails and says so", async () => {
		expect(await run("sessions show nope")).toEqual({
			code: 1,
			out: "",
			err: 'nudge: no session "nope"; `nudge sessions list` shows what there is\n',
		});
		mkdirSync(store.folderOf(FIRST), { recursive: true });
		expect((await run(`sessions show ${FIRST}`)).err).toContain("holds nothing");
		expect((await run("sessions show")).code).toBe(2);
	});
});

describe("nudge sessions replay", () => {
	test("prints the trace as it grew", async () => {
		make(TRACE);
		const { code, out } = await run("sessions replay last --speed 10");
		expect(code).toBe(0);
		expect(out).toBe(
			"Wait␛[2J\n[hint after-word · complex-calculation]\n»  py\n42.\n[end · the model ended its turn]\n[outcome · correct · answer 42]\n",
		);
		expect((await run("sessions replay last --speed fast")).code).toBe(2);
	});

	test("ends at Ctrl+C, at the start of a line", async () => {
		make([...TRACE.slice(0, 3), { type: "tokens", ...on, t: NOON + 10_000_000, text: "later", segment: 1 }]);
		const stop = new AbortController();
		const heard = (said: string): void => {
			if (said.includes("[2J")) stop.abort();
		};
		const { code, out } = await run("sessions replay last", { signal: stop.signal, heard });
		expect({ code, out }).toEqual({ code: 130, out: "Wait␛[2J\n" });
	});
});

describe("nudge sessions export", () => {
	test("writes a sample and says how much trains", async () => {
		make(TRACE);
		const { code, out, err } = await run("sessions export last");
		expect(code).toBe(0);
		const sample = JSON.parse(out) as { id: string; segments: { text: string; train: boolean }[] };
		expect(sample.id).toBe(`${FIRST}-b0`);
		expect(sample.segments.map(({ text, train }) => [text, train])).toEqual([
			["<|user|>", false],
			["Wait\x1b[2J", true],
			[" py\n", true],
			["42.\n<|end|>", true],
		]);
		expect(err).toBe(
			`${FIRST}: trained: model 2 segments, 19 chars, tokens not known; hint 1 segment, 4 chars, tokens not known\n`,
		);
		const masked = await run("sessions export last --no-train-hints");
		expect(masked.err).not.toContain("hint");
	});

	test("writes pages and whole states", async () => {
		make(TRACE);
		const page = await run("sessions export last --format markdown");
		expect(page.out).toContain("# 20261122-g000");
		expect(page.out).toContain("**Hint: complex-calculation**");
		expect((await run("sessions export last --format text")).out).toBe("Wait\x1b[2J py\n42.\n");
		const whole = JSON.parse((await run("sessions export last --format json")).out);
		expect(whole).toMatchObject({ problem: { id: "p1" }, branches: [{ id: "b0", length: 16 }], tags: [] });
	});

	test("writes rows in the formats of datasets that need no tokenizer", async () => {
		make(TRACE);
		const rows = await run("sessions export last --format axolotl");
		expect(JSON.parse(rows.out)).toEqual({
			segments: [
				{ label: false, text: "<|user|>" },
				{ label: true, text: "Wait\x1b[2J py\n42.\n<|end|>" },
			],
		});
		expect(rows.err).toContain("trained: model 2 segments");
		const masked = JSON.parse((await run("sessions export last --format axolotl --no-train-hints")).out);
		expect(masked.segments.map(({ label }: { label: boolean }) => label)).toEqual([false, true, false, true]);
		const { messages } = JSON.parse((await run("sessions export last --format messages")).out);
		expect(messages.map(({ role }: { role: string }) => role)).toEqual(["user", "assistant"]);
		expect(messages[1].content).toBe("Wait\x1b[2J py\n42.\n");
		expect((await run("sessions export last --format openai --no-train-hints")).code).toBe(2);
	});

	test("replaces a file only when all went well", async () => {
		make(TRACE);
		make([], NOON + 1000);
		expect((await run(`sessions export ${FIRST} -o all.jsonl`)).code).toBe(0);
		const before = readFileSync(join(home, "all.jsonl"), "utf8");
		expect(JSON.parse(before).id).toBe(`${FIRST}-b0`);
		const failed = await run(`sessions export ${FIRST} last -o all.jsonl`);
		expect(failed.code).toBe(1);
		expect(failed.err).toContain("has no trace yet");
		expect(readFileSync(join(home, "all.jsonl"), "utf8")).toBe(before);
		expect(readdirSync(home).sort()).toEqual(["all.jsonl", "data"]);
		expect((await run(`sessions export ${FIRST} -o data`)).code).toBe(2);
		expect((await run(`sessions export ${FIRST} -o no/such/file`)).code).toBe(1);
	});

	test("refuses what does not go together", async () => {
		make(TRACE);
		make(TRACE, NOON + 1000);
		expect((await run(`sessions export ${FIRST} last --branch b0`)).code).toBe(2);
		expect((await run("sessions export last --format json --no-train-hints")).code).toBe(2);
		expect((await run("sessions export last --format yaml")).code).toBe(2);
	});
});

describe("nudge sessions rm", () => {
	test("asks on a terminal, and does as told", async () => {
		make(TRACE);
		const no = await run("sessions rm last", { input: "n\n" });
		expect(no.code).toBe(1);
		expect(no.err).toContain(`Remove session ${FIRST} for good? [y/N] `);
		expect(store.ids()).toEqual([FIRST]);
		expect((await run("sessions rm last", { input: "y\n" })).out).toBe(`removed ${FIRST}\n`);
		expect(store.ids()).toEqual([]);
	});

	test("without a terminal wants --yes", async () => {
		make(TRACE);
		expect((await run("sessions rm last")).code).toBe(2);
		expect(store.ids()).toEqual([FIRST]);
		expect((await run("sessions rm last -y")).code).toBe(0);
		expect(store.ids()).toEqual([]);
	});

	test("Ctrl+C at the question removes nothing", async () => {
		make(TRACE);
		const stop = new AbortController();
		const heard = (said: string): void => {
			if (said.includes("[y/N]")) stop.abort();
		};
		expect((await run("sessions rm last", { input: "", signal: stop.signal, heard })).code).toBe(130);
		expect(store.ids()).toEqual([FIRST]);
	});

	test("leaves a session alone that is open", async () => {
		const session = store.create({ problem: PROBLEM, nudge: "0", environment: {} });
		const { code, err } = await run("sessions rm last -y");
		session.close();
		expect(code).toBe(1);
		expect(err).toContain("is open in another nudge");
	});
});

describe("what a person says of a session", () => {
	test("is kept in its journal and shown", async () => {
		make(TRACE);
		expect((await run("sessions name last first_try")).code).toBe(0);
		expect((await run("sessions tag last seed")).code).toBe(0);
		expect((await run("sessions tag last odd")).code).toBe(0);
		expect((await run("sessions tag last odd --off")).code).toBe(0);
		expect((await run("sessions note last looks_right")).code).toBe(0);
		expect((await run("sessions mark last accepted")).code).toBe(0);
		const { state } = store.read(FIRST);
		expect(state.name).toBe("first try");
		expect([...state.tags]).toEqual(["seed"]);
		expect(state.notes.map(({ text }) => text)).toEqual(["looks right"]);
		expect([...state.marks]).toEqual([["b0", "accepted"]]);
		const { out } = await run("sessions show last");
		expect(out).toContain("name     first try\n");
		expect(out).toContain("branch   b0 (accepted)\n");
		expect(out).toContain("tags     #seed\n");
		expect((await run("sessions list")).out).toContain("first try #seed");
	});

	test("makes sense, or is refused", async () => {
		make(TRACE);
		expect((await run("sessions tag last two_words")).code).toBe(2);
		expect((await run("sessions tag last absent --off")).code).toBe(2);
		expect((await run("sessions mark last splendid")).code).toBe(2);
		expect((await run("sessions name last _")).code).toBe(2);
		expect(store.read(FIRST).events).toHaveLength(TRACE.length + 1);
	});

	test("goes on after a torn line, which is said", async () => {
		make(TRACE);
		const file = join(store.folderOf(FIRST), "journal.jsonl");
		writeFileSync(file, `${readFileSync(file, "utf8")}{"type":"not`);
		const { code, err } = await run("sessions tag last seed");
		expect(code).toBe(0);
		expect(err).toContain("a half-written last line (12 bytes) was cut off");
		expect([...store.read(FIRST).state.tags]).toEqual(["seed"]);
	});
});
