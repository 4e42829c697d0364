/** The estimates against points that others have published, and against the model that is here. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
	adapterParameters,
	estimateLines,
	GPUS,
	KNOWN_SHAPES,
	memoryOf,
	parametersOf,
	shapeOf,
	timeOf,
} from "../../src/train/estimate.ts";
import { type Recipe, readRecipe, recipeFile } from "../../src/train/recipe.ts";

const qwq = KNOWN_SHAPES["Qwen/QwQ-32B-Preview"]!;
const seven = KNOWN_SHAPES["deepseek-ai/DeepSeek-R1-Distill-Qwen-7B"]!;
const start = (...sets: string[]): Recipe => readRecipe(recipeFile("start-32b", "/"), sets);

describe("parameters", () => {
	test("as the model cards say: 32.8 and 7.6 billion", () => {
		expect(parametersOf(qwq) / 1e9).toBeCloseTo(32.76, 2);
		expect(parametersOf(seven) / 1e9).toBeCloseTo(7.62, 2);
	});

	test("of the tiny model: its weights in float16, but for a header", () => {
		const model = new URL("../../models/nudge-tiny/", import.meta.url);
		const shape = shapeOf(
			JSON.parse(readFileSync(new URL("config.json", model), "utf8")) as Record<string, unknown>,
		);
		const bytes = readFileSync(new URL("model.safetensors", model)).length;
		const off = bytes - 2 * parametersOf(shape!);
		// Norms of queries and keys (2 x 64 in 5 layers) are not in the formula.
		expect(off).toBeGreaterThan(0);
		expect(off).toBeLessThan(10_000);
	});

	test("adapters of a 7B are some tens of millions", () => {
		const { lora } = readRecipe(recipeFile("lora-7b", "/"));
		expect(adapterParameters(seven, lora) / 1e6).toBeCloseTo(80.7, 0);
	});
});

describe("memory", () => {
	test("the states of a 32B are 525 GB, 16.4 GB on each of 32 GPUs", () => {
		const { states } = memoryOf(qwq, start(), 16384);
		expect((states * 32) / 1e9).toBeCloseTo(525, -1);
		expect(states / 1e9).toBeCloseTo(16.4, 1);
	});

	test("activations at 16,384 tokens with checkpointing: 10.7 GB and one layer", () => {
		const { activations } = memoryOf(qwq, start("memory.sequence-parallel=1"), 16384);
		expect(activations / 1e9).toBeGreaterThan(10.7);
		expect(activations / 1e9).toBeLessThan(10.7 + 6);
	});

	test("logits at 16,384 tokens take 5 to 10 GB a copy, and next to nothing in pieces", () => {
		const whole = memoryOf(
			qwq,
			start("memory.sequence-parallel=1", "memory.chunked-loss=false"),
			16384,
		).logits;
		expect(whole / 1e9).toBeGreaterThan(2 * 5);
		expect(whole / 1e9).toBeLessThan(3 * 10);
		expect(memoryOf(qwq, start(), 16384).logits / 1e9).toBeLessThan(0.5);
	});

	test("open-r1 on 128 H100: 32,768 tokens do not fit, 22,528 do", () => {
		const sets = [
			"shape.nodes=16",
			"batch.sequences=128",
			"memory.shard=fsdp2",
			"memory.sequence-parallel=1",
			"memory.chunked-loss=false",
			"optimizer=paged-adamw-8bit",
		];
		const fits = (tokens: number): boolean => memoryOf(qwq, start(...sets), tokens).total < GPUS.H100!.bytes;
		expect(fits(32768)).toBe(false);
		expect(fits(22528)).toBe(true);
	});

	test("start-32b fits 80 GB with its 32,768 tokens; on one node of eight A100 it does not, on eight H200 it does", () => {
		expect(memoryOf(qwq, start(), 32768).total).toBeLessThan(GPUS["A100-80GB"]!.bytes);
		const eight = memoryOf(qwq, start("shape.nodes=1"), 16384).total;
		expect(eight).toBeGreaterThan(GPUS["A100-80GB"]!.bytes * 0.95);
		expect(eight).toBeLessThan(GPUS.H200!.bytes);
	});
});

describe("time", () => {
	test("is 6 operations a parameter and token, and falls with the GPUs", () => {
		const data = { samples: 50_000, tokens: 50_000 * 100 };
		const one = timeOf(qwq, start(), data, { peak: 312e12 });
		expect(one.operations / (6 * parametersOf(qwq) * data.tokens * 3)).toBeCloseTo(1, 1);
		const half = timeOf(qwq, start("shape.nodes=2"), data, { peak: 312e12 });
		expect(half.seconds / one.seconds).toBeCloseTo(2, 6);
		expect(half.gpuHours).toBeCloseTo(one.gpuHours, 6);
	});

	test("ends at max-steps", () => {
		const data = { samples: 6400, tokens: 6_400_000 };
		const all = timeOf(qwq, start(), data, { peak: 312e12 });
		expect(all.steps).toBe(300);
		expect(
			timeOf(qwq, start("max-steps=30"), data, { peak: 312e12 }).operations / all.operations,
		).toBeCloseTo(0.1, 6);
	});
});

test("what is said names the formula, and the price where there is one", () => {
	const lines = estimateLines({
		model: qwq,
		recipe: start(),
		data: { samples: 12_000, tokens: 6e7, longest: 30_000 },
		price: 2,
	});
	expect(lines.join("\n")).toMatch(
		/32\.8 billion.*states 16 GB.*32 x A100-80GB at 35 % of their peak.*GPU hours, about \d+\.\d\d at 2 each/s,
	);
	expect(estimateLines({ model: undefined, recipe: start(), data: { samples: 1 } })[0]).toMatch(
		/not estimated/,
	);
});
