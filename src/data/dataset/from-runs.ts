/** `seed`, `start` and `no-tool`: opens the runs, makes sure that they belong together, builds, and says what came of it. */
import type { Recipe } from "../recipe.ts";
import type { RuleContext } from "../rules/rule.ts";
import { type Build, type Built, build, type Kind } from "./building.ts";
import { DatasetError } from "./dataset.ts";
import { HINTED, noToolKind, PLAIN, readLike, seedKind, startKind } from "./kinds.ts";
import { openRun, type RunInput, runNews } from "./run-input.ts";
import { assertFree } from "./writing.ts";

export type Making = Pick<
	Build,
	"context" | "out" | "nudge" | "now" | "signal" | "onBytes" | "onPhase" | "onWarning"
> & {
	readonly recipe: Recipe;
	readonly context: RuleContext;
	/** Told before reading begins. */
	readonly onTotal?: (bytes: number) => void;
};

export async function makeSeed(
	plain: string,
	hinted: readonly string[],
	plainMost: number,
	making: Making,
): Promise<Built> {
	assertFree(making.out);
	const runs = [
		await openRun(plain, PLAIN, making.signal),
		...(await Promise.all(hinted.map((folder) => openRun(folder, HINTED, making.signal)))),
	];
	const [first, ...others] = runs as [RunInput, ...RunInput[]];
	for (const other of others) {
		if (other.sheet.hash === first.sheet.hash)
			throw new DatasetError(
				`${first.folder} and ${other.folder} are runs of the same settings (${first.sheet.hash}): a seed needs one without hints and one with them`,
			);
		sameProblems(first, other, making);
		if (other.sheet.settings.model !== first.sheet.settings.model)
			making.onWarning?.(
				`the runs are of different models: ${first.name} of ${first.sheet.settings.model}, ${other.name} of ${other.sheet.settings.model}`,
			);
		if (other.sheet.settings.policy === "off")
			making.onWarning?.(`${other.folder} was sampled without hints`);
	}
	if (first.sheet.settings.policy !== "off")
		making.onWarning?.(
			`${first.folder}, the plain run, was sampled with hints (${first.sheet.settings.policy})`,
		);
	const built = await made(seedKind(plainMost), runs, making);
	const shared = built.sheet.waterfall.steps.find(({ id }) => id === PLAIN)?.problems ?? 0;
	if (shared > 0)
		making.onWarning?.(`${shared} ${shared === 1 ? "problem is" : "problems are"} in the plain run alone`);
	return built;
}

export async function makeStart(folders: readonly string[], making: Making): Promise<Built> {
	assertFree(making.out);
	const runs = await Promise.all(folders.map((folder) => openRun(folder, undefined, making.signal)));
	return made(startKind, runs, making);
}

export type NoToolBuilt = Built & {
	readonly same: number;
	readonly others: number;
	readonly missing: number;
};

export async function makeNoTool(
	folders: readonly string[],
	likeFolder: string,
	making: Making,
): Promise<NoToolBuilt> {
	assertFree(making.out);
	const like = await readLike(likeFolder, making.out, making.signal);
	const runs = await Promise.all(folders.map((folder) => openRun(folder, undefined, making.signal)));
	const { kind, outcome } = noToolKind(like, making.recipe.choose.seed);
	const built = await made(kind, runs, { ...making, sources: [like.source] });
	return { ...built, ...outcome() };
}

async function made(
	kind: Kind,
	inputs: readonly RunInput[],
	making: Making & Pick<Build, "sources">,
): Promise<Built> {
	making.onTotal?.(inputs.reduce((sum, { bytes }) => sum + bytes, 0));
	const built = await build({ ...making, kind, inputs });
	for (const [index, input] of inputs.entries()) {
		const { rollouts, strangers } = built.counted[index]!;
		for (const says of runNews(input, rollouts)) making.onWarning?.(says);
		if (strangers > 0)
			making.onWarning?.(`${strangers} rollouts of other settings lie in ${input.folder}: left out`);
	}
	return built;
}

/** Runs of other problem files may still be of the same problems: that shows when they are read, problem by problem. */
function sameProblems(first: RunInput, other: RunInput, { onWarning }: Making): void {
	const hashes = ({ sheet }: RunInput): string => sheet.problems.map(({ sha256 }) => sha256).join();
	if (hashes(first) === hashes(other)) return;
	const files = ({ sheet, name }: RunInput): string =>
		`${name}: ${sheet.problems.map(({ file, problems, sha256 }) => `${file} (${problems} problems, ${sha256.slice(0, 8)})`).join(", ")}`;
	onWarning?.(
		`the runs are not of the same problem files (${files(first)}; ${files(other)}): only problems of both can be in the dataset`,
	);
}
