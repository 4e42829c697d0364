import { afterAll, beforeAll, test } from "vitest";
import type { Engine } from "../../src/engine/engine.ts";
import { openEngine } from "../../src/engine/open.ts";
import { random } from "../reason/toy-engine.ts";
import { expectExact } from "./exact.ts";

let engine: Engine;
beforeAll(async () => {
	engine = await openEngine("embedded");
});
afterAll(() => engine.close());

test("embedded: cut, stopped, resumed and branched at random places, a greedy trace is one uncut run, text and ids", async () => {
	await expectExact(engine, random(20_251_122), 3);
});
