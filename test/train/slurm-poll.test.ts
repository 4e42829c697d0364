/** What is seen of a job that ends while it is being asked about. */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Handle, Launcher } from "../../src/train/launcher.ts";
import { SlurmSampling } from "../../src/train/sample-launcher.ts";
import { Here } from "../../src/train/shell.ts";
import { SlurmLauncher } from "../../src/train/slurm-launcher.ts";
import { freshFolder } from "../trace/folder.ts";

/** A squeue that knows the job as ended, and by whose being asked it has just ended. */
function lab(id: string, exitCode: string): { readonly shell: Here; readonly folder: string } {
	const folder = freshFolder();
	const bin = join(folder, "bin");
	mkdirSync(bin);
	mkdirSync(join(folder, "tasks"));
	const squeue = `#!/bin/sh\necho 0 > "${join(folder, exitCode)}"\necho "${id}|COMPLETED|None|0:10|N/A|n1"\n`;
	for (const [name, text] of [
		["squeue", squeue],
		["sacct", "#!/bin/sh\nexit 1\n"],
	] as const) {
		writeFileSync(join(bin, name), text);
		chmodSync(join(bin, name), 0o755);
	}
	return { shell: new Here({ PATH: `${bin}:${process.env.PATH}` }), folder };
}

test.each([
	["a job", "7", "rc", (shell: Here): Launcher => new SlurmLauncher("lab", TARGET, shell)],
	[
		"a shard",
		"7_1",
		join("tasks", "1.rc"),
		(shell: Here): Launcher => new SlurmSampling("lab", TARGET, shell),
	],
])("%s that ends between two looks is done, and none that left no exit code", async (_, id, rc, open) => {
	const { shell, folder } = lab(id, rc);
	const handle: Handle = {
		kind: "slurm",
		target: "lab",
		job: "job",
		folder,
		id: "7",
		attempt: 1,
		submitted: "2026-01-01T00:00:00.000Z",
		more: { shards: "1", rollouts: "8" },
	};
	expect((await open(shell).poll([handle])).get("job")).toEqual({ state: "done" });
});

const TARGET = { kind: "slurm", folder: "/nowhere", env: {} } as const;
