/**
 * The Python that trains on this machine: NUDGE_TRAIN_PYTHON, where somebody has one, else a second environment of nudge's
 * own beside the interpreter's, made when training here is first asked for (several hundred megabytes at least).
 *
 * What always holds: a Python that somebody named is looked at and never changed. Which build of torch comes is pip's own
 * configuration's business: PyPI's for Linux on x86-64 brings several gigabytes of CUDA, and who wants the CPU build names
 * PyTorch's index for it as for any pip (PIP_EXTRA_INDEX_URL; https://pytorch.org/get-started/locally/).
 */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { ensureEnvironment, type Progress } from "../python/environment.ts";

export const TRAIN_PYTHON = "NUDGE_TRAIN_PYTHON";
const REQUIREMENTS = new URL("../../src/train/requirements.txt", import.meta.url);

export class TrainEnvironmentError extends Error {
	override readonly name = "EnvironmentError";
}

export type Gpu = { readonly name: string; readonly totalMiB: number; readonly usedMiB: number };

export function gpusHere(): Promise<Gpu[]> {
	const ask = ["--query-gpu=name,memory.total,memory.used", "--format=csv,noheader,nounits"];
	return new Promise((resolve) => {
		execFile("nvidia-smi", ask, { timeout: 20_000 }, (error, stdout) => {
			resolve(error ? [] : gpusIn(stdout));
		});
	});
}

/** The lines of nvidia-smi: "NVIDIA H100 80GB HBM3, 81559, 4". */
export function gpusIn(text: string): Gpu[] {
	return text.split("\n").flatMap((line) => {
		const [name = "", total, used] = line.split(",").map((part) => part.trim());
		const [totalMiB, usedMiB] = [Number(total), Number(used)];
		return name !== "" && Number.isFinite(totalMiB) && total ? [{ name, totalMiB, usedMiB }] : [];
	});
}

function requirements(): string {
	return readFileSync(REQUIREMENTS, "utf8");
}

export type TrainPython = { readonly python: string; readonly versions: Readonly<Record<string, string>> };

const ASK = `import importlib.metadata as m, json, sys
def v(name):
    try: return m.version(name)
    except Exception: return None
print(json.dumps({"python": sys.version.split()[0], **{n: v(n) for n in ("torch", "transformers", "trl", "accelerate", "datasets", "peft", "gguf", "deepspeed")}}))`;

/** What a Python has of what training needs; throws where it cannot be asked. Imports nothing, so it takes an instant. */
export function askPython(python: string, env: NodeJS.ProcessEnv): Promise<TrainPython> {
	return new Promise((resolve, reject) => {
		execFile(python, ["-c", ASK], { timeout: 60_000, env }, (error, stdout) => {
			if (error)
				return reject(
					new TrainEnvironmentError(`${python} does not run: ${error.message.trim().split("\n").at(-1)}`),
				);
			const found = JSON.parse(stdout) as Record<string, string | null>;
			const versions = Object.entries(found).filter((entry): entry is [string, string] => entry[1] !== null);
			resolve({ python, versions: Object.fromEntries(versions) });
		});
	});
}

/** What of the trainer's needs is missing, in words. */
export function lacking({ versions }: Pick<TrainPython, "versions">): string[] {
	const found = ["torch", "transformers", "trl", "accelerate", "datasets"].filter(
		(name) => !(name in versions),
	);
	const [major = 0, minor = 0] = (versions.trl ?? "99").split(".").map(Number);
	if (major < 1 || (major === 1 && minor < 7)) found.push(`trl 1.7 or newer (it is ${versions.trl})`);
	return found;
}

export async function trainPython(
	env: NodeJS.ProcessEnv,
	gpus: number,
	onProgress?: (progress: Progress) => void,
	signal?: AbortSignal,
): Promise<TrainPython> {
	const named = env[TRAIN_PYTHON];
	if (named) {
		const found = await askPython(named, env);
		const missing = lacking(found);
		if (missing.length === 0) return found;
		throw new TrainEnvironmentError(
			`${TRAIN_PYTHON} is ${named}, which lacks ${missing.join(", ")}: install it there, or leave the variable out and nudge makes an environment of its own`,
		);
	}
	const made = await ensureEnvironment({
		env,
		requirements: requirements(),
		imports: "torch, transformers, trl, accelerate, datasets, peft, gguf",
		megabytes: gpus === 0 ? 1400 : 8000,
		...(onProgress && { onProgress }),
		...(signal && { signal }),
	});
	return askPython(made.python, env);
}
