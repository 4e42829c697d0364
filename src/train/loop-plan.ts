/**
 * The paper's loop (arXiv 2503.04625, section 3 and its ablation) as stages, each a command of nudge that a person could
 * type: base -> plain and hinted sampling -> D_seed -> START-0 -> many samples -> D_START -> START, trained from the base,
 * and the same fine-tuning without tools; then all of them on problems that none has seen.
 *
 * What always holds: a stage depends on the earlier ones and on the plan alone; nothing of the evaluation problems reaches a
 * dataset; START is trained from the base, never from START-0. Pure: words in, words out.
 */
export type LoopPlan = {
	/** The base as an engine. */
	readonly engine: string;
	/** Recipe of the three fine-tunes; its base model is the same as the engine's. */
	readonly recipe: string;
	readonly sets: readonly string[];
	readonly on: string;
	/** Absolute paths. */
	readonly problems: readonly string[];
	readonly evaluation: readonly string[];
	/** Samples of each problem for D_START and for the ablation; the paper's are 16. */
	readonly samples: number;
	readonly seeds: readonly number[];
	/** Hint rounds of the scaling, 0 not among them. */
	readonly rounds: readonly number[];
	/** Engines of trained models whose recipe makes no GGUF file: somebody serves them. */
	readonly served: Readonly<Partial<Record<TrainedId, string>>>;
	/** Words for every sampling: --max-tokens, --concurrency, ... */
	readonly sampling: readonly string[];
	/** Words for every dataset: --rule. */
	readonly rules: readonly string[];
};

export type TrainedId = "start-0" | "start" | "no-tool";

export type StageKind = "sample" | "dataset" | "train";

export type Stage = {
	/** Also its folder, below that of its seed (or of the loop, where no seed changes it). */
	readonly id: string;
	readonly kind: StageKind;
	readonly says: string;
	/** Absent: the same for every seed. */
	readonly seed?: number;
	/** What follows `nudge`. `{}` before a stage's id stands for its folder. */
	readonly words: readonly string[];
	/** What the table of the end calls the model, for a stage that is evaluated. */
	readonly measured?: Measured;
};

export type Measured = { readonly model: string; readonly rounds?: number };

export const MODELS = ["base", "Hint-infer", "RFT without tools", "START-0", "START"] as const;

const GREEDY = ["--n", "1", "--temperature", "0"] as const;
const FREELY = ["--temperature", "0.6", "--top-p", "0.95"] as const;

/** Where a stage's folder is, below the loop's. */
export function folderOf({ id, seed }: Pick<Stage, "id" | "seed">): string {
	return seed === undefined ? `shared/${id}` : `seed-${seed}/${id}`;
}

export function planLoop(plan: LoopPlan): Stage[] {
	const shared = [
		sampling(plan, "plain", "the base by itself, greedy", undefined, plan.engine, plan.problems, [
			"--hints",
			"off",
			...GREEDY,
		]),
		evaluation(plan, "eval-base", undefined, plan.engine, { model: "base" }, ["--hints", "off"]),
	];
	return [...shared, ...plan.seeds.flatMap((seed) => seedStages(plan, seed))];
}

function seedStages(plan: LoopPlan, seed: number): Stage[] {
	const { engine, problems, samples, rounds, rules } = plan;
	const many = ["--hints", "off", "--n", String(samples), ...FREELY];
	const trained = (id: TrainedId): string => plan.served[id] ?? `{}seed-${seed}/${id}/final/model.gguf`;
	const dataset = (id: string, says: string, words: readonly string[]): Stage => ({
		id,
		kind: "dataset",
		says,
		seed,
		words: ["dataset", ...words, ...rules, "--out", `{}seed-${seed}/${id}`, "--seed", String(seed)],
	});
	const train = (id: TrainedId, from: string, says: string): Stage => ({
		id,
		kind: "train",
		says,
		seed,
		words: [
			"train",
			`{}seed-${seed}/${from}`,
			"--recipe",
			plan.recipe,
			"--on",
			plan.on,
			...[...plan.sets, `seed=${seed}`].flatMap((set) => ["--set", set]),
			"--out",
			`{}seed-${seed}/${id}`,
		],
	});
	const at = `{}seed-${seed}/`;
	return [
		sampling(plan, "hinted", "the base with hints", seed, engine, problems, ["--hints", "auto", ...GREEDY]),
		dataset("d-seed", "problems that fail plain and succeed with a hint", [
			"seed",
			"{}shared/plain",
			`${at}hinted`,
			"--recipe",
			"seed",
		]),
		train("start-0", "d-seed", "the base fine-tuned on D_seed: START-0"),
		sampling(
			plan,
			"start-0-samples",
			"START-0 samples every problem",
			seed,
			trained("start-0"),
			problems,
			many,
		),
		dataset("d-start", "one response a problem of START-0's", [
			"start",
			`${at}start-0-samples`,
			"--recipe",
			"start",
		]),
		train("start", "d-start", "the base fine-tuned on D_START: START"),
		sampling(
			plan,
			"base-samples",
			"the base samples every problem, for the ablation",
			seed,
			engine,
			problems,
			many,
		),
		dataset("d-no-tool", "as many responses without tools", [
			"no-tool",
			`${at}base-samples`,
			"--like",
			`${at}d-start`,
			"--recipe",
			"no-tool",
		]),
		train("no-tool", "d-no-tool", "the base fine-tuned on them: RFT without tools"),
		evaluation(plan, "eval-hint-infer", seed, engine, { model: "Hint-infer" }, ["--hints", "auto"]),
		evaluation(plan, "eval-no-tool", seed, trained("no-tool"), { model: "RFT without tools" }, [
			"--hints",
			"off",
		]),
		evaluation(plan, "eval-start-0", seed, trained("start-0"), { model: "START-0" }, ["--hints", "off"]),
		evaluation(plan, "eval-start", seed, trained("start"), { model: "START" }, ["--hints", "off"]),
		// A hint before the end of thinking, again and again (section 4): no other hints.
		...rounds.flatMap((count) =>
			(
				[
					["base", engine],
					["start", trained("start")],
				] as const
			).map(([name, of]) =>
				evaluation(
					plan,
					`eval-${name}-rounds-${count}`,
					seed,
					of,
					{ model: name === "base" ? "base" : "START", rounds: count },
					["--hints", "auto", "--words", "0", "--rounds", String(count)],
				),
			),
		),
	];
}

function sampling(
	plan: LoopPlan,
	id: string,
	says: string,
	seed: number | undefined,
	engine: string,
	problems: readonly string[],
	words: readonly string[],
): Stage {
	const stage = { id, kind: "sample", says, ...(seed !== undefined && { seed }) } as const;
	return {
		...stage,
		words: [
			"sample",
			...problems.flatMap((file) => ["--problems", file]),
			"--engine",
			engine,
			...words,
			...(seed === undefined ? [] : ["--seed", String(seed)]),
			...plan.sampling,
			"--out",
			`{}${folderOf(stage)}`,
		],
	};
}

function evaluation(
	plan: LoopPlan,
	id: string,
	seed: number | undefined,
	engine: string,
	measured: Measured,
	words: readonly string[],
): Stage {
	const says = `${measured.model}${measured.rounds === undefined ? "" : `, ${measured.rounds} hint round${measured.rounds === 1 ? "" : "s"}`} on problems it has not seen`;
	return { ...sampling(plan, id, says, seed, engine, plan.evaluation, [...words, ...GREEDY]), measured };
}

/** The words with the loop's folder put in. */
export function wordsIn(folder: string, { words }: Pick<Stage, "words">): string[] {
	return words.map((word) => (word.startsWith("{}") ? `${folder}/${word.slice(2)}` : word));
}
