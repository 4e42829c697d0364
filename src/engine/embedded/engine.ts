/**
 * The embedded engine: llama.cpp through node-llama-cpp, in processes of its own. Exact: token ids in and out, the KV
 * cache kept between requests, marker scanning beside the sampler.
 */
import { stat } from "node:fs/promises";
import type { Prefix } from "../../trace/span.ts";
import {
	type Chunk,
	type Engine,
	EngineError,
	type EngineInfo,
	type GenerateEnd,
	type Message,
	type SampleOptions,
} from "../engine.ts";
import { MINIMAL_CHATML, renderTemplate } from "../template.ts";
import { Processes, processesFor } from "./processes.ts";
import {
	type EngineStats,
	type FromChild,
	type LoadSettings,
	type ModelFacts,
	SMALL_VOCABULARY,
	type ToChild,
} from "./protocol.ts";

export type EmbeddedOptions = {
	/** How the user named it. */
	readonly id: string;
	readonly modelPath: string;
	readonly contextTokens?: number;
	readonly parallel?: number;
	readonly threads?: number;
	readonly gpu?: "auto" | false;
	/** Replaces the template of the file. */
	readonly template?: string;
};

const CONTEXT_TOKENS = 16_384;
const LOGPROBS = 20;

type Arrived = FromChild | { readonly type: "lost"; readonly error: EngineError };

export class EmbeddedEngine implements Engine {
	readonly info: EngineInfo;
	readonly facts: ModelFacts;
	readonly #processes: Processes;
	readonly #template: string | undefined;

	/** Checks the file, starts the child and loads the model. */
	static async open(options: EmbeddedOptions): Promise<EmbeddedEngine> {
		const { size } = await stat(options.modelPath).catch(() => {
			throw new EngineError(
				"missing",
				`There is no model file at ${options.modelPath}. Give the path of a GGUF file (embedded:/path/model.gguf), or use a server (see: nudge doctor --help).`,
			);
		});
		const settings: LoadSettings = {
			modelPath: options.modelPath,
			contextTokens: options.contextTokens ?? CONTEXT_TOKENS,
			parallel: options.parallel ?? 1,
			gpu: options.gpu ?? false,
			...(options.threads === undefined ? {} : { threads: options.threads }),
		};
		const processes = new Processes(settings, processesFor(settings, size));
		try {
			return new EmbeddedEngine(options, processes, await processes.first.facts());
		} catch (error) {
			await processes.close();
			throw error;
		}
	}

	private constructor(options: EmbeddedOptions, processes: Processes, facts: ModelFacts) {
		this.#processes = processes;
		this.#template = options.template ?? facts.template;
		this.facts = facts;
		this.info = {
			id: options.id,
			model: facts.name,
			server: `llama.cpp ${facts.llamaCpp} (node-llama-cpp), ${facts.description}`,
			caps: {
				ids: "in+out",
				exact: true,
				stop: "reason",
				cancel: "request-id",
				scan: true,
				seeds: facts.vocabulary <= SMALL_VOCABULARY ? "position" : "request",
				logprobs: LOGPROBS,
				contextTokens: facts.contextTokens,
			},
		};
	}

	/** Tokens evaluated, reused and thrown away since the engine was opened, as of the last end of a request. */
	stats(): EngineStats {
		return this.#processes.stats();
	}

	/** The processes that hold the model, the first one first: for a test that kills it. */
	get childPids(): readonly number[] {
		return this.#processes.pids;
	}

	/** Said by doctor: where the header's template comes from. */
	get templateSource(): "model" | "built-in ChatML" {
		return this.#template === undefined ? "built-in ChatML" : "model";
	}

	async renderHeader(messages: readonly Message[]): Promise<Prefix> {
		const text = await renderTemplate(this.#template ?? MINIMAL_CHATML, messages, {
			bos: this.facts.bos,
			eos: this.facts.eos,
		});
		return { text, ids: await this.#ids(text, "header") };
	}

	tokenize(text: string, special = false): Promise<number[]> {
		return this.#ids(text, special ? "special" : "plain");
	}

	async detokenize(ids: readonly number[]): Promise<string> {
		const message = await this.#ask((id) => ({ type: "detokenize", id, ids }));
		if (message.type !== "text") throw unexpected(message);
		return message.text;
	}

	async *generate(
		prefix: Prefix,
		options: SampleOptions,
		signal?: AbortSignal,
	): AsyncGenerator<Chunk, GenerateEnd, void> {
		if (signal?.aborted) return abortedBeforeStart(prefix);
		const arrived: Arrived[] = [];
		let wake: (() => void) | undefined;
		const seat = this.#processes.seatFor(prefix.ids);
		const held = [...(prefix.ids ?? [])];
		seat.running++;
		const ended = (): void => {
			seat.running--;
			seat.holds(held);
		};
		const asked = seat.host.request(
			(id) => ({
				type: "generate",
				id,
				text: prefix.text,
				options,
				...(prefix.ids === undefined ? {} : { ids: prefix.ids }),
			}),
			(message) => {
				// Here and not below: a request that is left early still ends, and is still counted.
				if (message.type === "end") seat.counted(message.stats);
				if (message.type === "chunk") for (const id of message.chunk.ids ?? []) held.push(id);
				else ended();
				arrived.push(message);
				wake?.();
			},
		);
		// Not even begun, or its process could not be started: nothing of it will arrive.
		asked.catch(ended);
		const request = await asked;
		seat.noteChild();
		const abort = (): void => request.send({ type: "abort", id: request.id });
		signal?.addEventListener("abort", abort, { once: true });
		if (signal?.aborted) abort();
		let over = false;
		try {
			while (true) {
				const message = arrived.shift();
				if (message === undefined) {
					await new Promise<void>((resolve) => {
						wake = resolve;
					});
					continue;
				}
				if (message.type === "chunk") {
					yield message.chunk;
					continue;
				}
				over = true;
				if (message.type === "end") return message.end;
				throw message.type === "lost" ? fresh(message.error) : unexpected(message);
			}
		} finally {
			signal?.removeEventListener("abort", abort);
			if (!over) abort();
		}
	}

	close(): Promise<void> {
		return this.#processes.close();
	}

	async #ids(text: string, as: "header" | "plain" | "special"): Promise<number[]> {
		const message = await this.#ask((id) => ({ type: "tokenize", id, text, as }));
		if (message.type !== "ids") throw unexpected(message);
		return [...message.ids];
	}

	#ask(build: (id: number) => ToChild): Promise<FromChild> {
		return new Promise((resolve, reject) => {
			this.#processes.first
				.request(build, (message) =>
					message.type === "lost" ? reject(fresh(message.error)) : resolve(message),
				)
				.catch(reject);
		});
	}
}

/** An error of its own for everyone who waited, each with its stack. */
function fresh(error: EngineError): EngineError {
	return new EngineError(error.kind, error.message);
}

function unexpected(message: FromChild): EngineError {
	if (message.type === "error") return new EngineError(message.kind, message.message);
	return new EngineError("protocol", `The embedded engine answered with "${message.type}" out of turn.`);
}

function abortedBeforeStart(prefix: Prefix): GenerateEnd {
	return { reason: "abort", usage: { promptTokens: prefix.ids?.length ?? 0, completionTokens: 0 } };
}
