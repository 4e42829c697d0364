/** Sessions on the disk for the tests of the pages, and waiting for what is read behind them. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "vitest";
import type { OutcomeVerdict, Problem, TraceEvent, TraceSettings } from "../../../src/trace/events.ts";
import { SessionStore } from "../../../src/trace/store.ts";
import type { Drawing } from "../../../src/tui/view.ts";
import type { FakeDesk } from "../desk.ts";

const folders: string[] = [];

afterEach(() => {
	for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

export function freshFolder(): string {
	const folder = mkdtempSync(join(tmpdir(), "nudge-pages-"));
	folders.push(folder);
	return folder;
}

export const freshStore = (): SessionStore => new SessionStore(freshFolder());

export const NOON = Date.UTC(2026, 10, 22, 12);
const HOUR_MS = 3_600_000;
const USAGE = { sampledTokens: 10, hints: 1, calls: 1, durationMs: 5 };

export const SETTINGS: TraceSettings = {
	engine: "embedded",
	model: "nudge-tiny",
	exact: true,
	dialect: "qwen",
	policy: "auto(rounds=1,words=1)",
	sampling: { temperature: 0, seed: 0 },
	budgets: { maxTokens: 1000, maxCalls: 6, maxRounds: 1 },
};

export type Told = {
	readonly problem?: Partial<Problem>;
	readonly verdict?: OutcomeVerdict;
	readonly hints?: number;
	readonly thinking?: string;
	readonly name?: string;
	readonly tags?: readonly string[];
	readonly note?: string;
	readonly mark?: "accepted" | "rejected";
	readonly hoursAgo?: number;
};

/** Makes a session that is kept; gives its id. */
export function keep(store: SessionStore, told: Told = {}): string {
	const t = NOON - (told.hoursAgo ?? 0) * HOUR_MS;
	const problem: Problem = {
		id: "p1",
		domain: "math",
		problem: "What is 6 x 7?",
		answer: "42",
		...told.problem,
	};
	const session = store.create({ problem, nudge: "0.1.0", environment: {} }, { disk: { sync: () => {} } }, t);
	const tell = (event: TraceEvent): void => session.append(event);
	tell({ type: "branch", t, branch: "main", settings: SETTINGS, by: "person" });
	tell({ type: "tokens", t, branch: "main", text: told.thinking ?? "Six times seven. Wait", segment: 0 });
	for (let i = 0; i < (told.hints ?? 0); i++) {
		const at = session.state.branches.get("main")!.length;
		const by = "policy";
		tell({
			type: "hint",
			t,
			branch: "main",
			at,
			text: ", use Python.",
			hint: "py",
			kind: "tool",
			wording: "w",
			marker: "after-word",
			by,
		});
	}
	if (told.verdict) {
		tell({ type: "end", t, branch: "main", reason: "eos", usage: USAGE });
		tell({
			type: "outcome",
			t,
			branch: "main",
			verdict: told.verdict,
			answer: "41",
			usage: USAGE,
			session: session.id,
		});
	}
	if (told.name !== undefined) tell({ type: "name", t, name: told.name });
	for (const tag of told.tags ?? []) tell({ type: "tag", t, tag, on: true });
	if (told.note !== undefined) tell({ type: "note", t, text: told.note });
	if (told.mark) tell({ type: "mark", t, branch: "main", mark: told.mark });
	session.close();
	return session.id;
}

/** Waits until a text is on the screen; the screen is what is said where it never comes. */
export async function until(desk: FakeDesk, text: string | RegExp): Promise<string> {
	let screen = "";
	for (let i = 0; i < 400; i++) {
		screen = desk.screen().join("\n");
		if (typeof text === "string" ? screen.includes(text) : text.test(screen)) return screen;
		await new Promise((resolve) => setTimeout(resolve, 5));
	}
	throw new Error(`"${text}" did not come:\n${screen}`);
}

/** No two areas share a cell. */
export function expectDisjoint({ areas }: Drawing, where: string): void {
	for (const [i, a] of areas.entries()) {
		for (const b of areas.slice(0, i)) {
			const beside = a.x + a.width <= b.x || b.x + b.width <= a.x;
			const above = a.y + a.rows.length <= b.y || b.y + b.rows.length <= a.y;
			if (!beside && !above) throw new Error(`${where}: ${a.key} and ${b.key} share cells`);
		}
	}
}
