import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findProblem } from "../../src/data/problems.ts";
import { Lab, type LabHooks, type LabSettings } from "../../src/reason/lab.ts";
import { openLive } from "../../src/reason/live-session.ts";
import { SessionStore } from "../../src/trace/store.ts";
import { type Home, MAKING_TIMEOUT_MS, makeHome } from "../e2e/program.ts";
import { nemoSkills } from "../python/sandbox-servers.ts";
import { freshFolder } from "../trace/folder.ts";
import { type Opened, waiting } from "./toy-live.ts";

let home: Home;
beforeAll(async () => {
	home = await makeHome();
}, MAKING_TIMEOUT_MS);
afterAll(() => home?.remove());

const SETTINGS: LabSettings = {
	engine: "embedded",
	dialect: "qwen",
	hints: { mode: "auto", rounds: 1, words: 1 },
	sampling: { temperature: 0, seed: 1 },
	budgets: { maxTokens: 2000, maxCalls: 6, maxRounds: 1 },
	instruction: "auto",
	python: { limits: {}, isolation: "auto", allowUnisolated: false },
};

const hooks = (env: NodeJS.ProcessEnv = home.env): LabHooks => ({
	env,
	cwd: home.dir,
	confirmUnisolated: async () => true,
});

async function live(lab: Lab, options: Partial<Parameters<typeof openLive>[0]> = {}): Promise<Opened> {
	const problem = await findProblem("first");
	const store = new SessionStore(freshFolder());
	const session = { new: { problem, nudge: "0", environment: {} } };
	return waiting(
		openLive({ store, lab, session, hints: { ...SETTINGS.hints, vetoMs: 0 }, ...options }),
		store,
	);
}

describe("a lab", () => {
	test("the engine is there though Python cannot be made, which is said; mended, it is had without a new lab", async () => {
		const base = join(freshFolder(), "python");
		const lab = await Lab.open({ ...SETTINGS, python: { ...SETTINGS.python, base } }, hooks());
		try {
			await expect(lab.pythonReady).rejects.toThrow(base);
			expect(lab.engine.info.model).toBe("nudge-tiny");
			expect(lab.library.hints.length).toBeGreaterThan(10);
			await expect(lab.openInterpreter()).rejects.toThrow(base);
			writeFileSync(base, '#!/bin/sh\nexec python3 "$@"\n', { mode: 0o755 });
			expect(await (await lab.openInterpreter()).run("6*7")).toMatchObject({ verdict: "ok", text: "42" });
		} finally {
			await lab.close();
		}
	});

	test("blocks run on a cluster when python-host names one; a pane's Python is this machine's and says so", async () => {
		const server = await nemoSkills();
		const asked: string[] = [];
		const python = { ...SETTINGS.python, host: `nemo-skills:${server.url.href}` };
		const lab = await Lab.open(
			{ ...SETTINGS, python },
			{
				...hooks(),
				confirmUnisolated: async (says) => {
					asked.push(says);
					return true;
				},
			},
		);
		try {
			const there = await lab.openInterpreter();
			expect(there.isolation.kind).toBe("remote");
			await there.run("set x 1");
			expect((await there.run("get x")).text).toBe("1");
			// The server is on this machine: that was asked, once.
			expect(asked).toEqual([expect.stringContaining("on this machine")]);
			const here = await lab.openInterpreter({ terminal: { cols: 80, rows: 24 } });
			expect(here.isolation.kind).not.toBe("remote");
			let shown = "";
			here.onData((data) => {
				shown += Buffer.from(data).toString();
			});
			expect((await here.run("6*7")).text).toBe("42");
			expect(shown).toContain("This is this machine's Python");
			expect(asked.length).toBe(1);
		} finally {
			await lab.close();
			await server.close();
		}
		expect(server.sessions.size).toBe(0);
		await expect(
			Lab.open({ ...SETTINGS, python }, { ...hooks(), signal: AbortSignal.timeout(60_000) }).then((opened) =>
				opened.openInterpreter().finally(() => opened.close()),
			),
		).rejects.toThrow(/cannot be reached.*Check python-host/);
	});

	test("a whole session of the tiny model: paused, undone, rewound behind its code, with the Python that a person sees", async () => {
		const lab = await Lab.open(SETTINGS, hooks());
		await lab.pythonReady;
		const python = await lab.openInterpreter({ terminal: { cols: 80, rows: 24 } });
		let shown = "";
		python.onData((data) => {
			shown += Buffer.from(data).toString("latin1");
		});
		const {
			live: session,
			until,
			change,
			text,
			store,
		} = await live(lab, { interpreter: async () => python });
		try {
			let chunks = 0;
			const leave = session.subscribe((one) => {
				if (one.type !== "event" || one.event.type !== "tokens" || ++chunks % 6 !== 0) return;
				session.pause();
				setTimeout(() => session.goOn(), 1);
			});
			session.goOn();
			await until("ended");
			leave();
			// How many chunks there are is a matter of timing; that it was paused is not.
			expect(chunks).toBeGreaterThan(12);
			const whole = text();
			const main = session.state.branches.get("main")!;
			expect(main.outcome?.verdict).toBe("correct");
			expect(main.calls.length).toBeGreaterThan(0);
			const printed = main.calls[0]!.output!.text.trim();
			expect(shown).toContain(printed);

			// Behind the output: the block runs again before the next one, in a fresh Python.
			session.rewind(whole.indexOf(printed) + printed.length + 30);
			session.goOn();
			await until("ended");
			expect(text()).toBe(whole);
			expect(session.state.branches.get("b2")?.spans.flatMap(({ ids }) => ids ?? []).length).toBe(
				main.spans.flatMap(({ ids }) => ids ?? []).length,
			);

			session.switchTo("main");
			while (session.undoHint() !== undefined) {
				session.goOn();
				await until("ended");
			}
			expect(session.state.branches.get(session.branch)?.calls).toEqual([]);
			expect(session.state.branches.get(session.branch)?.outcome?.verdict).toBe("wrong");

			session.rewind(0);
			const came = change((one) => one.type === "event" && one.event.type === "tokens");
			session.goOn();
			await came;
		} finally {
			await session.close();
			await lab.close();
		}
		expect(store.read(session.id).state.misfits).toEqual([]);
		expect(store.read(session.id).state.branches.get(session.branch)?.end?.reason).toBe("interrupted");
	});
});
