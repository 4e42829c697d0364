/**
 * From start to the first token on the embedded model: `nudge run` (settings, library, engine process, journal) against
 * the least that a program can do: node-llama-cpp in one process that loads the same file and samples one token. In turns.
 * Needs `npm run build` and a Python environment that is already made.
 */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { tinyModelPath } from "../src/engine/open.ts";
import { ensureEnvironment } from "../src/python/environment.ts";
import { homes } from "../src/trace/home.ts";
import { heading, inTurns, line, show } from "./measure.ts";

const nudge = fileURLToPath(new URL("../bin/nudge.cjs", import.meta.url));
const BASELINE = `
const { getLlama } = await import(process.argv[3]);
const llama = await getLlama({ gpu: false, build: "never", skipDownload: true, maxThreads: 2, logLevel: "error" });
const model = await llama.loadModel({ modelPath: process.argv[2] });
const context = await model.createContext({ contextSize: 2048, threads: 2 });
const sequence = context.getSequence();
const tokens = model.tokenize("<|im_start|>user\\nWhat is 388 * 286?<|im_end|>\\n<|im_start|>assistant\\n<think>\\n", true);
for await (const token of sequence.evaluate(tokens, { temperature: 0 })) { console.log('"type":"tokens"', token); break; }
process.exit(0);`;

await ensureEnvironment();
const home = mkdtempSync(join(tmpdir(), "nudge-bench-"));
mkdirSync(join(home, "data"));
symlinkSync(join(homes().data, "python"), join(home, "data", "python"));

/** Milliseconds until the first line with a token is printed. */
function firstToken(args: readonly string[]): Promise<number> {
	const begin = performance.now();
	const child = spawn(process.execPath, args, {
		stdio: ["ignore", "pipe", "inherit"],
		cwd: fileURLToPath(new URL("..", import.meta.url)),
		env: { ...process.env, NUDGE_HOME: home },
	});
	return new Promise((resolve, reject) => {
		let text = "";
		let ms: number | undefined;
		child.stdout.setEncoding("utf8").on("data", (piece: string) => {
			text += piece;
			if (ms === undefined && text.includes('"type":"tokens"')) {
				ms = performance.now() - begin;
				child.kill("SIGTERM");
			}
		});
		child.on("close", () => (ms === undefined ? reject(new Error(`no token: ${text}`)) : resolve(ms)));
	});
}

heading("start to first token, embedded model");
const ours = () => firstToken([nudge, "run", "--id", "first", "--hints", "off", "--json"]);
const script = join(home, "baseline.mjs");
writeFileSync(script, BASELINE);
const baseline = () => firstToken([script, tinyModelPath(), import.meta.resolve("node-llama-cpp")]);
await ours();
await baseline();
const result = await inTurns(15, ours, baseline);
line("node-llama-cpp alone", show(result.baseline, " ms", 0));
line("nudge run", show(result.ours, " ms", 0));
line("ratio", show(result.ratio, "", 2));
rmSync(home, { recursive: true, force: true });
