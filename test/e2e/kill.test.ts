import { afterAll, beforeAll, expect, test } from "vitest";
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

/** Many instants from the first event to after the last, at least one in each part of the trace. */
const KILLS = 16;
/** From the first thing printed to the end of the program. */
async function lastsMs(args: readonly string[]): Promise<number> {
	const child = start(home, args);
	const over = ended(child);
	const first = await new Promise<number>((resolve) => child.stdout?.once("data", () => resolve(Date.now())));
	await over;
	return Date.now() - first;
}

test("killed at any instant, what was shown more than 100 ms ago is on disk, and resumed it comes to the same end", async () => {
	const args = ["run", "--id", "first", "--hints", "auto", "--rounds", "4", "--json"];
	const whole = eventsOf((await nudge(home, args)).stdout);
	const wholeMs = await lastsMs(args);
	const wanted = textOf(whole);
	const last = whole.at(-1);
	const verdict = last?.type === "outcome" ? last.verdict : undefined;
	expect(verdict).toBeDefined();
	expect(whole.some((event) => event.type === "output")).toBe(true);
	let midway = 0;
	for (let i = 0; i < KILLS; i++) {
		const child = start(home, args);
		const seen: { readonly at: number; readonly text: string }[] = [];
		child.stdout?.setEncoding("utf8").on("data", (text: string) => seen.push({ at: Date.now(), text }));
		const closed = new Promise<void>((resolve) => child.on("close", () => resolve()));
		await new Promise<void>((resolve) => child.stdout?.once("data", () => resolve()));
		await new Promise((resolve) => setTimeout(resolve, ((i + Math.random()) / KILLS) * wholeMs));
		child.kill("SIGKILL");
		const killedAt = Date.now();
		await closed;
		const shown = seen
			.filter(({ at }) => at < killedAt - 100)
			.map(({ text }) => text)
			.join("");
		const lines = shown.slice(0, shown.lastIndexOf("\n") + 1);
		const events = eventsOf(lines);
		const session = events[0]?.type === "session" ? events[0].id : undefined;
		if (session === undefined) continue;
		const onDisk = await durable(session);
		expect(textOf(onDisk).startsWith(textOf(events)), `kill ${i}`).toBe(true);
		const state = fold(onDisk);
		expect(state.misfits).toEqual([]);
		if (onDisk.some((event) => event.type === "outcome")) continue;
		midway++;
		const resumed = await nudge(home, ["run", "--resume", session, "--json"]);
		expect(resumed.stderr).toBe("");
		expect(resumed.code, `kill ${i}`).toBe(0);
		const branch = fold(journalOf(home, session)).branches.get("main")!;
		expect(branch.spans.map((span) => span.text).join("")).toBe(wanted);
		expect(branch.outcome?.verdict).toBe(verdict);
	}
	expect(midway).toBeGreaterThan(3);
	expect(await gone()).toEqual([]);
}, 300_000);

/** The journal as a kill left it; a last line may be torn. */
async function durable(session: string) {
	const { readFileSync } = await import("node:fs");
	const text = readFileSync(`${home.dir}/data/sessions/${session}/journal.jsonl`, "utf8");
	return eventsOf(text.slice(0, text.lastIndexOf("\n") + 1));
}

/** The helpers of a killed program notice it and end; they are given a moment. */
async function gone(): Promise<number[]> {
	for (let i = 0; i < 50; i++) {
		if (processesWith(home.dir).length === 0) break;
		await new Promise((resolve) => setTimeout(resolve, 100));
	}
	return processesWith(home.dir);
}
