/** The clients of sandbox clusters, against servers that answer and fail as the real ones are documented to. */
import { afterEach, describe, expect, test } from "vitest";
import { NotIsolatedError } from "../../src/python/host.ts";
import { openRemoteHost, type RemoteOptions } from "../../src/python/remote.ts";
import type { RemoteHost } from "../../src/python/remote-session.ts";
import { isThisMachine, parsePythonHost } from "../../src/python/remote-spec.ts";
import { RemoteError } from "../../src/python/remote-wire.ts";
import { type NemoSkills, nemoSkills, type SandboxServer, sandboxFusion } from "./sandbox-servers.ts";

const RESTARTED = "[the Python session was restarted: earlier variables are gone]";
const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
	for (const one of open.splice(0).reverse()) await one.close();
});

async function host<S extends SandboxServer>(
	kind: "nemo-skills" | "sandbox-fusion",
	made: Promise<S>,
	options: RemoteOptions = {},
): Promise<{ server: S; python: RemoteHost }> {
	const server = await made;
	open.push(server);
	const python = await openRemoteHost(
		{ kind, url: server.url },
		{ allowUnisolated: true, firstPauseMs: 1, tries: 4, ...options },
	);
	open.push(python);
	server.seen.length = 0;
	return { server, python };
}

test("a place is a kind and a URL; what is wrong with one is said, and no password is repeated", () => {
	expect(parsePythonHost("local")).toEqual({ kind: "local" });
	expect(parsePythonHost("nemo-skills:http://box:6000")).toMatchObject({ kind: "nemo-skills" });
	expect(parsePythonHost("sandbox:http://box")).toMatch(/must be local, nemo-skills:URL/);
	expect(parsePythonHost("nemo-skills:box:6000")).toMatch(/begins with http/);
	expect(parsePythonHost("sandbox-fusion:http://me:hunter22@box")).toMatch(/secrets never stand/);
	expect(parsePythonHost("sandbox-fusion:http://me:hunter22@box")).not.toMatch(/hunter22/);
	expect(isThisMachine(new URL("http://127.0.0.1:1"))).toBe(true);
	expect(isThisMachine(new URL("http://box.lab:1"))).toBe(false);
});

describe.each([
	["nemo-skills", nemoSkills],
	["sandbox-fusion", sandboxFusion],
] as const)("%s", (kind, start) => {
	const begin = (options?: RemoteOptions) => host(kind, start() as Promise<SandboxServer>, options);

	test("names are kept from block to block and apart from trace to trace", async () => {
		const { python } = await begin();
		const [a, b] = [await python.open(), await python.open()];
		expect((await a.run("set x 1")).verdict).toBe("ok");
		await b.run("set x 2");
		expect(await a.run("get x")).toMatchObject({ verdict: "ok", text: "1", stateLost: false });
		expect((await b.run("get x")).text).toBe("2");
		const missing = await a.run("get y");
		expect(missing.verdict).toBe("error");
		expect(missing.text).toMatch(/^Traceback[\s\S]*NameError: name 'y' is not defined\n?$/);
		// A fresh namespace where one is asked for.
		await a.restart();
		expect((await a.run("get x")).verdict).toBe("error");
	});

	test("output is cut to the limit in the middle", async () => {
		const { python } = await begin();
		const session = await python.open({ limits: { outputChars: 100 } });
		const { text, outputBytes } = await session.run(`print ${"y".repeat(5000)}`);
		expect(text).toBe(`${"y".repeat(50)}\n[... 4901 characters cut ...]\n${"y".repeat(49)}\n`);
		expect(outputBytes).toBe(5001);
	});

	test("a server with too much to do is asked again, later; after that it is an error that says so, and no output", async () => {
		const { server, python } = await begin();
		const session = await python.open();
		server.troubles.push({ status: 429 }, { status: 503 });
		expect((await session.run("print a")).text).toBe("a\n");
		server.troubles.push(...Array.from({ length: 4 }, () => ({ status: 429 })));
		await expect(session.run("print b")).rejects.toThrow(/too much to do \(429\) \(4 tries\)/);
		expect((await session.run("print c")).text).toBe("c\n");
	});

	test("no more requests are in flight than the bound", async () => {
		const { server, python } = await begin({ inFlight: 3 });
		const texts = await Promise.all(
			Array.from({ length: 20 }, async (_, i) => (await (await python.open()).run(`print ${i}`)).text),
		);
		expect(texts).toEqual(Array.from({ length: 20 }, (_, i) => `${i}\n`));
		expect(server.most).toBeLessThanOrEqual(3);
	});

	test("a wrong address is said at once, with what to check", async () => {
		const server = await start();
		const { url } = server;
		await server.close();
		await expect(openRemoteHost({ kind, url }, { allowUnisolated: true })).rejects.toThrow(
			new RegExp(`cannot be reached.*Check python-host: ${kind}:http`),
		);
		const other = await start();
		open.push(other);
		other.troubles.push({ answer: { hello: "I am something else" } });
		await expect(openRemoteHost({ kind, url: other.url }, { allowUnisolated: true })).rejects.toThrow(
			/not as .* does.*Check python-host/,
		);
		other.troubles.push({ status: 404, body: "no such page" });
		await expect(openRemoteHost({ kind, url: other.url }, { allowUnisolated: true })).rejects.toThrow(
			/answered 404/,
		);
	});

	test("a server on this machine is agreed to first; who isolates is said", async () => {
		const server = await start();
		open.push(server);
		await expect(openRemoteHost({ kind, url: server.url })).rejects.toThrow(NotIsolatedError);
		expect(server.seen).toEqual([]);
		const { python } = await begin();
		expect(python.isolation).toMatchObject({ kind: "remote" });
		expect(python.isolation.says).toContain("on this machine");
	});

	test("a block that is stopped ends, and says that the names are gone", async () => {
		const { python } = await begin();
		const session = await python.open();
		await session.run("set x 1");
		const stop = new AbortController();
		const running = session.run("print a", { signal: stop.signal });
		stop.abort();
		expect(["killed"]).toContain((await running).verdict);
		await session.close();
		expect((await session.run("print b")).text).toMatch(/not run/);
	});
});

describe("nemo-skills", () => {
	const begin = (): Promise<{ server: NemoSkills; python: RemoteHost }> => host("nemo-skills", nemoSkills());

	test("a session that was made anew in between is said to the model, once, and nothing is run again", async () => {
		const { server, python } = await begin();
		const session = await python.open();
		expect((await session.run("set x 1")).stateLost).toBe(false);
		server.sessions.clear();
		const after = await session.run("print a");
		expect(after).toMatchObject({ verdict: "ok", stateLost: true, text: `a\n${RESTARTED}` });
		expect((await session.run("get x")).stateLost).toBe(false);
		expect(server.seen.map(({ body }) => body.generated_code)).toEqual(["set x 1", "print a", "get x"]);
	});

	test("timeouts: one that killed the Python loses the names and is not told twice", async () => {
		const { server, python } = await begin();
		const session = await python.open({ limits: { timeoutMs: 2000 } });
		await session.run("set x 1");
		const stderr = "Execution timed out after 2.0 seconds\n";
		server.troubles.push({
			answer: { process_status: "timeout", stdout: "half", stderr, new_session_created: true },
		});
		expect(await session.run("loop")).toMatchObject({
			verdict: "timeout",
			stateLost: true,
			text: `half\n[timeout: stopped after 2 s]\n${RESTARTED}`,
		});
		server.troubles.push({
			answer: { process_status: "completed", stdout: "", stderr: "", new_session_created: true },
		});
		expect(await session.run("set y 1")).toMatchObject({ verdict: "ok", text: "", stateLost: false });
		server.troubles.push({
			answer: { process_status: "timeout", stdout: "", stderr, new_session_created: false },
		});
		expect(await session.run("loop")).toMatchObject({ verdict: "timeout", stateLost: false });
	});

	test("a Python that died is killed, a MemoryError is memory, an unknown status is an error", async () => {
		const { server, python } = await begin();
		const session = await python.open();
		await session.run("set x 1");
		const died = {
			process_status: "error",
			stdout: "",
			stderr: "\nconnection closed\n",
			new_session_created: true,
		};
		server.troubles.push({ answer: died });
		expect(await session.run("die")).toMatchObject({ verdict: "killed", stateLost: true });
		const full = {
			process_status: "error",
			stdout: "MemoryError: \n",
			stderr: "",
			new_session_created: false,
		};
		server.troubles.push({ answer: full });
		expect((await session.run("eat")).verdict).toBe("memory");
		server.troubles.push({ answer: { process_status: "odd", stdout: "" } });
		await expect(session.run("odd")).rejects.toThrow(/process_status odd/);
	});

	test.each([
		["a connection that breaks off", { hangUp: true } as const],
		["an answer that is cut off", { cut: 20 }],
		["a gateway that gives up", { status: 502 }],
	])(
		"%s: nobody knows whether the block ran, so it is an error and the namespace is not used again",
		async (_, trouble) => {
			const { server, python } = await begin();
			const session = await python.open();
			await session.run("set x 1");
			const [{ session: before } = { session: "" }] = server.seen;
			server.troubles.push(trouble);
			await expect(session.run("set x 2")).rejects.toThrow(RemoteError);
			await session.run("print a");
			const runs = server.seen.filter(({ what }) => what.startsWith("POST"));
			expect(runs.map(({ body }) => body.generated_code)).toEqual(["set x 1", "set x 2", "print a"]);
			expect(runs.at(-1)!.session).not.toBe(before);
			expect(server.seen.some(({ what }) => what === `DELETE /sessions/${before}`)).toBe(true);
		},
	);

	test("sessions are deleted at the end", async () => {
		const { server, python } = await begin();
		await Promise.all([1, 2, 3].map(async (i) => (await python.open()).run(`set x ${i}`)));
		expect(server.sessions.size).toBe(3);
		await python.close();
		expect(server.sessions.size).toBe(0);
	});
});

describe("sandbox-fusion", () => {
	const begin = () => host("sandbox-fusion", sandboxFusion());
	const driver = (status: string, stderr = "") => ({ status, return_code: null, stdout: "", stderr });

	test("earlier blocks are sent again, without what they printed; those that did not end are not", async () => {
		const { server, python } = await begin();
		const session = await python.open();
		expect((await session.run("print once")).text).toBe("once\n");
		await session.run("get nothing");
		const late = {
			answer: { status: "Failed", message: "", driver: driver("TimeLimitExceeded"), cells: [] },
		};
		server.troubles.push(late, late);
		expect(await session.run("loop")).toMatchObject({ verdict: "timeout", stateLost: false });
		expect((await session.run("print last")).text).toBe("last\n");
		const cells = server.seen.at(-1)!.body.cells as string[];
		expect(cells.filter((cell) => !cell.includes("setitimer"))).toEqual([
			"print once",
			"get nothing",
			"print last",
		]);
	});

	test("the alarm's interrupt is a timeout, not an error of the code", async () => {
		const { server, python } = await begin();
		const session = await python.open({ limits: { timeoutMs: 1500 } });
		const error = [{ ename: "NudgeTimeout", evalue: "", traceback: ["x"] }];
		const cell = { stdout: "half\n", stderr: "", display: [], error };
		const empty = { stdout: "", stderr: "", display: [], error: [] };
		server.troubles.push({
			answer: { status: "Success", message: "", driver: driver("Finished"), cells: [empty, cell] },
		});
		expect(await session.run("loop")).toMatchObject({
			verdict: "timeout",
			text: "half\n[timeout: stopped after 1.5 s]\n[what this block had defined is gone]",
		});
	});

	test("what the server fails at is tried again and never shown as an output", async () => {
		const { server, python } = await begin();
		const session = await python.open();
		const sick = { answer: { status: "SandboxError", message: "no space left on device", cells: [] } };
		const few = { answer: { status: "Success", message: "", driver: driver("Finished"), cells: [] } };
		const broken = {
			answer: { status: "Failed", message: "", driver: driver("Error", "cannot fork"), cells: [] },
		};
		server.troubles.push(sick, few, { cut: 30 });
		expect((await session.run("print a")).text).toBe("a\n");
		server.troubles.push(sick, { hangUp: true }, broken, sick);
		await expect(session.run("print b")).rejects.toThrow(/SandboxError: no space left on device \(4 tries\)/);
	});

	test("a Python that died is killed; blocks too large for its driver are refused in words", async () => {
		const { server, python } = await begin();
		const session = await python.open();
		const dead = {
			answer: {
				status: "Failed",
				message: "",
				driver: driver("Finished", "RuntimeError: Kernel died"),
				cells: [],
			},
		};
		server.troubles.push(dead);
		expect((await session.run("die")).verdict).toBe("killed");
		await expect(session.run(`print ${"x".repeat(60_000)}`)).rejects.toThrow(/driver hangs above 50000/);
		expect((await session.run("print a")).text).toBe("a\n");
	});
});
