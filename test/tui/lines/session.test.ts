import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { BlockResult } from "../../../src/python/interpreter.ts";
import { SessionStore } from "../../../src/trace/store.ts";
import { ToyEngine } from "../../reason/toy-engine.ts";
import { liveModel } from "../../reason/toy-live.ts";
import { PLAIN, problem, ToyPython } from "../../reason/toy-trace.ts";
import { freshFolder } from "../../trace/folder.ts";
import { type Talk, talk } from "./talk.ts";

const HINTED =
	"6*7 is 41.\nWait, maybe I can use Python.\n```python\nprint(6*7)\n```\n```output\n42\n```\nPython says 42.\n</think>\n\nThe answer is \\boxed{42}.";

async function leave(one: Talk): Promise<void> {
	one.type("quit");
	await one.over;
}
const branchOf = ({ desk, folder }: Talk, name = "main") => {
	const [id] = new SessionStore(folder).ids();
	return (desk.session?.live.state ?? new SessionStore(folder).read(id!).state).branches.get(name);
};
const textIn = (one: Talk, name = "main"): string =>
	(branchOf(one, name)?.spans ?? []).map(({ text }) => text).join("");

describe("a session in lines", () => {
	test("is told as sentences, hints, code, outputs and the verdict, in their order", async () => {
		const one = talk();
		await one.until("Now: next");
		expect(textIn(one)).toBe(HINTED);
		const from = one.told.indexOf("6*7 is 41.");
		expect(one.told.slice(from)).toEqual([
			"6*7 is 41.",
			"Wait",
			"Hint after Wait, general: , maybe I can use Python.",
			"Code, block 1:",
			"print(6*7)",
			"Block 1 runs in Python.",
			"Output of block 1, ok, 1 millisecond: 42",
			"Python says 42.",
			"The thinking ends.",
			"The answer is \\boxed{42}.",
			"The model ended its turn.",
			expect.stringMatching(
				/^End\. The verdict is correct: gold answer 42\. 1 hint, 1 call, \d+ tokens in .+\.$/,
			),
			expect.stringContaining("Now: next"),
		]);
		await leave(one);
	});

	test("a proposal waits with its reason, an empty line only repeats it, and a veto is the person's", async () => {
		const one = talk({ choices: { mode: "ask" } });
		await one.until("A hint is proposed after Wait: general, check.");
		await one.until("The reason: the model doubts itself");
		await one.until("It would say: , maybe I can use Python. Then a block of Python is opened.");
		await one.until("Say insert, edit");
		one.type("");
		await one.until("A hint is proposed after Wait: general, check.");
		expect(branchOf(one)?.hints).toHaveLength(0);
		one.type("veto");
		await one.until("The hint, general, was vetoed by you.");
		await one.until("End. The verdict is wrong");
		expect(textIn(one)).toBe(PLAIN);
		expect(branchOf(one)?.decisions.map(({ decision, by }) => [decision, by])).toContainEqual([
			"veto",
			"person",
		]);
		await leave(one);
	});

	test("a proposal can be said otherwise, taken for another, edited and inserted", async () => {
		const one = talk({ choices: { mode: "ask" } });
		await one.until("Say insert, edit");
		one.type("other wording");
		await one.until("It would say: , let me compute it.");
		one.type("hint words");
		await one.until("It would say: , think again.");
		one.type("hint check");
		await one.until("Then a block of Python is opened.");
		one.type("edit , let me see.");
		await one.until("Hint after Wait, general, by you: , let me see.");
		await one.until("End. The verdict is correct");
		expect(textIn(one)).toContain("Wait, let me see.\n```python\nprint(6*7)");
		expect(branchOf(one)?.hints[0]).toMatchObject({ by: "person" });
		await leave(one);
	});

	test("auto announces a hint long enough to be heard, and not at all where nothing was to wait", async () => {
		const announced = talk({ choices: { vetoMs: 1 } });
		await announced.until("It goes in by itself in 10 seconds unless you say veto");
		expect(announced.desk.session?.live.hints.vetoMs).toBe(10_000);
		announced.type("pause");
		await announced.until("Paused after line 1.");
		announced.type("veto");
		await announced.until("End. The verdict is wrong");
		await leave(announced);
		const silent = talk({ choices: { vetoMs: 0 } });
		await silent.until("Hint after Wait");
		expect(silent.told.join("\n")).not.toContain("is proposed");
		await leave(silent);
	});

	test("a plain Enter pauses, and lets it go on to the same end", async () => {
		const one = talk({ choices: { mode: "ask" } });
		await one.until("Say insert");
		one.type("veto");
		await one.until("The hint");
		one.type("");
		const where = await one.until("Paused");
		expect(where).toMatch(/^Paused after line \d\. Enter goes on/);
		one.type("");
		await one.until("It goes on.");
		await one.until("End. The verdict");
		expect(textIn(one)).toBe(PLAIN);
		await leave(one);
	});

	test("an own hint goes in where the trace stands, typed with the word or asked for", async () => {
		const one = talk({ choices: { mode: "ask" } });
		await one.until("Say insert");
		one.type("write think again.");
		await one.until("Hint after Wait, by you: think again.");
		await one.until("Enough.");
		await one.until("End. The verdict");
		one.type("write");
		await one.until("Type your hint, then an empty line");
		one.type("Let me", "think again.", "");
		await one.until("Branch b2 of 2");
		await one.until("Your own hint:");
		await one.until("think again.");
		await one.until("End. The verdict");
		expect(branchOf(one, "b2")?.hints.at(-1)).toMatchObject({ by: "person", text: "Let me\nthink again.\n" });
		await leave(one);
	});

	test("a hint of the library is told before it goes in, wording by wording", async () => {
		const one = talk({ choices: { mode: "off" } });
		await one.until("End. The verdict");
		one.type("hint");
		await one.until("2: words: think again");
		await one.until("Which hint?");
		one.type("1");
		await one.until("check, wording 1 of 2, would say: Wait, maybe I can use Python.");
		one.type("other");
		await one.until("check, wording 2 of 2, would say: Wait, let me compute it.");
		one.type("yes");
		await one.until("Hint put in by you, general: Wait, let me compute it.");
		await one.until("End. The verdict is correct");
		await leave(one);
	});

	test("rewind goes behind a line or before a hint, as a branch that waits; undo goes back", async () => {
		const one = talk();
		await one.until("End. The verdict");
		one.type("rewind 1");
		await one.until("Branch b2 of 2, 1 line. It waits: Enter goes on, undo goes back.");
		expect(textIn(one, "b2")).toBe("6*7 is 41.\n");
		one.type("undo");
		await one.until("Branch main of 2");
		one.type("rewind 3");
		await one.until("Branch b3 of 3, 2 lines.");
		// What stood there already is not read again.
		expect(one.told.filter((line) => line === "Wait")).toHaveLength(1);
		expect(textIn(one, "b3")).toBe("6*7 is 41.\nWait");
		one.type("rewind 99");
		await one.until("There is no line 99: there are 2 lines.");
		one.type("rewind");
		await one.until("2: Wait");
		await one.until("Rewind behind which line?");
		one.type("1");
		await one.until("Branch b4 of 4, 1 line.");
		one.type("");
		await one.until("End. The verdict");
		expect(textIn(one, "b4")).toBe(HINTED);
		one.type("undo hint");
		await one.until("Branch b5 of 5, 2 lines.");
		await one.until("The hint, check, is undone.");
		one.type("branches");
		await one.until("2: b2, out of main after line 1");
		await one.until("Change to which?");
		one.type("2");
		await one.until("Branch b2 of 5");
		await leave(one);
	});

	test("timeline, lines, search and status tell again what was", async () => {
		const one = talk();
		await one.until("Now: next");
		one.type("timeline", "entry 1", "lines 1 to 3", "search python", "status", "numbers", "problem");
		await one.until("1: hint after Wait, general, by the policy, line 3, led to code ok, answer 42");
		await one.until("2: block 1, ok 1 ms, line 5");
		await one.until("wording maybe I can use Python");
		await one.until("1: 6*7 is 41.");
		expect(await one.until("3: ")).toBe("3: Hint after Wait, general: , maybe I can use Python.");
		await one.until('2 lines hold "python".');
		await one.until("6: Python says 42.");
		expect(await one.until("Ended, the verdict is correct.")).toMatch(
			/Branch main, 8 lines\. \d+ tokens, \d+ left\. 0 of 0 rounds, 1 of 6 calls\. Engine toy\. Seed 1, temperature 0\. The policy is auto\./,
		);
		await one.until("Lines are read with their numbers.");
		await one.until("What is 6 * 7?");
		await leave(one);
	});

	test("with numbers each line begins with its own, and quiet leaves the thinking unread", async () => {
		const one = talk({ choices: { mode: "ask" } });
		await one.until("Say insert");
		one.type("numbers", "insert");
		await one.until("3: Hint after Wait, general, by you:");
		expect(await one.until("print(6*7)")).toBe("4: print(6*7)");
		expect(await one.until("Output of block")).toMatch(/^5: /);
		await one.until("End. The verdict");
		one.type("numbers", "quiet", "rewind 2");
		await one.until("Branch b2");
		one.type("");
		await one.until("Say insert");
		one.type("insert");
		await one.until("End. The verdict");
		const again = one.told.slice(one.told.findIndex((line) => line.startsWith("Branch b2")));
		expect(again.join("\n")).not.toContain("Python says 42.");
		expect(again.join("\n")).toContain("Output of block 1");
		await leave(one);
	});

	test("Python runs a line of one's own, or several, and says what came of it", async () => {
		const python = new (class extends ToyPython {
			override async run(code: string): Promise<BlockResult> {
				const result = await super.run(code);
				return code.includes("many") ? { ...result, text: "a\r\x1b[2Jb\n\nc\n" } : result;
			}
		})();
		const one = talk({ python: () => python });
		await one.until("End. The verdict");
		one.type("> print(2*3)");
		await one.until("Python, ok, 1 millisecond: 6");
		one.type("python");
		await one.until("Type Python, then an empty line");
		one.type("many = 1", "many", "");
		await one.until("Python, ok, 1 millisecond:");
		expect(one.told.slice(-3)).toEqual(["a\u240d\u241b[2Jb", "c", "End of the output."]);
		expect(python.ran.at(-1)).toBe("many = 1\nmany");
		await leave(one);
	});

	test("mark, name, tag and note are kept; export asks for what it is not told", async () => {
		const one = talk();
		await one.until("End. The verdict");
		one.type("mark accepted", "name The answer", "tag x", "tag y", "tag -x");
		await one.until("Branch main is marked as accepted.");
		await one.until("Tags: y.");
		one.type("note");
		await one.until("Type the note");
		one.type("two", "lines", "", "mark rejected", "mark rejected");
		await one.until("The mark is taken back.");
		one.type("export sample out.jsonl");
		expect(await one.until("Written to out.jsonl")).toContain("trained: model");
		one.type("export");
		await one.until("6: Journal: ");
		await one.until("Which form?");
		one.type("sample");
		await one.until("Which file?");
		one.type("out.jsonl");
		await one.until("out.jsonl is there already: add");
		one.type("add");
		await one.until("Added to out.jsonl");
		one.type("export text no/such/place");
		await one.until("Error: there is no folder");
		one.type("cancel");
		await leave(one);
		expect(readFileSync(join(one.folder, "out.jsonl"), "utf8").trim().split("\n")).toHaveLength(2);
		expect(existsSync(join(one.folder, "no"))).toBe(false);
		const { state } = new SessionStore(one.folder).read(new SessionStore(one.folder).ids()[0]!);
		expect([state.name, [...state.tags], state.notes.map(({ text }) => text)]).toEqual([
			"The answer",
			["y"],
			["two\nlines"],
		]);
	});

	test("the policy can be changed, and what is decided already waits no longer", async () => {
		const one = talk({ choices: { mode: "ask" } });
		await one.until("Say insert");
		one.type("policy off");
		await one.until("Note: the policy is off from here on, changed by hand.");
		await one.until("hints were switched off");
		await one.until("End. The verdict is wrong");
		one.type("policy maybe");
		await one.until('There is no policy "maybe"');
		expect(one.desk.choices.mode).toBe("off");
		await leave(one);
	});

	test("words that mean nothing now say why, unknown ones get the nearest", async () => {
		const one = talk();
		await one.until("End. The verdict");
		one.type("veto", "pause", "engine x", "tymeline");
		await one.until("veto: not now, no hint waits; undo hint rewinds to before the last one.");
		await one.until("pause: not now, the trace has ended.");
		await one.until("engine: not now, the engine is chosen before a trace begins: say new first.");
		await one.until('There is no word "tymeline"; did you mean timeline?');
		one.type("help");
		await one.until("rewind LINE: ");
		expect(one.told.join("\n")).not.toMatch(/^veto: nothing/m);
		one.type("help veto");
		await one.until("veto: nothing goes in here.");
		await leave(one);
	});

	test("what a model and Python print never reaches the terminal as a control sequence", async () => {
		const evil = "\x1b[2J\x1b]52;c;eA==\x07 Ha\r ha.\u202e\n";
		const one = talk({
			choices: { mode: "off" },
			engine: new ToyEngine((text) =>
				text.includes("</think>") ? "41" : `${evil}\n</think>\n`.slice(text.length),
			),
		});
		await one.until("\u241b[2J\u241b]52;c;eA==\u2407 Ha\u240d ha.\\u202e");
		await leave(one);
	});
});

describe("coming and going", () => {
	test("Ctrl+C stops what runs, leaves a question, and twice leaves nudge", async () => {
		let now = 1_000_000;
		const one = talk({ choices: { mode: "ask" }, now: () => now });
		await one.until("Say insert");
		one.desk.interrupt();
		await one.until("Stopped here; it can be taken up again.");
		now += 10_000;
		one.type("write");
		await one.until("Type your hint");
		one.desk.interrupt();
		await one.until("The question is left.");
		now += 10_000;
		one.desk.interrupt();
		await one.until("Once more leaves nudge; everything is kept.");
		one.desk.interrupt();
		await one.over;
		expect(one.desk.resume).toMatch(/^nudge open \d{8}-/);
	});

	test("the end of the input leaves cleanly: the journal is closed and says where it stands", async () => {
		const one = talk({ choices: { mode: "ask" } });
		await one.until("Say insert");
		one.desk.dialogue.end();
		await one.over;
		const store = new SessionStore(one.folder);
		const [id] = store.ids();
		expect(store.read(id!).torn).toBe(false);
		expect(one.desk.resume).toBe(`nudge open ${id}`);
		expect(() => store.open(id!).session.close()).not.toThrow();
	});

	test("a session that was kept is opened where it stands and goes on", async () => {
		const engine = new ToyEngine(liveModel);
		const first = talk({ engine, choices: { mode: "ask" } });
		await first.until("Say insert");
		await leave(first);
		const store = new SessionStore(first.folder);
		const second = talk({ engine, store, beginning: { at: "session", id: store.ids()[0]! } });
		await second.until("The problem: What is 6 * 7?");
		await second.until("1 line. The last of them:");
		await second.until("1: 6*7 is 41.");
		await second.until("It was broken off here: Enter goes on.");
		second.type("");
		await second.until("End. The verdict is correct");
		await leave(second);
	});

	test("a session that is open elsewhere is said to be, and the start asks for another", async () => {
		const store = new SessionStore(freshFolder());
		const held = store.create({ problem, nudge: "0", environment: {} });
		const one = talk({ store, beginning: { at: "session", id: held.id } });
		await one.until(`Error: session ${held.id} is open`);
		await one.until("What is the problem?");
		held.close();
		one.type("open last");
		await one.until("The problem: What is 6 * 7?");
		await leave(one);
	});

	test("what fails is said, and Enter tries again", async () => {
		let broken = true;
		const engine = new ToyEngine((text) => {
			if (broken) throw new Error("the engine is gone");
			return liveModel(text);
		});
		const one = talk({ engine });
		await one.until("Error: the engine is gone.");
		await one.until("Enter tries again.");
		broken = false;
		one.type("");
		await one.until("End. The verdict is correct");
		await leave(one);
	});

	test("a replay is read again, step by step, and nothing in it can be changed", async () => {
		const one = talk();
		await one.until("End. The verdict");
		one.type("replay");
		await one.until("Replay of session");
		one.type("end");
		await one.until("Hint after Wait");
		await one.until("End. The verdict is correct");
		one.type("mark accepted");
		await one.until('There is no word "mark"');
		one.type("back", "leave");
		await one.until("Event ");
		await one.until("The replay is left.");
		one.type("replay");
		await one.until("Replay of session");
		one.type("new");
		await one.until("What is the problem?");
		const [id] = new SessionStore(one.folder).ids();
		one.type(id!);
		await one.until("8 lines. The last of them:");
		await one.until("Now: next");
		one.type("mark accepted");
		await one.until("is marked as accepted");
		await leave(one);
	});
});

describe("the start", () => {
	const start = () => talk({ beginning: { at: "start" }, firstTime: true });

	test("explains itself, and takes a typed problem of several lines", async () => {
		const one = start();
		await one.until("help tells the words, quit leaves.");
		await one.until("A plain Enter pauses the model");
		await one.until("The engine is toy, a toy; say engine to change it.");
		await one.until("The policy is auto");
		await one.until("What is the problem?");
		one.type("Help Mia to find", "what 6 * 7 is.", "", "42", "m");
		await one.until("The problem: Help Mia to find");
		await one.until("what 6 * 7 is.");
		await one.until("End. The verdict is correct");
		expect(one.desk.session?.live.problem).toEqual({
			id: "typed",
			domain: "math",
			problem: "Help Mia to find\nwhat 6 * 7 is.",
			answer: "42",
		});
		await leave(one);
	});

	test("takes a number of the list, the next one, a file, and a session", async () => {
		const one = start();
		await one.until("What is the problem?");
		one.type("problems seats");
		await one.until("2: theatre, math: A theatre has 26 rows");
		one.type("2");
		await one.until("The problem: A theatre has 26 rows of 41 seats.");
		await one.until("End. The verdict");
		one.type("next");
		await one.until("The problem: There are 48 boxes");
		await one.until("End. The verdict");
		writeFileSync(join(one.folder, "mine.txt"), "What is 6 * 7?\n");
		one.type("new");
		await one.until("What is the problem?");
		one.type("mine.txt", "42", "");
		await one.until("The problem: What is 6 * 7?");
		await one.until("End. The verdict");
		one.type("sessions boxes");
		await one.until('1 session with "boxes", newest first.');
		one.type("2");
		await one.until("The problem: There are 48 boxes");
		one.type("delete 2");
		await one.until("You are in ");
		one.type("sessions");
		await one.until("3: ");
		one.type("delete 3");
		await one.until("Delete ");
		one.type("yes");
		await one.until("is deleted.");
		expect(new SessionStore(one.folder).ids()).toHaveLength(2);
		await leave(one);
	});

	test("a set from a file is listed with its mistakes", async () => {
		const one = start();
		await one.until("What is the problem?");
		writeFileSync(join(one.folder, "set.jsonl"), `${JSON.stringify(problem)}\nno json\n`);
		one.type("set.jsonl");
		await one.until("1: p, math: What is 6 * 7?");
		await one.until("set.jsonl:2: this is not JSON");
		await leave(one);
	});

	test("a problem may begin with any word; a word alone is one, right or wrong", async () => {
		const one = start();
		await one.until("What is the problem?");
		one.type("policy ask", "settings seed 7", "settings seed x", "probelms");
		await one.until("The policy is ask");
		await one.until("seed 7: what sampling");
		await one.until("Error: Seed must be a whole number");
		await one.until('There is no word "probelms"; did you mean problems?');
		one.type("Open the box and count what is in it");
		await one.until("Go on with it; an empty line ends the problem");
		one.type("cancel");
		await one.until("The problem was dropped.");
		expect(one.desk.choices).toMatchObject({ mode: "ask", seed: 7 });
		await leave(one);
	});
});
