/** What the tests of training share: folders that go away, samples, a dataset, and a Python that only plays the trainer. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Sample } from "../../src/trace/sample.ts";

export class Folder {
	readonly path = mkdtempSync(join(tmpdir(), "nudge-train-"));

	write(name: string, text: string): string {
		const file = join(this.path, name);
		mkdirSync(join(file, ".."), { recursive: true });
		writeFileSync(file, text);
		return file;
	}

	remove(): void {
		rmSync(this.path, { recursive: true, force: true });
	}
}

export function sample(id: string, over: Partial<Sample> = {}): Sample {
	return {
		id,
		question_id: id,
		problem: "2+2?",
		domain: "math",
		verdict: "correct",
		model: "toy",
		engine: "toy",
		exact: true,
		dialect: "qwen",
		policy: "auto",
		sampling: { temperature: 0, seed: 0 },
		hints: [],
		segments: [
			{ kind: "prompt", text: "Q", train: false, ids: [1] },
			{ kind: "model", text: "thinks", train: true, ids: [2, 3], lens: [3, 3] },
			{ kind: "output", text: "4", train: false, ids: [4] },
			{ kind: "model", text: " so 4<end>", train: true },
		],
		n_tokens: 7,
		trained: { model: { segments: 2, chars: 16 } },
		end: "eos",
		versions: {},
		created: "2026-11-22T00:00:00.000Z",
		...over,
	} as Sample;
}

/** A dataset's folder, with reviews where some are given. */
export function dataset(
	folder: Folder,
	name: string,
	samples: readonly Sample[],
	reviews: readonly object[] = [],
): string {
	folder.write(`${name}/samples.jsonl`, samples.map((one) => `${JSON.stringify(one)}\n`).join(""));
	if (reviews.length > 0)
		folder.write(`${name}/reviews.jsonl`, reviews.map((one) => `${JSON.stringify(one)}\n`).join(""));
	folder.write(
		`${name}/dataset.json`,
		JSON.stringify({ format: 1, kind: "start", name: "D_START", sources: [], sha256: "", trainHints: true }),
	);
	return join(folder.path, name);
}

/**
 * A "python" that says it has torch and TRL, and plays the trainer: ten steps, a checkpoint at every second one, stops as
 * the contract says, and goes on from the last whole checkpoint. What it does wrong is asked for by FAKE.
 */
export function fakePython(folder: Folder): string {
	const program = folder.write(
		"fake.mjs",
		`import { appendFileSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
if (process.argv.includes("-c")) {
	console.log(JSON.stringify({ python: "3.11.0", torch: "2.13.0", transformers: "5.0.0", trl: process.env.FAKE_TRL ?? "1.13.0", accelerate: "1.15.0", datasets: "5.0.0", peft: null }));
	process.exit(0);
}
const attempt = Number(process.env.NUDGE_ATTEMPT);
const end = (code, reason, message, step) => {
	writeFileSync("end.json", JSON.stringify({ attempt, code, reason, message, step, at: "now" }) + "\\n");
	process.exit(process.env.FAKE === "hides" ? 1 : code);
};
let stop = false;
process.on("SIGTERM", () => { stop = true; });
const done = existsSync("ckpt") ? Math.max(0, ...readdirSync("ckpt").filter((name) => existsSync("ckpt/" + name + "/whole.json")).map((name) => Number(name.split("-")[1]))) : 0;
console.log("nudge: trained tokens: model 3");
for (let step = done + 1; step <= 10; step++) {
	await new Promise((resolve) => setTimeout(resolve, Number(process.env.FAKE_MS ?? 5)));
	appendFileSync("metrics.jsonl", JSON.stringify({ step, max_steps: 10, t: new Date().toISOString(), attempt, loss: 1 / step }) + "\\n");
	const save = () => { const at = "ckpt/checkpoint-" + step; mkdirSync(at, { recursive: true }); writeFileSync(at + "/whole.json", JSON.stringify({ step, files: {} })); };
	if (["breaks", "hides"].includes(process.env.FAKE) && step === 4) end(76, "notFinite", "the loss is not finite", step);
	if (step % 2 === 0) save();
	if (stop || existsSync("stop")) { save(); end(75, "stopped", "stopped after step " + step, step); }
}
mkdirSync("final", { recursive: true });
writeFileSync("final/model.safetensors", "weights");
const { createHash } = await import("node:crypto");
writeFileSync("final/final.json", JSON.stringify({ job: "x", files: { "model.safetensors": { sha256: createHash("sha256").update("weights").digest("hex"), bytes: 7 } } }));
end(0, "done", "trained", 10);
`,
	);
	const python = folder.write("python", `#!/bin/sh\nexec "${process.execPath}" "${program}" "$@"\n`);
	chmodSync(python, 0o755);
	return python;
}
