/**
 * The plan of a loop from what a person typed. A folder that holds a loop already goes on with its own; the same words said
 * again are the same loop, and other words are refused. For the tiny model the problems are made here.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { packageRoot } from "../engine/open.ts";
import type { LoopPlan, TrainedId } from "../train/loop-plan.ts";
import { CommandError, type Context, text, UsageError, wholeNumber } from "./command.ts";
import type { Sheet } from "./loop-folder.ts";

/** Problems for the model that comes with nudge: enough for its few parameters, and done in minutes. */
const TINY = { problems: 400, evaluation: 200, samples: 4, tokens: 800 } as const;

export async function planOf(context: Context, folder: string, there: Sheet | undefined): Promise<LoopPlan> {
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
			sampling: [
				...(tiny && options["max-tokens"] === undefined
					? ["--max-tokens", String(TINY.tokens)]
					: words("max-tokens")),
				...words("concurrency"),
			],
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
