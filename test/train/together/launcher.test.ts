/** Fine-tunes at Together against a scripted service on loopback, after https://docs.together.ai/reference/post-fine-tunes. */
import { createHash } from "node:crypto";
import {
	copyFileSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parquetReadObjects } from "hyparquet";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { openTokenizerFile } from "../../../src/data/tokenizer-file.ts";
import type { Handle, Job } from "../../../src/train/launcher.ts";
import { type Recipe, readRecipe, recipeFile, resolvedRecipe } from "../../../src/train/recipe.ts";
import type { JobSheet } from "../../../src/train/run-folder.ts";
import type { TogetherTarget } from "../../../src/train/targets.ts";
import { TogetherLauncher, togetherState } from "../../../src/train/together-launcher.ts";
import { beyond, fineTuneOf, misfitsOf } from "../../../src/train/together-recipe.ts";

const KEY = "key_of_the_tests";
const TINY = fileURLToPath(new URL("../../../models/nudge-tiny/", import.meta.url));
const MODEL = Buffer.from("weights ".repeat(10_000));

let root: string;
let server: Server;
let url: string;
let asked: { readonly line: string; readonly body: Buffer; readonly key: string | undefined }[] = [];
let refuse: { readonly at: RegExp; readonly status: number } | undefined;
let status = "pending";
let allowed = true;
let cutAt: number | undefined;
let range: string | undefined;

beforeAll(async () => {
	root = mkdtempSync(join(tmpdir(), "nudge-together-test-"));
	ownIds = await openTokenizerFile(join(TINY, "tokenizer.json")).encode(TEXT, true);
	server = createServer((request, response) => {
		const parts: Buffer[] = [];
		request.on("data", (part: Buffer) => parts.push(part));
		request.on("end", () => {
			const line = `${request.method} ${request.url}`;
			const body = Buffer.concat(parts);
			asked.push({ line, body, key: request.headers.authorization });
			const say = (code: number, value: unknown): void =>
				void response
					.writeHead(code, { "Content-Type": "application/json", "Retry-After": "30" })
					.end(JSON.stringify(value));
			const job = { id: "ft-1", status, training_type: { type: "Full" } };
			if (refuse?.at.test(line))
				say(refuse.status, { error: { message: `no, ${request.headers.authorization}` } });
			else if (line.startsWith("GET /v1/fine-tunes/models/limits?model_name=Qwen")) say(200, LIMITS);
			else if (line === "POST /v1/files/upload")
				say(200, { id: "file-1", object: "file", FileType: "parquet", Processed: true });
			else if (line === "POST /v1/fine-tunes/estimate-price")
				say(200, {
					estimated_total_price: 12.3,
					allowed_to_proceed: allowed,
					user_limit: 5,
					estimated_train_token_count: 1234,
				});
			else if (
				line === "POST /v1/fine-tunes" ||
				line === "GET /v1/fine-tunes/ft-1" ||
				line === "POST /v1/fine-tunes/ft-1/cancel"
			)
				say(200, job);
			else if (line === "GET /v1/fine-tunes") say(200, { data: [job] });
			else if (line === "GET /v1/fine-tunes/ft-1/events") say(200, { data: EVENTS });
			else if (line === "GET /v1/fine-tunes/ft-1/metrics")
				say(200, {
					metrics: [
						{ "train/loss": 0.5, "train/learning_rate": 1e-4, "train/global_step": 7 },
						{ "train/loss": 0.4, "train/global_step": 14 },
					],
				});
			else if (line === "GET /v1/fine-tunes/ft-1/checkpoints")
				say(200, { data: [{ step: 7, path: "", created_at: "", checkpoint_type: "Intermediate" }] });
			else if (line.startsWith("GET /v1/finetune/download?ft_id=ft-1&")) {
				range = request.headers.range;
				const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
				const piece = MODEL.subarray(from);
				response.writeHead(from > 0 ? 206 : 200, { "Content-Length": piece.length });
				if (cutAt === undefined) response.end(piece);
				else response.write(piece.subarray(0, cutAt), () => response.destroy());
			} else say(404, { message: "not found" });
		});
	});
	await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
	url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
});
beforeEach(() => {
	asked = [];
	refuse = undefined;
	status = "pending";
	allowed = true;
	cutAt = undefined;
});
afterAll(async () => {
	server.closeAllConnections();
	await new Promise((done) => server.close(done));
	rmSync(root, { recursive: true, force: true });
});

const LIMITS = {
	model_name: "Qwen/Qwen2.5-7B-Instruct",
	max_num_epochs: 20,
	min_learning_rate: 1e-8,
	max_learning_rate: 0.01,
	full_training: { max_batch_size: 64, max_batch_size_dpo: 32, min_batch_size: 1 },
	lora_training: {
		max_batch_size: 64,
		max_batch_size_dpo: 32,
		min_batch_size: 1,
		max_rank: 64,
		target_modules: ["q_proj"],
	},
};
const EVENTS = [
	{ created_at: "2026-11-22T10:00:01Z", type: "training_start", level: "info", message: "Training started" },
	{
		created_at: "2026-11-22T10:00:00Z",
		type: "job_pending",
		level: "info",
		message: "Job\u001b[31m pending",
	},
	{ created_at: "2026-11-22T10:00:09Z", type: "job_error", level: "error", message: "the GPU was lost" },
];

function recipe(over: Partial<Recipe> = {}): Recipe {
	const read = readRecipe(recipeFile("lora-7b", "/"), ["tokens.packing=false", "save.gguf=false"]);
	return {
		...read,
		base: { model: "Qwen/Qwen2.5-7B-Instruct", revision: "a".repeat(40) },
		method: "full",
		batch: { sequences: 8, micro: 1 },
		epochs: 3,
		save: { ...read.save, dtype: "base", gguf: false },
		watch: { ...read.watch, report: [] },
		memory: { ...read.memory, "sequence-parallel": 1 },
		optimizer: "adamw",
		...over,
	};
}

const TEXT = "2+2 is 4";
let ownIds: readonly number[];
let made = 0;
function jobOf(over: Partial<Recipe> = {}, ids?: readonly number[]): Job {
	const folder = join(root, `job-${++made}`);
	mkdirSync(folder);
	const samples = [0, 1, 2].map((n) => ({
		id: `s${n}`,
		segments: [
			{ kind: "prompt", text: "What is 2+2?\n", train: false },
			{ kind: "model", text: TEXT, train: true, ids: ids ?? ownIds },
		],
	}));
	writeFileSync(join(folder, "samples.jsonl"), samples.map((one) => `${JSON.stringify(one)}\n`).join(""));
	const read = recipe(over);
	const sheet = {
		id: `job-${made}`,
		recipe: resolvedRecipe(read, read.base.model),
		shape: { nodes: 1, gpusPerNode: 8 },
		data: { samples: 3 },
		files: { "samples.jsonl": "" },
	} as unknown as JobSheet;
	return { folder, sheet };
}

const launcher = (
	over: Partial<TogetherTarget> = {},
	env: NodeJS.ProcessEnv = { TOGETHER_API_KEY: KEY },
): TogetherLauncher =>
	new TogetherLauncher(
		"together",
		{ kind: "together", model: "Qwen/Qwen2.5-7B-Instruct", suffix: "start", tokenizer: TINY, url, ...over },
		{ NUDGE_HOME: join(root, "home"), ...env },
		0,
	);

test("tokens with masks are sent, the price is asked for, and the fine-tune started", async () => {
	const said: string[] = [];
	const handle = await launcher().submit(jobOf(), { attempt: 1, onProgress: (line) => said.push(line) });
	expect(handle).toMatchObject({ id: "ft-1", more: { file: "file-1", steps: "3" } });
	expect(JSON.stringify(handle)).not.toContain(KEY);
	expect(said.join("\n")).toMatch(/sending 3 samples[\s\S]*about \$12\.30[\s\S]*1,234 tokens/);
	expect(asked.map(({ line }) => line.replace(/\?.*/, ""))).toEqual([
		"GET /v1/fine-tunes/models/limits",
		"POST /v1/files/upload",
		"POST /v1/fine-tunes/estimate-price",
		"POST /v1/fine-tunes",
	]);
	expect(asked.every(({ key, body }) => key === `Bearer ${KEY}` && !body.includes(KEY))).toBe(true);
	const upload = asked[1]!.body;
	for (const [name, value] of [
		["purpose", "fine-tune"],
		["file_type", "parquet"],
		["file_name", `${handle.job}.parquet`],
	])
		expect(upload.toString("latin1")).toMatch(new RegExp(`name="${name}"\\r\\n\\r\\n${value}\\r\\n`));
	const from = upload.indexOf("PAR1");
	const parquet = upload.subarray(from, upload.lastIndexOf("PAR1") + 4);
	const rows = await parquetReadObjects({
		file: parquet.buffer.slice(parquet.byteOffset, parquet.byteOffset + parquet.length) as ArrayBuffer,
	});
	expect(rows).toHaveLength(3);
	const [row] = rows as { input_ids: number[]; attention_mask: number[]; labels: number[] }[];
	expect(Object.keys(row!)).toEqual(["input_ids", "attention_mask", "labels"]);
	const tokenizer = openTokenizerFile(join(TINY, "tokenizer.json"));
	expect(tokenizer.decode([...row!.input_ids])).toBe("What is 2+2?\n2+2 is 4");
	expect(tokenizer.decode([...row!.labels].filter((label) => label !== -100))).toBe("2+2 is 4");
	expect(JSON.parse(asked[3]!.body.toString())).toMatchObject({
		training_file: "file-1",
		from_hf_model: "Qwen/Qwen2.5-7B-Instruct",
		hf_model_revision: "a".repeat(40),
		training_type: { type: "Full" },
		packing: false,
		n_epochs: 3,
		batch_size: 8,
		suffix: "start",
	});
});

test("what it cannot do is refused before anything is sent", async () => {
	const { memory, save, tokens } = recipe();
	const bad = recipe({
		base: { model: "/models/mine" },
		tokens: { ...tokens, packing: true },
		memory: { ...memory, "sequence-parallel": 4 },
		save: { ...save, gguf: true },
		"max-steps": 5,
	});
	expect(misfitsOf(bad)).toHaveLength(5);
	expect(misfitsOf(recipe())).toEqual([]);
	await expect(launcher().submit(jobOf(bad), { attempt: 1 })).rejects.toThrow(
		/is a folder[\s\S]*tokens\.packing=false[\s\S]*gguf/,
	);
	expect(asked).toEqual([]);
	const lora = recipe({
		method: "lora",
		"learning-rate": 1,
		epochs: 99,
		batch: { sequences: 128, micro: 1 },
	});
	expect(
		beyond(lora, "M", { ...LIMITS, lora_training: { ...LIMITS.lora_training, max_rank: 1 } }).join("\n"),
	).toMatch(/1 to 64[\s\S]*at most 20[\s\S]*learning-rate[\s\S]*lora\.rank[\s\S]*lora\.targets/);
	await expect(
		launcher().submit(jobOf({ batch: { sequences: 128, micro: 1 } }), { attempt: 1 }),
	).rejects.toThrow(/takes 1 to 64/);
	await expect(launcher({ model: "none" }).submit(jobOf(), { attempt: 1 })).rejects.toThrow(
		/no none to train/,
	);
	expect(asked.some(({ line }) => line.startsWith("POST"))).toBe(false);
	await expect(launcher().submit(jobOf(), { attempt: 2 })).rejects.toThrow(/cannot go on/);
	expect(fineTuneOf(lora, { model: "M", file: "F" })).toMatchObject({
		training_type: { type: "Lora", lora_r: lora.lora.rank },
	});
});

test("ids of another tokenizer are refused, and so is what costs too much", async () => {
	await expect(launcher().submit(jobOf({}, [1, 2, 3]), { attempt: 1 })).rejects.toThrow(
		/s0 cannot be sent.*base's tokenizer/,
	);
	await expect(
		launcher().submit(jobOf({ tokens: { ...recipe().tokens, most: 2 } }), { attempt: 1 }),
	).rejects.toThrow(/longer than 2 tokens/);
	expect(asked.some(({ line }) => line.startsWith("POST"))).toBe(false);
	allowed = false;
	await expect(launcher().submit(jobOf(), { attempt: 1 })).rejects.toThrow(
		/\$12\.30.*may spend \(\$5\): nothing was started/,
	);
	expect(asked.at(-1)!.line).toBe("POST /v1/fine-tunes/estimate-price");
});

const HANDLE: Handle = {
	kind: "together",
	target: "together",
	job: "j",
	folder: "ft-1",
	id: "ft-1",
	attempt: 1,
	submitted: "2026-11-22T10:00:00Z",
	more: { steps: "14" },
};

test("states, log, metrics, cancel", async () => {
	expect((await launcher().poll([HANDLE])).get("j")).toEqual({ state: "waiting", says: "pending" });
	status = "user_error";
	expect((await launcher().poll([HANDLE, { ...HANDLE, id: "ft-9", job: "k" }])).get("j")).toEqual({
		state: "failed",
		says: "Together refused what it was given: the GPU was lost",
	});
	expect(asked.filter(({ line }) => line === "GET /v1/fine-tunes")).toHaveLength(1);
	expect((await launcher().poll([{ ...HANDLE, id: "ft-9", job: "k" }])).get("k")).toMatchObject({
		state: "unknown",
	});
	const words = [
		"queued",
		"running",
		"compressing",
		"uploading",
		"cancel_requested",
		"cancelled",
		"error",
		"completed",
		"new",
	];
	expect(words.map((word) => togetherState(word).state)).toEqual([
		"waiting",
		"running",
		"running",
		"running",
		"running",
		"cancelled",
		"failed",
		"done",
		"unknown",
	]);
	const { log, metrics } = await launcher().read(HANDLE, { log: 0, metrics: 0 });
	const text = Buffer.from(log).toString();
	expect(text.split("\n")[0]).toMatch(/job_pending: Job/);
	expect(text).not.toContain("\u001b");
	expect(JSON.parse(Buffer.from(metrics).toString().split("\n")[1]!)).toMatchObject({
		step: 14,
		max_steps: 14,
		loss: 0.4,
	});
	const rest = await launcher().read(HANDLE, { log: 5, metrics: metrics.length });
	expect(Buffer.from(rest.log).toString()).toBe(text.slice(5));
	expect(rest.metrics).toHaveLength(0);
	expect((await launcher().cancel(HANDLE, "end")).cancelled).toBeDefined();
	expect(asked.at(-1)!.line).toBe("POST /v1/fine-tunes/ft-1/cancel");
	await expect(launcher().cancel(HANDLE, "stop")).rejects.toThrow(/without --stop/);
});

test("the model comes with its hash, and what was cut off goes on", async () => {
	const into = join(root, "got");
	await expect(launcher().fetch(HANDLE, { what: "final", into })).rejects.toThrow(/no finished model yet/);
	status = "completed";
	cutAt = 30_000;
	await expect(launcher().fetch(HANDLE, { what: "final", into })).rejects.toThrow(
		/cut off after \d+ bytes.*it goes on/,
	);
	cutAt = undefined;
	writeFileSync(join(into, "together/model.tar.zst.part"), MODEL.subarray(0, 1234));
	const [file] = await launcher().fetch(HANDLE, { what: "final", into });
	expect(range).toBe("bytes=1234-");
	expect(readFileSync(file!).equals(MODEL)).toBe(true);
	expect(asked.at(-1)!.line).toContain("checkpoint=model_output_path");
	expect(readFileSync(`${file}.sha256`, "utf8")).toContain(createHash("sha256").update(MODEL).digest("hex"));
	const before = asked.length;
	await launcher().fetch(HANDLE, { what: "final", into });
	expect(asked.slice(before).some(({ line }) => line.includes("download"))).toBe(false);
	writeFileSync(file!, "other");
	await expect(launcher().fetch(HANDLE, { what: "final", into })).rejects.toThrow(/it was changed/);
	const [last] = await launcher().fetch(HANDLE, { what: "last", into });
	expect(last).toMatch(/checkpoint-7\.tar\.zst$/);
	expect(existsSync(last!)).toBe(true);
});

test.each([
	[400, /refused to ask about the fine-tune \(400\): no, Bearer \*\*\*/],
	[401, /does not accept the key/],
	[402, /nothing left to pay/],
	[429, /wait 30 seconds/],
	[500, /failure of its own \(500\)/],
])("status %i is one clear message", async (code, says) => {
	refuse = { at: /ft-1$/, status: code };
	await expect(launcher().poll([HANDLE])).rejects.toThrow(says);
});

test("no key, no network, no secret in the clear; the doctor", async () => {
	await expect(launcher({}, {}).poll([HANDLE])).rejects.toThrow(/TOGETHER_API_KEY/);
	await expect(launcher({ url: "http://127.0.0.1:9" }).poll([HANDLE])).rejects.toThrow(/cannot be reached/);
	await expect(launcher({ url: "http://example.org" }).poll([HANDLE])).rejects.toThrow(/unencrypted/);
	const good = await launcher().doctor({ nodes: 1, gpusPerNode: 8 });
	expect(good.map(({ level }) => level)).toEqual(["ok", "ok", "note"]);
	expect((await launcher({ model: "none" }).doctor({ nodes: 1, gpusPerNode: 8 }))[0]).toMatchObject({
		level: "wrong",
	});
	const [refused] = await launcher().render(jobOf({ "max-steps": 3 }));
	expect(refused).toMatchObject({ title: "refused" });
	const { tokenizer: _, ...bare } = { tokenizer: "" };
	const away = new TogetherLauncher(
		"t",
		{ kind: "together", model: "Qwen/Qwen2.5-7B-Instruct", url, ...bare },
		{
			TOGETHER_API_KEY: KEY,
			NUDGE_HOME: join(root, "home"),
			HF_ENDPOINT: "http://127.0.0.1:9",
		},
		0,
	);
	await expect(away.submit(jobOf(), { attempt: 1 })).rejects.toThrow(/tokenizer of Qwen.*cannot be had/);
	const kept = join(root, "home/cache/tokenizers", `Qwen--Qwen2.5-7B-Instruct@${"a".repeat(40)}`);
	mkdirSync(kept, { recursive: true });
	copyFileSync(join(TINY, "tokenizer.json"), join(kept, "tokenizer.json"));
	expect((await away.submit(jobOf(), { attempt: 1 })).id).toBe("ft-1");
});
