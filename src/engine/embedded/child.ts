/**
 * The child process that holds llama.cpp. A crash in native code ends this process and nothing else; it ends itself when
 * the program is gone. Entry point of `fork`; speaks `protocol.ts`.
 */
import { cpus } from "node:os";
import { basename } from "node:path";
import type { LlamaModel } from "node-llama-cpp";
import type { Chunk, SampleOptions } from "../engine.ts";
import { joined } from "../flow.ts";
import { type FromChild, type LoadSettings, SMALL_MODEL_BYTES, type ToChild, worthOf } from "./protocol.ts";
import { type Counters, Slot, type Watch } from "./slot.ts";
import { Vocabulary } from "./vocabulary.ts";

/**
 * A prefix goes through the model in slices: between two of them an abort is heard. A tiny model takes one token at a time:
 * several at once are computed in another order, and where two tokens are all but equally likely a trace that is resumed
 * could then go another way than one that was never cut. It costs a hint's few tokens some milliseconds.
 */
const sliceTokens = (bytes: number): number => (bytes < SMALL_MODEL_BYTES ? 1 : bytes < 2e9 ? 128 : 64);
/** Chunks of one request are sent at most this often; the first goes at once. */
const SEND_EVERY_MS = 5;

type Loaded = { readonly model: LlamaModel; readonly vocabulary: Vocabulary; readonly slots: Slot[] };
type Generation = Extract<ToChild, { type: "generate" }>;

const counters: Counters = { evaluated: 0, reused: 0, discarded: 0, evicted: 0 };
const aborted = new Set<number>();
const running = new Set<number>();
const waiting: Generation[] = [];
const busy = new Set<Slot>();
let loaded: Loaded | undefined;

const send = (message: FromChild): void => {
	if (process.connected) process.send?.(message);
};
const explain = (error: unknown): string => (error instanceof Error ? error.message : String(error));

async function physicalCores(): Promise<number> {
	try {
		const { readFile } = await import("node:fs/promises");
		const text = await readFile("/proc/cpuinfo", "utf8");
		const cores = new Set<string>();
		for (const block of text.split("\n\n")) {
			const field = (name: string) => new RegExp(`^${name}\\s*:\\s*(\\d+)`, "m").exec(block)?.[1];
			const core = field("core id");
			if (core !== undefined) cores.add(`${field("physical id") ?? 0}/${core}`);
		}
		if (cores.size > 0) return Math.min(cores.size, cpus().length);
	} catch {
		// Not Linux: half of the logical processors is a safe guess where two share a core.
	}
	return Math.max(1, process.arch === "arm64" ? cpus().length : Math.floor(cpus().length / 2));
}

async function load(settings: LoadSettings): Promise<void> {
	const { stat } = await import("node:fs/promises");
	const { getLlama, LlamaLogLevel } = await import("node-llama-cpp");
	const { size } = await stat(settings.modelPath);
	const threads = settings.threads ?? (size < SMALL_MODEL_BYTES ? 1 : await physicalCores());
	const llama = await getLlama({
		gpu: settings.gpu,
		build: "never",
		skipDownload: true,
		maxThreads: threads,
		progressLogs: false,
		logLevel: LlamaLogLevel.error,
	});
	const model = await llama.loadModel({ modelPath: settings.modelPath });
	const most = Math.max(64, Math.min(settings.contextTokens, model.trainContextSize));
	const context = await model.createContext({
		contextSize: { max: most },
		sequences: settings.parallel,
		threads,
		swaFullCache: true,
	});
	const vocabulary = new Vocabulary(model);
	const slots = Array.from(
		{ length: settings.parallel },
		() => new Slot(context.getSequence(), model, vocabulary, counters, sliceTokens(size)),
	);
	loaded = { model, vocabulary, slots };
	const { metadata } = model.fileInfo;
	send({
		type: "ready",
		facts: {
			name: metadata.general.name ?? basename(settings.modelPath),
			description: model.typeDescription,
			template: metadata.tokenizer.chat_template,
			bos: model.tokens.bosString ?? "",
			eos: model.tokens.eosString ?? "",
			contextTokens: Math.min(slots[0]!.capacity, most),
			vocabulary: vocabulary.size,
			threads: context.currentThreads,
			llamaCpp: String(llama.llamaCppRelease.release),
		},
	});
}

/** Chunks sampled within a few milliseconds travel as one message: a message for each token costs more than a tiny model's token. */
function sender(id: number): { emit(chunk: Chunk): void; flush(): void } {
	let parts: Chunk[] = [];
	let lastMs = 0;
	let timer: NodeJS.Timeout | undefined;
	const flush = (): void => {
		clearTimeout(timer);
		timer = undefined;
		if (parts.length === 0) return;
		const chunks = parts.length === 1 ? parts : joined(parts);
		parts = [];
		lastMs = performance.now();
		for (const chunk of chunks) send({ type: "chunk", id, chunk });
	};
	return {
		flush,
		emit(chunk) {
			parts.push(chunk);
			const wait = lastMs + SEND_EVERY_MS - performance.now();
			if (wait <= 0) flush();
			else timer ??= setTimeout(flush, Math.ceil(wait));
		},
	};
}

async function watcher(scan: SampleOptions["scan"]): Promise<Watch | undefined> {
	if (scan === undefined || scan.until.length === 0) return undefined;
	const { Scanner } = await import("../../hints/scanner.ts");
	const scanner = new Scanner(scan.config, scan.state);
	const wanted = new Set<string>(scan.until);
	return (text) => scanner.push(text).some((event) => wanted.has(event.type));
}

/** Gives waiting requests to free slots. */
function dispatch(): void {
	if (loaded === undefined) return;
	while (waiting.length > 0) {
		const free = loaded.slots.filter((slot) => !busy.has(slot));
		if (free.length === 0) return;
		const request = waiting.shift()!;
		const ids = request.ids ?? loaded.vocabulary.header(request.text);
		const worth = (slot: Slot): number => worthOf(slot.common(ids), slot.heldTokens);
		const best = free.reduce((a, b) => (worth(b) > worth(a) ? b : a));
		busy.add(best);
		void generate(request, ids, best).finally(() => {
			busy.delete(best);
			aborted.delete(request.id);
			running.delete(request.id);
			dispatch();
		});
	}
}

async function generate(request: Generation, ids: readonly number[], slot: Slot): Promise<void> {
	const { id, options } = request;
	const out = sender(id);
	try {
		if (ids.length === 0) throw new Error("There is nothing to continue: the prefix is empty.");
		if (ids.length > slot.capacity) {
			send({
				type: "error",
				id,
				kind: "context",
				message: `The trace has ${ids.length} tokens, the model's context holds ${slot.capacity}. Shorten the problem, end the trace here, or use a model with a longer context.`,
			});
			return;
		}
		const end = await slot.run({
			ids,
			options,
			watch: await watcher(options.scan),
			aborted: () => aborted.has(id),
			emit: out.emit,
		});
		out.flush();
		send({ type: "end", id, end, stats: { ...counters } });
	} catch (error) {
		out.flush();
		send({ type: "error", id, kind: "crashed", message: explain(error) });
	}
}

function answer(message: ToChild): void {
	if (message.type === "load") {
		load(message.settings).catch((error) =>
			send({ type: "failed", kind: "crashed", message: explain(error) }),
		);
		return;
	}
	if (message.type === "abort") {
		const place = waiting.findIndex((request) => request.id === message.id);
		if (place < 0) {
			if (running.has(message.id)) aborted.add(message.id);
			return;
		}
		const [{ ids }] = waiting.splice(place, 1) as [Generation];
		running.delete(message.id);
		const usage = { promptTokens: ids?.length ?? 0, cachedTokens: 0, completionTokens: 0 };
		send({ type: "end", id: message.id, end: { reason: "abort", usage }, stats: { ...counters } });
		return;
	}
	if (loaded === undefined) return;
	const { vocabulary } = loaded;
	if (message.type === "generate") {
		running.add(message.id);
		waiting.push(message);
		dispatch();
	} else if (message.type === "detokenize") {
		send({ type: "text", id: message.id, text: vocabulary.text(message.ids) });
	} else if (message.as === "header") {
		send({ type: "ids", id: message.id, ids: vocabulary.header(message.text) });
	} else {
		const ids = vocabulary.exact(message.text, message.as === "special");
		if (ids !== undefined) send({ type: "ids", id: message.id, ids });
		else
			send({
				type: "error",
				id: message.id,
				kind: "protocol",
				message: "The model's tokenizer has no ids that spell this text exactly.",
			});
	}
}

process.on("message", answer);
process.on("disconnect", () => process.exit(0));
// Ctrl+C reaches the whole group of the terminal; when this process ends is for the program to say.
process.on("SIGINT", () => {});
