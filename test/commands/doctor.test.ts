import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Io } from "../../src/commands/command.ts";
import { call } from "../../src/commands/main.ts";
import { scriptedServer } from "../engine/scripted-server.ts";
import { nemoSkills } from "../python/sandbox-servers.ts";

let home: string;
beforeAll(async () => {
	home = await mkdtemp(join(tmpdir(), "nudge-doctor-"));
});
afterAll(() => rm(home, { recursive: true, force: true }));

const ioOf = (sink: Writable = new Writable({ write: (_piece, _encoding, done) => done() })): Io => ({
	stdin: process.stdin,
	stdout: sink,
	stderr: sink,
	env: { PATH: process.env.PATH, HOME: home, NUDGE_HOME: home },
	cwd: home,
});

async function doctor(words: readonly string[], isTTY = false): Promise<{ code: number; out: string }> {
	let out = "";
	const sink = Object.assign(
		new Writable({
			write(piece, _encoding, done) {
				out += String(piece);
				done();
			},
		}),
		{ isTTY },
	);
	return { code: await call(["doctor", ...words], ioOf(sink), new AbortController().signal), out };
}

it("says line by line that this machine and the embedded engine work", async () => {
	const { code, out } = await doctor([]);
	expect(out).toMatch(/ {2}ok {4}Node: \d+/);
	expect(out).toMatch(/ok {4}continuation: 16 tokens at once/);
	expect(out).toContain("Nothing stands in the way.");
	expect(out).not.toContain("\u001b");
	expect(code).toBe(0);
});

it("ends with 1 and a reason when the engine does not answer", async () => {
	const { code, out } = await doctor(["vllm:http://user:hunter22@127.0.0.1:1"], true);
	expect(code).toBe(1);
	expect(out).toContain(
		"\u001b[31mfail\u001b[0m  engine: http://127.0.0.1:1/v1/models does not answer: connection refused",
	);
	expect(out).not.toContain("hunter22");
});

it("tries the cluster that python-host names", async () => {
	const server = await nemoSkills();
	try {
		await call(
			["config", "set", "python-host", `nemo-skills:${server.url.href}`],
			ioOf(),
			new AbortController().signal,
		);
		expect((await doctor([])).out).toMatch(
			/ok {4}python-host: Python runs in the NeMo-Skills sandbox at 127.*answered in [\d.]+ m?s/,
		);
	} finally {
		await server.close();
	}
	const { code, out } = await doctor([]);
	expect(out).toMatch(/fail {2}python-host: The sandbox server at .*cannot be reached.*Check python-host/);
	expect(code).toBe(1);
	await call(["config", "unset", "python-host"], ioOf(), new AbortController().signal);
});

it("a cluster that does not answer is said in words before a trace begins", async () => {
	const server = await nemoSkills();
	await server.close();
	let said = "";
	const sink = new Writable({
		write(piece, _encoding, done) {
			said += String(piece);
			done();
		},
	});
	const words = [
		"run",
		"--problem",
		"1 + 1",
		"--allow-unisolated",
		"--python-host",
		`nemo-skills:${server.url.href}`,
	];
	expect(await call(words, ioOf(sink), new AbortController().signal)).toBe(1);
	expect(said).toMatch(/^nudge: The sandbox server at .* cannot be reached.*Check python-host.*$/m);
	expect(said).not.toContain("    at ");
});

it("prints one JSON object for programs", async () => {
	const server = await scriptedServer({
		dialect: "vllm",
		script: "One, two, three, four, five, six, seven, eight, nine, ten.",
	});
	try {
		const { code, out } = await doctor([server.url, "--json"]);
		const data = JSON.parse(out) as { ok: boolean; parts: { title: string; checks: { status: string }[] }[] };
		expect(data.ok).toBe(true);
		expect(data.parts[1]!.title).toBe(`Engine ${server.url}`);
		expect(data.parts[1]!.checks.length).toBeGreaterThan(8);
		expect(code).toBe(0);
	} finally {
		await server.close();
	}
});
