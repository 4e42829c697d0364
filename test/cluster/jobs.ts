/** Jobs whose trainer is a stand-in, and waiting for them. */
import { copyFileSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { jobScript } from "../../src/train/job-script.ts";
import type { Handle, Job, Launcher } from "../../src/train/launcher.ts";
import type { JobSheet, JobState, Metric } from "../../src/train/run-folder.ts";

let count = 0;

/** A job as train makes it, but for its trainer. */
export function standInJob({ nodes = 1, gpusPerNode = 0, steps = 30 } = {}): Job {
	const folder = mkdtempSync(join(tmpdir(), "nudge-job-"));
	const id = `job-${process.pid}-${++count}`;
	copyFileSync(fileURLToPath(new URL("stand-in.py", import.meta.url)), join(folder, "train.py"));
	writeFileSync(
		join(folder, "launch.sh"),
		`cd "$(dirname "$0")" || exit 1\nSTEPS=${steps} exec "\${NUDGE_TRAIN_PYTHON:-python3}" train.py\n`,
	);
	writeFileSync(join(folder, "job.sh"), jobScript());
	writeFileSync(join(folder, "it's a file"), "with blanks and a quote\n");
	mkdirSync(join(folder, "base"));
	writeFileSync(join(folder, "base", "weights"), "base");
	const sheet = {
		job: 1,
		id,
		shape: { nodes, gpusPerNode },
		files: { "train.py": "", "launch.sh": "", "job.sh": "" },
	} as unknown as JobSheet;
	writeFileSync(join(folder, "run.json"), JSON.stringify(sheet));
	return { folder, sheet };
}

export async function stateWhen(
	launcher: Launcher,
	handle: Handle,
	wanted: (state: JobState) => boolean,
	withinMs = 60_000,
): Promise<JobState> {
	const deadline = Date.now() + withinMs;
	let last: JobState | undefined;
	for (;;) {
		last = (await launcher.poll([handle])).get(handle.job)!;
		if (wanted(last)) return last;
		if (Date.now() > deadline) {
			const { log } = await launcher.read(handle, { log: 0, metrics: 0 });
			throw new Error(
				`the job is ${JSON.stringify(last)} for too long; its log:\n${Buffer.from(log).toString()}`,
			);
		}
		await new Promise((resolve) => setTimeout(resolve, 300));
	}
}

export async function metricsOf(launcher: Launcher, handle: Handle): Promise<Metric[]> {
	const { metrics } = await launcher.read(handle, { log: 0, metrics: 0 });
	return Buffer.from(metrics)
		.toString()
		.split("\n")
		.filter((line) => line !== "")
		.map((line) => JSON.parse(line) as Metric);
}

export async function stepReached(launcher: Launcher, handle: Handle, step: number): Promise<void> {
	const deadline = Date.now() + 60_000;
	while ((await metricsOf(launcher, handle)).every((metric) => metric.step < step)) {
		if (Date.now() > deadline) throw new Error(`step ${step} does not come`);
		await new Promise((resolve) => setTimeout(resolve, 200));
	}
}
