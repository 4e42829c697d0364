import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EmbeddedEngine } from "../../src/engine/embedded/engine.ts";
import { EngineError } from "../../src/engine/engine.ts";
import { openEngine, tinyModelPath } from "../../src/engine/open.ts";
import type { ScanConfig } from "../../src/hints/marker.ts";
import { Scanner } from "../../src/hints/scanner.ts";
import type { Prefix } from "../../src/trace/span.ts";
import { drain, extended } from "./drain.ts";
import { expectExact } from "./exactness.ts";

const DIALECT: ScanConfig["dialect"] = {
	id: "markdown",
	codeOpen: "```python",
	codeClose: "```",
	languages: ["python"],
	outputOpen: "```output\n",
	outputClose: "\n```\n",
	callsUsedUp: "",
};

function alive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch {
		return false;
	}
}

describe("the embedded engine", () => {
	let engine: EmbeddedEngine;
	let header: Prefix;
	let other: Prefix;
	beforeAll(async () => {
		expect(existsSync(tinyModelPath()), "the model that ships with nudge").toBe(true);
		engine = (await openEngine("embedded")) as EmbeddedEngine;
		header = await engine.renderHeader([{ role: "user", content: "What is 37*48+12?" }]);
		other = await engine.renderHeader([{ role: "user", content: "What is the gcd of 84 and 126?" }]);
	});
	afterAll(() => engine?.close());

	it("renders the header of the model's own template, with ids that spell it", async () => {
		expect(header.text).toBe(
			"<|im_start|>user\nWhat is 37*48+12?<|im_end|>\n<|im_start|>assistant\n<think>\n",
		);
		expect(await engine.detokenize(header.ids!)).toBe(header.text);
	});

	it("gives the same text and ids however a greedy run is cut, stopped, aborted, rewound and taken up again", async () => {
		await expectExact(engine, header, other, 25);
	});

	it("cuts at a stop string wherever it stands, and its ids spell what is left", async () => {
		const whole = await drain(engine, header, { temperature: 0, maxTokens: 60 });
		await fc.assert(
			fc.asyncProperty(
				fc.integer({ min: 0, max: whole.text.length - 2 }),
				fc.integer({ min: 1, max: 12 }),
				async (start, length) => {
					const stop = whole.text.slice(start, start + length);
					const got = await drain(engine, header, { temperature: 0, maxTokens: 60, stop: [stop] });
					expect(got.end).toMatchObject({ reason: "stop", matched: stop });
					expect(got.text).toBe(whole.text.slice(0, whole.text.indexOf(stop)));
					expect(await engine.detokenize(got.ids!)).toBe(got.text);
				},
			),
			{ numRuns: 30 },
		);
	});

	it("hands over what only began like a stop string", async () => {
		const whole = await drain(engine, header, { temperature: 0, maxTokens: 40 });
		const stops = [`${whole.text.slice(3, 9)}\u0001`, `${whole.text.slice(-4)}\u0001`];
		const got = await drain(engine, header, { temperature: 0, maxTokens: 40, stop: stops });
		expect(got.text).toBe(whole.text);
		expect(got.ids).toEqual(whole.ids);
		expect(got.end?.reason).toBe("length");
	});

	it("repeats a seeded run, and a seeded run that was cut is the run that was not", async () => {
		const options = { temperature: 1, topP: 0.95, seed: 7, maxTokens: 50 };
		const first = await drain(engine, header, options);
		const again = await drain(engine, header, options);
		const different = await drain(engine, header, { ...options, seed: 8 });
		const half = await drain(engine, header, { ...options, maxTokens: 20 });
		const rest = await drain(engine, extended(header, half), { ...options, maxTokens: 30 });
		expect(again.text).toBe(first.text);
		expect(different.text).not.toBe(first.text);
		expect(half.text + rest.text).toBe(first.text);
	});

	it("reports alternatives without changing what is drawn", async () => {
		for (const options of [
			{ temperature: 0, maxTokens: 12 },
			{ temperature: 0.8, topP: 0.9, seed: 3, maxTokens: 12 },
		]) {
			const plain = await drain(engine, header, options);
			const got = await drain(engine, header, { ...options, topLogprobs: 4 });
			expect(got.ids).toEqual(plain.ids);
			expect(got.top.length).toBe(got.ids!.length);
			got.top.forEach((alternatives, i) => {
				expect(alternatives.map(({ id }) => id)).toContain(got.ids![i]);
				const sum = alternatives.reduce((total, { logprob }) => total + Math.exp(logprob), 0);
				expect(sum).toBeLessThanOrEqual(1.0001);
				if (options.temperature === 0) expect(alternatives[0]!.id).toBe(got.ids![i]);
			});
		}
	});

	it("ends right behind the token that completes a wanted event, and nothing computed is thrown away", async () => {
		const whole = await drain(engine, header, { temperature: 0, maxTokens: 120 });
		// Whatever model ships: the first word of one of its lines.
		const word = /\n([A-Z][a-z]+)(?=[ ,.])/.exec(`\n${whole.text}`)?.[1];
		expect(word, `a word at the beginning of a line of: ${whole.text}`).toBeDefined();
		const SCAN: ScanConfig = { words: [word!], dialect: DIALECT };
		const events = new Scanner(SCAN).push(whole.text);
		const wanted = events.find((event) => event.type === "word");
		expect(wanted, `a word in: ${whole.text}`).toBeDefined();
		const before = engine.stats();
		const got = await drain(engine, header, {
			temperature: 0,
			maxTokens: 120,
			scan: { config: SCAN, state: new Scanner(SCAN).state(), until: ["word"] },
		});
		expect(got.end?.reason).toBe("scan");
		expect(whole.text.startsWith(got.text)).toBe(true);
		expect(new Scanner(SCAN).push(got.text)).toContainEqual(wanted);
		const shorter = got.text.slice(0, got.text.length - got.lens!.at(-1)!);
		expect(new Scanner(SCAN).push(shorter)).not.toContainEqual(wanted);
		// Going on, with a hint behind the word or without, computes only what is new.
		const prefix = extended(header, got);
		const hint = await engine.tokenize(" maybe Python helps here.\n");
		const next = await drain(
			engine,
			{ text: `${prefix.text} maybe Python helps here.\n`, ids: [...prefix.ids!, ...hint] },
			{ temperature: 0, maxTokens: 1 },
		);
		const after = engine.stats();
		expect(after.discarded - before.discarded).toBe(0);
		expect(next.end?.usage.cachedTokens).toBe(prefix.ids!.length - 1);
	});

	it("goes on after its process is killed in mid-stream, and says what happened", async () => {
		const whole = await drain(engine, header, { temperature: 0, maxTokens: 60 });
		let killed = false;
		const got = await drain(
			engine,
			header,
			{ temperature: 0, maxTokens: 5000 },
			{
				onChunk: () => {
					if (!killed) process.kill(engine.childPids[0]!, "SIGKILL");
					killed = true;
				},
			},
		);
		expect(got.error).toBeInstanceOf(EngineError);
		expect(got.error).toMatchObject({ kind: "crashed" });
		expect((got.error as Error).message).toContain("SIGKILL");
		const next = await drain(engine, extended(header, got), { temperature: 0, maxTokens: 60 });
		expect((got.text + next.text).slice(0, whole.text.length)).toBe(whole.text);
	});

	it("leaves no process behind, not even when the program is killed or forgets to close it", async () => {
		const script = (end: string): string => `
			const { openEngine } = await import(${JSON.stringify(new URL("../../src/engine/open.ts", import.meta.url).href)});
			const engine = await openEngine("embedded");
			console.log(engine.childPids[0]);
			${end}`;
		for (const end of ["process.kill(process.pid, 'SIGKILL')", ""]) {
			const { stdout } = await new Promise<{ stdout: string }>((resolve) =>
				execFile(
					process.execPath,
					["--no-warnings", "--experimental-strip-types", "--input-type=module", "-e", script(end)],
					(_error, said) => resolve({ stdout: said }),
				),
			);
			const pid = Number(stdout.trim());
			expect(pid).toBeGreaterThan(1);
			await expect.poll(() => alive(pid), { timeout: 10_000 }).toBe(false);
		}
	});

	it("says that it was closed to those who still wait", async () => {
		const short = await EmbeddedEngine.open({ id: "short", modelPath: tinyModelPath() });
		const pending = drain(short, header, { temperature: 0, maxTokens: 1900 });
		await new Promise((resolve) => setTimeout(resolve, 20));
		await short.close();
		expect((await pending).error).toMatchObject({ kind: "refused" });
		expect((await drain(short, header, { temperature: 0, maxTokens: 1 })).error).toMatchObject({
			kind: "refused",
		});
	});

	it("serves requests that come at the same time, each with its own text", async () => {
		const [a, b] = await Promise.all([
			drain(engine, header, { temperature: 0, maxTokens: 30 }),
			drain(engine, other, { temperature: 0, maxTokens: 30 }),
		]);
		expect(a.text).toBe((await drain(engine, header, { temperature: 0, maxTokens: 30 })).text);
		expect(b.text).toBe((await drain(engine, other, { temperature: 0, maxTokens: 30 })).text);
	});

	it("hears an abort while it reads a long prefix", async () => {
		const long = Array.from({ length: 1900 }, (_, i) =>
			i < 5 ? 200 + i : header.ids![i % header.ids!.length]!,
		);
		const before = engine.stats();
		const controller = new AbortController();
		const pending = drain(
			engine,
			{ text: "", ids: long },
			{ temperature: 0, maxTokens: 5 },
			{ signal: controller.signal },
		);
		setTimeout(() => controller.abort(), 0);
		const got = await pending;
		expect(got.end?.reason).toBe("abort");
		expect(engine.stats().evaluated - before.evaluated).toBeLessThan(1900);
	});

	it("keeps two traces warm where it is told to", async () => {
		const two = await EmbeddedEngine.open({ id: "two", modelPath: tinyModelPath(), parallel: 2 });
		try {
			const a = await drain(two, header, { temperature: 0, maxTokens: 10 });
			await drain(two, other, { temperature: 0, maxTokens: 10 });
			const more = await drain(two, extended(header, a), { temperature: 0, maxTokens: 10 });
			expect(more.end!.usage.cachedTokens).toBe(header.ids!.length + a.ids!.length - 1);
		} finally {
			await two.close();
		}
	});

	it("gives sixteen traces at once what each has alone", async () => {
		const asked = Array.from({ length: 16 }, (_, i) => `What is ${123 + 37 * i} * ${89 + 5 * i}?`);
		const many = await EmbeddedEngine.open({ id: "many", modelPath: tinyModelPath(), parallel: 16 });
		try {
			const headers = await Promise.all(
				asked.map((content) => many.renderHeader([{ role: "user", content }])),
			);
			const alone: string[] = [];
			for (const prefix of headers)
				alone.push((await drain(engine, prefix, { temperature: 0, maxTokens: 120 })).text);
			const together = await Promise.all(
				headers.map((prefix) => drain(many, prefix, { temperature: 0, maxTokens: 120 })),
			);
			const same = together.filter(({ text }, i) => text === alone[i]).length;
			// Sums of a batch are added up in another order, which may turn one of two tokens that are all but equally likely.
			expect(same).toBeGreaterThanOrEqual(14);
		} finally {
			await many.close();
		}
	});

	it("refuses a prefix that does not fit, and ends where the context ends", async () => {
		const { contextTokens } = engine.info.caps;
		const filler = Array.from({ length: contextTokens + 1 }, (_, i) => header.ids![i % header.ids!.length]!);
		const got = await drain(engine, { text: "", ids: filler }, { temperature: 0, maxTokens: 5 });
		expect(got.error).toMatchObject({ kind: "context" });
		const near = { text: "", ids: filler.slice(0, contextTokens - 3) };
		const full = await drain(engine, near, { temperature: 0, maxTokens: 50 });
		expect(full.end?.reason === "length" || full.end?.reason === "eos").toBe(true);
		expect(full.end!.usage.completionTokens).toBeLessThanOrEqual(4);
	});
});

it("says where the model file should be when there is none", async () => {
	await expect(openEngine("embedded:/nowhere/model.gguf")).rejects.toMatchObject({
		kind: "missing",
		message: expect.stringContaining("/nowhere/model.gguf"),
	});
});

it("says what is wrong with a file that is no model", async () => {
	await expect(openEngine(`embedded:${import.meta.filename}`)).rejects.toMatchObject({
		name: "EngineError",
		message: expect.stringContaining("embedded.test.ts"),
	});
});
