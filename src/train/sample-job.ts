/**
 * A job that samples a run elsewhere: its folder with the problems and the hints in it, and the words that each shard's
 * `nudge sample` is started with there. All shards share one run folder, RUN/run; each takes up what it owes, so starting one
 * again is always right.
 */
import { cpSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { quoted } from "./job-script.ts";
import { LaunchError } from "./launcher.ts";
import { JOB_FORMAT, JobError, LOG_FILE, RUN_FILE, readJobSheet, type SampleSheet } from "./run-folder.ts";
import { readyLines } from "./ssh-launcher.ts";
import type { SlurmTarget, SshTarget } from "./targets.ts";

/** What is sampled, below RUN. */
export const SAMPLED = "run";
export const TASK_FILE = "task.sh";
export const TASKS = "tasks";

export type SampleWish = {
	readonly id: string;
	readonly now: Date;
	readonly nudge: string;
	readonly target: { readonly name: string; readonly kind: string };
	readonly shards: number;
	readonly limit?: number | undefined;
	/** Files here. */
	readonly problems: readonly string[];
	/** A library by itself; else what a person's own layers add to nudge's. */
	readonly library?: string | undefined;
	readonly layers: readonly string[];
	/** Of `nudge sample`, without problems, folder, shard and library. */
	readonly words: readonly string[];
	readonly rollouts: number;
	readonly of: { readonly problems: number };
};

/** Problems keep the ends of their names: what they are is known by them. */
const placeOf = (file: string, index: number): string => `problems/${index + 1}-${basename(file)}`;

export function sampleSheet(wish: SampleWish): SampleSheet {
	const { problems, library, words, shards, limit, rollouts } = wish;
	return {
		job: JOB_FORMAT,
		kind: "sample",
		id: wish.id,
		nudge: wish.nudge,
		created: wish.now.toISOString(),
		target: wish.target,
		shape: { nodes: 1, gpusPerNode: 0 },
		data: {
			name: problems.map((file) => basename(file)).join(", "),
			kind: "problems",
			from: problems[0]!,
			samples: wish.of.problems,
			sha256: "",
			bytes: 0,
		},
		sampling: {
			shards,
			...(limit !== undefined && { limit }),
			rollouts,
			words: [
				"sample",
				...problems.flatMap((file, index) => ["--problems", placeOf(file, index)]),
				"--out",
				SAMPLED,
				...(library === undefined ? [] : ["--hints", `hints/${basename(library)}`]),
				...words,
			],
		},
		files: Object.fromEntries([
			...problems.map((file, index) => [placeOf(file, index), ""]),
			...(library === undefined ? [] : [[`hints/${basename(library)}`, ""]]),
			...wish.layers.map((folder) => [`.nudge/hints of ${folder}`, ""]),
		]),
	};
}

/** Writes the job's folder; run.json last. */
export function makeSampleJob(wish: SampleWish, folder: string): SampleSheet {
	if (existsSync(folder)) throw new JobError(`${folder} is there already`);
	const part = join(dirname(folder), `.${basename(folder)}.part-${process.pid}`);
	rmSync(part, { recursive: true, force: true });
	try {
		mkdirSync(join(part, "problems"), { recursive: true });
		for (const [index, file] of wish.problems.entries())
			cpSync(file, join(part, placeOf(file, index)), { recursive: true });
		if (wish.library !== undefined)
			cpSync(wish.library, join(part, "hints", basename(wish.library)), { recursive: true });
		for (const layer of wish.layers) cpSync(layer, join(part, ".nudge", "hints"), { recursive: true });
		const sheet = sampleSheet(wish);
		writeFileSync(join(part, RUN_FILE), `${JSON.stringify(sheet, null, "\t")}\n`);
		renameSync(part, folder);
		return sheet;
	} finally {
		rmSync(part, { recursive: true, force: true });
	}
}

export function sampleSheetIn(folder: string): SampleSheet {
	const sheet = readJobSheet(folder);
	if (sheet.kind === "sample") return sheet;
	throw new LaunchError(`${folder} is a job that trains, and no sampling`);
}

/** `bash task.sh I` samples shard I, in RUN. Its exit code is in tasks/I.rc when it has ended by itself. */
export function taskScript(target: SshTarget | SlurmTarget, { sampling }: SampleSheet): string {
	const nudge = target.nudge ?? "nudge";
	const program = nudge.endsWith("js") ? `node ${homed(nudge)}` : homed(nudge);
	return `#!/usr/bin/env bash
# Samples one shard. Written by nudge (src/train/sample-job.ts).
cd "$(dirname "$0")" || exit 1
i=$1
${readyLines(target).join("\n")}
mkdir -p ${TASKS}
rm -f "${TASKS}/$i.rc"
echo "shard $i of ${sampling.shards} begins on $(hostname)" >> ${LOG_FILE}
${program} ${sampling.words.map(quoted).join(" ")} --shard "$i/${sampling.shards}" --json > "${TASKS}/$i.json" 2>> "${TASKS}/$i.log" &
child=$!
ended=
# Whoever ends it, ends it softly: what is done is on disk, and the rest is owed.
trap 'ended=yes; kill -TERM $child 2>/dev/null' TERM INT HUP USR1
while :; do
	wait $child
	code=$?
	kill -0 $child 2>/dev/null || break
done
# The signal may have reached only the program, or that first.
if [ "$code" = 130 ] || [ "$code" = 143 ]; then ended=yes; fi
if [ -n "$ended" ]; then
	echo "shard $i was ended" >> ${LOG_FILE}
	exit 143
fi
if [ "$code" = 0 ]; then echo "shard $i is done" >> ${LOG_FILE}
else
	echo "shard $i ended with exit code $code:" >> ${LOG_FILE}
	tail -n 3 "${TASKS}/$i.log" >> ${LOG_FILE}
fi
echo "$code" > "${TASKS}/$i.rc.part" && mv -f "${TASKS}/$i.rc.part" "${TASKS}/$i.rc"
exit "$code"
`;
}

function homed(path: string): string {
	return path.startsWith("~/") ? `"$HOME"/${quoted(path.slice(2))}` : quoted(path);
}
