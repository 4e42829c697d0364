/** Several processes of one embedded engine: real ones, with the model that comes with nudge. */
import { availableParallelism } from "node:os";
import { expect, it } from "vitest";
import { EmbeddedEngine } from "../../src/engine/embedded/engine.ts";
import { processesFor } from "../../src/engine/embedded/processes.ts";
import { SMALL_MODEL_BYTES } from "../../src/engine/embedded/protocol.ts";
import { tinyModelPath } from "../../src/engine/open.ts";
import type { Prefix } from "../../src/trace/span.ts";
import { drain, extended } from "./drain.ts";

const SETTINGS = { modelPath: "", contextTokens: 1000, gpu: false } as const;

it("gives a small model a process for each core where several traces are wanted, and no more than they fill", () => {
	const small = SMALL_MODEL_BYTES - 1;
	const count = (parallel: number, bytes = small): number =>
		processesFor({ ...SETTINGS, parallel }, bytes, 4);
	expect([1, 2, 3, 4, 6, 8, 9, 32].map((parallel) => count(parallel))).toEqual([1, 1, 2, 2, 3, 4, 4, 4]);
	expect(count(32, SMALL_MODEL_BYTES)).toBe(1);
	expect(processesFor({ ...SETTINGS, parallel: 32, threads: 2 }, small, 4)).toBe(1);
	expect(processesFor({ ...SETTINGS, parallel: 32, gpu: "auto" }, small, 4)).toBe(1);
});

const asked = Array.from({ length: 4 }, (_, i) => `What is ${223 + 37 * i} * ${89 + 5 * i}?`);

async function withFour(use: (engine: EmbeddedEngine, headers: Prefix[]) => Promise<void>): Promise<void> {
	const engine = await EmbeddedEngine.open({ id: "four", modelPath: tinyModelPath(), parallel: 4 });
	try {
		const headers = asked.map((content) => engine.renderHeader([{ role: "user", content }]));
		await use(engine, await Promise.all(headers));
	} finally {
		await engine.close();
	}
}

it("spreads traces over its processes, and each goes on where its cache is", async () => {
	await withFour(async (engine, headers) => {
		expect(engine.childPids).toHaveLength(1);
		const begun = await Promise.all(
			headers.map((header) => drain(engine, header, { temperature: 0, maxTokens: 80 })),
		);
		expect(engine.childPids).toHaveLength(Math.min(2, availableParallelism()));
		const before = engine.stats();
		const prefixes = begun.map((got, i) => extended(headers[i]!, got));
		// One after the other and in another order: nothing tells them where they were but the cache.
		for (const prefix of prefixes.toReversed()) {
			const more = await drain(engine, prefix, { temperature: 0, maxTokens: 10 });
			expect(more.end!.usage.cachedTokens).toBe(prefix.ids!.length - 1);
		}
		expect(engine.stats().reused - before.reused).toBe(
			prefixes.reduce((all, { ids }) => all + ids!.length - 1, 0),
		);
	});
});

it("does not let a trace wait where its prefix is while there is room elsewhere", async () => {
	await withFour(async (engine, headers) => {
		const long = extended(headers[0]!, await drain(engine, headers[0]!, { temperature: 0, maxTokens: 300 }));
		await Promise.all([1, 2, 3].map((seed) => drain(engine, long, { temperature: 1, seed, maxTokens: 20 })));
		expect(engine.childPids).toHaveLength(Math.min(2, availableParallelism()));
	});
});

it("loses with a process what ran in it and nothing else, and starts it anew", async () => {
	await withFour(async (engine, headers) => {
		await Promise.all(headers.map((header) => drain(engine, header, { temperature: 0, maxTokens: 5 })));
		const [first] = engine.childPids;
		let killed = false;
		const onChunk = (): void => {
			if (!killed) process.kill(first!, "SIGKILL");
			killed = true;
		};
		const got = await Promise.all(
			headers.map((header) => drain(engine, header, { temperature: 0, maxTokens: 200 }, { onChunk })),
		);
		const lost = got.filter(({ error }) => error !== undefined);
		expect(lost.length).toBe(availableParallelism() > 1 ? 2 : 4);
		for (const { error } of lost) expect(error).toMatchObject({ kind: "crashed" });
		const again = await Promise.all(
			headers.map((header) => drain(engine, header, { temperature: 0, maxTokens: 200 })),
		);
		expect(again.map(({ error }) => error)).toEqual([undefined, undefined, undefined, undefined]);
		expect(engine.childPids).not.toContain(first);
	});
});
