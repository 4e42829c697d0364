import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, describe, expect, test } from "vitest";
import {
	builtInRecipes,
	processesOf,
	readRecipe,
	recipeFile,
	resolvedRecipe,
} from "../../src/train/recipe.ts";
import { Folder } from "./folder.ts";

const folder = new Folder();
afterAll(() => folder.remove());

const MINE =
	"name: mine\nbase:\n  model: nudge-tiny\nlearning-rate: 1.0e-5\nepochs: 1\nshape:\n  cpu-processes: 1\nbatch:\n  sequences: 4\n";
const mine = (text: string, sets: readonly string[] = []) =>
	readRecipe(folder.write("mine.yaml", text), sets);

describe("the recipes that come with nudge", () => {
	test("are found by name, valid, and name base and revision", () => {
		expect(builtInRecipes()).toEqual(["lora-7b", "start-32b", "tiny"]);
		for (const name of builtInRecipes()) {
			const recipe = readRecipe(recipeFile(name, "/"));
			expect(recipe.name).toBe(name);
			if (recipe.base.model.includes("/")) expect(recipe.base.revision).toMatch(/^[0-9a-f]{40}$/);
			else expect(recipe.base).toEqual({ model: "nudge-tiny" });
		}
	});

	test("start-32b is the paper's: all parameters, 7e-6, 3 epochs, 32 GPUs", () => {
		const recipe = readRecipe(recipeFile("start-32b", "/"));
		expect([recipe.method, recipe["learning-rate"], recipe.epochs]).toEqual(["full", 7e-6, 3]);
		expect(processesOf(recipe)).toBe(32);
		expect(recipe.tokens.most).toBe(32768);
	});

	test("a resolved recipe is a recipe again, and says how a step is put together", () => {
		const schema = new Ajv2020({ allErrors: true }).compile(
			JSON.parse(readFileSync(new URL("../../recipes/train.schema.json", import.meta.url), "utf8")) as object,
		);
		for (const name of builtInRecipes()) {
			const { resolved, ...recipe } = resolvedRecipe(readRecipe(recipeFile(name, "/")), "base");
			expect(schema(recipe), JSON.stringify(schema.errors)).toBe(true);
			const groups = resolved.processes / recipe.memory["sequence-parallel"];
			expect(resolved.accumulate * groups * recipe.batch.micro).toBe(recipe.batch.sequences);
		}
	});
});

describe("a recipe with mistakes", () => {
	test("is refused with file, line and column of each", () => {
		const file = folder.write("bad.yaml", "name: mine\nbase:\n  modell: x\nlearning-rate: fast\nepochs: 0\n");
		expect(() => readRecipe(file)).toThrow(
			/bad\.yaml:3:3.*unknown field "modell".*\n.*bad\.yaml:4:16.*a number, not a text/s,
		);
		expect(() => readRecipe(file)).toThrow(/bad\.yaml:5:9/);
	});

	test("a hub id needs a revision, and a branch is none", () => {
		expect(() => mine(MINE.replace("nudge-tiny", "Qwen/Qwen2.5-7B"))).toThrow(
			/mine\.yaml:3:3.*needs a revision/,
		);
		expect(() => mine(MINE.replace("nudge-tiny", "Qwen/Qwen2.5-7B\n  revision: main"))).toThrow(
			/which moves/,
		);
	});

	test.each([
		[["batch.sequences=3", "batch.micro=2"], /take a multiple of 2/],
		[["memory.sequence-parallel=2"], /only with shard/],
		[["shape.cpu-processes=0", "shape.gpus-per-node=0"], /neither a GPU nor/],
		[["memory.precision=bf16"], /bf16 is for GPUs/],
		[["memory.offload=true"], /offload needs shard/],
		[["save.keep=1"], /at least 2/],
		[["memory.colour=red"], /unknown field "colour"/],
		[["lr"], /NAME=VALUE/],
		[["__proto__.x=1"], /no field/],
	])("%j is refused", (sets, says) => {
		expect(() => mine(MINE, sets)).toThrow(says);
	});

	test("packed rows are not shared between GPUs", () => {
		const sets = [
			"shape.cpu-processes=0",
			"shape.gpus-per-node=4",
			"memory.shard=zero3",
			"memory.sequence-parallel=2",
		];
		expect(mine(MINE, sets).memory["sequence-parallel"]).toBe(2);
		expect(() => mine(MINE, [...sets, "tokens.packing=true"])).toThrow(/borders between samples/);
	});

	test("there is no recipe of that name: the nearest is offered", () => {
		expect(() => recipeFile("tny", "/")).toThrow(/did you mean tiny/);
	});
});

test("--set lays values over the file, by full names and the short one for the rate", () => {
	const recipe = mine(MINE, [
		"lr=2e-4",
		"tokens.most=512",
		"watch.report=[tensorboard]",
		"memory.checkpointing=false",
	]);
	expect(recipe["learning-rate"]).toBe(2e-4);
	expect(recipe.tokens).toEqual({ most: 512, packing: false, "most-dropped": 0.1 });
	expect(recipe.watch.report).toEqual(["tensorboard"]);
	expect(recipe.memory.checkpointing).toBe(false);
});
