/**
 * A job on a Slurm cluster, from its login node or over ssh to it. The batch script starts the trainer once a node; a job
 * that nears its time limit saves and puts itself back into the queue, one that is preempted or whose node dies is put back
 * by Slurm, and both go on from the last whole checkpoint under the same number.
 *
 * What always holds: rc is written only when the trainer ended by itself, never when Slurm ended it: what is to become of
 * such a job Slurm alone knows. The queue is asked about all jobs at once.
 */
import { doctorOf, evidenceOf, farFolder, fetchFrom, readPiece } from "./far-job.ts";
import { LAUNCH_FILE } from "./job-script.ts";
import {
	type FetchOptions,
	type Finding,
	type Handle,
	type Job,
	LaunchError,
	type Launcher,
	type Offsets,
	type Piece,
	type Rendered,
	type SubmitOptions,
} from "./launcher.ts";
import { EXIT, type JobShape, type JobSheet, type JobState, stateOf } from "./run-folder.ts";
import type { Shell } from "./shell.ts";
import {
	batchOptions,
	evidenceFrom,
	parseAnswer,
	parseSubmitted,
	refusalSays,
	SACCT_FORMAT,
	SQUEUE_FORMAT,
} from "./slurm.ts";
import { readyLines } from "./ssh-launcher.ts";
import type { SlurmTarget } from "./targets.ts";

export const BATCH_FILE = "batch.sh";

/** The whole batch script. `folder` is RUN as the nodes see it. */
export function batchScript(target: SlurmTarget, sheet: JobSheet, folder: string, attempt: number): string {
	const { nodes, gpusPerNode } = sheet.shape;
	const options = batchOptions({ name: `nudge-${sheet.id}`, target, nodes, gpusPerNode, folder });
	return `#!/usr/bin/env bash
${options.map((option) => `#SBATCH ${option}`).join("\n")}
# Written by nudge (src/train/slurm-launcher.ts).
cd "${folder}" || exit 1
rm -f rc end.json stop
echo "$SLURM_JOB_ID" > jobid.part && mv -f jobid.part jobid
# A job that was put back into the queue is a further attempt.
export NUDGE_ATTEMPT=$((${attempt} + \${SLURM_RESTART_COUNT:-0}))
${readyLines(target).join("\n")}
: "\${MASTER_ADDR:=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)}"
: "\${MASTER_PORT:=$((10000 + SLURM_JOB_ID % 20000))}"
export MASTER_ADDR MASTER_PORT
ended=
again=
# Two minutes before the time limit: save, end, and go on later. The trainer looks for the file after each step.
trap 'again=yes; touch stop' USR1
# Slurm ends it (cancelled, preempted, a requeue): save if there is time for it, and leave the verdict to Slurm.
trap 'ended=yes; touch stop' TERM
srun --kill-on-bad-exit=1 --wait=60 --cpus-per-task="\${SLURM_CPUS_ON_NODE:-1}" bash -c 'NODE_RANK=$SLURM_PROCID exec bash ${LAUNCH_FILE}' &
child=$!
while :; do
	wait $child
	code=$?
	kill -0 $child 2>/dev/null || break
done
[ -n "$ended" ] && exit 143
if [ -s end.json ]; then
	own=$(sed -n 's/.*"code": *\\([0-9]*\\).*/\\1/p' end.json | head -n 1)
	[ -n "$own" ] && code=$own
fi
if [ -n "$again" ] && [ "$code" = ${EXIT.stopped} ]; then
	rm -f stop end.json
	scontrol requeue "$SLURM_JOB_ID" && { sleep 120; exit ${EXIT.stopped}; }
fi
echo "$code" > rc.part && mv -f rc.part rc
exit "$code"
`;
}

/** $1 format of squeue, $2 ids by comma, $3 format of sacct. Failures are told in words of their own: none of them is an answer. */
const ASK = `
echo "== squeue"
if out=$(squeue -h -t all -j "$2" -o "$1" 2>&1); then printf '%s\\n' "$out"
else case "$out" in *[Ii]"nvalid job id"*) ;; *) echo "== failed"; printf '%s\\n' "$out" ;; esac
fi
echo "== sacct"
sacct -X -n -P -D -j "$2" -o "$3" 2>/dev/null
exit 0
`;

const SUBMIT = `
cd -- "$1" || exit 1
cat > batch.sh <<'NUDGE_END'
`;

export class SlurmLauncher implements Launcher {
	readonly kind = "slurm";
	readonly target: string;
	readonly #target: SlurmTarget;
	readonly #shell: Shell;

	constructor(name: string, target: SlurmTarget, shell: Shell) {
		this.target = name;
		this.#target = target;
		this.#shell = shell;
	}

	async doctor(shape: JobShape, signal?: AbortSignal): Promise<Finding[]> {
		const { folder, python = "python3", setup = "", partition } = this.#target;
		const findings = await doctorOf(this.#shell, { folder, python, setup, shape, gpusHere: false }, signal);
		if (findings[0]?.level === "wrong") return findings;
		const sinfo = await this.#shell.run("sinfo -h -o '%P|%a|%l|%D|%G|%t'", [], signal);
		if (sinfo.code !== 0) {
			findings.push({
				level: "wrong",
				says: `Slurm does not answer on ${this.#shell.name}: ${sinfo.stderr.trim().split("\n").at(-1)}`,
				advice: "is this the login node, and is Slurm's bin in the PATH of a shell that nobody logs into?",
			});
			return findings;
		}
		const rows = sinfo.stdout
			.toString("utf8")
			.trim()
			.split("\n")
			.map((line) => line.split("|"));
		const own = rows.filter(([name = ""]) =>
			partition === undefined ? name.endsWith("*") : name.replace("*", "") === partition,
		);
		if (own.length === 0)
			findings.push({
				level: "wrong",
				says: `there is no partition ${partition ?? "by default"}`,
				advice: `there are ${[...new Set(rows.map(([name = ""]) => name.replace("*", "")))].join(", ")}`,
			});
		for (const [name = "", up, limit, nodes, gres, state] of own)
			findings.push({
				level: up === "up" ? "ok" : "wrong",
				says: `partition ${name.replace("*", "")} is ${up}: ${nodes} nodes ${state}, ${gres}, time limit ${limit}`,
			});
		const options = batchOptions({ name: "nudge-doctor", target: this.#target, ...shape, folder: "/tmp" });
		const tried = await this.#shell.run('sbatch --test-only "$@" --wrap true', options, signal);
		if (tried.code === 0)
			findings.push({
				level: "ok",
				says: (tried.stderr || tried.stdout.toString()).trim().replace(/^sbatch: /, ""),
			});
		else findings.push({ level: "wrong", says: `sbatch refuses the shape: ${refusalSays(tried.stderr)}` });
		const accounting = await this.#shell.run("sacct -X -n -P -o JobID -S now", [], signal);
		findings.push(
			accounting.code === 0
				? { level: "ok", says: "accounting answers" }
				: {
						level: "note",
						says: "there is no accounting: what became of a job is known from its own files alone",
					},
		);
		findings.push({
			level: "note",
			says: "what the nodes have (GPUs, the Python above, the folder) was seen from the login node alone",
		});
		return findings;
	}

	async render({ sheet }: Pick<Job, "sheet">): Promise<Rendered[]> {
		const folder = `${this.#target.folder}/${sheet.id}`;
		return [
			{ title: `copied to ${this.#shell.name}:${folder}`, text: `${Object.keys(sheet.files).join("\n")}\n` },
			{ title: `${BATCH_FILE}, given to sbatch`, text: batchScript(this.#target, sheet, folder, 1) },
		];
	}

	async submit(
		{ folder: here, sheet }: Job,
		{ attempt, onProgress, signal }: SubmitOptions,
	): Promise<Handle> {
		const shell = this.#shell;
		onProgress?.(`${shell.name}: making the folder`);
		const folder = `${await farFolder(shell, this.#target.folder, signal)}/${sheet.id}`;
		await shell.must('mkdir -p -- "$1"', [folder], signal);
		await shell.push(here, folder, (line) => onProgress?.(`${shell.name}: ${line}`), signal);
		onProgress?.(`${shell.name}: sbatch`);
		const script = batchScript(this.#target, sheet, folder, attempt);
		const { code, stdout, stderr } = await shell.run(
			`${SUBMIT}${script}NUDGE_END\nrm -f rc end.json stop jobid pid\nexec sbatch --parsable ${BATCH_FILE}\n`,
			[folder],
			signal,
		);
		const id = parseSubmitted(stdout.toString("utf8"));
		if (code !== 0 || id === undefined)
			throw new LaunchError(
				code === 127
					? `there is no sbatch on ${shell.name}: is it the login node, and is Slurm's bin in the PATH of a shell that nobody logs into?`
					: `Slurm on ${shell.name} refused the job: ${refusalSays(stderr || stdout.toString("utf8"))}`,
			);
		return {
			kind: this.kind,
			target: this.target,
			job: sheet.id,
			folder,
			id,
			attempt,
			submitted: new Date().toISOString(),
		};
	}

	async poll(handles: readonly Handle[], signal?: AbortSignal): Promise<ReadonlyMap<string, JobState>> {
		if (handles.length === 0) return new Map();
		// The queue first: a job that ends in between has its exit code then, and is not one that left none.
		const ids = handles.map(({ id }) => id).join(",");
		const said = await this.#shell.must(ASK, [SQUEUE_FORMAT, ids, SACCT_FORMAT], signal);
		const folders = await evidenceOf(
			this.#shell,
			handles.map(({ folder }) => folder),
			signal,
		);
		const { queue, accounting, failed } = parseAnswer(said);
		return new Map(
			handles.map(({ job, id, cancelled }, i): [string, JobState] => {
				const { rc, end } = folders[i]!;
				if (rc === undefined && failed !== undefined && !queue.has(id))
					return [job, { state: "unknown", says: `the queue did not answer: ${failed}` }];
				const found = evidenceFrom(queue.get(id), accounting.get(id));
				const state = stateOf({
					...(rc !== undefined && { rc }),
					...(end && { end }),
					...found,
					...((cancelled !== undefined || found.accounting?.word === "CANCELLED") && { cancelled: true }),
				});
				return [job, state];
			}),
		);
	}

	read({ folder }: Handle, from: Offsets, signal?: AbortSignal): Promise<Piece> {
		return readPiece(this.#shell, folder, from, signal);
	}

	async cancel(handle: Handle, how: "stop" | "end" | "kill", signal?: AbortSignal): Promise<Handle> {
		if (how === "stop") {
			await this.#shell.must(': > "$1/stop"', [handle.folder], signal);
			return handle;
		}
		const words = how === "kill" ? ["--full", "--signal=KILL", handle.id] : [handle.id];
		const { code, stderr } = await this.#shell.run('scancel "$@"', words, signal);
		if (code !== 0 && !/Invalid job id|already completed|already completing/i.test(stderr))
			throw new LaunchError(`job ${handle.id} on ${this.#shell.name} cannot be cancelled: ${stderr.trim()}`);
		return { ...handle, cancelled: new Date().toISOString() };
	}

	fetch({ folder }: Handle, options: FetchOptions): Promise<readonly string[]> {
		return fetchFrom(this.#shell, folder, options);
	}
}
