/** The work of `nudge dataset seed | start | no-tool`: settles the recipe, builds with its progress shown, says what came out. */
import { resolve } from "node:path";
import type { Built } from "../data/dataset/building.ts";
import { type Making, makeNoTool, makeSeed, makeStart } from "../data/dataset/from-runs.ts";
import { type Recipe, readRecipe } from "../data/recipe.ts";
import { type Overrides, overridden } from "../data/recipe-words.ts";
import { ruleContext } from "../data/rules/context.ts";
import { visibleLine } from "../trace/visible.ts";
import { type Context, type ExitCode, text, UsageError, wholeNumber } from "./command.ts";
import { BytesProgress } from "./dataset-progress.ts";
import { counted, waterfallLines } from "./dataset-words.ts";
import { version } from "./version.ts";

export async function seed(context: Context): Promise<ExitCode> {
	const plainMost = wholeNumber(context, "plain-most") ?? 0;
	const [plain, ...hinted] = folders(context) as [string, ...string[]];
	return making(context, "seed", (how) => makeSeed(plain, hinted, plainMost, how));
}

export async function start(context: Context): Promise<ExitCode> {
	return making(context, "start", (how) => makeStart(folders(context), how));
}

export async function noTool(context: Context): Promise<ExitCode> {
	const like = text(context, "like");
	if (like === undefined)
		throw new UsageError(
			"nudge dataset no-tool needs --like D: the dataset whose size and problems it takes",
		);
	const likeFolder = resolve(context.io.cwd, like);
	return making(context, "no-tool", async (how) => {
		const built = await makeNoTool(folders(context), likeFolder, how);
		const { same, others, missing } = built;
		const short = missing > 0 ? `; ${missing} are missing: the runs have no more` : "";
		return { ...built, also: `${same} of problems of ${like}, ${others} of other problems${short}` };
	});
}

const folders = ({ io, args }: Context): string[] => args.map((arg) => resolve(io.cwd, arg));

/** Where a new dataset goes. */
export function outOf(context: Context, command: string): string {
	const out = text(context, "out");
	if (out === undefined)
		throw new UsageError(`nudge dataset ${command} needs --out D: the folder of the dataset`);
	return resolve(context.io.cwd, out);
}

/** The recipe with what the command line says against it. */
export function recipeOf(context: Context, usual: string): Recipe {
	const { io, options } = context;
	const recipe = readRecipe(text(context, "recipe") ?? usual, io.cwd);
	const seed = wholeNumber(context, "seed");
	const choose = (options.choose as Overrides["choose"]) ?? [];
	return overridden(recipe, {
		rule: options.rule as Overrides["rule"],
		choose: seed === undefined ? choose : [...choose, `seed=${seed}`],
	});
}

async function making(
	context: Context,
	kind: string,
	make: (how: Making) => Promise<Built & { readonly also?: string }>,
): Promise<ExitCode> {
	const { io, options, signal } = context;
	const out = outOf(context, kind);
	const recipe = recipeOf(context, kind);
	const progress = new BytesProgress(io);
	let built: Built & { readonly also?: string };
	try {
		built = await make({
			out,
			recipe,
			signal,
			nudge: version(),
			context: ruleContext({ env: io.env, cwd: io.cwd, signal }),
			onTotal: progress.total,
			onBytes: progress.bytes,
			onPhase: progress.phase,
			onWarning: (says) => progress.say(says),
		});
	} catch (error) {
		if (signal.aborted) progress.say("stopped: nothing was kept");
		throw error;
	} finally {
		progress.end();
	}
	for (const { damage, damaged } of built.counted) {
		for (const { file, line, why } of damage)
			io.stderr.write(
				`nudge: ${visibleLine(`${file}${line === undefined ? "" : `:${line}`}: ${why}`)}; left out\n`,
			);
		const more = damaged - damage.length;
		if (more > 0) io.stderr.write(`nudge: and ${more} more damaged lines\n`);
	}
	if (built.sheet.waterfall.samples === 0)
		io.stderr.write(
			"nudge: the dataset has no samples: the steps of its waterfall say what became of the rollouts\n",
		);
	if (options.json) {
		io.stdout.write(`${JSON.stringify({ folder: out, ...built.sheet })}\n`);
		return 0;
	}
	const { samples, kept } = built.sheet.waterfall;
	io.stdout.write(
		`${[
			...waterfallLines(built.sheet.waterfall),
			...(built.also === undefined ? [] : [built.also]),
			`${counted(samples, "sample")} of ${counted(kept, "problem")} (${progress.rate}): ${out}`,
		].join("\n")}\n`,
	);
	return 0;
}
