/** What a run begins from: the problem, the settings, or a session that was broken off. */
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { policySaid } from "../hints/policy.ts";
import type { LabSettings } from "../reason/lab.ts";
import type { Domain, Problem } from "../trace/events.ts";
import { type Branch, isOpen, mainBranch } from "../trace/fold.ts";
import type { NewSession, ReadSession } from "../trace/store.ts";
import { CommandError, type Context, text, UsageError } from "./command.ts";
import { type Effective, effectiveSettings, namedEngines, type Settings } from "./settings.ts";
import { version } from "./version.ts";

/** The problem that `nudge` alone thinks about: one that the tiny model fails by itself and solves with a hint. */
const FIRST_PROBLEM = "first";

export async function problemOf(context: Context): Promise<Problem> {
	const given = ["problem", "file", "id"].filter((name) => text(context, name) !== undefined);
	if (given.length > 1)
		throw new UsageError(`--${given[0]} and --${given[1]} both name the problem: give one of them`);
	const answer = text(context, "answer");
	const domain = text(context, "domain") as Domain | undefined;
	const { BUNDLED, findProblem } = await import("../data/problems.ts");
	const words = text(context, "problem") ?? fromFile(context);
	if (words !== undefined) {
		if (words.trim() === "") throw new UsageError("the problem is empty");
		return {
			id: "typed",
			domain: domain ?? "math",
			problem: words.trim(),
			...(answer === undefined ? {} : { answer }),
		};
	}
	const from = text(context, "from");
	const id = text(context, "id");
	const map = text(context, "map");
	if (map !== undefined && from === undefined)
		throw new UsageError("--map says what the fields of a file are: it needs --from FILE");
	if (from !== undefined && id === undefined)
		throw new UsageError("--from FILE needs --id ID: which of its problems");
	const found = await findProblem(
		id ?? FIRST_PROBLEM,
		from === undefined ? BUNDLED : resolve(context.io.cwd, from),
		context.signal,
		{ map },
	);
	return {
		...found,
		...(answer === undefined ? {} : { answer }),
		...(domain === undefined ? {} : { domain }),
	};
}

function fromFile(context: Context): string | undefined {
	const file = text(context, "file");
	if (file === undefined) return undefined;
	try {
		return readFileSync(file === "-" ? 0 : resolve(context.io.cwd, file), "utf8");
	} catch (error) {
		throw new UsageError(
			`${file === "-" ? "standard input" : file} cannot be read: ${(error as Error).message}`,
		);
	}
}

/** Settings of the command line, the environment and the files; those of the trace itself where one is taken up. */
export function labSettings(context: Context, kept?: Branch): LabSettings {
	const effective = effectiveSettings({ env: context.io.env, cwd: context.io.cwd, flags: context.options });
	const value = <Key extends keyof Settings>(key: Key): Settings[Key] => effective[key].value;
	const maxSeconds = value("max-seconds");
	const system = text(context, "system");
	const fresh: LabSettings = {
		engine: value("engine"),
		named: namedEngines(effective, context.io.env) as NonNullable<LabSettings["named"]>,
		dialect: value("dialect"),
		hints: { mode: value("hints"), rounds: value("rounds"), words: value("words") },
		sampling: {
			temperature: value("temperature"),
			seed: value("seed"),
			...(value("top-p") < 1 ? { topP: value("top-p") } : {}),
			...(value("top-k") > 0 ? { topK: value("top-k") } : {}),
			...(value("min-p") > 0 ? { minP: value("min-p") } : {}),
		},
		budgets: {
			maxTokens: value("max-tokens"),
			maxCalls: value("max-calls"),
			maxRounds: value("rounds"),
			...(maxSeconds === undefined ? {} : { maxMs: maxSeconds * 1000 }),
		},
		...(system === undefined ? {} : { system }),
		instruction: value("instruction"),
		score: { plugins: pluginFiles(effective, context.io.cwd), workers: value("score-workers") },
		python: {
			host: value("python-host"),
			...(value("python") === undefined ? {} : { base: value("python") as string }),
			limits: {
				timeoutMs: value("python-timeout-ms"),
				memoryBytes: value("python-memory-mb") * 2 ** 20,
				outputChars: value("python-output-chars"),
			},
			isolation: value("isolation"),
			allowUnisolated: value("allow-unisolated"),
		},
	};
	if (!kept) return fresh;
	const { settings } = kept;
	return {
		...fresh,
		engine: text(context, "engine") ?? settings.engine,
		dialect: settings.dialect,
		hints: {
			...fresh.hints,
			...policySaid(settings.policy),
			...(text(context, "hints") === undefined ? {} : { mode: fresh.hints.mode }),
		},
		sampling: settings.sampling,
		budgets: settings.budgets,
	};
}

/** The user's own verifiers, by the folder of whoever names them. */
export function pluginFiles(
	{ "score-plugins": { value, origin } }: Pick<Effective, "score-plugins">,
	cwd: string,
): readonly string[] {
	const folder = "file" in origin ? dirname(origin.file) : cwd;
	return (value ?? []).map((file) => resolve(folder, file));
}

/** What a broken-off session may be given anew; everything else stays as the session has it. */
const WITH_RESUME = new Set(["resume", "engine", "hints", "json", "python-host", "allow-unisolated"]);

export function keptTrace(
	read: ReadSession,
	context: Context,
): { id: string; problem: Problem; branch: Branch } {
	const extra = Object.keys(context.options).find(
		(name) => !WITH_RESUME.has(name) && context.options[name] !== undefined,
	);
	if (extra !== undefined)
		throw new UsageError(
			`--resume goes on with the settings of the session: --${extra} cannot be given with it`,
		);
	const { id, state } = read;
	const branch =
		(state.current !== undefined ? state.branches.get(state.current) : undefined) ?? mainBranch(state);
	if (!state.problem || !branch)
		throw new CommandError(`session ${id} holds no trace yet: there is nothing to take up`);
	// A program that was killed between the end and the verdict still owes the verdict.
	if (!isOpen(branch) && branch.outcome)
		throw new CommandError(
			`session ${id} came to its end (${branch.end?.reason}): nudge sessions show ${id}`,
		);
	return { id, problem: state.problem, branch };
}

export function newSession(problem: Problem, engine: string): NewSession {
	return {
		problem,
		nudge: version(),
		environment: { node: process.versions.node, system: `${process.platform} ${process.arch}`, engine },
	};
}
