import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Problem } from "../../../src/trace/events.ts";
import {
	type Choices,
	type Readiness,
	type StartDeps,
	StartPage,
} from "../../../src/tui/views/start-page.ts";
import { FakeDesk, SIZES } from "../desk.ts";
import { expectDisjoint, freshFolder, freshStore, keep, NOON, until } from "./kept.ts";

const CHOICES: Choices = {
	engine: "embedded",
	mode: "auto",
	rounds: 1,
	words: 1,
	vetoMs: 0,
	seed: 0,
	temperature: 0,
	topP: 1,
	maxTokens: 2048,
	maxCalls: 6,
};

type Shown = {
	readonly desk: FakeDesk;
	readonly page: StartPage;
	readonly begun: Problem[];
	readonly sets: (string | undefined)[];
	readonly opened: string[];
	choices(): Choices;
};

function show(more: Partial<StartDeps> = {}, size = SIZES[0]!): Shown {
	const desk = new FakeDesk(size);
	let choices = CHOICES;
	const begun: Problem[] = [];
	const sets: (string | undefined)[] = [];
	const opened: string[] = [];
	const page = new StartPage({
		desk,
		choices: () => choices,
		change: (changes) => {
			if (changes.engine === "refused") throw new Error("that engine is refused");
			choices = { ...choices, ...changes };
		},
		engines: () => [
			{ name: "embedded", says: "nudge-tiny" },
			{ name: "refused", says: "does not open" },
		],
		readiness: () => [],
		firstTime: false,
		store: freshStore(),
		cwd: freshFolder(),
		begin: (problem, set) => {
			begun.push(problem);
			sets.push(set?.name);
		},
		openSession: (id) => opened.push(id),
		now: () => NOON,
		restMs: 0,
		...more,
	});
	desk.open(page);
	return { desk, page, begun, sets, opened, choices: () => choices };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 5));

const WORKING: readonly Readiness[] = [
	{ what: "engine", state: "working", says: "nudge-tiny is loading", done: 4e7, total: 9e7 },
	{ what: "python", state: "working", says: "Python is being prepared: sympy", done: 3, total: 9 },
];

test.each(SIZES)("at $columns x $rows everything is within its bounds and nothing overlaps", async (size) => {
	const store = freshStore();
	for (let i = 0; i < 8; i++) keep(store, { hoursAgo: i, name: "名前 ".repeat(i) });
	for (const firstTime of [false, true]) {
		const { desk, page } = show({ store, firstTime, readiness: () => WORKING }, size);
		await until(desk, "first");
		for (let i = 0; i < 7; i++) {
			expectDisjoint(page.draw(size), `${size.columns}x${size.rows} part ${i}`);
			desk.press("tab");
			desk.screen();
		}
		desk.paste("Wide 日本語 🙂 text\n".repeat(40));
		desk.screen();
		expectDisjoint(page.draw(size), "a long problem");
		page.close();
	}
});

test("sizes of all kinds", () => {
	const store = freshStore();
	const failed: Readiness = {
		what: "engine",
		state: "failed",
		says: "it failed and says at length why. ".repeat(9),
	};
	for (let columns = 20; columns <= 220; columns += 17) {
		for (let rows = 4; rows <= 62; rows += 6) {
			const { desk, page } = show({ store, firstTime: true, readiness: () => [failed] }, { columns, rows });
			desk.screen();
			expectDisjoint(page.draw(desk.size), `${columns}x${rows}`);
			page.close();
		}
	}
});

test("the first start explains itself in three lines and says what is being made; later ones do not", async () => {
	const { desk } = show({ firstTime: true, readiness: () => WORKING });
	const rows = (await until(desk, "first")).split("\n");
	expect(rows.slice(1, 4)).toEqual([
		expect.stringMatching(/^..Left {2}a model thinks; .* goes back to it\. *$/),
		expect.stringMatching(/^..Right stand the hints .* Python: type there too\. *$/),
		expect.stringMatching(/^..Keys {2}F1 shows .* Ctrl\+P finds any command, Enter begins\. *$/),
	]);
	expect(rows.at(-2)).toContain("~ nudge-tiny is loading 44 %   ~ Python is being prepared: sympy 3 of 9");
	const later = show();
	expect((await until(later.desk, "first")).includes("Left  a model")).toBe(false);
});

test("what is typed is the problem; Enter begins with it, its answer and its domain, and names no set", async () => {
	const { desk, begun, sets } = show();
	desk.type("What is 2+2?");
	desk.press("alt+enter");
	desk.type("Say it.");
	desk.press("tab");
	desk.type("4");
	desk.press("tab", "right", "enter");
	expect(begun).toEqual([{ id: "typed", domain: "code", problem: "What is 2+2?\nSay it.", answer: "4" }]);
	expect(sets).toEqual([undefined]);
});

test("nothing is begun by a paste, and all its lines are there", async () => {
	const { desk, begun } = show();
	desk.paste("First line\nsecond line\n");
	expect(begun).toEqual([]);
	const screen = desk.screen().join("\n");
	expect(screen).toContain("First line");
	expect(screen).toContain("second line");
	desk.press("enter");
	expect(begun[0]?.problem).toBe("First line\nsecond line");
});

test("a long paste onto the list is a problem, a short one a filter", async () => {
	const { desk, begun } = show();
	await until(desk, "bundled, 92");
	desk.press("tab");
	desk.paste("theatre");
	expect(desk.screen().join("\n")).toContain("of 92");
	expect(begun).toEqual([]);
	desk.paste("Two lines\nof a problem");
	desk.press("enter");
	expect(begun.map(({ problem }) => problem)).toEqual(["Two lines\nof a problem"]);
});

test("Enter in an empty problem goes to the list; Enter there begins with the selected problem at once", async () => {
	const { desk, begun, sets } = show();
	await until(desk, "bundled, 92");
	desk.press("enter", "down", "enter");
	await settled();
	expect(begun).toEqual([
		{
			id: "theatre",
			source: "nudge-tiny/product:41,26",
			domain: "math",
			problem: "A theatre has 26 rows of 41 seats. How many seats are there?",
			answer: "1066",
		},
	]);
	expect(sets).toEqual(["bundled"]);
});

test("Down from the last line of the problem goes to the list, Up from its first entry comes back", async () => {
	const { desk } = show();
	await until(desk, "bundled, 92");
	desk.paste("a\nb");
	desk.press("up", "down");
	expect(desk.find("> Problem --").y).toBeGreaterThan(0);
	desk.press("down");
	desk.find("> Problems");
	desk.press("up");
	desk.find("> Problem --");
});

test("Tab goes round: answer and domain only where a problem is written", async () => {
	const { desk } = show({}, SIZES[1]!);
	await until(desk, "bundled, 92");
	const round = (count: number, key = "tab"): string[] =>
		Array.from({ length: count }, () => {
			desk.press(key);
			return /> (Problems?|Gold answer|Domain|Sessions|F6)/.exec(desk.screen().join("\n"))?.[1] ?? "?";
		});
	expect(round(4)).toEqual(["Problems", "Sessions", "F6", "Problem"]);
	desk.type("x");
	expect(round(6)).toEqual(["Gold answer", "Domain", "Problems", "Sessions", "F6", "Problem"]);
	expect(round(2, "shift+tab")).toEqual(["F6", "Sessions"]);
});

test("typing in the list filters it; Escape takes the filter away, and then goes nowhere", async () => {
	const { desk, page, begun } = show();
	await until(desk, "bundled, 92");
	desk.press("tab");
	desk.type("theatre");
	expect(desk.screen().join("\n")).toMatch(/> theatre .*\n/);
	expect(desk.screen().join("\n")).toContain("1 of 92");
	desk.press("escape");
	expect(desk.screen().join("\n")).toContain("bundled, 92");
	desk.press("escape");
	expect(desk.top).toBe(page);
	desk.type("domain:code verdict:none");
	expect(desk.screen().join("\n")).toMatch(/ \d of 92/);
	desk.press("escape");
	desk.type("no such problem");
	desk.press("enter");
	await settled();
	expect(begun).toEqual([]);
});

test("what earlier sessions came to stands at each problem and in its preview", async () => {
	const store = freshStore();
	const theatre = { id: "theatre", problem: "A theatre has 26 rows of 41 seats. How many seats are there?" };
	keep(store, { problem: theatre, verdict: "correct", hints: 1 });
	keep(store, { problem: theatre, verdict: "wrong", hoursAgo: 1 });
	const { desk } = show({ store }, SIZES[1]!);
	await until(desk, /theatre +with hints/);
	await until(desk, "bundled, 92");
	desk.press("tab", "down");
	await until(desk, "2 sessions: 1 correct with hints, 1");
	desk.type("verdict:with");
	expect(desk.screen().join("\n")).toContain("1 of 92");
});

test("the mouse: a click selects, a second one begins; a click on a title changes the tab; the wheel moves", async () => {
	const { desk, begun } = show();
	await until(desk, "bundled, 92");
	const paper = desk.find("  paper");
	desk.click(paper.x + 3, paper.y);
	expect(desk.screen().join("\n")).toContain("> paper");
	expect(begun).toEqual([]);
	desk.click(paper.x + 3, paper.y);
	await settled();
	expect(begun.map(({ id }) => id)).toEqual(["paper"]);
	desk.mouse("wheel-down", paper.x, paper.y);
	expect(desk.screen().join("\n")).not.toContain("> paper");
	const title = desk.find("> Problems");
	desk.click(title.x + 4, title.y);
	desk.find("> Sessions");
	desk.click(10, desk.find("Type or paste").y);
	desk.find("> Problem --");
	const code = desk.find(" code ");
	desk.click(code.x + 2, code.y);
	desk.find("(code)");
	const policy = desk.find("F7");
	desk.click(policy.x, policy.y);
	desk.find("+- Policy");
});

test("sessions: Enter opens one; an unreadable one is said", async () => {
	const store = freshStore();
	const id = keep(store, { name: "mine", hoursAgo: 1 });
	const broken = keep(store);
	rmSync(join(store.folderOf(broken), "journal.jsonl"));
	rmSync(join(store.folderOf(broken), "summary.json"), { force: true });
	const { desk, opened } = show({ store });
	await until(desk, "bundled, 92");
	desk.press("tab", "tab");
	expect(await until(desk, "Six times seven")).toContain("mine");
	desk.press("enter");
	expect(opened).toEqual([id]);
});

test("no sessions, and no problems, are said", async () => {
	const file = join(freshFolder(), "empty.jsonl");
	writeFileSync(file, "\n");
	const { desk, begun, opened } = show({ files: [file] }, SIZES[1]!);
	const screen = await until(desk, "There is no problem in it.");
	expect(screen).toContain("None yet. What you begin is kept.");
	desk.press("tab", "enter", "down", "tab", "enter");
	expect([...begun, ...opened]).toEqual([]);
});

test("lines of a set that are no problem are counted, listed with their place, and begin nothing", async () => {
	const file = join(freshFolder(), "mine.jsonl");
	writeFileSync(
		file,
		'{"id":"a","domain":"math","problem":"A?"}\nnot json\n{"id":"b","domain":"art","problem":"B?"}\n',
	);
	const { desk, begun } = show({ files: [file] });
	const screen = await until(desk, "mine.jsonl, 1, ! 2 mistakes");
	expect(screen).toContain("! mine.jsonl:2: this is not JSON");
	desk.press("tab", "down", "down");
	expect(desk.screen().join("\n")).toMatch(/mine.jsonl:3 is no problem: "domain" must be one of/);
	desk.press("enter");
	await settled();
	expect(begun).toEqual([]);
	expect(desk.asked.join()).toContain("say warning: mine.jsonl:3 is no problem");
});

test("a set of a hundred thousand lines shows its first screen at once and counts on", async () => {
	const file = join(freshFolder(), "large.jsonl");
	const line = (i: number): string =>
		`{"id":"p${i}","domain":"math","problem":"What is ${i}?","answer":"${i}"}\n`;
	writeFileSync(file, Array.from({ length: 100_000 }, (_, i) => line(i)).join(""));
	const { desk, begun, page } = show({ files: [file] });
	const first = await until(desk, "> p0 ");
	expect(first).toMatch(/large.jsonl, [\d,]+ and more/);
	desk.press("tab");
	desk.type("99999");
	await until(desk, "> p99999 ");
	expect(await until(desk, "1 of 100,000")).not.toContain("and more");
	desk.press("enter");
	await settled();
	expect(begun.map(({ answer }) => answer)).toEqual(["99999"]);
	page.close();
});

test("F2 reads a problem from a file into the field, where it waits; what is wrong is said under the path", async () => {
	const cwd = freshFolder();
	writeFileSync(join(cwd, "one.txt"), "What is 日本?\n\n");
	const { desk, begun } = show({ cwd });
	desk.press("f2");
	desk.type("none.txt");
	desk.press("enter");
	expect(desk.screen().join("\n")).toMatch(/! There is no file/);
	desk.press("ctrl+u");
	desk.type("one");
	desk.press("tab", "enter");
	expect(begun).toEqual([]);
	desk.find("What is 日本?");
	desk.press("enter");
	expect(begun[0]?.problem).toBe("What is 日本?");
});

test("F5 loads another set, and an empty path is the bundled one again", async () => {
	const cwd = freshFolder();
	writeFileSync(join(cwd, "set.jsonl"), '{"id":"mine","domain":"code","problem":"Write it."}\n');
	const { desk, sets } = show({ cwd });
	await until(desk, "bundled, 92");
	desk.press("f5");
	desk.type("set.jsonl");
	desk.press("enter");
	await until(desk, "> mine");
	desk.find("> Problems - set.jsonl, 1");
	desk.press("enter");
	await settled();
	expect(sets).toEqual(["set.jsonl"]);
	desk.press("f5", "enter");
	await until(desk, "bundled, 92");
});

test("F5 takes a part of a dataset folder, says what its fields are read as, and refuses a choice that is none", async () => {
	const cwd = freshFolder();
	mkdirSync(join(cwd, "hub"));
	writeFileSync(join(cwd, "hub", "train.csv"), "question,answer\nHow many?,1\n");
	writeFileSync(join(cwd, "hub", "test.csv"), "question,answer\nHow much?,2\n");
	const { desk } = show({ cwd });
	await until(desk, "bundled, 92");
	desk.press("f5");
	desk.type("hub");
	desk.press("enter");
	await until(desk, "several parts");
	desk.type(":test");
	desk.press("enter");
	await until(desk, "> hub-test-1");
	desk.find("> Problems - hub:test, 1");
	desk.find("gold answer 2 - read as question -> problem, answer -> answer, id made from");
});

test("the problem can be written in the person's editor", async () => {
	const { desk, begun } = show();
	desk.type("begun");
	desk.edited = "written at length\n";
	desk.press("ctrl+g");
	await settled();
	expect(desk.asked).toEqual(["edit .md: begun"]);
	desk.press("enter");
	expect(begun[0]?.problem).toBe("written at length");
});

test("the engine: one by its name, or any spec; a wrong one is said where it stands and the old one stays", () => {
	const { desk, choices } = show();
	desk.press("f6", "down", "enter");
	expect(desk.asked).toEqual(["say error: that engine is refused"]);
	expect(choices().engine).toBe("embedded");
	desk.press("f6", "down", "down", "enter");
	desk.type("vlm:http://127.0.0.1:1");
	desk.press("enter");
	expect(desk.screen().join("\n")).toContain('! "vlm:http://127.0.0.1:1" names no engine');
	desk.press("ctrl+u");
	desk.type("absent.gguf");
	desk.press("enter");
	expect(desk.screen().join("\n")).toMatch(/! There is no file .*absent\.gguf/s);
	expect(choices().engine).toBe("embedded");
	desk.press("ctrl+u");
	desk.type("llama-server:http://127.0.0.1:8080");
	desk.press("enter");
	expect(choices().engine).toBe("llama-server:http://127.0.0.1:8080");
	expect(desk.screen().join("\n")).toContain("llama-server:http");
});

test("policy and settings of the run are changed where they are shown, a limit taken away again too", () => {
	const { desk, choices } = show();
	desk.press("f7", "down", "enter");
	expect(choices().mode).toBe("ask");
	desk.press("f8");
	desk.type("7");
	desk.press("enter");
	expect(choices().seed).toBe(7);
	desk.press("f8", "down", "down", "down", "down", "down", "down", "down");
	desk.type("60");
	desk.press("enter");
	expect(choices().maxSeconds).toBe(60);
	expect(desk.screen().join("\n")).toContain("60 s");
	desk.press("f8", "down", "down", "down", "down", "down", "down", "down", "ctrl+u", "enter");
	expect(choices().maxSeconds).toBeUndefined();
});

test("the settings are reached with Tab too: arrows choose one, Enter opens it", () => {
	const { desk } = show();
	desk.press("shift+tab", "right", "right", "enter");
	desk.find("+- Settings of the run");
});

test("while it loads one can begin; a failure says why and does not stand in the way", () => {
	const failed: Readiness = {
		what: "engine",
		state: "failed",
		says: "There is no file model.gguf. Choose another.",
	};
	const { desk, begun } = show({ readiness: () => [failed] });
	desk.find("! There is no file model.gguf.");
	desk.type("x");
	desk.press("enter");
	expect(begun).toHaveLength(1);
});

test("letters that are commands elsewhere do nothing but write", () => {
	const { desk, begun, opened } = show();
	desk.type("q?");
	desk.press("tab", "tab", "tab");
	desk.type("q?x");
	desk.press("tab");
	desk.type("q?x");
	desk.press("tab");
	desk.type("q?x");
	expect(desk.asked).toEqual([]);
	expect([...begun, ...opened]).toEqual([]);
});

test("what a file says as a control sequence is shown, never obeyed", async () => {
	const file = join(freshFolder(), "evil.jsonl");
	const problem = { id: "\u001b[2J", domain: "math", problem: "\u001b]0;x\u0007 \u009b31m boo\r\n\ttab" };
	writeFileSync(file, `${JSON.stringify(problem)}\n`);
	for (const size of SIZES) {
		const { desk } = show({ files: [file] }, size);
		desk.press("tab");
		expect(await until(desk, "␛[2J")).toContain("␛");
	}
});

test("where the cursor stands is where one types", async () => {
	const { desk, page } = show();
	await until(desk, "bundled, 92");
	desk.type("日本");
	const at = page.draw(desk.size).cursor!;
	expect(at).toEqual({ x: 6, y: desk.find("日本").y });
	desk.press("tab");
	expect(page.draw(desk.size).cursor?.y).toBe(desk.find("to check against").y);
	desk.press("tab");
	expect(page.draw(desk.size).cursor).toBeUndefined();
	desk.press("tab");
	expect(page.draw(desk.size).cursor?.y).toBe(desk.find("> Problems").y);
});
