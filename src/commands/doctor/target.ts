/** What a target has for a job, as checks of `nudge doctor`. */
import type { Check } from "../../engine/conformance.ts";
import { openLauncher } from "../../train/open-launcher.ts";
import { readRecipe, recipeFile } from "../../train/recipe.ts";
import { textOf } from "../../train/run-folder.ts";
import { readTargets, targetsFile } from "../../train/targets.ts";

/** Whether a name is that of a target, also where the file that names it is wrong: that is then what is told. */
export function isTarget(name: string, env: NodeJS.ProcessEnv): boolean {
	try {
		return readTargets(env).has(name);
	} catch {
		const text = textOf(targetsFile(env)) ?? "";
		return text.split("\n").some((line) => line.startsWith(`${name}:`));
	}
}

export type TargetChecks = {
	readonly name: string;
	readonly recipe: string | undefined;
	readonly env: NodeJS.ProcessEnv;
	readonly cwd: string;
	readonly add: (check: Check) => void;
	readonly signal: AbortSignal;
};

export async function targetChecks({ name, recipe, env, cwd, add, signal }: TargetChecks): Promise<void> {
	const status = { ok: "ok", note: "note", wrong: "fail" } as const;
	try {
		const target = readTargets(env).get(name);
		if (!target) throw new Error(`there is no target ${name}`);
		const shape =
			recipe === undefined
				? { nodes: 1, gpusPerNode: name === "local" ? 0 : 1 }
				: shapeOf(readRecipe(recipeFile(recipe, cwd)).shape);
		const launcher = await openLauncher({ name, target }, env);
		for (const { level, says, advice } of await launcher.doctor(shape, signal))
			add({
				name: "target",
				status: status[level],
				says: advice === undefined ? says : `${says}: ${advice}`,
			});
	} catch (error) {
		if (signal.aborted) throw error;
		add({ name: "target", status: "fail", says: (error as Error).message });
	}
}

function shapeOf({
	nodes,
	"gpus-per-node": gpusPerNode,
	"cpu-processes": cpu,
}: {
	readonly nodes: number;
	readonly "gpus-per-node": number;
	readonly "cpu-processes": number;
}): { readonly nodes: number; readonly gpusPerNode: number } {
	return { nodes, gpusPerNode: cpu > 0 ? 0 : gpusPerNode };
}
