import { describe, expect, test } from "vitest";
import {
	evidenceFrom,
	parseAnswer,
	parseSacct,
	parseSqueue,
	parseSubmitted,
	refusalSays,
} from "../../src/train/slurm.ts";

test("the number of a job is found behind what a login shell says", () => {
	expect(parseSubmitted("Welcome to the cluster!\n\n4711\n")).toBe("4711");
	expect(parseSubmitted("4711;west\n")).toBe("4711");
	expect(parseSubmitted("sbatch: error: no\n")).toBeUndefined();
	expect(parseSubmitted("")).toBeUndefined();
});

describe("the state of a job", () => {
	const queue = parseSqueue(
		"1|PENDING|Resources|0:00|2026-01-01T00:00:00|\n2|RUNNING|None|1:02|2026-01-01T00:00:00|n[1-4]\n3|CANCELLED|None|0:10|N/A|n1\n4|PENDING|BeginTime|0:00|N/A|\nslurm_load_jobs error: x\n",
	);
	const accounting = parseSacct(
		"5|CANCELLED by 0|0:0|00:00:01\n6|REQUEUED|0:0|00:00:09\n6|COMPLETED|0:0|00:00:30\n7|OUT_OF_MEMORY|0:125|00:01:00\n8|FAILED|77:0|00:00:10\n",
	);
	const of = (id: string) => evidenceFrom(queue.get(id), accounting.get(id));

	test("comes from the queue while it is there", () => {
		expect(of("1")).toEqual({
			scheduler: "waiting",
			word: "PENDING (Resources), starts 2026-01-01T00:00:00",
		});
		expect(of("2")).toEqual({ scheduler: "running", word: "RUNNING" });
		expect(of("4")).toEqual({ scheduler: "waiting", word: "PENDING (BeginTime)" });
		expect(of("3")).toMatchObject({ scheduler: "gone", accounting: { word: "CANCELLED" } });
	});

	test("then from the accounting, of a job that was requeued from its last line", () => {
		expect(of("5")).toMatchObject({ scheduler: "gone", accounting: { word: "CANCELLED", code: 0 } });
		expect(of("6")).toMatchObject({ accounting: { word: "COMPLETED" } });
		expect(of("7")).toMatchObject({ accounting: { word: "OUT_OF_MEMORY", code: 253 } });
		expect(of("8")).toMatchObject({ accounting: { word: "FAILED", code: 77 } });
		expect(of("9")).toEqual({ scheduler: "gone" });
	});
});

test("what sbatch refuses is said with what to do", () => {
	const says = (what: string): string => refusalSays(`sbatch: error: Batch job submission failed: ${what}\n`);
	expect(says("Requested node configuration is not available")).toMatch(/shape\.nodes/);
	expect(says("Invalid account or account/partition combination specified")).toMatch(/account/);
	expect(says("Something new")).toBe("Batch job submission failed: Something new");
});

test("what a launcher's question prints is taken apart, and a queue that does not answer says why", () => {
	const { queue, accounting, failed } = parseAnswer(
		"== squeue\n2|RUNNING|None|1:02|N/A|n1\n== sacct\n5|COMPLETED|0:0|00:00:01\n",
	);
	expect([[...queue.keys()], [...accounting.keys()], failed]).toEqual([["2"], ["5"], undefined]);
	const none = parseAnswer("== squeue\n== failed\nslurm_load_jobs error: x\nSocket timed out\n== sacct\n");
	expect([none.queue.size, none.accounting.size, none.failed]).toEqual([0, 0, "Socket timed out"]);
});
