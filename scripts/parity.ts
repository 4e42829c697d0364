/**
 * `npm run test:parity`: the shipped model gives the same greedy tokens in llama.cpp and in Hugging Face transformers.
 * Apart from `npm test` because it needs torch: a virtual environment with models/requirements.txt is made once in the
 * cache folder (or taken from NUDGE_MODELS_VENV).
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { homes } from "../src/trace/home.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const venv = process.env.NUDGE_MODELS_VENV ?? join(homes().cache, "models-venv");
const python = join(venv, "bin", "python");

function run(command: string, args: readonly string[]): void {
	const { status } = spawnSync(command, args, { cwd: root, stdio: "inherit" });
	if (status !== 0) process.exit(status ?? 1);
}

if (!existsSync(join(venv, "complete"))) {
	if (!process.env.NUDGE_MODELS_VENV) {
		run("python3", ["-m", "venv", venv]);
		run(python, ["-m", "pip", "install", "--quiet", "-r", "models/requirements.txt"]);
		run("touch", [join(venv, "complete")]);
	}
}
run(python, ["models/test_parity.py", ...process.argv.slice(2)]);
