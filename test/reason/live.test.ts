import { describe, expect, test } from "vitest";
import { ASK, AUTO, OFF, open } from "./toy-live.ts";
import { PLAIN } from "./toy-trace.ts";

const HINTED =
	"6*7 is 41.\nWait, maybe I can use Python.\n```python\nprint(6*7)\n```\n```output\n42\n```\nPython says 42.\n</think>\n\nThe answer is \\boxed{42}.";

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
		await change((one) => one.type === "event" && one.event.type === "tokens");
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
		await change((one) => one.type === "event" && one.event.type === "tokens");
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
		await change((one) => one.type === "event" && one.event.type === "tokens");
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
