/**
 * `node bench/processes.ts [--at-once 8] [--rounds 5]`: tokens a second of the embedded engine with the tiny model, several
 * traces at once: a process for each core, against the same engine in one process (`threads: 1`), in turns. The same
 * problems and seeds on both sides, without hints and Python; each turn draws everything anew.
 */
import { parseArgs } from "node:util";
import { BUNDLED, readProblems } from "../src/data/problems.ts";
import { EmbeddedEngine } from "../src/engine/embedded/engine.ts";
import { tinyModelPath } from "../src/engine/open.ts";
import type { Prefix } from "../src/trace/span.ts";
import { heading, inTurns, line, show } from "./measure.ts";

const { values } = parseArgs({
	options: { "at-once": { type: "string", default: "8" }, rounds: { type: "string", default: "5" } },
});
const atOnce = Number(values["at-once"]);
const rounds = Number(values.rounds);
const TOKENS = 300;

const open = (threads?: number): Promise<EmbeddedEngine> =>
	EmbeddedEngine.open({
		id: "embedded",
		modelPath: tinyModelPath(),
		parallel: atOnce,
		...(threads === undefined ? {} : { threads }),
	});
const [several, one] = [await open(), await open(1)];

const headers: Prefix[] = [];
for await (const { problem } of readProblems(BUNDLED)) {
	headers.push(await one.renderHeader([{ role: "user", content: problem }]));
	if (headers.length === 6 * atOnce) break;
}

/** Tokens a second. */
async function pace(engine: EmbeddedEngine): Promise<number> {
	const waiting = [...headers.entries()];
	let tokens = 0;
	const began = performance.now();
	await Promise.all(
		Array.from({ length: atOnce }, async () => {
			for (let next = waiting.shift(); next; next = waiting.shift()) {
				const [seed, header] = next;
				const options = { temperature: 0.6, topP: 0.95, seed, maxTokens: TOKENS };
				for await (const { ids } of engine.generate(header, options)) tokens += ids?.length ?? 0;
			}
		}),
	);
	return (1000 * tokens) / (performance.now() - began);
}

heading(`the tiny model, ${headers.length} traces, ${atOnce} at once`);
await Promise.all([pace(several), pace(one)]);
const found = await inTurns(
	rounds,
	() => pace(several),
	() => pace(one),
);
line(`tokens/s, ${several.childPids.length} processes`, show(found.ours, "", 0));
line(`tokens/s, ${one.childPids.length} process`, show(found.baseline, "", 0));
line("ratio", show(found.ratio, "", 2));
await Promise.all([several.close(), one.close()]);
