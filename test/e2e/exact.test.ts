import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Engine } from "../../src/engine/engine.ts";
import { openEngine, tinyModelPath } from "../../src/engine/open.ts";
import { llamaServer, type RealServer } from "../engine/llama-server.ts";
import { random } from "../reason/toy-engine.ts";
import { droppingProxy } from "./dropping.ts";
import { expectExact } from "./exact.ts";
import { eventsOf, type Home, MAKING_TIMEOUT_MS, makeHome, nudge } from "./program.ts";

const CLAIM =
	"cut, stopped, resumed and branched at random places, a greedy trace is one uncut run, text and ids";

describe("the embedded engine", () => {
	let engine: Engine;
	beforeAll(async () => {
		engine = await openEngine("embedded");
	});
	afterAll(() => engine.close());

	test(CLAIM, async () => {
		await expectExact(engine, random(20_251_122), 3);
	});
});

describe("a real llama-server", () => {
	let server: RealServer;
	let engine: Engine;
	let home: Home;
	beforeAll(async () => {
		server = await llamaServer(tinyModelPath());
		engine = await openEngine(`llama-server:${server.url}`);
		home = await makeHome();
	}, MAKING_TIMEOUT_MS);
	afterAll(async () => {
		await engine?.close();
		await server?.close();
		home?.remove();
	});

	test(CLAIM, async () => {
		await expectExact(engine, random(20_251_123), 2);
	});

	test("dropped in the middle of answers, again and again, it is still the same", async () => {
		const dropping = await droppingProxy(server.url, random(7));
		// Opening asks a few questions of the server: of a connection this bad it may take more than one try.
		let shaky: Engine | undefined;
		for (let i = 0; !shaky && i < 20; i++)
			shaky = await openEngine(`llama-server:${dropping.url}`).catch(() => undefined);
		try {
			await expectExact(shaky!, random(20_251_124), 2, engine);
			expect(dropping.drops()).toBeGreaterThan(5);
		} finally {
			await shaky?.close();
			await dropping.close();
		}
	});

	test("nudge run on it wakes Python as the embedded engine does", async () => {
		const args = ["run", "--id", "first", "--json", "--engine", `llama-server:${server.url}`];
		const plain = eventsOf((await nudge(home, [...args, "--hints", "off"])).stdout);
		expect(plain.at(-1)).toMatchObject({ type: "outcome", verdict: "wrong" });
		const hinted = eventsOf((await nudge(home, args)).stdout);
		expect(hinted.at(-1)).toMatchObject({ type: "outcome", verdict: "correct" });
		expect(hinted.find((event) => event.type === "output")).toMatchObject({ verdict: "ok" });
	});
});
