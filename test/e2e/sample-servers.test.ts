/** `nudge sample` on several servers, from the command line: one dies in the middle and comes back, one is another model. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseRollout, type Rollout } from "../../src/data/rollout.ts";
import { textOf } from "../../src/trace/span.ts";
import { ScriptedTokenizer } from "../engine/scripted-model.ts";
import { type ScriptedOptions, type ScriptedServer, scriptedServer } from "../engine/scripted-server.ts";
import { ended, type Home, MAKING_TIMEOUT_MS, makeHome, nudge, start } from "./program.ts";

const SCRIPT = "Let me think \u2014 7 times 6 \u{1f642} is 42.\n</think>\n\nIt is \\boxed{42}.";
const tokenizer = new ScriptedTokenizer();
const servers: ScriptedServer[] = [];
let home: Home;
beforeAll(async () => {
	home = await makeHome();
	const problems = Array.from({ length: 12 }, (_, i) => ({
		id: `p${i}`,
		problem: `${i}: 6 * 7?`,
		answer: "42",
	}));
	writeFileSync(join(home.dir, "p.jsonl"), problems.map((one) => `${JSON.stringify(one)}\n`).join(""));
}, MAKING_TIMEOUT_MS);
afterAll(async () => {
	for (const server of servers) await server.close();
	home?.remove();
});

async function serve(options: Partial<ScriptedOptions> = {}): Promise<ScriptedServer> {
	const server = await scriptedServer({ dialect: "vllm", script: SCRIPT, tokenizer, ...options });
	servers.push(server);
	return server;
}

const ARGS = ["sample", "--problems", "p.jsonl", "--hints", "off", "--json"];

test("one of two dies and comes back: all is done once, and who did how much is said, but not in what the run is", async () => {
	let held = 0;
	let again: ScriptedServer | undefined;
	// The first is slow, so that it is in the middle of something when it dies; the second waits for it to be back.
	const slow = await serve({ pace: () => new Promise((resolve) => setTimeout(resolve, 5)) });
	const other = await serve({
		pace: async () => {
			held++;
			while (held > 300 && again === undefined) await new Promise((resolve) => setTimeout(resolve, 20));
		},
	});
	mkdirSync(join(home.dir, "config"), { recursive: true });
	writeFileSync(
		join(home.dir, "config", "config.json"),
		JSON.stringify({ engines: { slow: { type: "vllm", url: slow.url } } }),
	);
	const engines = `slow,vllm:${other.url}`;
	const child = start(home, [...ARGS, "--n", "8", "--out", "shared", "--engine", engines, "-c", "8"]);
	const over = ended(child);
	await expect.poll(() => slow.load.now, { timeout: 60_000 }).toBeGreaterThan(0);
	await slow.close();
	await expect.poll(() => held, { timeout: 60_000 }).toBeGreaterThan(300);
	again = await serve({ port: Number(new URL(slow.url).port) });
	const { code, stdout, stderr } = await over;
	expect(code, stderr).toBe(0);
	expect(stderr).toContain("nudge: slow is left out: ");
	const said = JSON.parse(stdout) as {
		readonly done: number;
		readonly verdicts: Readonly<Record<string, number>>;
		readonly start: {
			readonly failed: number;
			readonly engines: readonly { engine: string; share: number }[];
		};
	};
	expect(said).toMatchObject({ done: 96, verdicts: { correct: 96 }, start: { failed: 0 } });
	expect(said.start.engines.map(({ engine }) => engine)).toEqual(["slow", `vllm:${other.url}`]);
	expect(said.start.engines.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);
	const read = (name: string): string => readFileSync(join(home.dir, "shared", name), "utf8");
	const rollouts = read("rollouts-1of1.jsonl")
		.trim()
		.split("\n")
		.map((line) => parseRollout(line) as Rollout);
	expect(new Set(rollouts.map(({ key }) => key)).size).toBe(96);
	for (const { spans } of rollouts) expect(textOf(spans)).toBe(SCRIPT);
	expect(read("run.json")).not.toContain("127.0.0.1");
	expect(read("starts.jsonl")).toContain(engines);

	// The same run on one server alone: nothing is owed.
	const alone = await nudge(home, [...ARGS, "--n", "8", "--out", "shared", "--engine", `vllm:${other.url}`]);
	expect(JSON.parse(alone.stdout)).toMatchObject({ done: 96, start: { rollouts: 0 } });
}, 180_000);

test("servers of different models are refused with what differs", async () => {
	const [one, two] = [await serve(), await serve({ name: "other" })];
	const engines = `vllm:${one.url},vllm:${two.url}`;
	const { code, stderr } = await nudge(home, [...ARGS, "--n", "1", "--out", "unlike", "--engine", engines]);
	expect(code).toBe(1);
	expect(stderr).toContain(
		"are not the same, so they cannot share the work:\n  model: scripted, and other\n",
	);
}, 60_000);
