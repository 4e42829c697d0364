import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { JsonMistake, parsePlaced } from "../../src/commands/placed-json.ts";
import { SETTING_KEYS, SETTINGS, type SettingKey, variableOf } from "../../src/commands/setting-table.ts";
import { effectiveSettings } from "../../src/commands/settings.ts";
import { World } from "./world.ts";

let world: World;
let userFile: string;
let projectFile: string;
beforeEach(() => {
	world = new World();
	userFile = join(world.home, "config", "config.json");
	projectFile = join(world.folder, "work", ".nudge", "config.json");
});
afterEach(() => world.remove());

function write(file: string, content: unknown): void {
	mkdirSync(dirname(file), { recursive: true });
	writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
}

describe("a setting comes from the first that has it", () => {
	test("flag, environment, project, user, default, each with its origin", () => {
		const look = (flags = {}) => effectiveSettings({ env: world.env, cwd: world.cwd, flags }).rounds;
		expect(look()).toEqual({ value: 1, origin: { from: "default" } });
		write(userFile, { rounds: 2 });
		expect(look()).toEqual({ value: 2, origin: { from: "user", file: userFile } });
		write(projectFile, { rounds: 3 });
		expect(look()).toEqual({ value: 3, origin: { from: "project", file: projectFile } });
		world.env.NUDGE_ROUNDS = "4";
		expect(look()).toEqual({ value: 4, origin: { from: "environment", variable: "NUDGE_ROUNDS" } });
		expect(look({ rounds: "5" })).toEqual({ value: 5, origin: { from: "flag", flag: "--rounds" } });
	});

	test("every default is a value that its own check accepts", () => {
		const effective = effectiveSettings({ env: world.env, cwd: world.cwd });
		expect(Object.keys(effective)).toEqual(SETTING_KEYS);
		const given = Object.fromEntries(
			SETTING_KEYS.filter((key) => SETTINGS[key].default !== undefined).map((key) => [
				key,
				SETTINGS[key].default,
			]),
		);
		write(userFile, given);
		for (const key of Object.keys(given) as SettingKey[]) {
			const { value, origin } = effectiveSettings({ env: world.env, cwd: world.cwd })[key];
			expect(value).toEqual(SETTINGS[key].default);
			expect(origin.from).toBe("user");
		}
	});

	test("flags that are no settings are left alone, and a variable that is empty is not set", () => {
		world.env.NUDGE_ENGINE = "";
		const effective = effectiveSettings({
			env: world.env,
			cwd: world.cwd,
			flags: { problem: "1+1", "allow-unisolated": true, engine: undefined },
		});
		expect(effective["allow-unisolated"].value).toBe(true);
		expect(effective.engine).toEqual({ value: "embedded", origin: { from: "default" } });
	});

	test.each([
		["NUDGE_MAX_TOKENS", "many", "NUDGE_MAX_TOKENS: max-tokens must be a whole number of at least 1"],
		["NUDGE_HINTS", "atuo", "did you mean auto?"],
		["NUDGE_TOP_P", "0", "above 0"],
		["NUDGE_SEED", " ", "seed must be"],
	])("a variable with a wrong value (%s=%s) is named", (variable, value, says) => {
		world.env[variable] = value;
		expect(() => effectiveSettings({ env: world.env, cwd: world.cwd })).toThrow(says);
	});

	test("a wrong flag is named too", () => {
		const flags = { temperature: "hot" };
		expect(() => effectiveSettings({ env: world.env, cwd: world.cwd, flags })).toThrow(
			"--temperature: temperature must be a number from 0 to 5",
		);
	});
});

describe("nudge config set", () => {
	test("writes what get and list then show, in a file for its owner only", async () => {
		expect(await world.nudge("config", "set", "max-tokens", "4096")).toMatchObject({ code: 0, err: "" });
		expect((await world.nudge("config", "get", "max-tokens")).out).toBe("4096\n");
		expect((await world.nudge("config", "list")).out).toMatch(/^max-tokens +4096 +user /m);
		expect(JSON.parse(readFileSync(userFile, "utf8"))).toEqual({ "max-tokens": 4096 });
		expect(statSync(userFile).mode & 0o077).toBe(0);
	});

	test("describes an engine field by field", async () => {
		const first = await world.nudge("config", "set", "engines.lab.url", "http://127.0.0.1:8080");
		expect(first.code).toBe(0);
		expect(first.err).toContain("engines.lab has no type yet");
		await world.nudge("config", "set", "engines.lab.type", "llama-server");
		await world.nudge("config", "set", "engines.lab.contextTokens", "8192");
		await world.nudge("config", "set", "engines.other", '{"type":"vllm","url":"https://gpu:8000"}');
		expect(effectiveSettings({ env: world.env, cwd: world.cwd }).engines.value).toEqual({
			lab: { url: "http://127.0.0.1:8080", type: "llama-server", contextTokens: 8192 },
			other: { type: "vllm", url: "https://gpu:8000" },
		});
		expect((await world.nudge("config", "get", "engines.lab.url")).out).toBe("http://127.0.0.1:8080\n");
		expect((await world.nudge("config", "unset", "engines.lab")).code).toBe(0);
		expect(JSON.parse((await world.nudge("config", "get", "engines")).out)).toHaveProperty("other");
		expect((await world.nudge("config", "get", "engines.lab")).code).toBe(1);
	});

	test("leaves an engine without a type alone until somebody wants to use it", async () => {
		await world.nudge("config", "set", "engines.lab.url", "http://127.0.0.1:8080");
		await world.nudge("config", "set", "engines.lab.providers", "one, two");
		await world.nudge("config", "set", "engines.lab.gpu", "false");
		const use = () => effectiveSettings({ env: world.env, cwd: world.cwd, flags: { engine: "lab" } });
		expect(use).toThrow("the engine lab has no type yet");
		await world.nudge("config", "set", "engines.lab.type", "openrouter");
		expect(use().engines.value.lab).toEqual({
			url: "http://127.0.0.1:8080",
			providers: ["one", "two"],
			gpu: false,
			type: "openrouter",
		});
	});

	test.each([
		["max-tokens", "0", "whole number of at least 1"],
		["max-tokens", "1.5", "whole number"],
		["max-token", "5", "did you mean max-tokens?"],
		["hints", "never", "one of auto, ask, off"],
		["allow-unisolated", "maybe", "true or false"],
		["python-host", "sandbox", "local, nemo-skills:URL or sandbox-fusion:URL"],
		["engine", " ", "not empty"],
		["engines.lab.uri", "x", "did you mean url?"],
		["engines.lab.url", "localhost", "http:// or https://"],
		["engines.lab.type", "vlm", "did you mean vllm?"],
		["engines.lab.gpu", "on", "auto or false"],
		["engines.lab.providers", "", "list of texts"],
		["engines.l b.url", "http://x", "letters, digits"],
		["engines.lab.url.more", "x", "engines.NAME.FIELD"],
		["engines.", "x", "engines.NAME"],
		["engines.lab", "x", "must be an object"],
		["engines", "[]", "must be an object"],
		["engines.lab.contextTokens", "-1", "whole number"],
		["__proto__", "1", "no setting"],
		["engines.__proto__.url", "http://x", "letters, digits"],
	])("refuses %s = %j with the reason, and writes nothing", async (key, value, says) => {
		const { code, err } = await world.nudge("config", "set", "--", key, value);
		expect(code).toBe(2);
		expect(err).toContain(says);
		expect(existsSync(userFile)).toBe(false);
	});

	test("says when an environment variable goes before what was set", async () => {
		world.env.NUDGE_SEED = "1";
		expect((await world.nudge("config", "set", "seed", "2")).err).toContain(
			"NUDGE_SEED is in the environment",
		);
	});

	test("writes a project's file with --project: the nearest one, or a new one here", async () => {
		await world.nudge("config", "set", "--project", "words", "2");
		expect(JSON.parse(readFileSync(join(world.cwd, ".nudge", "config.json"), "utf8"))).toEqual({ words: 2 });
		write(projectFile, { rounds: 2 });
		expect((await world.nudge("config", "path", "--project")).out).toBe(
			`${join(world.cwd, ".nudge", "config.json")}\n`,
		);
		expect((await world.nudge("config", "get", "rounds")).out).toBe("1\n");
	});
});

describe("a secret never comes into a settings file", () => {
	const secret = "sk-abcdefghijklmnopqrstuvwxyz123456";
	test.each([
		["engines.lab.apiKey", secret],
		["engines.lab.api_key", secret],
		["engines.lab.token", secret],
		["engines.lab.apiKeyEnv", secret],
		["engines.lab.model", secret],
		["engines.lab.url", "https://me:hidden-password@host/v1"],
		["engine", "llama-server:https://me:hidden-password@host/v1"],
		["api-key", secret],
		["OPENAI_API_KEY", secret],
		["hf-token", secret],
		["password", "hidden-password"],
	])(
		"set %s is refused, names apiKeyEnv or the variable, and does not repeat the secret",
		async (key, value) => {
			const { code, out, err } = await world.nudge("config", "set", key, value);
			expect(code).toBe(2);
			expect(err).toMatch(/apiKeyEnv|environment variable/);
			expect(out + err).not.toContain(value);
			expect(out + err).not.toContain("hidden-password");
			expect(existsSync(userFile)).toBe(false);
		},
	);

	test("one that a person wrote into the file is found by its place and not shown", async () => {
		write(userFile, `{\n\t"engines": {\n\t\t"lab": {"type": "vllm",\n\t\t\t"apiKey": "${secret}"}\n\t}\n}`);
		const { code, out, err } = await world.nudge("config", "list");
		expect(code).toBe(2);
		expect(err).toContain(`${userFile}:4:4: secrets never stand in settings`);
		expect(out + err).not.toContain(secret);
	});

	test("counts of tokens are no secrets", async () => {
		expect((await world.nudge("config", "set", "max-tokens", "10")).code).toBe(0);
		expect((await world.nudge("config", "set", "engines.lab.apiKeyEnv", "LAB_API_KEY")).code).toBe(0);
	});
});

describe("a project's file, which may be somebody else's", () => {
	test.each([
		["python", "/tmp/evil"],
		["allow-unisolated", true],
		["isolation", "none"],
		["python-host", "nemo-skills:http://evil.example"],
		["engines", { lab: { type: "vllm", url: "http://evil", apiKeyEnv: "OPENAI_API_KEY" } }],
		["engine", "openai-compatible:https://evil/v1#m"],
	])("cannot set %s to %j", async (key, value) => {
		write(projectFile, { [key]: value });
		expect(() => effectiveSettings({ env: world.env, cwd: world.cwd })).toThrow(
			`${projectFile}:1:2: a project's file cannot `,
		);
		expect((await world.nudge("config", "set", "--project", key, String(value))).code).toBe(2);
	});
});

test("a project may choose among engines that are here already", async () => {
	write(projectFile, { engine: "lab" });
	expect(effectiveSettings({ env: world.env, cwd: world.cwd }).engine.value).toBe("lab");
});

describe("a file with mistakes", () => {
	test.each([
		['{"rounds": 2,}', "1:14"],
		["{'rounds': 2}", "1:2"],
		['{\n\t"rounds": 2\n\t"words": 1\n}', "3:2"],
		['{"rounds": 2', "1:13"],
		['{"rounds": two}', "1:12"],
		['{"engine": "emb\n}', "1:12"],
		['{"rounds": 1, "rounds": 2}', "1:15"],
		["[]", "1:1"],
		['{"rounds": 2} x', "1:15"],
	])("%j is shown by line and column, exits with 2, and set never writes over it", async (content, place) => {
		write(userFile, content);
		const listed = await world.nudge("config", "list");
		expect(listed.code).toBe(2);
		expect(listed.err).toContain(`${userFile}:${place}: `);
		expect(listed.out).toContain("max-tokens");
		const set = await world.nudge("config", "set", "seed", "3");
		expect(set.code).toBe(2);
		expect(set.err).toContain("it was not changed");
		expect((await world.nudge("config", "unset", "rounds")).code).toBe(2);
		expect(readFileSync(userFile, "utf8")).toBe(content);
	});

	test("has all its mistakes named at once, each in its place, and the good values are still shown", async () => {
		write(userFile, '{\n\t"rounds": 7,\n\t"word": 2,\n\t"hints": "sometimes",\n\t"seed": 5\n}');
		const { code, out, err } = await world.nudge("config", "list");
		expect(code).toBe(2);
		expect(err).toContain(`${userFile}:3:2: there is no setting "word"; did you mean words?`);
		expect(err).toContain(`${userFile}:4:2: hints must be one of auto, ask, off`);
		expect(out).toMatch(/^rounds +7 /m);
		expect(out).toMatch(/^seed +5 /m);
		expect(() => effectiveSettings({ env: world.env, cwd: world.cwd })).toThrow(/3:2: [\s\S]*4:2: /);
	});

	test("can be mended with set and unset, which keep everything else", async () => {
		write(userFile, { rounds: 7, "wo.rd": 2, hints: "sometimes", $schema: "x" });
		expect((await world.nudge("config", "unset", "wo.rd")).code).toBe(0);
		expect((await world.nudge("config", "set", "hints", "off")).code).toBe(0);
		expect(JSON.parse(readFileSync(userFile, "utf8"))).toEqual({ rounds: 7, hints: "off", $schema: "x" });
		expect((await world.nudge("config", "list")).code).toBe(0);
	});

	test("that is empty is a file without settings", async () => {
		write(userFile, "\n");
		expect((await world.nudge("config", "list")).code).toBe(0);
	});
});

describe("nudge config get, unset, list and path", () => {
	test("list --json gives every setting with value and origin, and hides nothing", async () => {
		write(userFile, { seed: 5 });
		const listed = JSON.parse((await world.nudge("config", "list", "--json")).out) as Record<string, unknown>;
		expect(Object.keys(listed)).toEqual(SETTING_KEYS);
		expect(listed.seed).toEqual({ value: 5, origin: "user", file: userFile });
		expect(listed["max-seconds"]).toEqual({ value: null, origin: "default" });
	});

	test("get says when a setting is not set, and --json gives the origin", async () => {
		expect(await world.nudge("config", "get", "max-seconds")).toEqual({
			code: 1,
			out: "",
			err: "nudge: max-seconds is not set\n",
		});
		world.env.NUDGE_ENGINE = "big.gguf";
		expect(JSON.parse((await world.nudge("config", "get", "engine", "--json")).out)).toEqual({
			value: "big.gguf",
			origin: "environment",
			variable: "NUDGE_ENGINE",
		});
		expect((await world.nudge("config", "get", "engin")).err).toContain("did you mean engine?");
	});

	test("unset takes a value back to its default and is content when there is none", async () => {
		await world.nudge("config", "set", "seed", "5");
		expect((await world.nudge("config", "unset", "seed")).code).toBe(0);
		expect((await world.nudge("config", "get", "seed")).out).toBe("0\n");
		expect(await world.nudge("config", "unset", "seed")).toMatchObject({ code: 0 });
		expect((await world.nudge("config", "unset", "sed")).code).toBe(2);
	});

	test("path prints where the file is, or would be", async () => {
		expect((await world.nudge("config", "path")).out).toBe(`${userFile}\n`);
		expect((await world.nudge("config", "path", "--project")).code).toBe(1);
	});
});

test("every setting but engines has an environment variable, and no two share one", () => {
	const variables = SETTING_KEYS.map(variableOf).filter((name) => name !== undefined);
	expect(variables).toHaveLength(SETTING_KEYS.length - 1);
	expect(new Set(variables).size).toBe(variables.length);
	expect(variables).not.toContain("NUDGE_HOME");
});

describe("JSON with places", () => {
	test("is read as JSON.parse reads it", () => {
		fc.assert(
			fc.property(fc.json({ maxDepth: 4 }), fc.constantFrom("", "\n", "\t "), (text, blank) => {
				expect(parsePlaced(`${blank}${text}${blank}`).value).toEqual(JSON.parse(text));
			}),
		);
	});

	test("refuses what JSON.parse refuses, and says where", () => {
		fc.assert(
			fc.property(fc.json(), fc.nat(), fc.constantFrom("", "}", '"', ",", "x", "\u0001"), (text, at, put) => {
				const broken = text.slice(0, at % text.length) + put + text.slice((at % text.length) + 1);
				let fine = true;
				try {
					JSON.parse(broken);
				} catch {
					fine = false;
				}
				if (fine) return;
				expect(() => parsePlaced(broken)).toThrow(JsonMistake);
			}),
		);
	});

	test("a tower of brackets is a mistake, not an overflow", () => {
		expect(() => parsePlaced("[".repeat(100_000))).toThrow("deep");
	});
});
