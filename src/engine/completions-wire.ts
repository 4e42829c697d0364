/** What is sent to a raw `/completions` route and what one event of its answer holds. */
import type { Dialect } from "./dialects.ts";
import type { GenerateEnd, SampleOptions, TokenAlternative } from "./engine.ts";
import type { Unit } from "./flow.ts";

export type Choice = {
	readonly text?: string;
	readonly token_ids?: readonly number[] | null;
	readonly finish_reason?: string | null;
	readonly logprobs?: { readonly top_logprobs?: readonly (Readonly<Record<string, number>> | null)[] } | null;
	readonly [field: string]: unknown;
};

export function ended(
	reason: GenerateEnd["reason"],
	matched: string | undefined,
	usage: GenerateEnd["usage"],
): GenerateEnd {
	return { reason, ...(matched === undefined ? {} : { matched }), usage };
}

export function unitOf(choice: Choice, withIds: boolean): Unit {
	const text = choice.text ?? "";
	const top = choice.logprobs?.top_logprobs?.map((token) => alternatives(token ?? {}));
	const shown = top === undefined || top.length === 0 ? {} : { top };
	const ids = withIds ? choice.token_ids : undefined;
	if (ids === undefined || ids === null || ids.length === 0)
		// The last event of a stream has neither.
		return text === "" ? { text, clean: true } : { text, clean: true, ...shown };
	return {
		text,
		ids,
		...(ids.length === 1 ? { lens: [text.length] } : {}),
		// An id without text ends inside a character.
		clean: text !== "",
		...(top?.length === ids.length ? shown : {}),
	};
}

function alternatives(token: Readonly<Record<string, number>>): TokenAlternative[] {
	return Object.entries(token)
		.map(([text, logprob]) => ({ text, logprob }))
		.sort((a, b) => b.logprob - a.logprob);
}

export function requestBody(
	model: string,
	dialect: Dialect,
	prompt: string | readonly number[],
	options: SampleOptions,
	maxTokens: number,
): Record<string, unknown> {
	const stops = (options.stop ?? []).slice(0, dialect.stops);
	return {
		model,
		prompt,
		stream: true,
		max_tokens: maxTokens,
		temperature: options.temperature,
		...dialect.body,
		...(stops.length === 0 ? {} : { stop: stops, ...dialect.keepStop }),
		...(options.topP === undefined ? {} : { top_p: options.topP }),
		...(options.topK === undefined ? {} : { top_k: options.topK }),
		...(options.minP === undefined ? {} : { min_p: options.minP }),
		...(options.seed === undefined ? {} : { seed: options.seed >>> 0 }),
		...(options.topLogprobs && dialect.logprobs > 0
			? { logprobs: Math.min(options.topLogprobs, dialect.logprobs) }
			: {}),
	};
}

type ServerUsage = {
	readonly prompt_tokens?: number;
	readonly completion_tokens?: number;
	readonly prompt_tokens_details?: { readonly cached_tokens?: number | null } | null;
};

export function usageOf(
	said: unknown,
	before: GenerateEnd["usage"],
	sentIds: number | undefined,
): GenerateEnd["usage"] {
	if (typeof said !== "object" || said === null) return before;
	const usage = said as ServerUsage;
	const cached = usage.prompt_tokens_details?.cached_tokens ?? before.cachedTokens;
	return {
		promptTokens: usage.prompt_tokens ?? sentIds ?? before.promptTokens,
		...(cached === undefined ? {} : { cachedTokens: cached }),
		completionTokens: usage.completion_tokens ?? before.completionTokens,
	};
}
