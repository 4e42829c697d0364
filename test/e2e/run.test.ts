import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fold } from "../../src/trace/fold.ts";
import {
	ended,
	eventsOf,
	type Home,
	journalOf,
	MAKING_TIMEOUT_MS,
	makeHome,
	nudge,
	processesWith,
	start,
	textOf,
} from "./program.ts";

let home: Home;
beforeAll(async () => {
	home = await makeHome();
}, MAKING_TIMEOUT_MS);
afterAll(() => home.remove());

const PLAIN = ["run", "--id", "first", "--hints", "off"];
const HINTED = ["run", "--id", "first", "--hints", "auto"];

describe("nudge run", () => {
	test("the tiny model fails a multiplication by itself and gets it right after a hint", async () => {
		const plain = await nudge(home, PLAIN);
		expect(plain).toMatchObject({ code: 0 });
		expect(plain.stdout).toContain("[outcome · wrong");
		expect(plain.stdout).not.toContain("```python");
		const hinted = await nudge(home, HINTED);
		expect(hinted).toMatchObject({ code: 0 });
		expect(hinted.stdout).toMatch(/\[hint after (Wait|Alternatively) · [a-z-]+\]\n» , /);
		expect(hinted.stdout).toMatch(/\[output 1 · ok · /);
		expect(hinted.stdout).toContain("[outcome · correct · answer 110968]");
	});

	test("without a terminal nothing but text comes out, and no colour", async () => {
		const { stdout } = await nudge(home, HINTED);
		expect(stdout).not.toMatch(/[\u0000-\u0008\u000b-\u001f]/);
	});

	test("--json prints each event as a line, the outcome last, and the journal holds the same", async () => {
		const { code, stdout } = await nudge(home, [...HINTED, "--json"]);
		expect(code).toBe(0);
		const events = eventsOf(stdout);
		const last = events.at(-1)!;
		expect(last).toMatchObject({
			type: "outcome",
			verdict: "correct",
			answer: "110968",
			session: expect.stringMatching(/^\d{8}-/),
		});
		if (last.type !== "outcome") return;
		expect(last.usage.calls).toBeGreaterThan(0);
		const journal = journalOf(home, last.session);
		expect(textOf(journal)).toBe(textOf(events));
		expect(journal.filter((event) => event.type !== "tokens")).toEqual(
			events.filter((event) => event.type !== "tokens"),
		);
		const ids = (list: typeof events): number[] =>
			list.flatMap((event) => (event.type === "tokens" ? (event.ids ?? []) : []));
		expect(ids(journal)).toEqual(ids(events));
	});

	test("the same seed draws the same hint; another one may draw another", async () => {
		const hintOf = async (seed: string): Promise<string | undefined> => {
			const { stdout } = await nudge(home, [...HINTED, "--json", "--seed", seed]);
			return eventsOf(stdout).find((event) => event.type === "hint")?.wording;
		};
		const first = await hintOf("1");
		expect(first).toBeDefined();
		expect(await hintOf("1")).toBe(first);
		const others = await Promise.all(["2", "3", "4"].map(hintOf));
		expect(new Set([first, ...others]).size).toBeGreaterThan(1);
	});

	test("exit codes and messages: wrong use is 2, what failed is 1, each with one message", async () => {
		for (const [args, code, says] of [
			[["run", "--rounds", "many"], 2, "rounds"],
			[["run", "--problem", "1+1", "--file", "x"], 2, "both name the problem"],
			[["run", "--file", "no-such-file"], 2, "no-such-file"],
			[["run", "--id", "no-such-problem"], 1, "no-such-problem"],
			[["run", "--engine", "nonsense:x"], 1, "names no engine"],
			[["run", "--engine", "./missing.gguf"], 1, "missing.gguf"],
			[["run", "--engine", "llama-server:http://127.0.0.1:9"], 1, "127.0.0.1:9"],
			[["run", "--resume", "nothing"], 1, "nothing"],
			[["rnu"], 2, "did you mean run?"],
		] as const) {
			const got = await nudge(home, args);
			expect(got.stderr, args.join(" ")).toContain(says);
			expect(got.stderr, args.join(" ")).not.toMatch(/\n\s+at /);
			expect(got.code, args.join(" ")).toBe(code);
		}
	});

	test("Ctrl+C ends it with 130, the trace is kept, and resumed it comes to the same end", async () => {
		const whole = textOf(eventsOf((await nudge(home, [...HINTED, "--json"])).stdout));
		const child = start(home, [...HINTED, "--json"]);
		const running = ended(child);
		await new Promise<void>((resolve) => child.stdout?.once("data", () => setTimeout(resolve, 30)));
		child.kill("SIGINT");
		const { code, stdout } = await running;
		const events = eventsOf(stdout);
		if (events.some((event) => event.type === "outcome")) return expect(code).toBe(130);
		expect(code).toBe(130);
		expect(events.at(-1)).toMatchObject({ type: "end", reason: "interrupted" });
		const session = events[0]?.type === "session" ? events[0].id : "";
		const resumed = await nudge(home, ["run", "--resume", session, "--json"]);
		expect(resumed.code).toBe(0);
		expect(textOf(eventsOf(resumed.stdout))).toBe(whole);
		expect(eventsOf(resumed.stdout).at(-1)).toMatchObject({ type: "outcome", session });
	});

	test("an engine process that is killed is started again, and the trace comes to the same end", async () => {
		const whole = textOf(eventsOf((await nudge(home, [...PLAIN, "--json"])).stdout));
		const child = start(home, [...PLAIN, "--json"]);
		const running = ended(child);
		await new Promise<void>((resolve) => child.stdout?.once("data", () => resolve()));
		let killed = 0;
		for (const pid of processesWith(home.dir)) {
			if (pid === child.pid) continue;
			const { readFileSync } = process.getBuiltinModule("node:fs");
			if (readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("embedded")) {
				process.kill(pid, "SIGKILL");
				killed++;
			}
		}
		const { code, stdout } = await running;
		expect(killed).toBe(1);
		expect(code).toBe(0);
		expect(textOf(eventsOf(stdout))).toBe(whole);
	});

	test("kept sessions are listed, shown and exported with exact masks", async () => {
		const { stdout } = await nudge(home, [...HINTED, "--json"]);
		const session = eventsOf(stdout)[0];
		if (session?.type !== "session") throw new Error("the first event is the session");
		const sample = await nudge(home, ["sessions", "export", session.id, "--format", "sample"]);
		expect(sample.code).toBe(0);
		const parsed = JSON.parse(sample.stdout) as {
			segments: { kind: string; text: string; train: boolean; ids?: number[] }[];
		};
		const state = fold(journalOf(home, session.id));
		const branch = state.branches.get("main")!;
		expect(parsed.segments.map((segment) => segment.text).join("")).toBe(
			`${branch.header!.text}${branch.spans.map((span) => span.text).join("")}<|im_end|>`,
		);
		for (const { kind, train, text, ids } of parsed.segments) {
			expect(train, `${kind}: ${text}`).toBe(kind === "model" || kind === "hint");
			expect(ids, text).toBeDefined();
		}
		expect(parsed.segments.filter(({ kind }) => kind === "output")).not.toHaveLength(0);
		expect((await nudge(home, ["sessions", "list"])).stdout).toContain(session.id);
		expect((await nudge(home, ["sessions", "show", session.id])).stdout).toContain("[hint ");
	});

	test("nothing that a run started outlives it", async () => {
		await nudge(home, HINTED);
		expect(processesWith(home.dir)).toEqual([]);
	});
});
