/** A session of the toy engine, as a screen would have it: a lab whose every part is a toy, and ways to wait for it. */
import type { Engine } from "../../src/engine/engine.ts";
import type { Hint, Library } from "../../src/hints/hint.ts";
import { off } from "../../src/hints/policy.ts";
import type { Interpreter } from "../../src/python/interpreter.ts";
import type { LabSettings } from "../../src/reason/lab.ts";
import type { HintSettings, Live, LiveChange, LiveStatus } from "../../src/reason/live.ts";
import { type LiveLab, type LiveOptions, openLive } from "../../src/reason/live-session.ts";
import { SessionStore } from "../../src/trace/store.ts";
import { freshFolder } from "../trace/folder.ts";
import { ToyEngine } from "./toy-engine.ts";
import { after, dialect, OUTPUT, PLAIN, problem, rest, settings, ToyPython } from "./toy-trace.ts";

const hint = (id: string, changes: Partial<Hint> = {}): Hint => ({
	id,
	kind: "general",
	domain: "any",
	markers: ["after-word", "before-end"],
	weight: 1,
	opens: "code",
	wordings: ["maybe I can use Python", "let me compute it"],
	origin: { layer: "built-in", file: "toy.yaml", line: 1 },
	...changes,
});

export const library: Library = {
	hints: [
		hint("check"),
		hint("words", { kind: "other", opens: "none", weight: 0, wordings: ["think again"] }),
	],
	frames: {
		"after-word": ", {{wording}}.\n{{open}}",
		"before-code": "{{newline}}{{wording}}\n",
		"before-end": "{{newline}}Wait, {{wording}}.\n{{open}}",
	},
	dialects: new Map([[dialect.id, dialect]]),
	problems: [],
};

/** Goes on from wherever it was put: in code it computes, behind an output it believes it, behind words it ends. */
export function liveModel(assistant: string): string {
	const at = (what: string): number => assistant.lastIndexOf(what);
	const says = assistant.includes(OUTPUT) ? 42 : 41;
	const answer = `\n\nThe answer is \\boxed{${says}}.`;
	const marks = ["```python\n", OUTPUT, "</think>", "think again.\n", dialect.callsUsedUp];
	const latest = marks.filter((mark) => at(mark) >= 0).sort((a, b) => at(b) - at(a))[0];
	if (latest === undefined) return rest(PLAIN, assistant);
	const begun = after(assistant, latest);
	if (latest === "```python\n") return rest("print(6*7)\n```\n", begun);
	if (latest === "</think>") return rest(answer, begun);
	return rest(`${latest === OUTPUT ? "Python says 42." : "Enough."}\n</think>${answer}`, begun);
}

export const AUTO: HintSettings = { mode: "auto", rounds: 1, words: 1, vetoMs: 0 };
export const OFF: HintSettings = { ...AUTO, mode: "off" };
export const ASK: HintSettings = { ...AUTO, mode: "ask" };

export function toyLab(engine: Engine, open: () => Interpreter = () => new ToyPython()): LiveLab {
	const { sampling, budgets } = settings();
	const made: LabSettings = {
		engine: "toy",
		dialect: "qwen",
		hints: { mode: "auto", rounds: 1, words: 1 },
		sampling,
		budgets,
		instruction: "none",
		python: { limits: {}, isolation: "auto", allowUnisolated: false },
	};
	return {
		settings: made,
		engine,
		library,
		traceSettings: (policy = off) => ({ ...settings(), policy: policy.says }),
		deps: (signal, policy = off) => ({
			engine,
			dialect,
			policy,
			interpreter: async () => open(),
			score: async (_, text) => ({
				verdict: text.includes("\\boxed{42}", text.lastIndexOf("</think>")) ? "correct" : "wrong",
			}),
			sleep: async () => {},
			...(signal ? { signal } : {}),
		}),
		openInterpreter: (async () => open()) as unknown as LiveLab["openInterpreter"],
	};
}

export type Opened = {
	readonly live: Live;
	readonly store: SessionStore;
	readonly changes: LiveChange[];
	/** Resolves when the session is at one of these; at once where it is. */
	until(...statuses: LiveStatus[]): Promise<LiveStatus>;
	/** Resolves at the change that `wanted` is true of. */
	change(wanted: (change: LiveChange) => boolean): Promise<LiveChange>;
	text(): string;
};

export function open(options: Partial<LiveOptions> & { engine?: Engine } = {}): Opened {
	const store = options.store ?? new SessionStore(freshFolder());
	const live = openLive({
		lab: toyLab(options.engine ?? new ToyEngine(liveModel)),
		session: { new: { problem, nudge: "0", environment: { engine: "toy" } } },
		hints: AUTO,
		...options,
		store,
	});
	return waiting(live, store);
}

/** Ways to wait for a session. */
export function waiting(live: Live, store: SessionStore): Opened {
	const changes: LiveChange[] = [];
	live.subscribe((change) => changes.push(change));
	const change: Opened["change"] = (wanted) =>
		new Promise((resolve) => {
			const leave = live.subscribe((one) => {
				if (!wanted(one)) return;
				leave();
				resolve(one);
			});
		});
	return {
		live,
		store,
		changes,
		change,
		until: async (...statuses) => {
			while (!statuses.includes(live.status)) {
				if (live.status === "failed") throw new Error(JSON.stringify(changes.slice(-3)));
				await change(({ type }) => type === "status");
			}
			return live.status;
		},
		text: () =>
			live.state.branches
				.get(live.branch)
				?.spans.map((span) => span.text)
				.join("") ?? "",
	};
}
