import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Engine, EngineError } from "../../src/engine/engine.ts";
import { ManyEngines } from "../../src/engine/many.ts";
import { openEngine, tinyModelPath } from "../../src/engine/open.ts";
import { probe } from "../../src/engine/probe.ts";
import { serverAt } from "../../src/engine/server.ts";
import type { Prefix } from "../../src/trace/span.ts";
import { drain, extended } from "./drain.ts";
import { expectExact } from "./exactness.ts";
import { llamaServer, type RealServer } from "./llama-server.ts";

describe("a real llama-server", () => {
	let server: RealServer;
	let engine: Engine;
	let header: Prefix;
	let other: Prefix;
	beforeAll(async () => {
		server = await llamaServer(tinyModelPath());
		engine = await openEngine(`llama-server:${server.url}`);
		header = await engine.renderHeader([{ role: "user", content: "What is 37*48+12?" }]);
		other = await engine.renderHeader([{ role: "user", content: "What is the gcd of 84 and 126?" }]);
	}, 300_000);
	afterAll(async () => {
		await engine?.close();
		await server?.close();
	});

	it("is recognised by its URL alone", async () => {
		expect(await probe(serverAt(server.url))).toMatchObject({ type: "llama-server" });
	});

	it("gives the same text and ids however a greedy run is cut, stopped, aborted, rewound and taken up again", async () => {
		await expectExact(engine, header, other, 15);
	});

	it("agrees with the embedded engine on header, ids and greedy text", async () => {
		const embedded = await openEngine("embedded");
		try {
			expect(await embedded.renderHeader([{ role: "user", content: "What is 37*48+12?" }])).toEqual(header);
			const here = await drain(embedded, header, { temperature: 0, maxTokens: 40 });
			const there = await drain(engine, header, { temperature: 0, maxTokens: 40 });
			expect(there.text).toBe(here.text);
		} finally {
			await embedded.close();
		}
	});

	it("loses no ids of characters that are spelled by several tokens", async () => {
		// The byte pieces of such characters are held back by the server and their ids left out of its stream.
		const text = "\u65e5\u672c \u{1f642} \u00e9 ";
		const ids = await engine.tokenize!(text);
		expect(ids.length).toBeGreaterThan(text.length);
		expect(await engine.detokenize!(ids)).toBe(text);
		const run = await drain(engine, header, { temperature: 1.5, seed: 11, maxTokens: 200 });
		if (!run.text.includes("\ufffd")) expect(await engine.detokenize!(run.ids!)).toBe(run.text);
		const rest = await drain(engine, extended(header, run), { temperature: 0, maxTokens: 5 });
		expect(rest.error).toBeUndefined();
	});

	it("speaks raw completions in OpenAI's form as well, text for text", async () => {
		const plain = await openEngine({ type: "openai-compatible", url: server.url, template: tinyModelPath() });
		const start = await plain.renderHeader([{ role: "user", content: "What is 37*48+12?" }]);
		expect(start).toEqual({ text: header.text });
		const there = await drain(engine, header, { temperature: 0, maxTokens: 60 });
		const here = await drain(plain, start, { temperature: 0, maxTokens: 60 });
		expect(here.error).toBeUndefined();
		expect(here.text).toBe(there.text);
		expect(here.end?.usage).toMatchObject({ promptTokens: header.ids!.length });
		const stop = there.text.slice(20, 24);
		const stopped = await drain(plain, start, { temperature: 0, maxTokens: 60, stop: [stop] });
		expect(stopped.text).toBe(there.text.slice(0, there.text.indexOf(stop)));
		expect(stopped.end?.reason).toBe("stop");
	});

	it("stops sampling when it is left, and says what was cached", async () => {
		await drain(engine, header, { temperature: 0, maxTokens: 1500 }, { leaveAfterTokens: 3 });
		await expect
			.poll(async () => {
				const slots = (await (await fetch(`${server.url}/slots`)).json()) as { is_processing: boolean }[];
				return slots.some((slot) => slot.is_processing);
			})
			.toBe(false);
		const run = await drain(engine, header, { temperature: 0, maxTokens: 5, stop: ["\u0000never"] });
		expect(run.end!.usage.cachedTokens).toBe(header.ids!.length - 1);
	});

	it("reports alternatives", async () => {
		const run = await drain(engine, header, { temperature: 0, maxTokens: 5, topLogprobs: 3 });
		expect(run.top.length).toBe(run.ids!.length);
		run.top.forEach((alternatives, i) => {
			expect(alternatives.length).toBe(3);
			expect(alternatives[0]!.id).toBe(run.ids![i]);
		});
	});
});

describe("two real llama-servers", () => {
	// Another test's connection may have got the killed server's port meanwhile: then the second start has nowhere to listen.
	it("share traces; one killed in the middle, its traces go on at the other with the same text and ids; started again, it is taken back", {
		timeout: 90_000,
		retry: 2,
	}, async () => {
		const servers = [await llamaServer(tinyModelPath(), 2), await llamaServer(tinyModelPath(), 2)];
		const many = await openEngine(servers.map(({ url }) => `llama-server:${url}`));
		try {
			if (!(many instanceof ManyEngines)) throw new Error("not opened together");
			const header = await many.renderHeader([{ role: "user", content: "What is 37*48+12?" }]);
			const greedy = { temperature: 0, maxTokens: 80 };
			const uncut = await drain(many, header, greedy);
			expect(uncut.ids!.length).toBeGreaterThan(40);
			many.limit = () => 4;
			const traces = ["a", "b", "c", "d"].map((key) => many.forTrace(key).enter());
			const { at } = traces[0]!;
			let killed: Promise<void> | undefined;
			const runs = await Promise.all(
				traces.map(async (trace) => {
					let prefix: Prefix = header;
					for (let tries = 0; tries < 200; tries++) {
						const left = greedy.maxTokens - (prefix.ids!.length - header.ids!.length);
						let chunks = 0;
						const onChunk = (): void => {
							if (trace === traces[0] && ++chunks === 8) killed ??= servers[at]!.close();
						};
						const run = await drain(trace, prefix, { ...greedy, maxTokens: left }, { onChunk });
						prefix = extended(prefix, run);
						if (run.end) return prefix;
						expect(run.error).toBeInstanceOf(EngineError);
						await new Promise((resolve) => setTimeout(resolve, 20));
					}
					throw new Error("it did not go on");
				}),
			);
			await killed;
			for (const { text, ids } of runs) {
				expect(text.slice(header.text.length)).toBe(uncut.text);
				expect(ids!.slice(header.ids!.length)).toEqual(uncut.ids);
			}
			expect(many.members.map(({ out }) => out !== undefined)).toEqual([at === 0, at === 1]);
			expect(traces[0]!.at).toBe(1 - at);
			servers[at] = await llamaServer(tinyModelPath(), 2, Number(new URL(servers[at]!.url).port));
			await expect.poll(() => many.members[at]!.out, { timeout: 40_000, interval: 100 }).toBeUndefined();
		} finally {
			await many.close();
			for (const server of servers) await server.close();
		}
	});
});
