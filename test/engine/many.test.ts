/** Several engines that share the work, on scripted servers that break, refuse, die and come back. */
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { type Engine, EngineError } from "../../src/engine/engine.ts";
import { ManyEngines } from "../../src/engine/many.ts";
import { openEngine } from "../../src/engine/open.ts";
import { splitSpecs } from "../../src/engine/spec.ts";
import type { Prefix } from "../../src/trace/span.ts";
import { drain, extended } from "./drain.ts";
import { ScriptedTokenizer } from "./scripted-model.ts";
import { type Fault, type ScriptedOptions, type ScriptedServer, scriptedServer } from "./scripted-server.ts";

const SCRIPT =
	"Let me see: 37*48 is 1776.\nWait, 37*48 \u2014 so 1776 \u{1f642}. \u65e5\u672c\u8a9e too.\n</think>\n\nIt is \\boxed{1776}.";
const MESSAGES = [{ role: "user" as const, content: "What is 37*48?" }];
const GREEDY = { temperature: 0, maxTokens: 500 } as const;

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
	for (const thing of opened.splice(0).reverse()) await thing.close();
});

class Lab {
	readonly tokenizer = new ScriptedTokenizer();
	readonly servers: ScriptedServer[] = [];
	many!: ManyEngines;

	async serve(options: Partial<ScriptedOptions> = {}): Promise<ScriptedServer> {
		const server = await scriptedServer({
			dialect: "vllm",
			script: SCRIPT,
			tokenizer: this.tokenizer,
			...options,
		});
		opened.push(server);
		this.servers.push(server);
		return server;
	}

	/** Started again where it was. */
	again(at: number, options: Partial<ScriptedOptions> = {}): Promise<ScriptedServer> {
		return this.serve({ port: Number(new URL(this.servers[at]!.url).port), ...options });
	}

	async open(pauseMs = () => 5): Promise<ManyEngines> {
		this.many = await ManyEngines.open({
			members: this.servers.map(({ url }) => ({ id: `vllm:${url}`, open: () => openEngine(`vllm:${url}`) })),
			pauseMs,
		});
		opened.push(this.many);
		return this.many;
	}

	member(at: number): ManyEngines["members"][number] {
		return this.many.members[at]!;
	}
}

async function lab(count: number, options: Partial<ScriptedOptions> = {}): Promise<Lab> {
	const made = new Lab();
	for (let i = 0; i < count; i++) await made.serve(options);
	await made.open();
	return made;
}

/** Asked again while no engine answers. */
async function answered<T>(ask: () => Promise<T>, tries = 300): Promise<T> {
	for (let i = 1; ; i++)
		try {
			return await ask();
		} catch (error) {
			if (!(error instanceof EngineError) || i >= tries) throw error;
			await new Promise((resolve) => setTimeout(resolve, 2));
		}
}

/** Goes on as the loop does: after a break from what arrived. Undefined: it was not to be had. */
async function persist(engine: Engine, tries = 300, from?: Prefix): Promise<string | undefined> {
	const header = from ?? (await answered(() => engine.renderHeader(MESSAGES)));
	let prefix = header;
	for (let i = 0; i < tries; i++) {
		const run = await drain(engine, prefix, GREEDY);
		prefix = extended(prefix, run);
		if (run.end) {
			const text = prefix.text.slice(header.text.length);
			const ids = prefix.ids!.slice(header.ids!.length);
			expect(await answered(() => engine.detokenize!(ids))).toBe(text);
			return text;
		}
		if (!(run.error instanceof EngineError)) throw run.error;
		await new Promise((resolve) => setTimeout(resolve, 2));
	}
	return undefined;
}

const FAULT: fc.Arbitrary<Fault> = fc.oneof(
	fc.record({ type: fc.constantFrom("cut", "reset", "error-event", "garbage"), after: fc.nat(30) }),
	fc.record({ type: fc.constant("status"), status: fc.constantFrom(429, 500, 502, 503, 401, 404) }),
	fc.constant({ type: "none" } as const),
) as fc.Arbitrary<Fault>;

describe("several engines", () => {
	test("a trace is whole, text and ids, whatever its engines do, and goes on from exactly what arrived", async () => {
		await fc.assert(
			fc.asyncProperty(
				fc.array(fc.array(FAULT, { maxLength: 4 }), { minLength: 2, maxLength: 3 }),
				async (all) => {
					const { many, servers } = await lab(all.length);
					for (const [i, faults] of all.entries()) servers[i]!.faults.push(...faults);
					const traces = ["a", "b", "c"].map((key) => many.forTrace(key).enter());
					const texts = await Promise.all(traces.map((trace) => persist(trace)));
					expect(texts).toEqual([SCRIPT, SCRIPT, SCRIPT]);
					for (const trace of traces) trace.leave();
					expect(many.members.map(({ traces }) => traces)).toEqual(all.map(() => 0));
					// Every request continued the header by a beginning of the script.
					const header = (await many.renderHeader(MESSAGES)).text;
					for (const { prompt } of servers.flatMap(({ asked }) => asked)) {
						expect(prompt.startsWith(header)).toBe(true);
						expect(SCRIPT.startsWith(prompt.slice(header.length))).toBe(true);
					}
					for (const thing of opened.splice(0).reverse()) await thing.close();
				},
			),
			{ numRuns: 15 },
		);
	});

	test("all traces of a problem are on one engine, those of many problems on all; none gets more than its limit", async () => {
		const { many } = await lab(3);
		const homes = Array.from({ length: 60 }, (_, i) => {
			const of = Array.from({ length: 4 }, () => many.forTrace(`p${i}`).enter());
			expect(new Set(of.map(({ at }) => at)).size).toBe(1);
			for (const trace of of) trace.leave();
			return of[0]!.at;
		});
		for (const member of [0, 1, 2]) expect(homes.filter((at) => at === member).length).toBeGreaterThan(5);

		many.limit = () => 4;
		const crowd = Array.from({ length: 12 }, () => many.forTrace("p0").enter());
		expect(many.members.map(({ traces }) => traces)).toEqual([4, 4, 4]);
		expect(crowd.slice(0, 4).every(({ at }) => at === homes[0])).toBe(true);
		expect(many.hasRoomAtHome("p0")).toBe(false);
		// One too many waits for room, and goes on as soon as one leaves.
		const late = persist(many.forTrace("p0"));
		crowd[7]!.leave();
		expect(await late).toBe(SCRIPT);
	});

	test("one that dies is left out at once and its traces go on elsewhere; started again, it is taken back", async () => {
		const gate = Promise.withResolvers<void>();
		let pieces = 0;
		const place = new Lab();
		const pace = async (): Promise<void> => {
			if (++pieces > 6) await gate.promise;
		};
		await place.serve({ pace });
		await place.serve({ pace });
		const many = await place.open();
		const news: string[] = [];
		many.onNews = (says) => news.push(says);
		const back = Promise.withResolvers<void>();
		many.onRoom = () => back.resolve();
		const trace = many.forTrace("p").enter();
		const { at } = trace;
		const over = persist(trace);
		await expect.poll(() => pieces).toBeGreaterThan(6);
		await place.servers[at]!.close();
		await expect.poll(() => news[0]).toContain("broke off");
		gate.resolve();
		expect(await over).toBe(SCRIPT);
		expect(trace.at).toBe(1 - at);
		// New traces do not go there, wherever their home is.
		for (const key of "abcdefgh") expect(many.forTrace(key).enter().at).toBe(1 - at);
		await place.again(at);
		await back.promise;
		expect(place.member(at).out).toBeUndefined();
		expect(news[0]).toMatch(/^vllm:http.* is left out: .*; its trace goes on elsewhere$/);
		expect(news[1]).toMatch(/^vllm:http.* is taken back after \d+ s$/);
		expect(news).toHaveLength(2);
		// Where the trace went it stays: its prefix is there.
		expect(await persist(trace)).toBe(SCRIPT);
		expect(trace.at).toBe(1 - at);
	});

	test("one that comes back as another model is not taken back until it is the same again", async () => {
		const place = await lab(2);
		await place.servers[0]!.close();
		const trace = ["a", "b", "c", "d", "e", "f"]
			.map((key) => place.many.forTrace(key).enter())
			.find(({ at }) => at === 0)!;
		expect(await persist(trace)).toBe(SCRIPT);
		const other = await place.again(0, { name: "something-else" });
		await expect.poll(() => place.member(0).out?.why).toContain("model: scripted, and something-else");
		await other.close();
		await place.again(0);
		await expect.poll(() => place.member(0).out).toBeUndefined();
	});

	test("only when all are out a request fails, with what each said; the next finds whoever is back", async () => {
		const place = await lab(2);
		const trace = place.many.forTrace("p").enter();
		const header = await trace.renderHeader(MESSAGES);
		for (const server of place.servers) await server.close();
		const first = await drain(trace, header, GREEDY);
		expect(first.error).toMatchObject({ kind: "unreachable" });
		const second = await drain(trace, header, GREEDY);
		expect(second.error).toMatchObject({ kind: "unreachable" });
		const third = await drain(trace, header, GREEDY);
		const { message } = third.error as EngineError;
		expect(message).toContain("None of the 2 engines answers.");
		for (const { url } of place.servers) expect(message).toContain(url);
		await place.again(1);
		expect(await persist(trace, 500, header)).toBe(SCRIPT);
		expect(trace.at).toBe(1);
	});

	test("too many requests put nobody out: the trace leaves its place and has another when there is room", async () => {
		const place = await lab(2);
		const trace = place.many.forTrace("p").enter();
		const { at } = trace;
		place.servers[at]!.faults.push({ type: "status", status: 429, retryAfter: "7" });
		const run = await drain(trace, await trace.renderHeader(MESSAGES), GREEDY);
		expect(run.error).toMatchObject({ kind: "unreachable", cause: { status: 429, retryAfterMs: 7000 } });
		expect(trace.busy).toBe(true);
		expect(place.many.members.map(({ traces, out }) => [traces, out])).toEqual([
			[0, undefined],
			[0, undefined],
		]);
		place.many.limit = (member) => (member === at ? 0 : 1);
		expect(await persist(trace)).toBe(SCRIPT);
		expect([trace.at, trace.busy]).toEqual([1 - at, false]);
	});

	test("those that are not the same are refused with what differs; one that is not there is left out", async () => {
		const place = new Lab();
		await place.serve();
		await place.serve({ name: "other", contextTokens: 512 });
		await expect(place.open()).rejects.toThrow(
			/are not the same, so they cannot share the work:\n {2}model: scripted, and other\n {2}context: 4096 tokens, and 512 tokens\n/,
		);
		const tokens = new Lab();
		await tokens.serve();
		await tokens.serve({ tokenizer: new ScriptedTokenizer() });
		tokens.tokenizer.encode("something said before, so that ids are given in another order");
		await expect(tokens.open()).rejects.toThrow(/\n {2}token ids of a header: /);

		const half = new Lab();
		await half.serve();
		await half.serve();
		await half.servers[1]!.close();
		const many = await half.open();
		expect(half.member(1).out?.why).toContain("connection refused");
		expect(await persist(many.forTrace("p"))).toBe(SCRIPT);
		await half.servers[0]!.close();
		await expect(half.open()).rejects.toThrow("None of the 2 engines answers.");
	});

	test("a list opens all, one engine alone opens itself, and none twice", async () => {
		const place = new Lab();
		const [a, b] = [await place.serve(), await place.serve()];
		const named = { lab: { type: "vllm", url: b.url } };
		const many = await openEngine(`vllm:${a.url},lab`, { named });
		opened.push(many);
		expect(many.info.id).toBe(`vllm:${a.url},lab`);
		expect(many.info).toMatchObject({ model: "scripted", server: "vLLM 0.32.0-scripted" });
		const header = await many.renderHeader(MESSAGES);
		expect((await drain(many, header, GREEDY)).text).toBe(SCRIPT);
		expect(await openEngine("lab", { named })).not.toBeInstanceOf(ManyEngines);
		await expect(openEngine("lab,lab", { named })).rejects.toThrow("The engine lab is named twice");
	});
});

test("a list of engines is cut at commas, but not within a URL, a path or a model's name", () => {
	const named = { a: { type: "vllm" }, b: { type: "vllm" } };
	const cases: [string, string[]][] = [
		["embedded", ["embedded"]],
		["a,b", ["a", "b"]],
		["a, http://h:1 ,embedded", ["a", "http://h:1", "embedded"]],
		["vllm:http://h/x,y#m,n,sglang:http://g", ["vllm:http://h/x,y#m,n", "sglang:http://g"]],
		["/models/a,b.gguf", ["/models/a,b.gguf"]],
		["/m/x.gguf,/m/y.gguf", ["/m/x.gguf", "/m/y.gguf"]],
		["ollama:m@http://h:1,ollama:m@http://h:2", ["ollama:m@http://h:1", "ollama:m@http://h:2"]],
		["fireworks:x,lamma:y", ["fireworks:x,lamma:y"]],
	];
	for (const [text, specs] of cases) expect(splitSpecs(text, named)).toEqual(specs);
});
