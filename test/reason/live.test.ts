import { describe, expect, test } from "vitest";
import { type Engine, EngineError } from "../../src/engine/engine.ts";
import type { BlockResult } from "../../src/python/interpreter.ts";
import type { LiveChange } from "../../src/reason/live.ts";
import { openLive } from "../../src/reason/live-session.ts";
import { SessionLockedError } from "../../src/trace/lock.ts";
import { type Session, SessionStore } from "../../src/trace/store.ts";
import { freshFolder } from "../trace/folder.ts";
import { ToyEngine } from "./toy-engine.ts";
import { ASK, AUTO, liveModel, OFF, type Opened, open, toyLab } from "./toy-live.ts";
import { PLAIN, problem, ToyPython } from "./toy-trace.ts";

const HINTED =
	"6*7 is 41.\nWait, maybe I can use Python.\n```python\nprint(6*7)\n```\n```output\n42\n```\nPython says 42.\n</think>\n\nThe answer is \\boxed{42}.";

const tokensCame = (change: LiveChange): boolean => change.type === "event" && change.event.type === "tokens";
const troubleOf = ({ changes }: Opened): string[] =>
	changes.flatMap((change) => (change.type === "trouble" ? [change.text] : []));
const rest = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 10));

describe("a session while somebody is at it", () => {
	test("begins, grows to its end and is kept; an event is in the state before it is told", async () => {
		const { live, store, changes, until, text } = open({ hints: OFF });
		expect(live.status).toBe("ready");
		live.subscribe((change) => {
			if (change.type === "event" && change.event.type === "tokens")
				expect(text().endsWith(change.event.text)).toBe(true);
		});
		live.goOn();
		expect(live.status).toBe("thinking");
		expect(await until("ended")).toBe("ended");
		expect(text()).toBe(PLAIN);
		await live.close();
		const kept = store.read(live.id).state.branches.get("main");
		expect(kept?.outcome?.verdict).toBe("wrong");
		expect(changes.some(({ type }) => type === "trouble")).toBe(false);
	});

	test("paused, what was shown stands; going on continues it to the same end", async () => {
		const { live, until, change, text } = open({ hints: OFF });
		live.goOn();
		await change(tokensCame);
		live.pause();
		expect(live.status).toBe("paused");
		const stood = text();
		await new Promise((resolve) => setTimeout(resolve, 20));
		expect(text()).toBe(stood);
		live.goOn();
		await until("ended");
		expect(text()).toBe(PLAIN);
		await live.close();
	});

	test("stopped, it says so in the journal, and goes on from there", async () => {
		const { live, until, change, text } = open({ hints: OFF });
		live.goOn();
		await change(tokensCame);
		await live.stop();
		expect(live.status).toBe("stopped");
		expect(live.state.branches.get("main")?.end?.reason).toBe("interrupted");
		live.goOn();
		await until("ended");
		expect(text()).toBe(PLAIN);
		await live.close();
	});

	test("a hint put in by hand goes in where the trace stands, and what it opens runs", async () => {
		const { live, until, change, text } = open({ hints: OFF });
		live.goOn();
		await change(tokensCame);
		live.pause();
		const before = text();
		await live.inject({ text: "Let me see.\n```python\n" });
		expect(text()).toBe(`${before}Let me see.\n\`\`\`python\n`);
		expect(live.status).toBe("paused");
		const branch = live.state.branches.get("main")!;
		expect(branch.hints.at(-1)).toMatchObject({ by: "person", marker: "anywhere", at: before.length });
		expect(branch.hints.at(-1)?.ids).toBeDefined();
		expect(branch.decisions.at(-1)).toMatchObject({ decision: "insert", by: "person" });
		live.goOn();
		await until("ended");
		expect(text()).toContain("```output\n42\n```\n");
		expect(branch.outcome?.verdict).toBe("correct");
		await live.close();
	});

	test("a proposal waits, is known before it is decided, and the answer is the person's", async () => {
		const { live, until, text } = open({ hints: ASK });
		live.goOn();
		await until("asking");
		expect(live.pending).toMatchObject({ proposal: { hint: "check" }, marker: { word: "Wait" } });
		expect(live.pending?.until).toBeUndefined();
		expect(live.state.branches.get("main")?.proposals).toHaveLength(0);
		live.answer({ do: "insert" });
		await until("asking");
		live.answer({ do: "veto" });
		await until("ended");
		expect(text()).toBe(HINTED);
		expect(live.state.branches.get("main")?.decisions.map(({ by, decision }) => [by, decision])).toEqual([
			["person", "insert"],
			["person", "veto"],
		]);
		await live.close();
	});

	test("stopped while a proposal waits, the trace ends at its marker, and the same is asked again", async () => {
		const { live, until, text } = open({ hints: ASK });
		live.goOn();
		await until("asking");
		const asked = live.pending?.marker.at;
		await live.stop();
		// Nothing from behind the marker stands; a token that reaches over it comes again.
		expect(text().length).toBeLessThanOrEqual(asked ?? 0);
		expect(PLAIN.startsWith(text())).toBe(true);
		live.goOn();
		await until("asking");
		expect(live.pending).toMatchObject({ proposal: { hint: "check" }, marker: { word: "Wait", at: asked } });
		expect(live.state.branches.get("main")?.markers).toHaveLength(1);
		live.answer({ do: "insert" });
		await until("asking");
		live.answer({ do: "veto" });
		await until("ended");
		expect(text()).toBe(HINTED);
		await live.close();
	});

	test("a person who begins Python afresh finds the trace's names in it again", async () => {
		const made: ToyPython[] = [];
		const { live, until } = open({
			hints: AUTO,
			lab: toyLab(new ToyEngine(liveModel), () => {
				const python = new ToyPython();
				made.push(python);
				return python;
			}),
		});
		live.goOn();
		await until("ended");
		const ran = made[0]!.ran.length;
		live.pythonAfresh();
		await live.inject({ text: "\n```python\nprint(6*7)\n```\n" });
		live.goOn();
		await until("ended");
		expect(made.flatMap((one) => one.ran)).toHaveLength(2 * ran + 1);
		await live.close();
	});

	test("rewound, a branch waits and grows on its own; undo goes back", async () => {
		const { live, until, text } = open({ hints: { ...AUTO, rounds: 0 } });
		live.goOn();
		await until("ended");
		expect(text()).toBe(HINTED);
		const name = live.rewind(10);
		expect(name).toBe("b2");
		expect([live.branch, live.status, text()]).toEqual(["b2", "ready", HINTED.slice(0, 10)]);
		live.goOn();
		await until("ended");
		expect(text()).toBe(HINTED);
		expect(live.undo()).toBe("main");
		expect([live.branch, live.status]).toEqual(["main", "ended"]);
		expect(live.undo()).toBeUndefined();
		await live.close();
	});

	test("an undone hint is vetoed there, and nobody is asked again", async () => {
		const { live, until, text } = open({ hints: { ...AUTO, rounds: 0 } });
		live.goOn();
		await until("ended");
		expect(live.undoHint()).toBe("b2");
		expect(text()).toBe("6*7 is 41.\nWait");
		live.goOn();
		await until("ended");
		expect(text()).toBe(PLAIN);
		expect(live.undoHint()).toBeUndefined();
		await live.close();
	});
});

describe("hints by hand", () => {
	test("put in while a proposal waits at the end of thinking, it goes before that end", async () => {
		const { live, until, text } = open({ hints: { ...ASK, words: 0 } });
		live.goOn();
		await until("asking");
		expect(live.pending?.marker.kind).toBe("before-end");
		const stood = text();
		await live.inject({ text: "think again.\n" });
		expect(text()).toBe(`${stood}think again.\n`);
		await until("asking");
		live.answer({ do: "veto" });
		await until("ended");
		expect(text().split("</think>")).toHaveLength(2);
		const { decisions } = live.state.branches.get("main")!;
		expect(decisions.map(({ decision, reason }) => [decision, reason])).toEqual([
			["veto", "another hint was put in by hand"],
			["insert", "put in by hand"],
			["veto", "vetoed"],
		]);
		await live.close();
	});

	test("a trace that had ended grows on as a branch; nothing of the ended one changes, and Python keeps its names", async () => {
		const python = new CountedPython();
		const { live, store, until, text } = open({
			hints: { ...AUTO, rounds: 0 },
			interpreter: async () => python,
		});
		live.goOn();
		await until("ended");
		const before = JSON.stringify(live.state.branches.get("main"));
		await live.inject({ text: "\nWait, once more.\n```python\n" });
		expect(live.branch).toBe("b2");
		expect(text()).toBe(`${HINTED}\nWait, once more.\n\`\`\`python\n`);
		await until("ended");
		expect(text().split("```output\n42\n```\n")).toHaveLength(3);
		expect(python.ran).toEqual(["print(6*7)\n", "print(6*7)\n"]);
		expect(python.restarts).toBe(0);
		expect(JSON.stringify(live.state.branches.get("main"))).toBe(before);
		await live.close();
		expect(store.read(live.id).state.branches.get("b2")).toMatchObject({
			parent: { branch: "main", at: HINTED.length },
			by: "person",
		});
	});

	test("a trace whose tokens were used up gets as many again", async () => {
		const lab = toyLab(new ToyEngine(liveModel));
		const budgets = { maxTokens: 5, maxCalls: 6, maxRounds: 1 };
		const made = lab.traceSettings();
		const { live, until, text } = open({
			hints: OFF,
			lab: { ...lab, traceSettings: () => ({ ...made, budgets }) },
		});
		live.goOn();
		await until("ended");
		expect(live.state.branches.get("main")?.end?.reason).toBe("tokens");
		const stood = text();
		await live.inject({ text: "think again.\n" });
		await until("ended");
		expect(text().length).toBeGreaterThan(`${stood}think again.\n`.length);
		await live.close();
	});

	test("before the beginning, and where it was stopped, a hint goes in and the trace waits behind it", async () => {
		const { live, until, text } = open({ hints: OFF });
		await live.inject({ text: "think again.\n", hint: "words" });
		expect([live.status, text()]).toEqual(["paused", "think again.\n"]);
		await live.stop();
		expect(live.status).toBe("stopped");
		await live.inject({ text: "Once more: think again.\n" });
		expect([live.status, text()]).toEqual(["paused", "think again.\nOnce more: think again.\n"]);
		live.goOn();
		await until("ended");
		expect(text()).toMatch(/^think again.\nOnce more: think again.\nEnough./);
		await live.close();
	});

	test("one that cannot go in is said, and nobody waits for ever", async () => {
		const opened = open({ hints: OFF, lab: () => Promise.reject(new Error("there is no such model file")) });
		await opened.live.inject({ text: "" });
		await opened.live.inject({ text: "Hm." });
		expect(opened.live.status).toBe("failed");
		expect(troubleOf(opened)).toEqual([
			"an empty text is no hint",
			expect.stringContaining("being loaded"),
			"there is no such model file",
			"the hint was not put in: the trace could not grow",
		]);
		await opened.live.close();
	});

	test("the frame fits where the trace stands", async () => {
		const { live, change, until } = open({ hints: { ...ASK, rounds: 0 } });
		expect(live.library().map(({ id }) => id)).toEqual(["check", "words"]);
		expect(live.preview("check", 0)).toMatchObject({
			text: "Wait, maybe I can use Python.\n```python\n",
			reason: "chosen by hand",
		});
		live.goOn();
		await until("asking");
		expect(live.preview("check", 3)).toMatchObject({
			text: ", let me compute it.\n```python\n",
			wordingIndex: 1,
		});
		expect(live.preview("nothing", 0)).toEqual({ skip: "the library has no hint nothing" });
		live.answer({ do: "insert" });
		await change((one) => one.type === "event" && one.event.type === "hint");
		live.pause();
		expect(live.preview("check", 0)).toEqual({ skip: expect.stringContaining("inside a block of code") });
		await live.inject({ text: "# by hand\n" });
		expect(live.state.branches.get("main")?.hints.at(-1)?.text).toBe("# by hand\n");
		await live.close();
	});
});

describe("a moment to veto", () => {
	const MOMENT = { ...AUTO, rounds: 0, vetoMs: 30 };

	test("nobody answers: it goes in by itself, and the policy has decided", async () => {
		const { live, until, text, changes } = open({ hints: MOMENT, now: () => 1000 });
		live.goOn();
		await until("asking");
		expect(live.pending).toMatchObject({ proposal: { hint: "check" }, until: 1030 });
		await until("ended");
		expect(text()).toBe(HINTED);
		expect(live.state.branches.get("main")?.decisions).toMatchObject([{ decision: "insert", by: "policy" }]);
		expect(live.state.branches.get("main")?.hints).toMatchObject([{ by: "policy" }]);
		expect(changes.filter(({ type }) => type === "status").length).toBeGreaterThan(2);
		await live.close();
	});

	test("without a moment nothing ever waits", async () => {
		const { live, until, text } = open({ hints: { ...AUTO, rounds: 0 } });
		let asked = false;
		live.subscribe(() => {
			asked ||= live.pending !== undefined;
		});
		live.goOn();
		await until("ended");
		expect([text(), asked]).toEqual([HINTED, false]);
		await live.close();
	});

	test("vetoed, it does not go in; inserted at once, it is the person's", async () => {
		for (const answer of ["veto", "insert"] as const) {
			const { live, until, text } = open({ hints: { ...MOMENT, vetoMs: 1_000_000 } });
			live.goOn();
			await until("asking");
			live.answer({ do: answer });
			await until("ended");
			expect(text()).toBe(answer === "veto" ? PLAIN : HINTED);
			expect(live.state.branches.get("main")?.decisions).toMatchObject([{ decision: answer, by: "person" }]);
			await live.close();
		}
	});

	test("once a person has begun to answer, or has paused, it waits without an end", async () => {
		const { live, until, text } = open({ hints: MOMENT });
		live.goOn();
		await until("asking");
		live.pause();
		expect(live.status).toBe("paused");
		expect(live.pending?.until).toBeUndefined();
		await new Promise((resolve) => setTimeout(resolve, 60));
		expect(live.pending).toBeDefined();
		live.goOn();
		expect(live.status).toBe("asking");
		expect(live.pending?.until).toBeDefined();
		live.answer({ do: "other-wording" });
		await until("asking");
		expect(live.pending).toMatchObject({ proposal: { wordingIndex: expect.any(Number) } });
		expect(live.pending?.until).toBeUndefined();
		await new Promise((resolve) => setTimeout(resolve, 60));
		live.answer({ do: "other-hint", hint: "nothing" });
		await until("asking");
		expect(live.pending).toMatchObject({ note: "the library has no hint nothing" });
		live.answer({ do: "veto-kind" });
		await until("ended");
		expect(text()).toBe(PLAIN);
		live.rewind(0);
		live.goOn();
		await until("ended");
		// The kind stays vetoed.
		expect(text()).toBe(PLAIN);
		await live.close();
	});

	test("a hint undone while it is the last one leaves the others standing", async () => {
		const { live, until, text } = open({ hints: AUTO });
		live.goOn();
		await until("ended");
		expect(live.state.branches.get("main")?.hints).toHaveLength(2);
		live.undoHint();
		live.goOn();
		await until("ended");
		expect(live.state.branches.get("b2")?.hints).toHaveLength(1);
		expect(live.state.branches.get("b2")?.decisions.at(-1)).toMatchObject({
			decision: "veto",
			reason: "undone",
		});
		expect(text()).toBe(HINTED);
		await live.close();
	});
});

describe("another policy", () => {
	test("holds from there on, is said in the journal, and what waits is treated by it", async () => {
		const { live, until, text } = open({ hints: ASK });
		live.goOn();
		await until("asking");
		live.setHints({ mode: "off" });
		expect(live.pending).toBeUndefined();
		await until("ended");
		expect(text()).toBe(PLAIN);
		const { notices, decisions } = live.state.branches.get("main")!;
		expect(notices).toMatchObject([
			{ level: "info", text: "the policy is off from here on, changed by hand" },
		]);
		expect(decisions).toMatchObject([{ decision: "veto", reason: "hints were switched off" }]);
		await live.close();
	});

	test("switched on while the model thinks, the end of thinking is a place for hints again", async () => {
		const { live, until, change, text } = open({ hints: { ...OFF, words: 0 } });
		live.goOn();
		await change(tokensCame);
		live.setHints({ mode: "ask", rounds: 1 });
		await until("asking");
		expect(live.pending?.marker.kind).toBe("before-end");
		live.setHints({ mode: "auto" });
		await until("ended");
		expect(text()).toContain("```output\n42\n");
		expect(live.state.branches.get("main")?.outcome?.verdict).toBe("correct");
		await live.close();
	});

	test("changed while nothing grows, it is said when the trace goes on, and not twice", async () => {
		const { live, until } = open({ hints: OFF });
		await live.inject({ text: "think again.\n" });
		await live.stop();
		live.setHints({ mode: "ask", rounds: 2 });
		const notices = () => live.state.branches.get("main")?.notices.map((one) => one.text);
		expect(notices()).toEqual([]);
		live.goOn();
		await until("asking");
		expect(notices()).toEqual(["the policy is ask rounds=2 words=1 code=1 seed=1 from here on"]);
		await live.close();
	});
});

describe("branches", () => {
	test("rewinding never splits a character, a hint or an output", async () => {
		const script = "So 𝔸𝔹 it is.</think>";
		const { live, until, text } = open({
			hints: OFF,
			engine: new ToyEngine((begun) => script.slice(begun.length)),
		});
		live.goOn();
		await until("ended");
		for (const [at, stands] of [
			[3, "So "],
			[4, "So "],
			[5, "So 𝔸"],
			[6, "So 𝔸"],
			[-3, ""],
			[1000, script],
		] as const) {
			live.switchTo("main");
			live.rewind(at);
			expect(text()).toBe(stands);
		}
		await live.close();

		const hinted = open({ hints: { ...AUTO, rounds: 0 } });
		hinted.live.goOn();
		await hinted.until("ended");
		for (const inside of ["maybe I", "42\n```", "output"]) {
			hinted.live.switchTo("main");
			hinted.live.rewind(HINTED.indexOf(inside));
			expect(["6*7 is 41.\nWait", HINTED.slice(0, HINTED.indexOf("```output"))]).toContain(hinted.text());
		}
		hinted.live.goOn();
		await hinted.until("ended");
		expect(hinted.text()).toBe(HINTED);
		await hinted.live.close();
	});

	test("another branch finds Python fresh, with its own earlier blocks run again; the same one finds its names", async () => {
		const python = new CountedPython();
		const { live, until, change, text } = open({ hints: AUTO, interpreter: async () => python });
		live.goOn();
		await change((one) => one.type === "event" && one.event.type === "output");
		await live.stop();
		live.goOn();
		await until("ended");
		const whole = text();
		expect([python.ran.length, python.restarts]).toEqual([2, 0]);
		// Behind the first output, before the second hint.
		live.rewind(whole.indexOf("Python says"));
		live.goOn();
		await until("ended");
		expect(text()).toBe(whole);
		expect([python.ran.length, python.restarts]).toEqual([4, 1]);
		live.switchTo("main");
		live.goOn();
		expect(live.status).toBe("ended");
		await live.close();
	});

	test("a block that was broken off is run anew in a fresh Python", async () => {
		const python = new CountedPython();
		python.hangs = true;
		const { live, until, text } = open({ hints: { ...AUTO, rounds: 0 }, interpreter: async () => python });
		live.goOn();
		await until("running");
		live.pause();
		expect(live.status).toBe("running");
		await live.stop();
		expect(live.status).toBe("stopped");
		python.hangs = false;
		live.goOn();
		await until("ended");
		expect(text()).toBe(HINTED);
		expect(python.restarts).toBe(1);
		await live.close();
	});

	test("one that grows is paused when another is looked at, and goes on where it stood", async () => {
		const { live, until, change, text } = open({ hints: OFF });
		live.goOn();
		await change(tokensCame);
		const stood = text();
		expect(live.rewind(0)).toBe("b2");
		expect([live.branch, live.status, text()]).toEqual(["b2", "ready", ""]);
		live.goOn();
		await change(tokensCame);
		live.switchTo("main");
		expect([live.branch, live.status, text()]).toEqual(["main", "paused", stood]);
		live.goOn();
		await until("ended");
		expect(text()).toBe(PLAIN);
		expect(live.state.branches.get("b2")?.outcome).toBeUndefined();
		live.switchTo("b2");
		expect(live.status).toBe("paused");
		await live.stop();
		expect(live.status).toBe("stopped");
		live.goOn();
		await until("ended");
		expect(text()).toBe(PLAIN);
		expect([...live.state.branches.keys()]).toEqual(["main", "b2"]);
		await live.close();
	});
});

describe("when things go wrong", () => {
	test("a model that could not be loaded is asked for again when the trace is to go on", async () => {
		const toy = toyLab(new ToyEngine(liveModel));
		let there = false;
		const opened = open({
			hints: OFF,
			lab: () => (there ? toy : Promise.reject(new Error("there is no such model file"))),
		});
		const { live, until, text } = opened;
		live.goOn();
		await until("failed");
		there = true;
		live.goOn();
		await until("ended");
		expect(text()).toBe(PLAIN);
		await live.close();
	});

	test("stopping does not wait for a Python that is still being made; going on at once is heard", async () => {
		const python = Promise.withResolvers<ToyPython>();
		const { live, until, text } = open({
			hints: { ...AUTO, rounds: 0 },
			interpreter: () => python.promise,
		});
		live.goOn();
		await until("running");
		await live.stop();
		expect(live.status).toBe("stopped");
		live.goOn();
		await until("running");
		void live.stop();
		live.goOn();
		python.resolve(new ToyPython());
		await until("ended");
		expect(text()).toBe(HINTED);
		expect(live.state.branches.get("main")?.calls.filter(({ output }) => output)).toHaveLength(1);
		await live.close();
	});

	test("a hint that comes while the trace ends goes in behind that end", async () => {
		const { live, until, text } = open({ hints: OFF });
		let put: Promise<void> | undefined;
		live.subscribe((change) => {
			if (change.type === "event" && change.event.type === "end")
				put ??= live.inject({ text: "think again.\n" });
		});
		live.goOn();
		while (live.branch === "main") await until("ended", "thinking").then(rest);
		await put;
		await until("ended");
		expect(text().startsWith(`${PLAIN}think again.\n`)).toBe(true);
		expect(live.state.branches.get("main")?.outcome?.verdict).toBe("wrong");
		await live.close();
	});

	test("another model goes on as a branch of its own, from the text alone; the first one finds its ids again", async () => {
		const first = new ToyEngine(liveModel);
		const second = new ToyEngine(liveModel, { seed: 9 });
		Object.assign(second.info, { id: "other", model: "other" });
		let engine = first;
		const { live, until, change, text } = open({ hints: OFF, lab: () => toyLab(engine) });
		live.goOn();
		await change(tokensCame);
		await live.stop();
		engine = second;
		live.goOn();
		await until("ended");
		expect([live.branch, text()]).toEqual(["b2", PLAIN]);
		expect(live.state.branches.get("b2")).toMatchObject({ settings: { engine: "other", model: "other" } });
		expect(live.state.branches.get("b2")?.header?.ids).toBeUndefined();
		expect(live.state.branches.get("b2")?.spans[0]?.ids).toBeUndefined();
		engine = first;
		live.switchTo("main");
		live.goOn();
		await until("ended");
		expect([live.branch, text()]).toEqual(["main", PLAIN]);
		await live.close();
	});

	test("the session is there while the model loads; pausing, stopping and going on are heard meanwhile", async () => {
		const loading = Promise.withResolvers<ReturnType<typeof toyLab>>();
		const opened = open({ hints: OFF, lab: loading.promise });
		const { live, until, text } = opened;
		expect(live.library()).toEqual([]);
		expect(live.preview("check", 0)).toEqual({ skip: expect.stringContaining("as soon as") });
		live.goOn();
		expect(live.status).toBe("thinking");
		await live.stop();
		expect(live.status).toBe("ready");
		live.goOn();
		live.pause();
		expect(live.status).toBe("paused");
		live.setHints({ rounds: 2 });
		loading.resolve(toyLab(new ToyEngine(liveModel)));
		await rest();
		expect([live.status, text()]).toEqual(["paused", ""]);
		expect(live.library()).toHaveLength(2);
		live.goOn();
		await until("ended");
		expect(text()).toBe(PLAIN);
		expect(live.state.misfits).toEqual([]);
		expect(opened.changes.filter(({ type }) => type === "trouble")).toMatchObject([
			{ level: "info", text: expect.stringContaining("the model is being loaded") },
			{ level: "info", text: expect.stringContaining("the model is being loaded") },
		]);
		await live.close();
	});

	test("an engine that stays away is said; going on tries again, from where the trace stands", async () => {
		const toy = new ToyEngine(liveModel);
		let gone = false;
		const engine: Engine = Object.assign(Object.create(toy) as Engine, {
			info: toy.info,
			renderHeader: () => toy.renderHeader(),
			tokenize: (text: string) => toy.tokenize(text),
			generate(...asked: Parameters<Engine["generate"]>) {
				if (gone) throw new EngineError("unreachable", "nothing answers at the address");
				return toy.generate(...asked);
			},
		});
		const opened = open({ hints: { ...ASK, rounds: 0 }, engine });
		const { live, until, text } = opened;
		live.goOn();
		await until("asking");
		gone = true;
		live.answer({ do: "insert" });
		await until("failed");
		expect(troubleOf(opened)).toEqual(["nothing answers at the address"]);
		live.goOn();
		await until("thinking");
		await until("failed");
		gone = false;
		live.goOn();
		await until("ended");
		expect(text()).toBe(HINTED);
		await live.close();
	});

	test("a Python that cannot be had is said; going on runs the block that is owed", async () => {
		let broken = true;
		const opened = open({
			hints: { ...AUTO, rounds: 0 },
			interpreter: async () => {
				if (broken) throw new Error("there is no Python here");
				return new ToyPython();
			},
		});
		opened.live.goOn();
		await opened.until("failed");
		expect(troubleOf(opened)).toEqual(["there is no Python here"]);
		broken = false;
		opened.live.goOn();
		await opened.until("ended");
		expect(opened.text()).toBe(HINTED);
		await opened.live.close();
	});

	/** A session on a disk that can be filled. */
	function onDisk(): { readonly opened: Opened; fill(on: boolean): void } {
		let full = false;
		class Store extends SessionStore {
			override create(...[what, options, nowMs]: Parameters<SessionStore["create"]>): Session {
				const disk = {
					links: () => {
						if (full) throw Object.assign(new Error("no space"), { code: "ENOSPC" });
						return 1;
					},
				};
				return super.create(what, { ...options, disk }, nowMs);
			}
		}
		const opened = open({ hints: { ...AUTO, rounds: 0 }, store: new Store(freshFolder()) });
		const fill = (on: boolean): void => {
			full = on;
		};
		return { opened, fill };
	}

	test("a full disk is said, the trace goes on, and once there is room everything is kept", async () => {
		const { opened, fill } = onDisk();
		const { live, until, change, store } = opened;
		live.goOn();
		await change(tokensCame);
		expect(live.unwritten).toBeUndefined();
		fill(true);
		await until("ended");
		expect(troubleOf(opened)).toEqual([expect.stringContaining("the disk is full")]);
		expect(live.unwritten).toContain("the disk is full");
		fill(false);
		live.note("there is room again");
		expect(troubleOf(opened).at(-1)).toBe("the journal is written again");
		expect(live.unwritten).toBeUndefined();
		await live.close();
		expect(store.read(live.id).state.branches.get("main")?.outcome?.verdict).toBe("correct");
	});

	test("once there is room everything is written, also where nothing more happens", async () => {
		const { opened, fill } = onDisk();
		const { live, until, change } = opened;
		fill(true);
		live.goOn();
		await until("ended");
		fill(false);
		await change((one) => one.type === "trouble" && one.text === "the journal is written again");
		expect(live.unwritten).toBeUndefined();
		await live.close();
	});

	test("a disk that stays full is said at the end, and the session is closed all the same", async () => {
		const { opened, fill } = onDisk();
		const { live, until, store } = opened;
		live.goOn();
		await until("ended");
		fill(true);
		live.note("this will be lost");
		await expect(live.close()).rejects.toThrow("the disk is full");
		live.note("nobody writes any more");
		const again = openLive({
			store,
			lab: toyLab(new ToyEngine(liveModel)),
			session: { id: live.id },
			hints: OFF,
		});
		expect(again.state.notes).toEqual([]);
		fill(false);
		await again.close();
	});

	test("a listener that fails takes nobody else with it", async () => {
		const opened = open({ hints: OFF });
		opened.live.subscribe((change) => {
			if (change.type === "event" && change.event.type === "header") throw new Error("no such row");
		});
		opened.live.goOn();
		await opened.until("ended");
		expect(opened.text()).toBe(PLAIN);
		expect(troubleOf(opened)).toEqual(["the screen failed: no such row"]);
		await opened.live.close();
	});

	test("closed while an engine and a Python hang, the journal is whole and the session free", async () => {
		const toy = new ToyEngine(liveModel);
		toy.generate = async function* () {
			yield { text: "6" };
			await new Promise(() => {});
			return { reason: "eos", usage: { promptTokens: 0, completionTokens: 0 } };
		};
		const { live, store, change } = open({ hints: OFF, engine: toy });
		live.goOn();
		await change(tokensCame);
		await live.close();
		const again = openLive({ store, lab: toyLab(toy), session: { id: live.id }, hints: OFF });
		expect(again.status).toBe("stopped");
		expect(again.state.branches.get("main")?.length).toBe(1);
		await again.close();
	});

	test("what is open elsewhere is refused; what is asked of a closed session does nothing", async () => {
		const { live, store } = open({ hints: OFF });
		expect(() =>
			openLive({ store, lab: toyLab(new ToyEngine(liveModel)), session: { id: live.id }, hints: OFF }),
		).toThrow(SessionLockedError);
		await live.close();
		live.goOn();
		live.note("too late");
		live.rewind(0);
		await live.inject({ text: "too late" });
		await live.stop();
		expect(live.status).toBe("ready");
		expect(store.read(live.id).events).toHaveLength(1);
	});
});

describe("a session that was killed", () => {
	test("after any event of its journal it has a sane status, and comes to the same end", async () => {
		// One engine for all: ids are its own.
		const engine = new ToyEngine(liveModel);
		const whole = open({ hints: { ...ASK, rounds: 1 }, engine });
		whole.live.goOn();
		await whole.until("asking");
		whole.live.answer({ do: "veto" });
		await whole.until("asking");
		whole.live.answer({ do: "insert" });
		await whole.until("ended");
		const ended = whole.text();
		whole.live.undoHint();
		whole.live.setHints({ mode: "auto", words: 0, rounds: 0 });
		whole.live.goOn();
		await whole.until("ended");
		await whole.live.close();
		const { events } = whole.store.read(whole.live.id);
		expect(events.length).toBeGreaterThan(20);
		const ends = new Map([
			["main", ended],
			["b2", PLAIN],
		]);
		for (let count = 1; count <= events.length; count++) {
			const store = new SessionStore(freshFolder());
			const session = store.create({ problem, nudge: "0", environment: { engine: "toy" } });
			for (const event of events.slice(1, count)) session.append(event);
			session.close();
			const b2 = session.state.current === "b2";
			const hints = b2 ? { ...AUTO, words: 0, rounds: 0 } : { ...AUTO, words: 0 };
			const { live, until, text } = open({ store, session: { id: session.id }, hints, engine });
			const types = events.slice(0, count).map(({ type }) => type);
			const own = types.slice(types.lastIndexOf("branch") + 1);
			const waits = b2 ? !own.includes("tokens") : own.length === 0 || count === 1;
			const status = own.at(-1) === "outcome" ? "ended" : waits ? "ready" : "stopped";
			expect([count, live.status]).toEqual([count, status]);
			live.goOn();
			await until("ended");
			expect(text()).toBe(ends.get(live.branch));
			const { hints: put, markers } = live.state.branches.get(live.branch)!;
			expect(put).toHaveLength(b2 ? 0 : 1);
			expect(new Set(markers.map(({ at, marker }) => `${marker} ${at}`)).size).toBe(markers.length);
			await live.close();
			expect(store.read(session.id).state.misfits).toEqual([]);
		}
	});
});

class CountedPython extends ToyPython {
	restarts = 0;
	hangs = false;
	override async run(code: string, options: { readonly signal?: AbortSignal } = {}): Promise<BlockResult> {
		const result = await super.run(code);
		if (this.hangs && !options.signal?.aborted)
			await new Promise((resolve) => options.signal?.addEventListener("abort", resolve, { once: true }));
		return result;
	}
	override async restart(): Promise<void> {
		this.restarts++;
	}
}
