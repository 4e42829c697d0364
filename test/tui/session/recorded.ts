/** A session as a journal has it: two hints, two blocks, a rewind, a verdict. For tests of what shows it. */
import type { TraceEvent } from "../../../src/trace/events.ts";
import { PROBLEM, SETTINGS, USAGE } from "../../trace/tree.ts";

export function recorded(): TraceEvent[] {
	let t = 1_000;
	let at = 0;
	const events: TraceEvent[] = [];
	const on = (branch = "main") => {
		t += 50;
		return { t, branch };
	};
	const model = (text: string, branch = "main"): void => {
		events.push({ type: "tokens", ...on(branch), text, segment: 0 });
		at += text.length;
	};
	events.push({
		type: "session",
		t,
		version: 1,
		id: "20261122-0000",
		problem: PROBLEM,
		nudge: "0",
		environment: {},
	});
	events.push({ type: "branch", ...on(), settings: SETTINGS, by: "person" });
	events.push({ type: "header", ...on(), text: "<user>What is 6 x 7?<assistant>" });
	model("Six times seven is \\boxed{41}. Wait");
	events.push({ type: "marker", ...on(), marker: "after-word", at, word: "Wait", index: 0 });
	const hint = {
		hint: "reflect-python",
		kind: "self-reflection",
		text: ", maybe Python can check this.\n```python\n",
	};
	events.push({ type: "proposal", ...on(), at, ...hint, reason: "the model doubts itself" });
	events.push({
		type: "decision",
		...on(),
		at,
		decision: "insert",
		by: "policy",
		reason: "auto",
		hint: hint.hint,
	});
	events.push({
		type: "hint",
		...on(),
		at,
		...hint,
		wording: "maybe Python can check this",
		marker: "after-word",
		by: "policy",
	});
	at += hint.text.length;
	model("print(6 * 7)\n```\n");
	events.push({ type: "call", ...on(), block: 1, code: "print(6 * 7)\n" });
	const output = "```output\n42\n```\n";
	events.push({
		type: "output",
		...on(),
		block: 1,
		text: output,
		output: "42\n",
		verdict: "ok",
		durationMs: 12,
	});
	at += output.length;
	model("So it is \\boxed{42}.\n");
	events.push({ type: "marker", ...on(), marker: "before-end", at, index: 0 });
	events.push({
		type: "proposal",
		...on(),
		at,
		hint: "recheck",
		kind: "debug",
		text: "Again:\n",
		reason: "round 1 of 1",
	});
	events.push({
		type: "decision",
		...on(),
		at,
		decision: "veto",
		by: "person",
		reason: "vetoed",
		hint: "recheck",
	});
	model("</think>\n42");
	events.push({ type: "end", ...on(), reason: "eos", usage: USAGE });
	events.push({
		type: "outcome",
		...on(),
		verdict: "correct",
		answer: "42",
		usage: USAGE,
		session: "20261122-0000",
	});
	events.push({
		type: "branch",
		...on("b2"),
		parent: { branch: "main", at: 20 },
		settings: SETTINGS,
		by: "person",
	});
	events.push({
		type: "hint",
		...on("b2"),
		at: 20,
		text: "Let me count.\n",
		hint: "",
		kind: "",
		wording: "",
		marker: "anywhere",
		by: "person",
	});
	model("one, two", "b2");
	return events;
}
