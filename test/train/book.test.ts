import {
	appendFileSync,
	mkdirSync,
	mkdtempSync,
	readFileSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { findJob, knownJobs, Mirror, remember, statesOf } from "../../src/train/book.ts";
import type { Handle, Launcher, Offsets, Piece } from "../../src/train/launcher.ts";
import type { JobState } from "../../src/train/run-folder.ts";

let home: string;
beforeEach(() => {
	home = mkdtempSync(join(tmpdir(), "nudge-book-"));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const handleOf = (id: string, target = "box"): Handle => ({
	kind: "ssh",
	target,
	job: id,
	folder: `/far/${id}`,
	id: "1",
	attempt: 1,
	submitted: "",
});

function put(id: string, target?: string, at = join(home, id)): void {
	mkdirSync(at, { recursive: true });
	writeFileSync(join(at, "run.json"), JSON.stringify({ job: 1, id, target: { name: "box", kind: "ssh" } }));
	if (target) writeFileSync(join(at, "handle.json"), JSON.stringify(handleOf(id, target)));
}

describe("jobs", () => {
	test("are found by their id, its beginning, as the last, or by their folder; a damaged one hides none", () => {
		put("20260101-a", "box");
		put("20260102-b", "box");
		const elsewhere = join(home, "..", `${home.split("/").at(-1)}-else`);
		put("20260103-c", undefined, elsewhere);
		symlinkSync(elsewhere, join(home, "20260103-c"), "dir");
		mkdirSync(join(home, "20260104-d"));
		writeFileSync(join(home, "20260104-d", "run.json"), "{");
		try {
			const { jobs, damaged } = knownJobs(home);
			expect(jobs.map(({ id }) => id)).toEqual(["20260103-c", "20260102-b", "20260101-a"]);
			expect(damaged).toMatchObject([
				{ id: "20260104-d", why: expect.stringContaining("cannot be read") as string },
			]);
			expect(findJob(home, "last", "/").id).toBe("20260103-c");
			expect(findJob(home, "20260101", "/").id).toBe("20260101-a");
			expect(findJob(home, elsewhere, "/").id).toBe("20260103-c");
			expect(() => findJob(home, "2026010", "/")).toThrow(/say more of it/);
			expect(() => findJob(home, "20260102-c", "/")).toThrow(/did you mean 20260/);
			expect(() => findJob(home, "20260104-d", "/")).toThrow(/cannot be read/);
		} finally {
			rmSync(elsewhere, { recursive: true, force: true });
		}
	});

	test("each target is asked once, one that does not answer hides no other, and what is over is not asked about", async () => {
		put("a", "box");
		put("b", "box");
		put("c", "gone");
		put("d");
		const asked: string[][] = [];
		const open = async ({ handle }: { readonly handle?: Handle }): Promise<Launcher> => {
			if (handle?.target === "gone") throw new Error("no route");
			return {
				poll: async (handles: readonly Handle[]) => {
					asked.push(handles.map(({ job }) => job));
					return new Map<string, JobState>([
						["a", { state: "done" }],
						["b", { state: "running" }],
					]);
				},
			} as unknown as Launcher;
		};
		const states = await statesOf(knownJobs(home).jobs, open);
		expect(asked).toEqual([["b", "a"]]);
		expect(Object.fromEntries(states)).toEqual({
			a: { state: "done" },
			b: { state: "running" },
			c: { state: "unknown", says: "no route" },
			d: { state: "unknown", says: "made, and never started" },
		});
		await statesOf(knownJobs(home).jobs, open);
		expect(asked.at(-1)).toEqual(["b"]);
		const b = findJob(home, "b", "/");
		remember(b, { state: "unknown", says: "no answer" });
		expect(findJob(home, "b", "/").seen?.state).toEqual({ state: "running" });
	});
});

test("a mirror has every byte once, however the pieces come and whenever it is taken up again", async () => {
	await fc.assert(
		fc.asyncProperty(
			fc.array(fc.tuple(fc.string(), fc.string(), fc.boolean()), { maxLength: 20 }),
			async (pieces) => {
				rmSync(home, { recursive: true, force: true });
				put("a", "box");
				const far = { log: "", metrics: "" };
				const launcher: Pick<Launcher, "read" | "poll"> = {
					poll: async () => new Map(),
					read: async (_handle: Handle, from: Offsets): Promise<Piece> => ({
						// Not more than three bytes at a time.
						log: Buffer.from(far.log).subarray(from.log, from.log + 3),
						metrics: Buffer.from(far.metrics).subarray(from.metrics, from.metrics + 3),
					}),
				};
				for (const [log, metrics, pull] of pieces) {
					far.log += log;
					far.metrics += metrics;
					const job = findJob(home, "a", "/");
					if (pull) await new Mirror(job).pull(launcher, job.handle!);
				}
				const job = findJob(home, "a", "/");
				const mirror = new Mirror(job);
				await mirror.pull(launcher, job.handle!);
				if (far.log !== "")
					expect(readFileSync(mirror.log, "utf8")).toBe(Buffer.from(far.log).toString("utf8"));
				expect(mirror.offsets).toEqual({
					log: Buffer.byteLength(far.log),
					metrics: Buffer.byteLength(far.metrics),
				});
			},
		),
		{ numRuns: 40 },
	);
});

test("steps that were done twice count as they were last; torn and foreign lines are left out", () => {
	put("a", "box");
	const mirror = new Mirror(findJob(home, "a", "/"));
	for (const [step, loss] of [
		[1, 5],
		[2, 4],
		[3, 3],
		[2, 3.5],
	])
		appendFileSync(mirror.metrics, `${JSON.stringify({ step, max_steps: 9, loss })}\n`);
	appendFileSync(mirror.metrics, '{"event":"save"}\n{"step":4,"max_st');
	expect(mirror.steps().map(({ step, loss }) => [step, loss])).toEqual([
		[1, 5],
		[2, 3.5],
		[3, 3],
	]);
});
