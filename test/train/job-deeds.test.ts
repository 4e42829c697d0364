/** Which jobs can be taken up, and what the others are told. */
import { expect, test } from "vitest";
import type { KnownJob } from "../../src/train/book.ts";
import { whyNotResume } from "../../src/train/job-deeds.ts";
import type { JobState } from "../../src/train/run-folder.ts";

const job = (kind: string, started = true): KnownJob =>
	({ id: "j", folder: "/j", handle: started ? { kind, id: "7" } : undefined }) as unknown as KnownJob;

test.each<[string, JobState, boolean, string, RegExp | undefined]>([
	["one that was never started", { state: "unknown", says: "never begun" }, false, "slurm", undefined],
	["one that failed", { state: "failed", says: "out of memory" }, true, "slurm", undefined],
	["one that stopped", { state: "stopped" } as JobState, true, "ssh", undefined],
	["one that is done", { state: "done" }, true, "slurm", /is done/],
	["one that runs", { state: "running" }, true, "slurm", /jobs logs j --follow/],
	["one that nobody knows of", { state: "unknown", says: "no network" }, true, "ssh", /spoil each other/],
	["one of Together's", { state: "failed", says: "" }, true, "together", /keeps nothing to resume from/],
])("%s", (_, state, started, kind, says) => {
	const why = whyNotResume(job(kind, started), state);
	if (says === undefined) expect(why).toBeUndefined();
	else expect(why).toMatch(says);
});
