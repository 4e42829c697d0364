/** What the rules are given of this machine: the fence dialects of the library, and evaluation sets from files. */
import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { DEFAULT_DIALECT, libraryLayers, loadDialects } from "../../hints/library.ts";
import type { FenceDialect } from "../../hints/marker.ts";
import { THINK_CLOSE } from "../../reason/request.ts";
import { homes } from "../../trace/home.ts";
import { BUNDLED, ProblemError, readRows } from "../problems.ts";
import { rawRows, sourceOf } from "../records.ts";
import type { Question, RuleContext } from "./rule.ts";

export type Where = {
	readonly env: NodeJS.ProcessEnv;
	readonly cwd: string;
	readonly signal?: AbortSignal | undefined;
};

/** Evaluation sets that a recipe can name without saying where they are: files or folders here. */
export function evaluationFolder(env: NodeJS.ProcessEnv): string {
	return join(homes(env).data, "evaluation");
}

export function ruleContext({ env, cwd, signal }: Where): RuleContext {
	const dialects = loadDialects([...libraryLayers({ env, cwd })]);
	const usual = dialects.get(DEFAULT_DIALECT) as FenceDialect;
	return {
		thinkClose: THINK_CLOSE,
		dialect: (id) => dialects.get(id) ?? usual,
		questions: (set) => questionsOf(filesOf(set, cwd, env), signal),
		...(signal ? { signal } : {}),
	};
}

/** Fields of foreign sets that hold a title, which a problem of ours has no place for. */
const TITLES = ["title", "question_title", "task_title", "name", "task_name"];
/** Fields that hold the question of a row that cannot be scored: it is compared all the same. */
const QUESTIONS = ["problem", "question", "question_content", "prompt", "text", "query"];

async function* questionsOf(
	files: string | readonly string[],
	signal: AbortSignal | undefined,
): AsyncGenerator<Question> {
	for (const file of typeof files === "string" ? [files] : files) {
		// The same rows twice: as problems, and as they are.
		const raw = rawRows(sourceOf(file), () => [...TITLES, ...QUESTIONS], signal);
		try {
			for await (const row of readRows(file, signal)) {
				const { value: own } = await raw.next();
				const fields = own && "value" in own ? own.value : {};
				const title = textOf(fields, TITLES);
				const titled = title === undefined ? {} : { title };
				if ("problem" in row) {
					const { id, domain, problem, source } = row.problem;
					yield { id, domain, problem, ...(source === undefined ? {} : { source }), ...titled };
					continue;
				}
				const problem = textOf(fields, QUESTIONS);
				if (problem === undefined) throw new ProblemError(`${row.file}:${row.line}: ${row.mistake}`);
				// Its kind is not known: a title is compared where there is one.
				yield { id: `line-${row.line}`, domain: title === undefined ? "" : "code", problem, ...titled };
			}
		} finally {
			await raw.return();
		}
	}
}

function textOf(fields: Readonly<Record<string, unknown>>, names: readonly string[]): string | undefined {
	return names
		.map((name) => fields[name])
		.find((value) => typeof value === "string" && value.trim() !== "") as string | undefined;
}

/** A file, a dataset folder, "bundled", or a name in the folder of evaluation sets. */
function filesOf(set: string, cwd: string, env: NodeJS.ProcessEnv): string | readonly string[] {
	if (set === "bundled") return BUNDLED;
	const file = resolve(cwd, set);
	if (existsSync(file)) return file;
	const folder = evaluationFolder(env);
	const names = existsSync(folder) ? readdirSync(folder).sort() : [];
	const found = names.find((name) => name === set || name.replace(/\.[^.]+$/, "") === set);
	if (found !== undefined) return join(folder, found);
	throw new ProblemError(
		`there is no evaluation set "${set}": no such file, and none of that name in ${folder}` +
			`${names.length > 0 ? ` (there: ${names.join(", ")})` : ""}. Give a problem file, or put one there`,
	);
}
