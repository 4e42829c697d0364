/**
 * The work of `nudge loop`: does the stages one after the other, each as a process of its own that runs the command which
 * is shown, and writes `loop.md` after each.
 *
 * What always holds: `loop.json` is what the loop was begun with, and is not changed; a stage is done when its record in
 * `done/` says so with the words that it ran, written after it ended well; sampling and jobs that were cut off are taken up
 * where they stood. Ctrl+C ends the stage that runs as it would alone; a job goes on where it is.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { readDatasetSheet, SHEET_FILE } from "../data/dataset/dataset.ts";
import { nameCheckpoints } from "../engine/checkpoints.ts";
import { folderOf, type LoopPlan, planLoop, type Stage, wordsIn } from "../train/loop-plan.ts";
import { EXIT, isOver, type JobState, readFinal } from "../train/run-folder.ts";
import { CommandError, type Context, type ExitCode, text, UsageError } from "./command.ts";
import { planOf } from "./loop-asked.ts";
import {
	type Done,
	doneOf,
	FORMAT,
	named,
	PAGE_FILE,
	PLAN_FILE,
	put,
	readSheet,
	recordOf,
	type Sheet,
} from "./loop-folder.ts";
import { page, yielded } from "./loop-page.ts";
import { version } from "./version.ts";

const BIN = fileURLToPath(new URL("../../bin/nudge.cjs", import.meta.url));

export async function loopRun(context: Context): Promise<ExitCode> {
	const { io, options } = context;
	const out = text(context, "out");
	if (out === undefined) throw new UsageError("nudge loop needs --out FOLDER: where all of it lies");
	const folder = resolve(io.cwd, out);
	const there = readSheet(folder);
	if (options.show) {
		if (!there) throw new CommandError(`${folder} is no loop: there is no ${PLAN_FILE} in it`);
		io.stdout.write(`${(await page(folder, there.plan, undefined)).join("\n")}\n`);
		return 0;
	}
	const plan = await planOf(context, folder, there);
	const stages = planLoop(plan);
	if (options["dry-run"]) {
		for (const stage of stages) io.stdout.write(`nudge ${shown(wordsIn(out, stage))}\n`);
		return 0;
	}
	if (!there) {
		mkdirSync(folder, { recursive: true });
		const sheet: Sheet = { format: FORMAT, nudge: version(), created: new Date().toISOString(), plan };
		put(join(folder, PLAN_FILE), `${JSON.stringify(sheet, null, "\t")}\n`);
	}
	return work(context, folder, plan, stages);
}

async function work(
	context: Context,
	folder: string,
	plan: LoopPlan,
	stages: readonly Stage[],
): Promise<ExitCode> {
	const { io, signal } = context;
	for (const [index, stage] of stages.entries()) {
		const words = wordsIn(folder, stage);
		const place = `[${index + 1}/${stages.length}]${stage.seed === undefined ? "" : ` seed ${stage.seed}`}`;
		if (doneOf(folder, stage, words)) {
			io.stderr.write(`${place} ${stage.id} is done: ${yielded(folder, stage)}\n`);
			continue;
		}
		unservedOf(folder, stage, words);
		io.stderr.write(`\n${place} ${stage.says}\nnudge ${shown(words)}\n`);
		put(join(folder, PAGE_FILE), `${(await page(folder, plan, stage)).join("\n")}\n`);
		const begun = performance.now();
		const code = await runStage(context, folder, stage, words);
		if (signal.aborted || code === 130) {
			io.stderr.write(`\nnudge: ended early; the same command goes on with ${stage.id}\n`);
			return 130;
		}
		if (code !== 0) {
			io.stderr.write(
				`nudge: the stage ${stage.id} failed (above); mend it, and the same command goes on there\n`,
			);
			return 1;
		}
		if (stage.kind === "dataset" && readDatasetSheet(join(folder, folderOf(stage))).waterfall.samples === 0) {
			io.stderr.write(
				`nudge: ${stage.id} is empty, so there is nothing to train on: nudge dataset stats ${join(folder, folderOf(stage))} says where its rollouts went. More problems, more samples (--n) or a milder rule may help; remove its folder and give the same command again\n`,
			);
			return 1;
		}
		const done: Done = { words, seconds: (performance.now() - begun) / 1000, at: new Date().toISOString() };
		put(recordOf(folder, stage), `${JSON.stringify(done)}\n`);
		io.stderr.write(`${place} ${stage.id}: ${yielded(folder, stage)}\n`);
	}
	const names = named(folder, plan);
	nameCheckpoints(io.env, names);
	if (Object.keys(names).length > 0)
		io.stderr.write(`\nTalk to them: nudge --engine NAME, where NAME is ${Object.keys(names).join(", ")}\n`);
	const lines = await page(folder, plan, undefined);
	put(join(folder, PAGE_FILE), `${lines.join("\n")}\n`);
	io.stdout.write(`${lines.join("\n")}\n`);
	return 0;
}

async function runStage(
	context: Context,
	folder: string,
	stage: Stage,
	words: readonly string[],
): Promise<number> {
	const at = join(folder, folderOf(stage));
	mkdirSync(dirname(at), { recursive: true });
	if (stage.kind === "dataset" && existsSync(join(at, SHEET_FILE))) return 0;
	if (stage.kind !== "train") return nudge(context, words);
	const begun = existsSync(join(at, "run.json"));
	let code = begun ? await takenUp(context, at) : await nudge(context, words);
	if (code !== 0) return code;
	if (!readFinal(at)) code = await nudge(context, ["jobs", "fetch", at]);
	return code;
}

/** A job that was begun: followed while it goes on, resumed where it stopped. */
async function takenUp(context: Context, at: string): Promise<number> {
	const state = await stateOfJob(context, at);
	if (state?.state === "done") return 0;
	if (state && !isOver(state) && state.state !== "unknown") {
		const code = await nudge(context, ["jobs", "metrics", at, "--follow"]);
		if (code !== 0) return code;
		const end = await stateOfJob(context, at);
		if (end?.state === "done") return 0;
		if (end?.state !== "stopped") return EXIT.failed;
	}
	return nudge(context, ["jobs", "resume", at]);
}

async function stateOfJob(context: Context, at: string): Promise<JobState | undefined> {
	let said = "";
	const code = await nudge(context, ["jobs", "show", at, "--json"], (piece) => {
		said += piece;
	});
	if (code !== 0) return undefined;
	return (JSON.parse(said) as { readonly state?: JobState }).state;
}

function nudge(
	{ io, signal }: Context,
	words: readonly string[],
	onOutput?: (piece: string) => void,
): Promise<number> {
	return new Promise((resolvePromise, reject) => {
		const child = spawn(process.execPath, [BIN, ...words], {
			cwd: io.cwd,
			env: io.env,
			stdio: ["ignore", onOutput ? "pipe" : "inherit", "inherit"],
		});
		child.stdout?.setEncoding("utf8").on("data", onOutput ?? (() => {}));
		// A terminal's Ctrl+C reaches the child by itself; a signal to this process alone is handed on.
		const stop = (): void => void child.kill("SIGTERM");
		signal.addEventListener("abort", stop, { once: true });
		child.once("error", reject);
		child.once("close", (code) => {
			signal.removeEventListener("abort", stop);
			resolvePromise(code ?? 130);
		});
	});
}

/** A trained model that nobody serves yet. */
function unservedOf(folder: string, { kind }: Stage, words: readonly string[]): void {
	if (kind !== "sample") return;
	const engine = words[words.indexOf("--engine") + 1] ?? "";
	if (!engine.startsWith(folder) || existsSync(engine)) return;
	const final = dirname(engine);
	const id = dirname(final).split("/").at(-1);
	throw new CommandError(
		`${final} has no model.gguf, so the embedded engine cannot run it. Serve it (vllm serve ${final}) and say by whom: --${id}-engine vllm:http://HOST:8000; or a recipe with save.gguf`,
	);
}

function shown(words: readonly string[]): string {
	return words
		.map((word) => (/^[\w./:=,@%+#-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
		.join(" ");
}
