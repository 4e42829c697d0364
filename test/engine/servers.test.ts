/**
 * Every adapter against every fault, on the scripted server: nothing lost, doubled or swallowed. A request that breaks is
 * taken up from what arrived, as the loop does, and the whole is the script, to the character.
 */
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { type Engine, EngineError, type SampleOptions } from "../../src/engine/engine.ts";
import { type EngineConfig, openEngine } from "../../src/engine/open.ts";
import { probe } from "../../src/engine/probe.ts";
import { retryAfterOf } from "../../src/engine/refusal.ts";
import { serverAt } from "../../src/engine/server.ts";
import type { Prefix } from "../../src/trace/span.ts";
import { type Drained, drain, extended } from "./drain.ts";
import { type Fault, type ScriptedDialect, type ScriptedServer, scriptedServer } from "./scripted-server.ts";

const THOUGHT =
	"Let me see: 37*48 is 1776.\nWait, 37*48: 30*48 = 1440, 7*48 = 336 \u2014 so 1776 \u{1f642}. \u65e5\u672c\u8a9e too.\n```python\nprint(37*48)\n```\nSo it is 1776.\n";
const SCRIPT = `${THOUGHT}</think>\n\nThe answer is \\boxed{1776}.`;
const MESSAGES = [{ role: "user" as const, content: "What is 37*48?" }];
const STOP = ["</think>"];
const SECRET = "sk-very-secret-key";

const ADAPTERS: readonly (readonly [string, ScriptedDialect, (url: string) => EngineConfig])[] = [
	["vllm", "vllm", (url) => ({ type: "vllm", url })],
	["sglang", "sglang", (url) => ({ type: "sglang", url })],
	["openai-compatible", "openai-compatible", (url) => ({ type: "openai-compatible", url: `${url}/v1` })],
	["lmstudio", "openai-compatible", (url) => ({ type: "lmstudio", url })],
	["fireworks", "openai-compatible", (url) => ({ type: "fireworks", url: `${url}/v1`, model: "scripted" })],
	["together", "openai-compatible", (url) => ({ type: "together", url: `${url}/v1`, model: "scripted" })],
	["ollama", "ollama", (url) => ({ type: "ollama", url, model: "scripted" })],
	["deepseek", "chat", (url) => ({ type: "deepseek", url, model: "scripted" })],
	["openrouter", "chat", (url) => ({ type: "openrouter", url, model: "scripted" })],
];

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
	for (const thing of opened.splice(0)) await thing.close();
});

type Setup = { readonly server: ScriptedServer; readonly engine: Engine; readonly header: Prefix };

async function setUp(
	dialect: ScriptedDialect,
	config: (url: string) => EngineConfig,
	options: { faults?: Fault[]; tokensPerChunk?: number; apiKey?: string } = {},
): Promise<Setup> {
	const server = await scriptedServer({ dialect, script: SCRIPT, ...options });
	opened.push(server);
	const engine = await openEngine(
		options.apiKey === undefined ? config(server.url) : { ...config(server.url), apiKeyEnv: "TEST_KEY" },
		{ env: { TEST_KEY: SECRET } },
	);
	opened.push(engine);
	return { server, engine, header: await engine.renderHeader(MESSAGES) };
}

const GREEDY = { temperature: 0, maxTokens: 500 } as const;

/** Goes on until the engine ends by itself, as the loop does: after a break from what arrived. */
async function persist(
	engine: Engine,
	header: Prefix,
	options: SampleOptions,
): Promise<{ text: string; runs: Drained[] }> {
	const runs: Drained[] = [];
	let prefix = header;
	for (let i = 0; i < 40; i++) {
		const run = await drain(engine, prefix, options);
		runs.push(run);
		prefix = extended(prefix, run);
		if (run.error !== undefined && !(run.error instanceof EngineError)) throw run.error;
		if (run.end !== undefined && run.end.reason !== "length") break;
	}
	const text = prefix.text.slice(header.text.length);
	if (prefix.ids !== undefined && engine.detokenize !== undefined)
		expect(await engine.detokenize(prefix.ids.slice(header.ids!.length))).toBe(text);
	return { text, runs };
}

describe.each(ADAPTERS)("%s", (_name, dialect, config) => {
	it("says the whole script, ended by the model", async () => {
		const { engine, header } = await setUp(dialect, config);
		const run = await drain(engine, header, GREEDY);
		expect(run.error).toBeUndefined();
		expect(run.text).toBe(SCRIPT);
		expect(run.end?.reason).toBe("eos");
	});

	it("ends before a stop string, and goes on behind it", async () => {
		const { engine, header } = await setUp(dialect, config);
		const run = await drain(engine, header, { ...GREEDY, stop: STOP });
		expect(run.text).toBe(THOUGHT);
		expect(run.end?.reason).toBe("stop");
		if (engine.info.caps.stop === "reason") expect(run.end?.matched).toBe("</think>");
		const tag = await engine.tokenize?.("</think>");
		const rest = await drain(engine, extended(extended(header, run), { text: "</think>", ids: tag }), GREEDY);
		expect(`${run.text}</think>${rest.text}`).toBe(SCRIPT);
	});

	it("is asked without a chat template of the server and with an explicit limit", async () => {
		const { server, engine, header } = await setUp(dialect, config);
		const half = await drain(engine, header, { ...GREEDY, maxTokens: 20 });
		await drain(engine, extended(header, half), { ...GREEDY, maxTokens: 20 });
		expect(half.end?.reason).toBe("length");
		const asked = server.asked.at(-1)!;
		expect(asked.prompt.endsWith(half.text)).toBe(true);
		expect(asked.prompt.split("<s>").length - 1).toBeLessThanOrEqual(1);
		expect(JSON.stringify(asked.body)).toMatch(/"(max_tokens|max_new_tokens|num_predict)":20/);
		expect(asked.headers["x-conversation-id"]).toBeUndefined();
	});

	it("loses and doubles nothing at any cut by length", async () => {
		const { engine, header } = await setUp(dialect, config);
		await fc.assert(
			fc.asyncProperty(fc.integer({ min: 4, max: 60 }), fc.boolean(), async (maxTokens, withStop) => {
				const { text } = await persist(engine, header, {
					...GREEDY,
					maxTokens,
					...(withStop ? { stop: STOP } : {}),
				});
				expect(text).toBe(withStop ? THOUGHT : SCRIPT);
			}),
			{ numRuns: 8 },
		);
	});

	it.each<{ readonly type: "cut" | "reset" | "error-event"; readonly after: number }>([
		{ type: "cut", after: 7 },
		{ type: "cut", after: 0 },
		{ type: "reset", after: 9 },
		{ type: "reset", after: 0 },
		{ type: "error-event", after: 11 },
	])("takes a broken stream up where it broke: $type after $after", async (fault) => {
		const { server, engine, header } = await setUp(dialect, config);
		for (const stop of [[], STOP]) {
			server.faults.push(fault, { ...fault, after: fault.after + 5 });
			const { text, runs } = await persist(engine, header, { ...GREEDY, stop });
			// Such a one is tried again at once where it was an old connection of many.
			expect(runs.length).toEqual(fault.type === "reset" && fault.after === 0 ? expect.any(Number) : 3);
			for (const run of runs.slice(0, -1)) {
				// A connection that breaks before the first byte of an answer was none.
				const early = fault.type === "reset" && run.chunks.length === 0;
				expect(run.error).toMatchObject({
					name: "EngineError",
					kind: early ? expect.stringMatching(/^(cut|unreachable)$/) : "cut",
				});
			}
			expect(text).toBe(stop.length === 0 ? SCRIPT : THOUGHT);
		}
	});

	it("survives an event of 10 MB", async () => {
		const { engine, header } = await setUp(dialect, config, { faults: [{ type: "huge-line", after: 5 }] });
		const run = await drain(engine, header, GREEDY);
		expect(run.error).toBeUndefined();
		expect(run.text).toBe(SCRIPT);
	});

	it("says that garbage is garbage, and keeps what came before", async () => {
		const { engine, header } = await setUp(dialect, config, { faults: [{ type: "garbage", after: 6 }] });
		const run = await drain(engine, header, GREEDY);
		expect(run.error).toMatchObject({ name: "EngineError", kind: "protocol" });
		expect(run.text.length).toBeGreaterThan(0);
		expect(SCRIPT.startsWith(run.text)).toBe(true);
	});

	it.each([
		[429, "unreachable"],
		[500, "unreachable"],
		[503, "unreachable"],
		[400, "refused"],
		[401, "refused"],
	] as const)("turns a status of %i into an error a user can act on", async (status, kind) => {
		const { server, engine, header } = await setUp(dialect, config);
		server.faults.push({ type: "status", status, retryAfter: "7", says: "no room today" });
		const run = await drain(engine, header, GREEDY);
		expect(run.error).toMatchObject({ name: "EngineError", kind });
		const { message } = run.error as Error;
		expect(message).toContain("no room today");
		expect(message).toContain(String(status));
		expect(message).toContain(server.url);
		if (status === 429) {
			expect(retryAfterOf(run.error)).toBe(7000);
			expect(message).toContain("7 s");
		}
		expect((await drain(engine, header, GREEDY)).text).toBe(SCRIPT);
	});

	it("says that a trace does not fit, where the server says so", async () => {
		const { server, engine, header } = await setUp(dialect, config);
		server.faults.push({
			type: "status",
			status: 400,
			says: "This model's maximum context length is 8192 tokens",
		});
		const run = await drain(engine, header, GREEDY);
		expect(run.error).toMatchObject({ name: "EngineError", kind: "context" });
	});

	it("never shows the key, not even when the server says it back", async () => {
		const { server, engine, header } = await setUp(dialect, config, { apiKey: SECRET });
		expect((await drain(engine, header, GREEDY)).text).toBe(SCRIPT);
		expect(server.asked[0]!.headers.authorization).toBe(`Bearer ${SECRET}`);
		server.faults.push({ type: "status", status: 403, says: `the key ${SECRET} may not do this` });
		const run = await drain(engine, header, GREEDY);
		expect((run.error as Error).message).toContain("[hidden]");
		expect((run.error as Error).message).not.toContain(SECRET);
		expect((run.error as Error).stack).not.toContain(SECRET);
	});

	it("hands tokens over as they come, and ends at once when it is left or aborted", async () => {
		const { server, engine, header } = await setUp(dialect, config, {
			faults: [
				{ type: "drip", everyMs: 15 },
				{ type: "drip", everyMs: 15 },
			],
		});
		const left = await drain(engine, header, GREEDY, { leaveAfterTokens: 4 });
		expect(left.end).toBeUndefined();
		expect(SCRIPT.startsWith(left.text)).toBe(true);
		expect(left.text.length).toBeLessThan(SCRIPT.length);
		const controller = new AbortController();
		let seen = 0;
		const aborted = await drain(engine, header, GREEDY, {
			signal: controller.signal,
			onChunk: () => {
				if (++seen === 3) controller.abort();
			},
		});
		expect(aborted.error).toBeUndefined();
		expect(aborted.end?.reason).toBe("abort");
		expect(SCRIPT.startsWith(aborted.text)).toBe(true);
		const rest = await persist(engine, extended(header, aborted), GREEDY);
		expect(aborted.text + rest.text).toBe(SCRIPT);
		await expect.poll(() => server.left).toBe(2);
		if (engine.info.caps.cancel === "request-id") expect(server.aborted.length).toBe(2);
	});

	it("is quiet when it is aborted before it begins or before the server answers", async () => {
		const { engine, header } = await setUp(dialect, config);
		const run = await drain(engine, header, GREEDY, { signal: AbortSignal.abort() });
		expect(run.error).toBeUndefined();
		expect(run.end?.reason).toBe("abort");
	});

	it("says that nobody answers where nobody does", async () => {
		const { server, engine, header } = await setUp(dialect, config);
		await server.close();
		const run = await drain(engine, header, GREEDY);
		expect(run.error).toMatchObject({ name: "EngineError", kind: "unreachable" });
		expect((run.error as Error).message).toContain("connection refused");
	});
});

describe.each(ADAPTERS.slice(0, 2))("%s, with token ids", (_name, dialect, config) => {
	it("gives ids that spell the text at any random stop, cut and continuation", async () => {
		const { engine, header } = await setUp(dialect, config);
		await fc.assert(
			fc.asyncProperty(
				fc.integer({ min: 0, max: SCRIPT.length - 2 }),
				fc.integer({ min: 1, max: 10 }),
				async (start, length) => {
					const stop = Array.from(SCRIPT.slice(start)).slice(0, length).join("");
					fc.pre(!/^[\udc00-\udfff]/.test(stop));
					const run = await drain(engine, header, { ...GREEDY, stop: [stop] });
					expect(run.end).toMatchObject({ reason: "stop", matched: stop });
					expect(run.text).toBe(SCRIPT.slice(0, SCRIPT.indexOf(stop)));
					expect(await engine.detokenize!(run.ids!)).toBe(run.text);
					const rest = await drain(engine, extended(header, run), GREEDY);
					expect(run.text + rest.text).toBe(SCRIPT);
				},
			),
			{ numRuns: 25 },
		);
	});

	it("copes with several tokens in one event", async () => {
		const { engine, header } = await setUp(dialect, config, { tokensPerChunk: 5 });
		for (const stop of [[], STOP, ["1776.\nWait"]]) {
			const run = await drain(engine, header, { ...GREEDY, stop });
			expect(run.text).toBe(stop.length === 0 ? SCRIPT : SCRIPT.slice(0, SCRIPT.indexOf(stop[0]!)));
			expect(await engine.detokenize!(run.ids!)).toBe(run.text);
		}
	});

	it("drops ids that go on behind a stop", async () => {
		const { engine, header } = await setUp(dialect, config, { faults: [{ type: "overshoot" }] });
		const run = await drain(engine, header, { ...GREEDY, stop: ["Wait, 37"] });
		expect(run.text).toBe(SCRIPT.slice(0, SCRIPT.indexOf("Wait, 37")));
		expect(run.end).toMatchObject({ reason: "stop", matched: "Wait, 37" });
		const rest = await drain(engine, extended(header, run), GREEDY);
		expect(run.text + rest.text).toBe(SCRIPT);
	});

	it("knows what was cached and what was not", async () => {
		const { engine, header } = await setUp(dialect, config);
		const first = await drain(engine, header, { ...GREEDY, maxTokens: 30 });
		const next = await drain(engine, extended(header, first), { ...GREEDY, maxTokens: 5 });
		expect(next.end!.usage.cachedTokens).toBeGreaterThan(0);
		expect(next.end!.usage.promptTokens).toBe(header.ids!.length + first.ids!.length);
		expect(next.end!.usage.completionTokens).toBe(5);
	});
});

describe("a server that is not as it should be", () => {
	it("keeps a stop string in the text though it was not asked to", async () => {
		for (const [, dialect, config] of ADAPTERS) {
			const { engine, header } = await setUp(dialect, config, { faults: [{ type: "stop-included" }] });
			const run = await drain(engine, header, { ...GREEDY, stop: STOP });
			expect(run.text).toBe(THOUGHT);
			expect(run.end).toMatchObject({ reason: "stop", matched: "</think>" });
		}
	});

	it("swallows what it held back when the length ends a request: it is sampled again", async () => {
		for (const [, dialect, config] of ADAPTERS) {
			const { server, engine, header } = await setUp(dialect, config);
			server.faults.push(...Array.from({ length: 3 }, (): Fault => ({ type: "lost-tail" })));
			const { text } = await persist(engine, header, { ...GREEDY, maxTokens: 23, stop: STOP });
			expect(text).toBe(THOUGHT);
		}
	});

	it("repeats the prefix of a chat: it is not doubled", async () => {
		for (const [, dialect, config] of ADAPTERS.filter(([, kind]) => kind === "chat")) {
			const { server, engine, header } = await setUp(dialect, config);
			const half = await drain(engine, header, { ...GREEDY, maxTokens: 25 });
			server.faults.push({ type: "echo" });
			const rest = await drain(engine, extended(header, half), GREEDY);
			expect(half.text + rest.text).toBe(SCRIPT);
		}
	});
});

describe("what a URL or a name opens", () => {
	it.each([
		["vllm", "vllm"],
		["sglang", "sglang"],
		["ollama", "ollama"],
		["openai-compatible", "openai-compatible"],
	] as const)("finds out that a server is %s", async (dialect, type) => {
		const server = await scriptedServer({ dialect, script: SCRIPT });
		opened.push(server);
		expect(await probe(serverAt(server.url))).toMatchObject({ type });
		if (type === "ollama") return;
		const engine = await openEngine(server.url);
		opened.push(engine);
		expect(engine.info.id).toBe(`${type}:${server.url}`);
	});

	it("says that a server wants a key before it can be asked what it is", async () => {
		const server = await scriptedServer({ dialect: "vllm", script: SCRIPT, apiKey: SECRET });
		opened.push(server);
		await expect(openEngine(server.url)).rejects.toThrow(/VLLM_API_KEY/);
		const engine = await openEngine(`vllm:${server.url}`, { env: { VLLM_API_KEY: SECRET } });
		opened.push(engine);
		expect(engine.info.model).toBe("scripted");
	});

	it("lists the forms when it knows none of them", async () => {
		await expect(openEngine("gpt9:hello")).rejects.toThrow(
			/embedded:\/path[\s\S]*vllm:http[\s\S]*deepseek:MODEL/,
		);
		await expect(openEngine("vllm:localhost")).rejects.toThrow(/http:\/\//);
	});

	it("opens an engine of the configuration by its name, and says what is wrong with one", async () => {
		const server = await scriptedServer({ dialect: "vllm", script: SCRIPT });
		opened.push(server);
		const engine = await openEngine("lab", { named: { lab: { type: "vllm", url: server.url } } });
		opened.push(engine);
		expect(engine.info).toMatchObject({ id: "lab", model: "scripted" });
		await expect(openEngine("lab", { named: { lab: { type: "vlm" } } })).rejects.toThrow(/"vlm"/);
	});

	it("asks for a key by the name of its variable", async () => {
		await expect(openEngine("fireworks:m", { env: {} })).rejects.toThrow(/FIREWORKS_API_KEY/);
		await expect(
			openEngine({ type: "vllm", url: "http://127.0.0.1:1", apiKeyEnv: "MY_KEY" }, { env: {} }),
		).rejects.toThrow(/MY_KEY/);
	});

	it("never shows a password of a URL", async () => {
		const error = await openEngine("vllm:http://user:hunter22@127.0.0.1:1").catch(
			(thrown: unknown) => thrown,
		);
		expect(error).toBeInstanceOf(EngineError);
		expect(String(error)).not.toContain("hunter22");
	});
});
