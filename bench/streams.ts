/**
 * `node bench/streams.ts [--streams 250] [--rate 100] [--seconds 10] [--rounds 3]`: many streams in one process, ours with
 * all that a trace has (the loop with its scanner and a policy that is asked at every marker, the fold and a journal on
 * disk for each), against the plain loops that one would write instead and that do nothing but add the text up: the openai
 * SDK's, and one on node:http. Each reader is a process of its own, they take turns, and the server is another process.
 *
 * Said of each: share of one core (its own CPU time by the time that the tokens are spread over), and from the server's write of a
 * token to the reader's having it. Ours has a token when it stands: decided, folded and given to its journal. A word that
 * could be a reflection word is decided with the next token, which comes 10 ms later: that is in ours and not in theirs.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { heading, line, show, spread } from "./measure.ts";

const { values } = parseArgs({
	options: {
		streams: { type: "string", default: "250" },
		rate: { type: "string", default: "100" },
		seconds: { type: "string", default: "10" },
		rounds: { type: "string", default: "3" },
		reader: { type: "string" },
		url: { type: "string" },
	},
});
const streams = Number(values.streams);
const rate = Number(values.rate);
const tokens = rate * Number(values.seconds);
const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6;

/** Tells that the stream has so many tokens more. */
type Got = (count: number) => void;
type Reader = (url: string, stream: number, got: Got) => Promise<void>;

async function ours(url: string): Promise<Reader> {
	const [{ openEngine }, { reason }, { SessionStore }, { dialectNamed, loadDialects }] = await Promise.all([
		import("../src/engine/open.ts"),
		import("../src/reason/reason.ts"),
		import("../src/trace/store.ts"),
		import("../src/hints/library.ts"),
	]);
	const engine = await openEngine(`vllm:${url}`);
	// The streams begin together, as those of the plain loops do: rendering their headers is no part of streaming.
	const rendered = Promise.withResolvers<void>();
	let headers = 0;
	const { renderHeader } = engine;
	engine.renderHeader = async (messages) => {
		const header = await renderHeader.call(engine, messages);
		if (++headers === streams) rendered.resolve();
		await rendered.promise;
		return header;
	};
	const dialect = dialectNamed(loadDialects());
	const folder = mkdtempSync(join(tmpdir(), "nudge-bench-streams-"));
	process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
	const store = new SessionStore(folder);
	const settings = {
		engine: engine.info.id,
		model: engine.info.model,
		exact: true,
		dialect: dialect.id,
		policy: "bench",
		sampling: { temperature: 0, seed: 0 },
		budgets: { maxTokens: tokens, maxCalls: 0, maxRounds: 0 },
	};
	const problemOf = (stream: number) => ({ id: `${stream}`, domain: "math", problem: `${stream}` }) as const;
	// Making and closing one writes through to the disk; that is no part of streaming.
	const sessions = Array.from({ length: streams }, (_, stream) =>
		store.create({ problem: problemOf(stream), nudge: "bench", environment: {} }),
	);
	return async (_, stream, got) => {
		const problem = problemOf(stream);
		const session = sessions[stream]!;
		const branch = "main";
		session.append({ type: "branch", t: Date.now(), branch, settings, by: "policy" });
		const events = reason(
			{ session: session.id, branch, problem, settings },
			{
				engine,
				dialect,
				policy: {
					mode: "auto",
					says: "bench",
					decide: async () => ({ skip: { by: "policy", reason: "only asked" } }),
				},
				interpreter: () => Promise.reject(new Error("nothing runs here")),
				score: async () => ({ verdict: "unchecked" }),
			},
		);
		for await (const event of events) {
			session.append(event);
			if (event.type === "tokens") got(event.ids?.length ?? 0);
		}
	};
}

async function sdk(url: string): Promise<Reader> {
	const { default: OpenAI } = await import("openai");
	const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: "none" });
	return async (_, stream, got) => {
		let text = "";
		const answer = await client.completions.create({
			model: "bench",
			prompt: `${stream}`,
			max_tokens: tokens,
			stream: true,
		});
		for await (const chunk of answer) {
			text += chunk.choices[0]?.text ?? "";
			got(1);
		}
		if (text === "") throw new Error("nothing came");
	};
}

async function http(): Promise<Reader> {
	return (url, stream, got) =>
		new Promise((resolve, reject) => {
			const body = JSON.stringify({ model: "bench", prompt: `${stream}`, max_tokens: tokens, stream: true });
			const sent = request(`${url}/v1/completions`, { method: "POST" }, (answer) => {
				let text = "";
				let rest = "";
				answer.setEncoding("utf8");
				answer.on("data", (piece: string) => {
					const lines = (rest + piece).split("\n");
					rest = lines.pop()!;
					for (const one of lines) {
						if (!one.startsWith("data: {")) continue;
						const chunk = JSON.parse(one.slice(6)) as { choices: { text: string }[] };
						text += chunk.choices[0]?.text ?? "";
						got(1);
					}
				});
				answer.on("end", () => (text === "" ? reject(new Error("nothing came")) : resolve()));
				answer.on("error", reject);
			});
			sent.on("error", reject);
			sent.end(body);
		});
}

const READERS = { ours, sdk, http } as const;
type Name = keyof typeof READERS;
type Result = {
	readonly core: number;
	readonly p50: number;
	readonly p99: number;
	readonly megabytes: number;
};

/** In a process of its own: reads all streams at once and prints what it cost. */
async function read(name: Name, url: string): Promise<void> {
	const reader = await READERS[name](url);
	const had = new Float64Array(streams * tokens);
	/** From when each stream has had the tokens of two seconds on average: what it costs to begin is another matter. */
	let from: NodeJS.CpuUsage | undefined;
	let count = 0;
	let cpuMs = 0;
	const counted = (more: number): void => {
		count += more;
		if (from === undefined && count >= 2 * streams * rate) from = process.cpuUsage();
		if (count < streams * (tokens - rate) || cpuMs > 0) return;
		const { user, system } = process.cpuUsage(from);
		cpuMs = (user + system) / 1000;
	};
	await Promise.all(
		Array.from({ length: streams }, (_, stream) => {
			let at = stream * tokens;
			return reader(url, stream, (count) => {
				const now = nowMs();
				for (const end = at + count; at < end; at++) had[at] = now;
				counted(count);
			});
		}),
	);
	// Of the time that the tokens are spread over: a busy machine makes it take longer, and not cost less.
	const core = cpuMs / ((1000 * (tokens - 3 * rate)) / rate);
	const sent = new Float64Array(await (await fetch(`${url}/sent`)).arrayBuffer());
	const delays: number[] = [];
	// The first two seconds are those of the connections, the last one that of the ends.
	for (let stream = 0; stream < streams; stream++)
		for (let i = 2 * rate; i < tokens - rate; i++) {
			const at = stream * tokens + i;
			if (had[at] === 0) throw new Error(`${name}: stream ${stream} lost token ${i}`);
			delays.push(had[at]! - sent[at]!);
		}
	delays.sort((a, b) => a - b);
	const atShare = (share: number): number => delays[Math.floor(share * delays.length)]!;
	const result: Result = {
		core,
		p50: atShare(0.5),
		p99: atShare(0.99),
		megabytes: process.resourceUsage().maxRSS / 1024,
	};
	process.stdout.write(`${JSON.stringify(result)}\n`);
}

/** A script here, with its first line of output. */
async function started(
	script: string,
	args: readonly string[],
): Promise<{ said: string; end(): Promise<void> }> {
	const child = spawn(process.execPath, [fileURLToPath(new URL(script, import.meta.url)), ...args], {
		stdio: ["pipe", "pipe", "inherit"],
	});
	const over = new Promise<void>((resolve) => child.once("close", () => resolve()));
	const said = await new Promise<string>((resolve, reject) => {
		child.stdout.setEncoding("utf8").once("data", (text: string) => resolve(text.trim()));
		void over.then(() => reject(new Error(`${script} ended without a word`)));
	});
	return {
		said,
		end: async () => {
			child.stdin.end();
			await over;
		},
	};
}

async function once(name: Name): Promise<Result> {
	const server = await started("streams-server.ts", [streams, rate, tokens].map(String));
	const args = ["--reader", name, "--url", server.said, "--streams", `${streams}`, "--rate", `${rate}`];
	const reader = await started("streams.ts", [...args, "--seconds", values.seconds]);
	await reader.end();
	await server.end();
	return JSON.parse(reader.said) as Result;
}

if (values.reader !== undefined) {
	await read(values.reader as Name, values.url!);
	process.exit();
}

heading(`${streams} streams of ${rate} tokens a second, ${values.seconds} s, ${values.rounds} rounds`);
const results: Record<Name, Result[]> = { ours: [], sdk: [], http: [] };
for (let round = 0; round < Number(values.rounds); round++)
	for (const name of Object.keys(READERS) as Name[]) results[name].push(await once(name));
const TITLES: Record<Name, string> = {
	ours: "ours: loop, scanner, fold, journal",
	sdk: "openai SDK, plain loop",
	http: "node:http, plain loop",
};
for (const name of Object.keys(READERS) as Name[]) {
	const of = (what: keyof Result): string => show(spread(results[name].map((one) => one[what])), "", 1);
	line(TITLES[name], "");
	line("  share of a core, %", show(spread(results[name].map(({ core }) => 100 * core)), "", 0));
	line("  delay of a token, median / 99 %, ms", `${of("p50")} / ${of("p99")}`);
	line("  memory, MB", of("megabytes"));
}
for (const name of ["sdk", "http"] as const) {
	const ratios = results.ours.map(({ core }, round) => core / results[name][round]!.core);
	line(`CPU, ours / ${name}`, show(spread(ratios), "", 2));
}
