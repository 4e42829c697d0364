/**
 * Whether an engine does what a trace needs, tried live with a few tokens: one line for each thing, in words, with what it
 * means for the user. The result is kept per engine, server and model (serving reference section 4).
 */
import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Prefix } from "../trace/span.ts";
import { type Chunk, type Engine, EngineError, type GenerateEnd, type SampleOptions } from "./engine.ts";
import { renderTemplate } from "./template.ts";

export type Check = {
	readonly name: string;
	/** `note`: could not be found out, or is as it must be for this kind of engine. */
	readonly status: "ok" | "note" | "warn" | "fail";
	readonly says: string;
};

export type Report = {
	readonly engine: string;
	readonly model: string;
	readonly server: string;
	/** ISO 8601. */
	readonly at: string;
	readonly checks: readonly Check[];
};

/** Raised when a check is added or changed: older results are then not taken for new ones. */
const VERSION = 1;
const MESSAGES = [{ role: "user", content: "What is 12*13? Think step by step." }] as const;
const TOKENS = 16;

export async function conform(
	engine: Engine,
	options: {
		readonly cacheFolder: string;
		readonly now?: () => Date;
		readonly signal?: AbortSignal;
		readonly onCheck?: (check: Check) => void;
	},
): Promise<Report> {
	const checks: Check[] = [];
	const add = (name: string, status: Check["status"], says: string): void => {
		const check = { name, status, says };
		checks.push(check);
		options.onCheck?.(check);
	};
	try {
		await tryAll(engine, add, options.signal);
	} catch (error) {
		if (!(error instanceof EngineError)) throw error;
		add("engine", "fail", error.message);
	}
	const { id, model, server } = engine.info;
	const report = { engine: id, model, server, at: (options.now?.() ?? new Date()).toISOString(), checks };
	await keep(report, options.cacheFolder);
	return report;
}

/** The latest result for this engine, server and model, if there is one. */
export async function knownConformance(engine: Engine, cacheFolder: string): Promise<Report | undefined> {
	try {
		return JSON.parse(await readFile(fileOf(engine.info, cacheFolder), "utf8")) as Report;
	} catch {
		// Never made, or broken: it is made again by whoever needs it.
		return undefined;
	}
}

type Add = (name: string, status: Check["status"], says: string) => void;

async function tryAll(engine: Engine, add: Add, signal: AbortSignal | undefined): Promise<void> {
	const { caps } = engine.info;
	const run = (prefix: Prefix, options: Partial<SampleOptions>): Promise<Ran> =>
		take(engine, prefix, { temperature: 0, maxTokens: TOKENS, ...options }, signal);
	add(
		"exactness",
		caps.exact ? "ok" : "warn",
		caps.exact
			? "the model is continued from exactly what you see"
			: "a chat API: the provider renders the turn itself, so what the model is continued from cannot be known; hints work as well as the provider's prefix does",
	);
	const header = await engine.renderHeader(MESSAGES);
	await checkHeader(engine, header, add);
	await checkIds(engine, header, add);

	const one = await run(header, { maxTokens: 1 });
	checkStart(one, header, add);
	const whole = await run(header, {});
	if (whole.text === "") {
		add(
			"continuation",
			"warn",
			`the model ended at once (${whole.end.reason}); the template may not be its own`,
		);
		return;
	}
	const half = await run(header, { maxTokens: TOKENS / 2 });
	const middle = behind(header, half);
	const rest = await run(middle, { maxTokens: TOKENS / 2 });
	const joined = half.text + rest.text;
	const same = joined === whole.text || whole.text.startsWith(joined) || joined.startsWith(whole.text);
	add(
		"continuation",
		same ? "ok" : caps.exact ? "fail" : "warn",
		same
			? "16 tokens at once are the same as 8 and then 8 more: pausing, hints and branches go on where they stood"
			: `16 tokens at once differ from 8 and then 8 more (${quote(whole.text)} against ${quote(joined)}): the server changes the text, or rounds differently under load; branches will not repeat`,
	);
	await checkStop(whole, run, header, engine, add);
	const again = await run(behind(header, whole), { maxTokens: 1 });
	const cached = again.end.usage.cachedTokens;
	if (cached === undefined)
		add(
			"prefix cache",
			"note",
			"the server does not say what it had cached; a hint may cost a full reading of the trace",
		);
	else
		add(
			"prefix cache",
			cached > 0 ? "ok" : "warn",
			cached > 0
				? `${cached} of ${again.end.usage.promptTokens} tokens were not computed again: a hint costs next to nothing`
				: "nothing was cached: each hint has the whole trace read again; switch the server's prefix cache on",
		);
	const cancel = {
		socket: "closing the connection ends the sampling",
		"request-id": "a request is ended by its name",
		none: "an ended request may go on and be charged",
	}[caps.cancel];
	add("ending early", caps.cancel === "none" ? "note" : "ok", cancel);
	add(
		"alternatives",
		caps.logprobs > 0 ? "ok" : "note",
		caps.logprobs > 0
			? `up to ${caps.logprobs} alternatives for each token, with their probabilities`
			: "no alternatives for tokens: the token cursor shows the text only",
	);
}

/** Where the header comes from, and whether our own rendering of the server's template agrees with the server's. */
async function checkHeader(engine: Engine, header: Prefix, add: Add): Promise<void> {
	const source = (engine as { headerSource?: string }).headerSource;
	const own = (engine as { chatTemplate?: string }).chatTemplate;
	if (own !== undefined) {
		const rendered = await renderTemplate(own, MESSAGES).catch(() => undefined);
		if (rendered === undefined)
			add("header", "note", "rendered by the server; its template needs more than nudge's own renderer has");
		else if (rendered === header.text || rendered.endsWith(header.text))
			add(
				"header",
				"ok",
				`rendered by the server, and the same as nudge renders it; it ends with ${quote(header.text.slice(-24))}`,
			);
		else
			add(
				"header",
				"warn",
				`the server renders it otherwise than its own template says (it ends with ${quote(header.text.slice(-24))}); the server's is used`,
			);
		return;
	}
	const builtIn = source?.startsWith("built-in") ?? false;
	add(
		"header",
		builtIn ? "warn" : "ok",
		`${source ?? "the template of the model"}; it ends with ${quote(header.text.slice(-24))}`,
	);
}

async function checkIds(engine: Engine, header: Prefix, add: Add): Promise<void> {
	if (engine.detokenize === undefined || header.ids === undefined) {
		add(
			"token ids",
			"note",
			"none: traces are continued as text, which costs a little of the cache at each hint",
		);
		return;
	}
	const text = await engine.detokenize(header.ids);
	// A SentencePiece tokenizer puts one space in front of a text, and a start token may stand there: both as it was trained.
	const bare = (said: string): string => said.replaceAll(" ", "");
	const spelled = bare(text).endsWith(bare(header.text));
	add(
		"token ids",
		spelled ? "ok" : "fail",
		spelled
			? "both ways: traces are continued token for token"
			: `the header's ids spell ${quote(text.slice(0, 60))}, not the header: ids cannot be trusted here`,
	);
}

function checkStart(one: Ran, header: Prefix, add: Add): void {
	const seen = one.end.usage.promptTokens;
	if (header.ids === undefined) {
		add("start token", "note", "cannot be checked without token ids");
		return;
	}
	const more = seen - header.ids.length;
	add(
		"start token",
		more === 0 ? "ok" : "fail",
		more === 0
			? `the model sees the ${seen} tokens that were sent, none added`
			: `the engine counts ${seen} tokens where ${header.ids.length} were sent: ${more === 1 ? "a second start token (BOS) is put in front" : "the prompt is changed"}; answers get worse without a word`,
	);
}

async function checkStop(
	whole: Ran,
	run: (prefix: Prefix, options: Partial<SampleOptions>) => Promise<Ran>,
	header: Prefix,
	engine: Engine,
	add: Add,
): Promise<void> {
	const characters = Array.from(whole.text);
	const from = Math.floor(characters.length / 2);
	const wanted = characters.slice(from, from + 4).join("");
	if (wanted === "") return;
	const got = await run(header, { stop: [wanted] });
	const before = whole.text.slice(0, whole.text.indexOf(wanted));
	if (got.text !== before) {
		add(
			"stop strings",
			engine.info.caps.exact ? "fail" : "warn",
			`asked to stop before ${quote(wanted)}, the text was ${quote(got.text)} and not ${quote(before)}: text is lost or kept at stops`,
		);
		return;
	}
	if (
		got.ids !== undefined &&
		engine.detokenize !== undefined &&
		(await engine.detokenize(got.ids)) !== got.text
	) {
		add(
			"stop strings",
			"fail",
			"after a stop the token ids spell another text: set the engine up without ids",
		);
		return;
	}
	const named = got.end.reason === "stop" && got.end.matched === wanted;
	add(
		"stop strings",
		"ok",
		named
			? "the text ends right before one, and it is known which"
			: "the text ends right before one; the server does not say whether it or the model ended the text",
	);
}

type Ran = { readonly text: string; readonly ids: readonly number[] | undefined; readonly end: GenerateEnd };

async function take(
	engine: Engine,
	prefix: Prefix,
	options: SampleOptions,
	signal: AbortSignal | undefined,
): Promise<Ran> {
	const chunks: Chunk[] = [];
	const stream = engine.generate(prefix, options, signal);
	for (;;) {
		const next = await stream.next();
		if (!next.done) {
			chunks.push(next.value);
			continue;
		}
		const withIds = chunks.every((chunk) => chunk.ids !== undefined);
		return {
			text: chunks.map((chunk) => chunk.text).join(""),
			ids: withIds ? chunks.flatMap((chunk) => chunk.ids!) : undefined,
			end: next.value,
		};
	}
}

function behind(prefix: Prefix, ran: Ran): Prefix {
	const text = prefix.text + ran.text;
	return prefix.ids === undefined || ran.ids === undefined
		? { text }
		: { text, ids: [...prefix.ids, ...ran.ids] };
}

function quote(text: string): string {
	return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}...` : text);
}

function fileOf(info: Engine["info"], cacheFolder: string): string {
	const key = createHash("sha256")
		.update(JSON.stringify([VERSION, info.id, info.server, info.model]))
		.digest("hex")
		.slice(0, 24);
	return join(cacheFolder, "conformance", `${key}.json`);
}

async function keep(report: Report, cacheFolder: string): Promise<void> {
	const file = fileOf(
		{ id: report.engine, server: report.server, model: report.model } as Engine["info"],
		cacheFolder,
	);
	await mkdir(join(cacheFolder, "conformance"), { recursive: true });
	await writeFile(`${file}.${process.pid}.part`, `${JSON.stringify(report, undefined, "\t")}\n`);
	await rename(`${file}.${process.pid}.part`, file);
}
