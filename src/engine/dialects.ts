/**
 * How servers with OpenAI's raw `/completions` differ: data, not branches. Facts from each server's documentation (serving
 * reference section 2); what was tried against a real one stands in docs/engines.md.
 */
import type { EngineCaps } from "./engine.ts";
import type { EngineType } from "./spec.ts";

export type Dialect = {
	readonly name: string;
	/** Put behind the root of the server to get the route of OpenAI's API, where the URL does not already end in it. Empty: the URL is taken as it is, /v1 where it has no path. */
	readonly apiPath: string;
	readonly apiKeyEnv?: string;
	/** Sent with every request. */
	readonly body: Readonly<Record<string, unknown>>;
	/** Sent where stop strings are asked for, so that the stop string stays in the text and text and ids keep step. */
	readonly keepStop?: Readonly<Record<string, unknown>>;
	/** The server has /tokenize and /detokenize in vLLM's form and gives token ids: prompts are sent as ids. */
	readonly ids: boolean;
	/** The server puts a BOS in front of a text prompt by itself. */
	readonly addsBos: boolean;
	/** Field of the choice that names the stop string that fired; null there means the model's own end. */
	readonly stopField?: string;
	/** A finish reason that means the model's own end and nothing else. */
	readonly eosReason?: string;
	/** Most stop strings of one request. */
	readonly stops: number;
	readonly logprobs: number;
	readonly cancel: EngineCaps["cancel"];
};

type Completing = Extract<EngineType, "vllm" | "lmstudio" | "fireworks" | "together" | "openai-compatible">;

export const DIALECTS: Readonly<Record<Completing, Dialect>> = {
	vllm: {
		name: "vLLM",
		apiPath: "/v1",
		apiKeyEnv: "VLLM_API_KEY",
		body: {
			add_special_tokens: false,
			skip_special_tokens: false,
			spaces_between_special_tokens: false,
			return_token_ids: true,
			stream_options: { include_usage: true },
		},
		keepStop: { include_stop_str_in_output: true },
		ids: true,
		addsBos: false,
		stopField: "stop_reason",
		stops: 64,
		logprobs: 20,
		cancel: "socket",
	},
	lmstudio: {
		name: "LM Studio",
		apiPath: "/v1",
		body: { stream_options: { include_usage: true } },
		ids: false,
		addsBos: true,
		stops: 4,
		logprobs: 0,
		cancel: "socket",
	},
	fireworks: {
		name: "Fireworks",
		apiPath: "/inference/v1",
		apiKeyEnv: "FIREWORKS_API_KEY",
		body: { stream_options: { include_usage: true } },
		ids: false,
		addsBos: true,
		stops: 4,
		logprobs: 5,
		cancel: "none",
	},
	together: {
		name: "Together",
		apiPath: "/v1",
		apiKeyEnv: "TOGETHER_API_KEY",
		body: { stream_options: { include_usage: true } },
		ids: false,
		addsBos: true,
		eosReason: "eos",
		stops: 4,
		logprobs: 0,
		cancel: "none",
	},
	"openai-compatible": {
		name: "OpenAI-compatible",
		apiPath: "",
		apiKeyEnv: "OPENAI_API_KEY",
		body: {},
		ids: false,
		addsBos: true,
		stops: 4,
		logprobs: 5,
		cancel: "socket",
	},
};
