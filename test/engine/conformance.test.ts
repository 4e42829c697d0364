import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Check, conform, knownConformance } from "../../src/engine/conformance.ts";
import { type EngineSpec, openEngine } from "../../src/engine/open.ts";
import { SCRIPTED_TEMPLATE } from "./scripted-model.ts";
import { type ScriptedOptions, type ScriptedServer, scriptedServer } from "./scripted-server.ts";

const SCRIPT =
	"Let me multiply: 12*13 = 12*10 + 12*3 = 120 + 36 = 156.\nWait, check: 13*12 = 156.\n</think>\n\n156";

describe("the conformance test", () => {
	let cacheFolder: string;
	const servers: ScriptedServer[] = [];
	beforeAll(async () => {
		cacheFolder = await mkdtemp(join(tmpdir(), "nudge-conformance-"));
	});
	afterEach(async () => {
		for (const server of servers.splice(0)) await server.close();
	});
	afterAll(() => rm(cacheFolder, { recursive: true, force: true }));

	async function checksOf(
		options: Partial<ScriptedOptions> & Pick<ScriptedOptions, "dialect">,
		spec: (url: string) => EngineSpec,
	): Promise<Map<string, Check>> {
		const server = await scriptedServer({ script: SCRIPT, ...options });
		servers.push(server);
		const engine = await openEngine(spec(server.url), { env: { DEEPSEEK_API_KEY: "k" } });
		const report = await conform(engine, { cacheFolder, now: () => new Date(0) });
		expect(await knownConformance(engine, cacheFolder)).toEqual(report);
		await engine.close();
		return new Map(report.checks.map((check) => [check.name, check]));
	}

	it("finds nothing wrong with the embedded engine", async () => {
		const engine = await openEngine("embedded");
		try {
			const report = await conform(engine, { cacheFolder });
			expect(report.checks.filter(({ status }) => status !== "ok")).toEqual([]);
			expect(report.checks.length).toBeGreaterThanOrEqual(9);
		} finally {
			await engine.close();
		}
	});

	it.each(["vllm", "sglang"] as const)("finds nothing wrong with %s as it should be", async (dialect) => {
		const checks = await checksOf({ dialect }, (url) => ({ type: dialect, url }));
		expect([...checks.values()].filter(({ status }) => status === "fail")).toEqual([]);
		expect(checks.get("token ids")?.status).toBe("ok");
		expect(checks.get("continuation")?.status).toBe("ok");
		expect(checks.get("stop strings")?.says).toContain("known which");
	});

	it("tells a second start token", async () => {
		const checks = await checksOf(
			{ dialect: "vllm", faults: [{ type: "double-bos" }] },
			(url) => `vllm:${url}`,
		);
		expect(checks.get("start token")).toMatchObject({
			status: "fail",
			says: expect.stringContaining("second start token"),
		});
	});

	it("tells a server that changes its mind about the same text", async () => {
		let calls = 0;
		const checks = await checksOf(
			{ dialect: "vllm", model: (turn) => `${++calls}${SCRIPT.slice(turn.length)}` },
			(url) => `vllm:${url}`,
		);
		expect(checks.get("continuation")?.status).toBe("fail");
	});

	it("tells that a template is only assumed, and takes the user's own", async () => {
		const assumed = await checksOf(
			{ dialect: "openai-compatible" },
			(url) => `openai-compatible:${url}/v1#scripted`,
		);
		expect(assumed.get("header")).toMatchObject({
			status: "warn",
			says: expect.stringContaining("built-in"),
		});
		const { writeFile } = await import("node:fs/promises");
		const template = join(cacheFolder, "tokenizer_config.json");
		await writeFile(
			template,
			JSON.stringify({
				chat_template: SCRIPTED_TEMPLATE,
				bos_token: { content: "<s>" },
				eos_token: "<|im_end|>",
			}),
		);
		const own = await checksOf({ dialect: "openai-compatible" }, (url) => ({
			type: "openai-compatible",
			url: `${url}/v1`,
			model: "scripted",
			template,
		}));
		expect(own.get("header")).toMatchObject({
			status: "ok",
			says: expect.stringContaining("tokenizer_config.json"),
		});
	});

	it("says of a chat API that it is not exact", async () => {
		const checks = await checksOf({ dialect: "chat" }, (url) => ({
			type: "deepseek",
			url,
			model: "scripted",
		}));
		expect(checks.get("exactness")?.status).toBe("warn");
	});

	it("reports an engine that breaks as a failure, in words", async () => {
		const checks = await checksOf(
			{ dialect: "vllm", faults: [{ type: "status", status: 500, says: "out of memory" }] },
			(url) => `vllm:${url}`,
		);
		expect(checks.get("engine")).toMatchObject({
			status: "fail",
			says: expect.stringContaining("out of memory"),
		});
	});
});
