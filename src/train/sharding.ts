/**
 * The files that tell the trainer how a model is cut over GPUs: fsdp.json (transformers' `fsdp_config`, FSDP2) or
 * deepspeed.json (ZeRO-3). Sizes that follow from the recipe stand as "auto": transformers fills them in.
 *
 * What always holds: the weights that are updated are float32. FSDP2 loads them so; ZeRO-3 with bf16 keeps float32 masters.
 *
 * Sources: huggingface.co/docs/transformers/fsdp, .../deepspeed, .../deepspeed_alst; deepspeed.ai/docs/config-json.
 */
import type { Recipe } from "./recipe.ts";

export const FSDP_FILE = "fsdp.json";
export const DEEPSPEED_FILE = "deepspeed.json";

/** By name; nothing where the model is whole on every GPU. */
export function shardingFiles(recipe: Pick<Recipe, "memory">): Readonly<Record<string, unknown>> {
	switch (recipe.memory.shard) {
		case "none":
			return {};
		case "fsdp2":
			return { [FSDP_FILE]: fsdp2(recipe) };
		case "zero3":
			return { [DEEPSPEED_FILE]: zero3(recipe) };
	}
}

function fsdp2({ memory }: Pick<Recipe, "memory">): unknown {
	return {
		version: 2,
		auto_wrap_policy: "TRANSFORMER_BASED_WRAP",
		reshard_after_forward: true,
		cpu_ram_efficient_loading: true,
		// Each rank its own part, so that no rank ever holds all of it; the final model is gathered once.
		state_dict_type: "SHARDED_STATE_DICT",
		cpu_offload: memory.offload,
	};
}

function zero3({ memory }: Pick<Recipe, "memory">): unknown {
	const device = memory.offload ? { device: "cpu", pin_memory: true } : { device: "none" };
	return {
		train_micro_batch_size_per_gpu: "auto",
		train_batch_size: "auto",
		gradient_accumulation_steps: "auto",
		gradient_clipping: "auto",
		bf16: { enabled: memory.precision !== "fp32" },
		zero_optimization: {
			stage: 3,
			overlap_comm: true,
			contiguous_gradients: true,
			reduce_bucket_size: "auto",
			stage3_prefetch_bucket_size: "auto",
			stage3_param_persistence_threshold: "auto",
			stage3_gather_16bit_weights_on_model_save: true,
			offload_param: device,
			offload_optimizer: device,
		},
	};
}
