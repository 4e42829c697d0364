/**
 * A recipe in the words of Together's fine-tuning API (https://docs.together.ai/reference/post-fine-tunes), and what of it the
 * service cannot do. What it decides itself (sharding, precision, checkpointing, machines) is not looked at.
 *
 * What always holds: nothing is left out in silence: what would be trained otherwise than the recipe says is refused.
 */
import { isHubId, type Recipe } from "./recipe.ts";

/** Each thing that the service cannot do, and what to say instead. */
export function misfitsOf(recipe: Recipe): string[] {
	const { base, tokens, memory, save, optimizer, epochs, schedule, watch } = recipe;
	const found: string[] = [];
	const add = (when: boolean, says: string): void => void (when && found.push(says));
	add(
		!isHubId(base.model) || base.revision === undefined,
		`the base ${base.model} is a folder: Together trains from a model of the Hugging Face hub at a revision (base.model, base.revision)`,
	);
	add(tokens.packing, "it does not pack samples that come with masks: --set tokens.packing=false");
	add(
		memory["sequence-parallel"] > 1,
		"it decides itself how a sequence is shared between GPUs: --set memory.sequence-parallel=1",
	);
	add(save.gguf, "it makes no GGUF file: --set save.gguf=false");
	add(save.dtype !== "base", "it decides itself of which type the weights are: --set save.dtype=base");
	add(optimizer !== "adamw", `its optimiser is its own, not ${optimizer}: --set optimizer=adamw`);
	add(!Number.isInteger(epochs), `it trains whole epochs, not ${epochs}: --set epochs=${Math.ceil(epochs)}`);
	add(recipe["max-steps"] !== undefined, "it trains whole epochs: leave max-steps out");
	add(
		watch.report.length > 0,
		"metrics go nowhere else from there: --set watch.report=[] (nudge jobs metrics shows them)",
	);
	add(!["linear", "cosine", "constant"].includes(schedule), `it has no schedule ${schedule}`);
	return found;
}

export type FineTune = Readonly<Record<string, unknown>>;

/** What POST /fine-tunes is given. */
export function fineTuneOf(
	recipe: Recipe,
	{
		model,
		suffix,
		file,
	}: { readonly model: string; readonly suffix?: string | undefined; readonly file: string },
): FineTune {
	const { base, lora, batch, tokens } = recipe;
	return {
		training_file: file,
		model,
		// The base by its revision, also where Together has a copy of its own.
		from_hf_model: base.model,
		hf_model_revision: base.revision,
		packing: false,
		max_seq_length: tokens.most,
		n_epochs: recipe.epochs,
		n_checkpoints: 1,
		n_evals: 0,
		batch_size: batch.sequences,
		learning_rate: recipe["learning-rate"],
		lr_scheduler:
			recipe.schedule === "cosine"
				? { lr_scheduler_type: "cosine", lr_scheduler_args: { min_lr_ratio: 0, num_cycles: 0.5 } }
				: {
						lr_scheduler_type: "linear",
						// A line that does not fall is a constant.
						lr_scheduler_args: { min_lr_ratio: recipe.schedule === "constant" ? 1 : 0 },
					},
		warmup_ratio: recipe.warmup,
		max_grad_norm: recipe.clip,
		weight_decay: recipe["weight-decay"],
		random_seed: recipe.seed,
		// What trains stands in the labels.
		training_method: { method: "sft", train_on_inputs: "auto" },
		training_type:
			recipe.method === "full"
				? { type: "Full" }
				: {
						type: "Lora",
						lora_r: lora.rank,
						lora_alpha: lora.alpha,
						lora_dropout: lora.dropout,
						lora_trainable_modules: lora.targets.join(","),
					},
		...(suffix !== undefined && { suffix }),
	};
}

/** GET /fine-tunes/models/limits, as far as it is looked at. */
export type Limits = {
	readonly max_num_epochs?: number;
	readonly max_learning_rate?: number;
	readonly min_learning_rate?: number;
	readonly full_training?: { readonly max_batch_size: number; readonly min_batch_size: number } | null;
	readonly lora_training?: {
		readonly max_batch_size: number;
		readonly min_batch_size: number;
		readonly max_rank: number;
		readonly target_modules?: readonly string[];
	} | null;
};

export function beyond(recipe: Recipe, model: string, limits: Limits): string[] {
	const found: string[] = [];
	const rate = recipe["learning-rate"];
	const own = recipe.method === "full" ? limits.full_training : limits.lora_training;
	if (!own)
		return [
			`${model} cannot be trained there with method ${recipe.method}: --set method=${recipe.method === "full" ? "lora" : "full"}`,
		];
	const { sequences } = recipe.batch;
	if (sequences > own.max_batch_size || sequences < own.min_batch_size)
		found.push(
			`batch.sequences is ${sequences}, and ${model} takes ${own.min_batch_size} to ${own.max_batch_size} there`,
		);
	if (recipe.epochs > (limits.max_num_epochs ?? Number.POSITIVE_INFINITY))
		found.push(`epochs is ${recipe.epochs}, and ${model} takes at most ${limits.max_num_epochs}`);
	if (rate > (limits.max_learning_rate ?? Number.POSITIVE_INFINITY) || rate < (limits.min_learning_rate ?? 0))
		found.push(
			`learning-rate is ${rate}, and ${model} takes ${limits.min_learning_rate} to ${limits.max_learning_rate}`,
		);
	if (recipe.method === "lora" && limits.lora_training) {
		const { max_rank: most, target_modules: modules } = limits.lora_training;
		if (recipe.lora.rank > most)
			found.push(`lora.rank is ${recipe.lora.rank}, and ${model} takes at most ${most}`);
		const none = recipe.lora.targets.filter((name) => modules && !modules.includes(name));
		if (none.length > 0)
			found.push(`lora.targets names ${none.join(", ")}, and ${model} has ${modules!.join(", ")}`);
	}
	return found;
}
