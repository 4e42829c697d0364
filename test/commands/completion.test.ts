import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Command } from "../../src/commands/command.ts";
import { complete, type Sources } from "../../src/commands/complete.ts";
import { Shell } from "./shell.ts";
import { World } from "./world.ts";

const command: Command = {
	summary: "one",
	options: [
		{ name: "mode", short: "m", value: "MODE", choices: ["fast", "far", "slow"], says: "how" },
		{ name: "file", value: "FILE", completes: "file", says: "from where" },
		{ name: "folder", value: "DIR", completes: "folder", says: "to where" },
		{ name: "engine", value: "ENGINE", completes: "engine", says: "what" },
		{ name: "count", value: "N", says: "how many" },
		{ name: "tag", value: "TAG", many: true, says: "which" },
		{ name: "json", says: "as JSON" },
	],
	positionals: [
		{ name: "ID", completes: "session", says: "which" },
		{ name: "REST", optional: true, many: true, completes: "hint", says: "more" },
	],
};
const table = {
	one: { summary: "the first", load: async () => command },
	group: {
		summary: "the second",
		load: async (): Promise<Command> => ({ summary: "g", subcommands: { show: command } }),
	},
};
const sources: Sources = {
	values: async (kind) => {
		if (kind === "problem") throw new Error("broken");
		return [{ value: `${kind}-1` }, { value: `${kind}-2`, says: "two" }];
	},
	settingValues: async () => [],
};

async function next(...words: string[]): Promise<readonly string[]> {
	const { candidates, also } = await complete(words, table, sources);
	return [...candidates.map(({ value }) => value), ...(also === "nothing" ? [] : [`:${also}`])];
}

describe("what can come next", () => {
	test.each([
		[[""], ["one", "group"]],
		[["o"], ["one"]],
		[["--v"], ["--version"]],
		[["help", "g"], ["group"]],
		[["none", ""], []],
		[["__proto__", ""], []],
		[["group", ""], ["show"]],
		[
			["group", "show", ""],
			["session-1", "session-2"],
		],
		[["one", "session-2"], ["session-2"]],
		[
			["one", "x", ""],
			["hint-1", "hint-2"],
		],
		[["one", "x", "y", "hint-2"], ["hint-2"]],
		[["one", "--m"], ["--mode"]],
		[
			["one", "--mode", ""],
			["fast", "far", "slow"],
		],
		[
			["one", "--mode", "fa"],
			["fast", "far"],
		],
		[["one", "-m", "s"], ["slow"]],
		[["one", "--mode=s"], ["--mode=slow"]],
		[["one", "--json=s"], []],
		[["one", "--nothing=s"], []],
		[["one", "--file", ""], [":files"]],
		[["one", "--folder", "x"], [":folders"]],
		[
			["one", "--engine", ""],
			["engine-1", "engine-2", ":files"],
		],
		[["one", "--count", ""], []],
		[["one", "--mode", "fast", "--m"], []],
		[["one", "--tag", "a", "--t"], ["--tag"]],
		[["one", "--json", "--j"], []],
		[
			["one", "--json", ""],
			["session-1", "session-2"],
		],
		[
			["one", "--count", "3", ""],
			["session-1", "session-2"],
		],
		[["one", "--mode=fast", "-m"], []],
		[["one", "--", "--m"], []],
		[
			["one", "--", ""],
			["session-1", "session-2"],
		],
	])("after %j: %j", async (words, wanted) => {
		expect(await next(...words)).toEqual(wanted);
	});

	test("a source that fails offers nothing and does not disturb", async () => {
		const broken = { ...command, positionals: [{ name: "P", completes: "problem", says: "" } as const] };
		const { candidates } = await complete(
			["p", ""],
			{ p: { summary: "", load: async () => broken } },
			sources,
		);
		expect(candidates).toEqual([]);
	});
});

describe("the real commands", () => {
	const world = new World();
	beforeAll(async () => {
		await world.nudge("config", "set", "engines.lab", '{"type":"vllm","url":"http://127.0.0.1:9"}');
		mkdirSync(join(world.home, "data", "sessions", "20261122-g7k2"), { recursive: true });
		writeFileSync(join(world.cwd, "mine.jsonl"), '{"id":"mine-1","domain":"math","problem":"?"}\n');
	});
	afterAll(() => world.remove());

	async function values(...words: string[]): Promise<string[]> {
		const { code, out } = await world.nudge("completion", "words", "--", ...words);
		expect(code).toBe(0);
		const lines = out.trimEnd().split("\n");
		expect(lines.at(-1)).toMatch(/^:(files|folders|nothing)$/);
		return lines.slice(0, -1).map((line) => line.split("\t")[0] as string);
	}

	test.each([
		[["conf"], ["config"]],
		[["config", "un"], ["unset"]],
		[["config", "set", "hin"], ["hints"]],
		[
			["config", "set", "hints", ""],
			["auto", "ask", "off"],
		],
		[["config", "set", "allow-unisolated", "t"], ["true"]],
		[["config", "set", "engines.lab.type", "vl"], ["vllm"]],
		[["config", "get", "engines.lab.u"], ["engines.lab.url"]],
		[["problems", "show", "theat"], ["theatre"]],
		[["problems", "show", "--file", "mine.jsonl", ""], ["mine-1"]],
		[["problems", "show", "--file", "missing.jsonl", ""], []],
		[["run", "--engine", "la"], ["lab"]],
		[["sample", "--engine", "lab,emb"], ["lab,embedded"]],
		[["sample", "--engine=embedded,la"], ["--engine=embedded,lab"]],
		[["sample", "--hints", "of"], ["off"]],
		[
			["run", "--resume", ""],
			["last", "20261122-g7k2"],
		],
		[["sessions", "show", "2026"], ["20261122-g7k2"]],
		[["problems", "list", "--dom"], ["--domain"]],
		[["completion", "z"], ["zsh"]],
	])("nudge %j: %j", async (words, wanted) => {
		expect(await values(...words)).toEqual(wanted);
	});

	test("hints come from the library", async () => {
		expect((await values("hints", "show", "")).length).toBeGreaterThan(3);
	});

	test("every command of the table is offered, and each of its options where it stands", async () => {
		const { commands } = await import("../../src/commands/table.ts");
		expect(await values("")).toEqual(Object.keys(commands));
		for (const name of ["run", "problems", "config", "hints", "sessions", "completion"]) {
			const walk = async (path: readonly string[], node: Command): Promise<void> => {
				const offered = await values(...path, "--");
				for (const { name } of node.options ?? []) expect(offered, path.join(" ")).toContain(`--${name}`);
				for (const [sub, child] of Object.entries(node.subcommands ?? {})) await walk([...path, sub], child);
			};
			await walk([name], await commands[name]!.load());
		}
	});

	test("the scripts are those of their shells, and bash finds no mistake in its own", async () => {
		const { out } = await world.nudge("completion", "bash");
		execFileSync("bash", ["-n"], { input: out });
		expect((await world.nudge("completion", "zsh")).out).toMatch(/^#compdef nudge\n/);
		expect((await world.nudge("completion", "fish")).out).toContain("complete -c nudge");
		expect((await world.nudge("completion", "tcsh")).err).toContain("it has bash, zsh, fish, words");
	});
});

describe("in a real bash", () => {
	const world = new World();
	let shell: Shell;
	beforeAll(async () => {
		await world.nudge("config", "set", "engines.lab", '{"type":"vllm","url":"http://127.0.0.1:9"}');
		writeFileSync(join(world.cwd, "two words.jsonl"), "");
		mkdirSync(join(world.cwd, "deeper"));
		shell = new Shell(world, "bash", ["--norc", "--noprofile", "-i"], ["source <(nudge completion bash)"]);
	});
	afterAll(() => {
		shell.close();
		world.remove();
	});

	test.each([
		["a command", "nudge comp", ["nudge", "completion"]],
		["a subcommand", "nudge config unse", ["nudge", "config", "unset"]],
		["an option", "nudge problems list --dom", ["nudge", "problems", "list", "--domain"]],
		["a choice", "nudge problems list --domain sc", ["nudge", "problems", "list", "--domain", "science"]],
		[
			"a choice behind =",
			"nudge problems list --domain=sc",
			["nudge", "problems", "list", "--domain=science"],
		],
		["nothing behind = yet", "nudge run --hints=of", ["nudge", "run", "--hints=off"]],
		["a problem", "nudge problems show theat", ["nudge", "problems", "show", "theatre"]],
		["a setting with dots", "nudge config get engines.lab.ur", ["nudge", "config", "get", "engines.lab.url"]],
		["an engine", "nudge run --engine la", ["nudge", "run", "--engine", "lab"]],
		[
			"an engine with colons",
			"nudge run --engine llama-server:h",
			["nudge", "run", "--engine", "llama-server:http://127.0.0.1:8080"],
		],
		["an engine behind =", "nudge run --engine=openr", ["nudge", "run", "--engine=openrouter:"]],
		["a file with a blank", "nudge problems check two", ["nudge", "problems", "check", "two words.jsonl"]],
		["a folder on the way to a file", "nudge problems check dee", ["nudge", "problems", "check", "deeper/"]],
		["nothing where there is nothing", "nudge problems show zebra", ["nudge", "problems", "show", "zebra"]],
	])("Tab completes %s", async (_, typed, words) => {
		expect(await shell.tab(typed)).toEqual(words);
	});
});
