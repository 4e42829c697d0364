/**
 * The work of `nudge loop`: does the stages one after the other, each as a process of its own that runs the command which
 * is shown, and writes `loop.md` after each.
 *
 * What always holds: `loop.json` is what the loop was begun with, and is not changed; a stage is done when its record in
 * `done/` says so with the words that it ran, written after it ended well; sampling and jobs that were cut off are taken up
 * where they stood. Ctrl+C ends the stage that runs as it would alone; a job goes on where it is.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { readDatasetSheet, SHEET_FILE } from "../data/dataset/dataset.ts";
import { duration } from "../data/duration.ts";
import { nameCheckpoints } from "../engine/checkpoints.ts";
import { packageRoot } from "../engine/open.ts";
import { loopTable, orderSays, type Row, roundsTable, rowOf } from "../eval/loop-table.ts";
import {
	folderOf,
	type LoopPlan,
	MODELS,
	planLoop,
	type Stage,
	type TrainedId,
	wordsIn,
} from "../train/loop-plan.ts";
import { EXIT, FINAL, isOver, type JobState, readFinal } from "../train/run-folder.ts";
import { CommandError, type Context, type ExitCode, text, UsageError, wholeNumber } from "./command.ts";
import { version } from "./version.ts";

const PLAN_FILE = "loop.json";
const PAGE_FILE = "loop.md";
const FORMAT = 1;
const BIN = fileURLToPath(new URL("../../bin/nudge.cjs", import.meta.url));

/** Problems for the model that comes with nudge: enough for its few parameters, and done in minutes. */
const TINY = { problems: 400, evaluation: 200, samples: 4 } as const;

type Sheet = {
	readonly format: number;
	readonly nudge: string;
	readonly created: string;
	readonly plan: LoopPlan;
};
type Done = { readonly words: readonly string[]; readonly seconds: number; readonly at: string };

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

function recordOf(folder: string, stage: Stage): string {
	return join(folder, "done", `${folderOf(stage).replaceAll("/", "-")}.json`);
}

function doneOf(folder: string, stage: Stage, words: readonly string[]): Done | undefined {
	let done: Done;
	try {
		done = JSON.parse(readFileSync(recordOf(folder, stage), "utf8")) as Done;
	} catch {
		return undefined;
	}
	// A model that is served by another now is the same model.
	const same = (list: readonly string[]): string =>
		JSON.stringify(list.filter((_, i) => list[i - 1] !== "--engine"));
	if (same(done.words) !== same(words)) return undefined;
	if (existsSync(join(folder, folderOf(stage)))) return done;
	rmSync(recordOf(folder, stage));
	return undefined;
}

/** What a stage came to, in a few words. */
function yielded(folder: string, stage: Stage): string {
	const at = join(folder, folderOf(stage));
	try {
		if (stage.kind === "dataset") {
			const { waterfall } = readDatasetSheet(at);
			return `${waterfall.samples} samples of ${waterfall.rollouts} rollouts`;
		}
		if (stage.kind === "train") {
			const final = readFinal(at);
			if (!final) return "no model yet";
			return `${final.steps} steps, ${final.tokens} tokens${final.loss === undefined ? "" : `, loss ${final.loss.toFixed(3)}`}`;
		}
	} catch (error) {
		return (error as Error).message;
	}
	return "sampled";
}

/** The page that shows where the loop stands and what each stage yielded. */
async function page(folder: string, plan: LoopPlan, now: Stage | undefined): Promise<string[]> {
	const stages = planLoop(plan);
	const lines = [
		`# Loop from ${plan.engine}`,
		"",
		`recipe ${plan.recipe} on ${plan.on}; ${plan.samples} samples a problem; seeds ${plan.seeds.join(", ")}`,
		"",
		"| stage | seed | state | time | yield |",
		"| --- | --- | --- | --- | --- |",
	];
	for (const stage of stages) {
		const done = doneOf(folder, stage, wordsIn(folder, stage));
		const running = now !== undefined && folderOf(now) === folderOf(stage);
		const state = done
			? "done"
			: running
				? "running"
				: existsSync(join(folder, folderOf(stage)))
					? "begun"
					: "";
		lines.push(
			`| ${stage.id} | ${stage.seed ?? "all"} | ${state} | ${done ? duration(done.seconds) : ""} | ${done ? await yieldOf(folder, stage) : ""} |`,
		);
	}
	const rows: Row[] = [];
	for (const model of MODELS) {
		const row = await rowOf(
			model,
			foldersOf(folder, stages, (measured) => measured.model === model && measured.rounds === undefined),
		);
		if (row) rows.push(row);
	}
	if (rows.length === 0) return lines;
	lines.push("", ...loopTable(rows));
	const byModel = [];
	for (const name of ["base", "START"]) {
		const byRounds = new Map<number, Row>();
		const zero = rows.find((row) => row.name === name);
		if (zero) byRounds.set(0, zero);
		for (const count of plan.rounds) {
			const row = await rowOf(
				name,
				foldersOf(folder, stages, ({ model, rounds }) => model === name && rounds === count),
			);
			if (row) byRounds.set(count, row);
		}
		if (byRounds.size > 1) byModel.push({ name, byRounds });
	}
	if (byModel.length > 0) lines.push("", ...roundsTable([0, ...plan.rounds], byModel));
	if (rows.length === MODELS.length) lines.push("", ...orderSays(rows));
	return lines;
}

async function yieldOf(folder: string, stage: Stage): Promise<string> {
	if (stage.kind !== "sample") return yielded(folder, stage);
	const row = await rowOf(stage.id, [join(folder, folderOf(stage))]);
	const { rollouts = 0, accuracy, withPython = 0 } = row?.summary ?? {};
	return `${rollouts} rollouts, ${accuracy === undefined ? "unchecked" : `${(100 * accuracy).toFixed(1)} % correct`}, ${(100 * withPython).toFixed(0)} % with Python`;
}

function foldersOf(
	folder: string,
	stages: readonly Stage[],
	wanted: (measured: NonNullable<Stage["measured"]>) => boolean,
): string[] {
	return stages
		.filter(
			(stage) => stage.measured && wanted(stage.measured) && doneOf(folder, stage, wordsIn(folder, stage)),
		)
		.map((stage) => join(folder, folderOf(stage)));
}

async function planOf(context: Context, folder: string, there: Sheet | undefined): Promise<LoopPlan> {
	const { io, options } = context;
	const served = Object.fromEntries(
		(["start-0", "start", "no-tool"] as const).flatMap((id) => {
			const said = text(context, `${id}-engine`);
			return said === undefined ? [] : [[id, said]];
		}),
	) as Partial<Record<TrainedId, string>>;
	if (there) {
		const given = [
			"base",
			"problems",
			"eval",
			"recipe",
			"set",
			"on",
			"n",
			"seeds",
			"rounds",
			"rule",
			"max-tokens",
			"concurrency",
		].filter((name) => options[name] !== undefined);
		const known = there.plan;
		// Said again with the same words it is the same loop.
		const again = given.length === 0 ? known : await freshPlan(context, folder);
		const bare = ({ served: _, ...rest }: LoopPlan): string => JSON.stringify(rest);
		if (bare(again) !== bare(known))
			throw new CommandError(
				`${folder} is a loop that was begun with other settings: leave out --${given.join(", --")} to go on with it, or give another --out`,
			);
		return { ...known, served: { ...known.served, ...served } };
	}
	return { ...(await freshPlan(context, folder)), served };

	async function freshPlan(context: Context, folder: string): Promise<LoopPlan> {
		const base = text(context, "base");
		if (base === undefined)
			throw new UsageError(
				"nudge loop needs --base ENGINE; --base tiny runs on the model that comes with nudge",
			);
		const tiny = base === "tiny";
		const files = (name: string): string[] =>
			((options[name] as readonly string[] | undefined) ?? []).map((file) => resolve(io.cwd, file));
		const recipe = text(context, "recipe") ?? (tiny ? "tiny" : undefined);
		if (recipe === undefined)
			throw new UsageError(
				"nudge loop needs --recipe for the fine-tunes (tiny, lora-7b, start-32b or a YAML file)",
			);
		const problems = files("problems");
		const evaluation = files("eval");
		if (!tiny && (problems.length === 0 || evaluation.length === 0))
			throw new UsageError("nudge loop needs --problems to learn from and --eval to measure on");
		const shared = problems.filter((file) => evaluation.includes(file));
		if (shared.length > 0)
			throw new UsageError(`${shared[0]} is to be learned from and measured on: that would measure nothing`);
		const made = tiny
			? await tinyProblems(context, folder, problems.length === 0, evaluation.length === 0)
			: undefined;
		const words = (name: string): string[] => {
			const said = text(context, name);
			return said === undefined ? [] : [`--${name}`, said];
		};
		return {
			engine: tiny ? "embedded" : base,
			recipe: existsSync(resolve(io.cwd, recipe)) ? resolve(io.cwd, recipe) : recipe,
			sets: [...((options.set as readonly string[] | undefined) ?? [])],
			on: text(context, "on") ?? "local",
			problems: problems.length > 0 ? problems : [made!.problems],
			evaluation: evaluation.length > 0 ? evaluation : [made!.evaluation],
			samples: wholeNumber(context, "n", 1) ?? (tiny ? TINY.samples : 16),
			seeds: numbers(context, "seeds", [1]),
			rounds: text(context, "rounds") === "none" ? [] : numbers(context, "rounds", [1, 2, 3]),
			served: {},
			sampling: [...words("max-tokens"), ...words("concurrency")],
			rules: rulesOf(context, tiny, evaluation).flatMap((rule) => ["--rule", rule]),
		};
	}
}

/** What is measured on is kept out of every dataset. The tiny model's two splits share no problem, only the ways to ask. */
function rulesOf(
	{ options }: Pick<Context, "options">,
	tiny: boolean,
	evaluation: readonly string[],
): string[] {
	const said = [...((options.rule as readonly string[] | undefined) ?? [])];
	if (tiny || said.some((rule) => rule.startsWith("decontamination"))) return said;
	return [...said, `decontamination.against=${evaluation.join(",")}`];
}

/** The models of the first seed as LOOP:STAGE, those of the others with @SEED behind; a loop from the tiny model is called tiny. */
function named(folder: string, plan: LoopPlan): Record<string, string> {
	const loop = plan.engine === "embedded" ? "tiny" : basename(folder).replaceAll(/[^\w.-]/g, "-");
	const found: Record<string, string> = {};
	for (const [index, seed] of plan.seeds.entries())
		for (const id of ["start-0", "start", "no-tool"] as const) {
			const model = join(folder, folderOf({ id, seed }), FINAL, "model.gguf");
			if (existsSync(model)) found[`${loop}:${id}${index === 0 ? "" : `@${seed}`}`] = model;
		}
	return found;
}

function numbers(context: Context, name: string, fallback: readonly number[]): readonly number[] {
	const said = text(context, name);
	if (said === undefined) return fallback;
	const list = said.split(",").map((part) => part.trim());
	if (!list.every((part) => /^\d{1,9}$/.test(part)) || new Set(list).size !== list.length)
		throw new UsageError(`--${name} takes whole numbers with commas between them (1,2,3), not "${said}"`);
	return list.map(Number);
}

/** Problems of the kinds that the tiny model knows, from splits that it was not trained on (models/families.py). */
async function tinyProblems(
	context: Context,
	folder: string,
	problems: boolean,
	evaluation: boolean,
): Promise<{ readonly problems: string; readonly evaluation: string }> {
	const files = { problems: join(folder, "problems.jsonl"), evaluation: join(folder, "evaluation.jsonl") };
	if (context.options["dry-run"]) return files;
	mkdirSync(folder, { recursive: true });
	const { ensureEnvironment } = await import("../python/environment.ts");
	const { python } = await ensureEnvironment({
		env: context.io.env,
		onProgress: ({ detail }) => void context.io.stderr.write(`${detail}\n`),
		signal: context.signal,
	});
	for (const [wanted, split, n, file] of [
		[problems, "dev", TINY.problems, files.problems],
		[evaluation, "test", TINY.evaluation, files.evaluation],
	] as const) {
		if (!wanted || existsSync(file)) continue;
		const script = join(packageRoot(), "models", "make_data.py");
		await ran(
			python,
			[script, "problems", "--split", split, "--n", String(n), "--seed", "5", "--out", file],
			context,
		);
	}
	return files;
}

function ran(program: string, args: readonly string[], { io, signal }: Context): Promise<void> {
	return new Promise((resolvePromise, reject) => {
		const child = spawn(program, args, { env: io.env, signal, stdio: ["ignore", "ignore", "pipe"] });
		let said = "";
		child.stderr.setEncoding("utf8").on("data", (piece: string) => {
			said = (said + piece).slice(-4000);
		});
		child.once("error", reject);
		child.once("close", (code) => {
			if (code === 0) resolvePromise();
			else reject(new CommandError(`${args[0]} failed: ${said.trim().split("\n").at(-1)}`));
		});
	});
}

function readSheet(folder: string): Sheet | undefined {
	const file = join(folder, PLAN_FILE);
	if (!existsSync(file)) return undefined;
	try {
		const sheet = JSON.parse(readFileSync(file, "utf8")) as Partial<Sheet>;
		if (sheet.format === FORMAT && sheet.plan) return sheet as Sheet;
	} catch (error) {
		throw new CommandError(`${file} cannot be read: ${(error as Error).message}`);
	}
	throw new CommandError(
		`${file} is of another format than this nudge knows (${FORMAT}): use the nudge that made it`,
	);
}

function put(file: string, words: string): void {
	mkdirSync(dirname(file), { recursive: true });
	const part = `${file}.${process.pid}`;
	writeFileSync(part, words);
	renameSync(part, file);
}

function shown(words: readonly string[]): string {
	return words
		.map((word) => (/^[\w./:=,@%+#-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
		.join(" ");
}
