import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Sample } from "../../../src/trace/sample.ts";
import { World } from "../../commands/world.ts";
import { datasetOf, sampleFrom } from "../formats/generated.ts";
import { ScriptedHub } from "./scripted-hub.ts";

const TOKEN = "hf_secretsecretsecret";

let hub: ScriptedHub;
let world: World;

beforeEach(async () => {
	hub = await ScriptedHub.start();
	world = new World();
	Object.assign(world.env, { HF_TOKEN: TOKEN, HF_ENDPOINT: hub.url, HOME: world.folder });
	dataset(3);
});

afterEach(async () => {
	await hub.stop();
	world.remove();
});

function dataset(count: number, changed: Partial<Sample> = {}): void {
	const samples = Array.from({ length: count }, (_, i) => sampleFrom(`q${i}`, i === 0 ? changed : {}));
	datasetOf(join(world.cwd, "d"), samples);
}

const push = (...words: string[]) => world.nudge("dataset", "push", "d", "me/d", "--yes", ...words);

describe("nudge dataset push", () => {
	test("makes the repository and commits samples, conversations and card at once", async () => {
		const { code, out, err } = await push("--message", "The first three");
		expect([code, err]).toEqual([0, ""]);
		expect(out).toContain("PUBLIC: everybody sees problems, gold answers");
		expect(out).toContain(`${hub.url}/datasets/me/d`);
		expect(hub.commits).toEqual([
			{
				repo: "me/d",
				branch: "main",
				summary: "The first three",
				paths: ["README.md", "data/train-00000-of-00001.parquet", "messages/train-00000-of-00001.jsonl"],
			},
		]);
		const files = hub.files("me/d");
		expect(files.get("messages/train-00000-of-00001.jsonl")!.trimEnd().split("\n")).toHaveLength(3);
		expect(files.get("data/train-00000-of-00001.parquet")).toMatch(/^PAR1/);
		expect(files.get("README.md")).toMatch(/config_name: default\n {4}default: true/);
		expect(hub.tokens).toEqual(new Set([TOKEN]));
		expect(out + err).not.toContain(TOKEN);
		expect(readdirSync(join(world.home, "cache"))).toEqual([]);
	});

	test("again sends nothing; after a change it sends what changed, and what is no more goes", async () => {
		await push();
		const { out } = await push();
		expect(out).toContain("nothing to send: all 3 files are there already");
		expect(hub.commits).toHaveLength(1);
		const at = hub.repos.get("me/d")!.branches.get("main")!;
		at.files.set("data/train-00001-of-00002.parquet", {
			bytes: Buffer.from("of an earlier push"),
			lfs: false,
		});
		at.files.set("notes.txt", { bytes: Buffer.from("somebody's own"), lfs: false });
		dataset(3, { answer: "13" });
		const { code, out: again } = await push();
		expect(code).toBe(0);
		// The conversation does not have the answer, and the card counts the same.
		expect(hub.commits[1]!.paths).toEqual([
			"data/train-00000-of-00001.parquet",
			"-data/train-00001-of-00002.parquet",
		]);
		expect(again).toContain("1 files sent, 2 unchanged, 1 of an earlier push taken away");
		expect(hub.files("me/d").get("notes.txt")).toBe("somebody's own");
	});

	test("taken up after it broke off, it sends what is not there yet", async () => {
		hub.refuse = { at: /^POST .*\/commit\/main$/, how: { status: 500 } };
		const first = await push();
		expect(first.code).toBe(1);
		expect(first.err).toContain("the Hub has a failure of its own (500)");
		hub.refuse = undefined;
		hub.asked.length = 0;
		expect((await push()).code).toBe(0);
		expect(hub.asked.some((line) => line.startsWith("PUT /storage/"))).toBe(false);
		expect(hub.commits).toHaveLength(1);
	});

	test("makes a private repository where asked to, and refuses to pretend for a public one", async () => {
		const { out } = await push("--private");
		expect(hub.repos.get("me/d")!.private).toBe(true);
		expect(out).toContain("made now and private: only its owner sees");
		hub.repos.get("me/d")!.private = false;
		const { code, err } = await push("--private");
		expect(code).toBe(1);
		expect(err).toContain("me/d is there and public, so --private cannot hold: nothing was sent");
		expect(hub.commits).toHaveLength(1);
	});

	test("goes to a branch, which it makes once", async () => {
		await push("--branch", "second");
		dataset(4);
		await push("--branch", "second");
		expect(hub.commits.map(({ branch }) => branch)).toEqual(["second", "second"]);
		expect(hub.files("me/d").size).toBe(0);
		expect(hub.files("me/d", "second").size).toBe(3);
	});

	test("asks before it publishes: without a terminal and without --yes nothing is sent", async () => {
		const { code, err } = await world.nudge("dataset", "push", "d", "me/d");
		expect(code).toBe(2);
		expect(err).toContain("say --yes");
		expect(hub.repos.size).toBe(0);
	});

	test("finds the token in the standard file, and says where to get one", async () => {
		delete world.env.HF_TOKEN;
		const none = await push();
		expect(none.err).toContain("there is no token for the Hub: set HF_TOKEN, or log in with `hf auth login`");
		mkdirSync(join(world.folder, ".cache", "huggingface"), { recursive: true });
		writeFileSync(join(world.folder, ".cache", "huggingface", "token"), `${TOKEN}\n`);
		expect((await push()).code).toBe(0);
		expect(hub.tokens).toEqual(new Set([TOKEN]));
	});

	test("never sends a token in the clear to another machine", async () => {
		world.env.HF_ENDPOINT = "http://hub.example";
		const { code, err } = await push();
		expect(code).toBe(1);
		expect(err).toContain("the token would go over the network unencrypted");
	});

	test.each([
		[401, /^GET .*HEAD$/, "does not accept the token (401)"],
		[403, /repos\/create$/, "the token may not write to me/d (403)"],
		[403, /commit\/main$/, "the token may not write to me/d (403)"],
		[404, /preupload/, "the Hub has no me/d, or the token may not see it (404)"],
		[409, /commit\/main$/, "changed by somebody else meanwhile (409): nothing was committed"],
		[412, /commit\/main$/, "changed by somebody else meanwhile (412)"],
		[413, /^PUT \/storage/, "too large (413): give a smaller --shard-mb"],
		[429, /lfs\/objects\/batch$/, "asks to go slower (429): wait 30 seconds; then the same command again"],
	])("says in one line what a %i means, without the token", async (status, at, says) => {
		hub.refuse = { at, how: { status, headers: { "Retry-After": "30" } } };
		const { code, err } = await push();
		expect(code).toBe(1);
		expect(err).toContain(says);
		expect(err.trimEnd().split("\n")).toHaveLength(1);
		expect(err).not.toContain(TOKEN);
		expect(hub.commits).toEqual([]);
	});

	test("says that the Hub cannot be reached", async () => {
		const { url } = hub;
		await hub.stop();
		const { code, err } = await push();
		expect(code).toBe(1);
		expect(err).toContain(`${url} cannot be reached (ECONNREFUSED)`);
		hub = await ScriptedHub.start();
	});

	test.each(["d", "me/", "me/../d", "https://huggingface.co/me/d"])(
		"takes %s for no repository",
		async (repo) => {
			const { code, err } = await world.nudge("dataset", "push", "d", repo, "--yes");
			expect(code).toBe(2);
			expect(err).toContain("OWNER/NAME");
		},
	);
});
