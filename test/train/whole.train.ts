/**
 * The trainer with its real libraries: real training of the tiny model on the CPU. `npm run test:train`; the Python is
 * NUDGE_TRAIN_PYTHON, else the environment that nudge makes for training.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openEngine } from "../../src/engine/open.ts";
import { trainPython } from "../../src/train/environment.ts";
import { GUEST, inputsOf, trainingLine } from "../../src/train/job.ts";
import { readRecipe, recipeFile, resolvedRecipe } from "../../src/train/recipe.ts";
import { EXIT, evidenceIn, type FinalSheet, type Metric, parseMetric } from "../../src/train/run-folder.ts";
import { Folder, sample } from "./folder.ts";

const TINY = fileURLToPath(new URL("../../models/nudge-tiny/", import.meta.url));
const folder = new Folder();
let python = "python3";
const running = new Set<ChildProcess>();

beforeAll(async () => {
	({ python } = await trainPython(process.env, 0, ({ detail }) => console.log(detail)));
});
afterAll(() => {
	for (const child of running) if (child.pid) process.kill(-child.pid, "SIGKILL");
	folder.remove();
});

/** Thinking with a hint, code and its output, as the tiny model writes it; of several lengths. */
function text(at: number): string {
	const [a, b] = [100 + 37 * at, 11 + at];
	const body = (part: string, train: boolean, kind: "prompt" | "model" | "hint" | "output"): object => ({
		kind,
		text: part,
		train,
	});
	const segments = [
		body(
			`<|im_start|>user\nWhat is ${a} * ${b}?<|im_end|>\n<|im_start|>assistant\n<think>\n`,
			false,
			"prompt",
		),
		body(
			`Okay, I have to multiply ${a} by ${b}.\n${"Let me check that step. ".repeat(at % 5)}\nWait`,
			true,
			"model",
		),
		body(", maybe I can use Python to check this.\n", true, "hint"),
		body(`\`\`\`python\nprint(${a} * ${b})\n\`\`\`\n`, true, "model"),
		body(`\`\`\`output\n${a * b}\n\`\`\`\n`, false, "output"),
		body(`So I get ${a * b}.\n</think>\n\nThe answer is \\boxed{${a * b}}.<|im_end|>`, true, "model"),
	];
	return trainingLine(sample(`s${at}`, { segments: segments as never }));
}

const SAMPLES = Array.from({ length: 8 }, (_, at) => text(at)).join("");

function job(name: string, sets: readonly string[], samples = SAMPLES): string {
	const at = join(folder.path, name);
	mkdirSync(at);
	cpSync(TINY, join(at, "base"), { recursive: true });
	for (const script of ["train.py", "to_gguf.py"]) cpSync(join(GUEST, script), join(at, script));
	writeFileSync(join(at, "samples.jsonl"), samples);
	const recipe = resolvedRecipe(
		readRecipe(recipeFile("tiny", "/"), ["save.gguf=false", "warmup=0", ...sets]),
		"base",
	);
	for (const [file, content] of Object.entries(inputsOf(recipe))) writeFileSync(join(at, file), content);
	return at;
}

function start(at: string, attempt = 1): { readonly child: ChildProcess; readonly end: Promise<void> } {
	const child = spawn("bash", ["job.sh"], {
		cwd: at,
		detached: true,
		stdio: ["ignore", "pipe", "pipe"],
		env: { ...process.env, NUDGE_TRAIN_PYTHON: python, NUDGE_ATTEMPT: String(attempt), OMP_NUM_THREADS: "1" },
	});
	running.add(child);
	let said = "";
	for (const stream of [child.stdout, child.stderr])
		stream?.on("data", (data: Buffer) => (said += data.toString()));
	const end = new Promise<void>((resolve) =>
		child.once("close", () => {
			running.delete(child);
			writeFileSync(join(at, `out-${attempt}.log`), said);
			resolve();
		}),
	);
	return { child, end };
}

async function run(name: string, sets: readonly string[], samples?: string): Promise<string> {
	const at = job(name, sets, samples);
	await start(at).end;
	return at;
}

const metricsOf = (at: string): Metric[] =>
	!existsSync(join(at, "metrics.jsonl"))
		? []
		: readFileSync(join(at, "metrics.jsonl"), "utf8")
				.split("\n")
				.map(parseMetric)
				.filter((line): line is Metric => typeof line === "object");
const finalOf = (at: string): FinalSheet =>
	JSON.parse(readFileSync(join(at, "final", "final.json"), "utf8")) as FinalSheet;

function same(a: readonly Metric[], b: readonly Metric[]): void {
	expect(a.map(({ step }) => step)).toEqual(b.map(({ step }) => step));
	for (const [at, { loss }] of a.entries()) expect(loss).toBeCloseTo(b[at]?.loss ?? Number.NaN, 3);
}

describe("the trainer", () => {
	let plain = "";
	beforeAll(async () => {
		plain = await run("plain", [
			"max-steps=8",
			"batch.sequences=4",
			"batch.micro=4",
			"save.every=3",
			"save.gguf=true",
		]);
	});

	test("trains: the loss falls, every token of a kind is counted, and the folder says where it comes from", () => {
		expect(evidenceIn(plain)).toMatchObject({ rc: 0, end: { reason: "done" } });
		const losses = metricsOf(plain).map(({ loss }) => loss ?? Number.NaN);
		expect(losses).toHaveLength(8);
		expect(losses.at(-1)).toBeLessThan(losses[0]! * 0.8);
		const { trained, lineage, files, tokens } = finalOf(plain);
		expect(Object.keys(trained).sort()).toEqual(["hint", "model"]);
		expect(trained.hint! + trained.model!).toBeLessThan(tokens);
		expect(lineage.base.model).toBe("nudge-tiny");
		expect(Object.keys(files)).toEqual(
			expect.arrayContaining([
				"model.safetensors",
				"model.gguf",
				"tokenizer.json",
				"chat_template.jinja",
				"generation_config.json",
			]),
		);
	});

	test("transformers loads the folder as it is: float16, its tokenizer, its end of turn", async () => {
		const load = `
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer
folder = ${JSON.stringify(join(plain, "final"))}
tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModelForCausalLM.from_pretrained(folder)
assert model.dtype == torch.float16 and tokenizer.convert_tokens_to_ids("<|im_end|>") in model.generation_config.eos_token_id
ids = tokenizer.apply_chat_template([{"role": "user", "content": "What is 3 * 4?"}], add_generation_prompt=True, return_tensors="pt", return_dict=True)
print(tokenizer.decode(model.float().generate(**ids, max_new_tokens=12)[0]))`;
		expect(await say(["-c", load])).toMatch(
			/^<\|im_start\|>user\nWhat is 3 \* 4\?<\|im_end\|>\n<\|im_start\|>assistant\n<think>\n\w/,
		);
	});

	test("the embedded engine loads the GGUF file under a name that says where it comes from", async () => {
		const engine = await openEngine(join(plain, "final", "model.gguf"));
		try {
			expect(engine.info.model).toMatch(/^nudge-tiny-/);
			expect(engine.info.caps.exact).toBe(true);
		} finally {
			await engine.close();
		}
	});

	test("killed and stopped in the middle it comes to the same losses, each step once", async () => {
		const at = job("torn", ["max-steps=8", "batch.sequences=4", "batch.micro=4", "save.every=3"]);
		const first = start(at);
		while (metricsOf(at).length < 5) await sleep(20);
		process.kill(-first.child.pid!, "SIGKILL");
		await first.end;
		expect(evidenceIn(at).rc).toBeUndefined();
		mkdirSync(join(at, "ckpt", "checkpoint-4"), { recursive: true });
		writeFileSync(join(at, "ckpt", "checkpoint-4", "model.safetensors"), "torn");
		const second = start(at, 2);
		while (metricsOf(at).length < 6) await sleep(20);
		process.kill(-second.child.pid!, "SIGTERM");
		await second.end;
		expect(evidenceIn(at)).toMatchObject({ rc: EXIT.stopped, end: { reason: "stopped", attempt: 2 } });
		await start(at, 3).end;
		expect(evidenceIn(at)).toMatchObject({ rc: 0 });
		same(metricsOf(at), metricsOf(plain));
		expect(metricsOf(at).at(-1)?.tokens).toBe(metricsOf(plain).at(-1)?.tokens);
	});

	test("packed, and in two processes, it is the same training", async () => {
		const one = await run("one", ["max-steps=3", "batch.sequences=8", "batch.micro=8"]);
		const packed = await run("packed", [
			"max-steps=3",
			"tokens.packing=true",
			"tokens.most=1200",
			"batch.sequences=1",
			"batch.micro=1",
		]);
		const two = await run("two", [
			"max-steps=3",
			"shape.cpu-processes=2",
			"batch.sequences=8",
			"batch.micro=4",
		]);
		expect(metricsOf(one)).toHaveLength(3);
		same(metricsOf(packed), metricsOf(one));
		same(metricsOf(two), metricsOf(one));
	});

	test("a loss that is not finite ends it with its own code, and says at which step", async () => {
		const at = await run("nan", ["max-steps=6", "lr=1e20"]);
		expect(evidenceIn(at)).toMatchObject({
			rc: EXIT.notFinite,
			end: { reason: "notFinite", message: expect.stringMatching(/at step \d.*lower learning rate/s) },
		});
		expect(existsSync(join(at, "final"))).toBe(false);
	});

	test("samples that are too long, or of which nothing trains, are refused and never cut", async () => {
		const long = await run("long", ["tokens.most=64"]);
		expect(evidenceIn(long)).toMatchObject({
			rc: EXIT.samples,
			end: { message: expect.stringMatching(/longer than 64 tokens/) },
		});
		const masked = await run("masked", [], SAMPLES.replaceAll('"train":true', '"train":false'));
		expect(evidenceIn(masked)).toMatchObject({
			rc: EXIT.samples,
			end: { message: expect.stringMatching(/no token would train/) },
		});
	});

	test("a base that was trained is refused by the trainer too", async () => {
		const trained = job("from-trained", ["max-steps=1"]);
		cpSync(join(plain, "final"), join(trained, "base"), { recursive: true });
		await start(trained).end;
		expect(evidenceIn(trained)).toMatchObject({
			rc: EXIT.refused,
			end: { message: expect.stringMatching(/START is trained from that base/) },
		});
	});

	test("adapters are merged into a model like the base", async () => {
		const at = await run("lora", ["max-steps=2", "method=lora", "save.gguf=true"]);
		expect(evidenceIn(at)).toMatchObject({ rc: 0 });
		expect(Object.keys(finalOf(at).files)).toEqual(
			expect.arrayContaining(["adapter/adapter_model.safetensors", "model.safetensors", "model.gguf"]),
		);
	});

	test("the model that comes with nudge, written as GGUF again, is the same but for its description", async () => {
		const at = join(folder.path, "again.gguf");
		const compare = `
import gguf, sys
sys.path.insert(0, ${JSON.stringify(GUEST)})
import to_gguf
to_gguf.convert(${JSON.stringify(TINY)}, ${JSON.stringify(at)}, "nudge-tiny")
a, b = gguf.GGUFReader(${JSON.stringify(at)}), gguf.GGUFReader(${JSON.stringify(join(TINY, "nudge-tiny.gguf"))})
tensors = [{t.name: (t.tensor_type, t.data.tobytes()) for t in r.tensors} for r in (a, b)]
assert tensors[0] == tensors[1] and len(tensors[0]) == 57
told = {"GGUF.kv_count", "general.license", "general.languages", "general.tags", "general.author", "general.description"}
for name in set(a.fields) | set(b.fields):
    assert name in told or a.fields[name].contents() == b.fields[name].contents(), name
print("same")`;
		expect(await say(["-c", compare])).toMatch(/same/);
	});

	test("what shares a sequence between GPUs is what accelerate takes", async () => {
		const check = (name: string, sets: readonly string[]): string => {
			const recipe = resolvedRecipe(readRecipe(recipeFile("start-32b", "/"), sets), "base");
			const file = folder.write(`${name}.json`, JSON.stringify(recipe));
			return `
import json, sys
sys.path.insert(0, ${JSON.stringify(GUEST)})
import train
made = train.parallelism(json.load(open(${JSON.stringify(file)})))
config = made["parallelism_config"]
print(config.sp_size, config.cp_size, config.dp_shard_size, made["pad_to_multiple_of"])`;
		};
		expect(await say(["-c", check("ulysses", [])])).toBe("4 1 1 4\n");
		expect(await say(["-c", check("ring", ["memory.shard=fsdp2"])])).toBe("1 4 8 8\n");
	});
});

function say(words: readonly string[]): Promise<string> {
	return new Promise((resolve, reject) => {
		const child = spawn(python, ["-B", ...words], { stdio: ["ignore", "pipe", "pipe"] });
		let [out, err] = ["", ""];
		child.stdout.on("data", (data: Buffer) => (out += data.toString()));
		child.stderr.on("data", (data: Buffer) => (err += data.toString()));
		child.once("close", (code) => (code === 0 ? resolve(out) : reject(new Error(err))));
	});
}
