/**
 * What a training job will take: memory of one GPU, time, cost, each with the formula it comes from. Estimates, and said so:
 * they are for choosing a shape before anything is sent.
 *
 * Sources:
 * - States: mixed precision with Adam holds 16 bytes a parameter, 2 weights + 2 gradients + 12 float32 master, momentum and
 *   variance (ZeRO, arXiv 1910.02054, section 3.1); FSDP on float32 weights 4 + 4 + 8. Cut over the GPUs by ZeRO-3 and FSDP2.
 * - Activations: with checkpointing the input of every layer, 2 bytes x tokens x hidden, and one layer whole; a layer whole
 *   without the attention matrix (which flash attention and SDPA do not keep) 34 bytes x tokens x hidden (arXiv 2205.05198,
 *   section 4.1), of which 16 x hidden are a feed-forward of four times the width: for SwiGLU 8 x its own width instead.
 * - Logits: tokens x vocabulary x (2 bfloat16 + 4 float32 + 4 gradient); in pieces of 256 tokens with the chunked loss.
 * - Time: 6 floating-point operations a parameter and token (arXiv 2001.08361, section 2.1), 4 where the base is frozen, and
 *   6 x layers x width of the heads x length for attention over half a square; over GPUs x peak x the share that is used.
 */
import type { Recipe } from "./recipe.ts";
import { processesOf } from "./recipe.ts";

export type ModelShape = {
	readonly layers: number;
	readonly hidden: number;
	readonly heads: number;
	readonly kvHeads: number;
	readonly headWidth: number;
	readonly feedForward: number;
	readonly vocabulary: number;
	readonly tied: boolean;
	/** Whether queries, keys and values have biases (Qwen2). */
	readonly biases: boolean;
};

const QWEN2_32B: ModelShape = {
	layers: 64,
	hidden: 5120,
	heads: 40,
	kvHeads: 8,
	headWidth: 128,
	feedForward: 27648,
	vocabulary: 152064,
	tied: false,
	biases: true,
};
const QWEN2_7B: ModelShape = {
	layers: 28,
	hidden: 3584,
	heads: 28,
	kvHeads: 4,
	headWidth: 128,
	feedForward: 18944,
	vocabulary: 152064,
	tied: false,
	biases: true,
};

/** Of the bases that recipes name on the hub: their config.json says so. */
export const KNOWN_SHAPES: Readonly<Record<string, ModelShape>> = {
	"Qwen/QwQ-32B-Preview": QWEN2_32B,
	"Qwen/QwQ-32B": QWEN2_32B,
	"Qwen/Qwen2.5-32B": QWEN2_32B,
	"Qwen/Qwen2.5-32B-Instruct": QWEN2_32B,
	"deepseek-ai/DeepSeek-R1-Distill-Qwen-32B": QWEN2_32B,
	"deepseek-ai/DeepSeek-R1-Distill-Qwen-7B": QWEN2_7B,
	"Qwen/Qwen2.5-7B-Instruct": QWEN2_7B,
};

/** From a config.json of the dense Llama and Qwen layouts; undefined where it lacks something. */
export function shapeOf(config: Readonly<Record<string, unknown>>): ModelShape | undefined {
	const number = (name: string): number | undefined =>
		typeof config[name] === "number" ? (config[name] as number) : undefined;
	const [layers, hidden, heads] = [
		number("num_hidden_layers"),
		number("hidden_size"),
		number("num_attention_heads"),
	];
	const [feedForward, vocabulary] = [number("intermediate_size"), number("vocab_size")];
	if (!layers || !hidden || !heads || !feedForward || !vocabulary) return undefined;
	if (number("num_experts") || number("num_local_experts")) return undefined;
	return {
		layers,
		hidden,
		heads,
		kvHeads: number("num_key_value_heads") ?? heads,
		headWidth: number("head_dim") ?? hidden / heads,
		feedForward,
		vocabulary,
		tied: config.tie_word_embeddings === true,
		biases: config.model_type === "qwen2",
	};
}

export function parametersOf(model: ModelShape): number {
	const { layers, hidden, heads, kvHeads, headWidth, feedForward, vocabulary, tied, biases } = model;
	const queries = heads * headWidth;
	const keys = kvHeads * headWidth;
	const attention = hidden * (2 * queries + 2 * keys) + (biases ? queries + 2 * keys : 0);
	const layer = attention + 3 * hidden * feedForward + 2 * hidden;
	return vocabulary * hidden * (tied ? 1 : 2) + layers * layer + hidden;
}

/** Of low-rank adapters: rank x (in + out) for every module that has one. */
export function adapterParameters(model: ModelShape, { rank, targets }: Recipe["lora"]): number {
	const { layers, hidden, heads, kvHeads, headWidth, feedForward } = model;
	const sizes: Readonly<Record<string, number>> = {
		q_proj: hidden + heads * headWidth,
		k_proj: hidden + kvHeads * headWidth,
		v_proj: hidden + kvHeads * headWidth,
		o_proj: hidden + heads * headWidth,
		gate_proj: hidden + feedForward,
		up_proj: hidden + feedForward,
		down_proj: hidden + feedForward,
	};
	return layers * rank * targets.reduce((sum, name) => sum + (sizes[name] ?? 0), 0);
}

export type MemoryEstimate = {
	/** Bytes on one GPU (or in one process). */
	readonly states: number;
	readonly activations: number;
	readonly logits: number;
	/** Weights of layers gathered for the moment, CUDA's own, fragments. */
	readonly other: number;
	readonly total: number;
};

const LOSS_CHUNK = 256;
const CUDA_BYTES = 1.5e9;

export function memoryOf(
	model: ModelShape,
	recipe: Pick<Recipe, "method" | "lora" | "memory" | "optimizer" | "batch" | "shape">,
	longest: number,
): MemoryEstimate {
	const { memory, method, optimizer, batch, shape } = recipe;
	const parameters = parametersOf(model);
	const processes = Math.max(1, processesOf({ shape }));
	const over = memory.shard === "none" ? 1 : processes;
	const moments = optimizer === "paged-adamw-8bit" ? 2 : 8;
	// float32 weight, gradient and moments; ZeRO-3 has the same sum as 2 + 2 + (4 + moments).
	const full = 4 + 4 + moments;
	const states =
		method === "full"
			? (parameters * full) / over
			: (parameters * 2 + adapterParameters(model, recipe.lora) * full) / over;
	const tokens = (batch.micro * longest) / memory["sequence-parallel"];
	const bytes = memory.precision === "fp32" || shape["cpu-processes"] > 0 ? 2 : 1;
	const layer = tokens * (18 * model.hidden + 8 * model.feedForward) * bytes;
	const activations = memory.checkpointing
		? tokens * model.hidden * 2 * bytes * model.layers + layer
		: layer * model.layers;
	const logits = (memory["chunked-loss"] ? Math.min(tokens, LOSS_CHUNK) : tokens) * model.vocabulary * 10;
	const perLayer = (parameters - model.vocabulary * model.hidden * (model.tied ? 1 : 2)) / model.layers;
	const gathered = over > 1 ? 2 * (2 * perLayer + model.vocabulary * model.hidden) : 0;
	const cuda = shape["cpu-processes"] > 0 ? 0.4e9 : CUDA_BYTES;
	const other = gathered + cuda + 0.05 * (states + activations + logits);
	const kept = memory.offload ? states * 0.125 : states;
	return { states: kept, activations, logits, other, total: kept + activations + logits + other };
}

/** Dense bfloat16 operations a second, as NVIDIA's data sheets name them without sparsity, and memory. */
export const GPUS: Readonly<Record<string, { readonly peak: number; readonly bytes: number }>> = {
	"A100-40GB": { peak: 312e12, bytes: 40e9 },
	"A100-80GB": { peak: 312e12, bytes: 80e9 },
	H100: { peak: 989e12, bytes: 80e9 },
	H200: { peak: 989e12, bytes: 141e9 },
	L40S: { peak: 362e12, bytes: 48e9 },
	A10G: { peak: 70e12, bytes: 24e9 },
};
/** The share of the peak that a well-set run of this size reaches: 0.3 to 0.5 is what is published; more GPUs a sequence, less. */
export const USED_SHARE = 0.35;
/** Operations a second of one CPU core on the tiny model; measured with this trainer, a rough guide. */
const CPU_CORE = 35e9;

export type TimeEstimate = {
	readonly operations: number;
	readonly seconds: number;
	readonly gpuHours: number;
	readonly steps: number;
};

export type TimeWorld = {
	/** Of one GPU, operations a second. */
	readonly peak: number;
	readonly usedShare?: number;
};

export function timeOf(
	model: ModelShape,
	recipe: Pick<Recipe, "method" | "epochs" | "batch" | "shape" | "max-steps">,
	data: { readonly tokens: number; readonly samples: number },
	world: TimeWorld,
): TimeEstimate {
	const { batch, epochs, method, shape } = recipe;
	const each = Math.ceil(Math.ceil(data.samples / batch.sequences) * epochs);
	const steps = Math.min(each, recipe["max-steps"] ?? each);
	const tokens =
		(data.tokens / Math.max(1, data.samples)) * Math.min(data.samples * epochs, steps * batch.sequences);
	const length = data.tokens / Math.max(1, data.samples);
	const weights = (method === "lora" ? 4 : 6) * parametersOf(model);
	const operations = tokens * (weights + 6 * model.layers * model.heads * model.headWidth * length);
	const cpu = shape["cpu-processes"] > 0;
	const processes = processesOf({ shape });
	const rate = cpu ? CPU_CORE * processes : processes * world.peak * (world.usedShare ?? USED_SHARE);
	const seconds = operations / rate;
	return { operations, seconds, gpuHours: cpu ? 0 : (seconds / 3600) * processes, steps };
}

/** Lines for a person: what, and how it was estimated. */
export function estimateLines(facts: {
	readonly model: ModelShape | undefined;
	readonly recipe: Recipe;
	readonly data: { readonly samples: number; readonly tokens?: number; readonly longest?: number };
	/** Of the target, by name in GPUS. */
	readonly gpu?: string;
	/** For one GPU and hour, in whatever currency. */
	readonly price?: number;
}): string[] {
	const { model, recipe, data, gpu = "A100-80GB", price } = facts;
	if (!model) return ["memory      not estimated: the base's config.json cannot be read from here"];
	const longest = Math.min(
		recipe.tokens.most,
		recipe.tokens.packing ? recipe.tokens.most : (data.longest ?? recipe.tokens.most),
	);
	const memory = memoryOf(model, recipe, longest);
	const gb = (bytes: number): string => `${(bytes / 1e9).toFixed(bytes < 1e10 ? 1 : 0)} GB`;
	const cpu = recipe.shape["cpu-processes"] > 0;
	const known = GPUS[gpu];
	const lines = [
		`parameters  ${millions(parametersOf(model))}`,
		`memory      about ${gb(memory.total)} ${cpu ? "a process" : "a GPU"}: states ${gb(memory.states)}, activations ${gb(memory.activations)}, logits ${gb(memory.logits)}, other ${gb(memory.other)} (${recipe.batch.micro} sequence${recipe.batch.micro === 1 ? "" : "s"} of ${longest} tokens at once)`,
	];
	if (!cpu && known && memory.total > known.bytes * 0.95)
		lines.push(
			`            more than a ${gpu} has (${gb(known.bytes)}): it will run out. More memory.sequence-parallel, more GPUs, or a smaller tokens.most`,
		);
	if (data.tokens === undefined) {
		lines.push("time        not estimated: the samples do not know their tokens");
		return lines;
	}
	const time = timeOf(
		model,
		recipe,
		{ tokens: data.tokens, samples: data.samples },
		{ peak: known?.peak ?? GPUS["A100-80GB"]!.peak },
	);
	const how = cpu
		? "6 operations a parameter and token, at what one CPU core does here"
		: `${recipe.method === "lora" ? 4 : 6} operations a parameter and token, ${processesOf(recipe)} x ${gpu} at ${USED_SHARE * 100} % of their peak`;
	lines.push(
		`time        about ${hours(time.seconds)} for ${time.steps} steps over ${data.tokens.toLocaleString("en")} tokens x ${recipe.epochs} (${how})`,
	);
	if (!cpu)
		lines.push(
			`cost        ${time.gpuHours.toFixed(1)} GPU hours${price === undefined ? "; with --gpu-hour PRICE, in money" : `, about ${(time.gpuHours * price).toFixed(2)} at ${price} each`}`,
		);
	return lines;
}

function millions(parameters: number): string {
	return parameters < 1e9
		? `${(parameters / 1e6).toPrecision(3)} million`
		: `${(parameters / 1e9).toPrecision(3)} billion`;
}

function hours(seconds: number): string {
	if (seconds < 120) return `${Math.max(1, Math.round(seconds))} s`;
	if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
	return `${(seconds / 3600).toFixed(1)} h`;
}
