/**
 * Sampling on a Slurm cluster (an array job, a task for each shard) and on one host behind ssh (one shard).
 *
 * What always holds: only shards that owe something are started; a shard's state is its own exit code, then what the
 * queue says, then the accounting, as stateOf has it for a whole job; a task that is put back into the queue samples on
 * where it stopped.
 */
import { ALIVE, farFolder, readPiece } from "./far-job.ts";
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
import { type Evidence, isOver, type JobState, parseRc, type SampleSheet, stateOf } from "./run-folder.ts";
import { SAMPLED, sampleSheetIn, TASK_FILE, TASKS, taskScript } from "./sample-job.ts";
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
import type { SlurmTarget, SshTarget } from "./targets.ts";

/** A line for each shard: its number, rc and how many rollouts its file has. */
const SHARDS = `${ALIVE}
cd -- "$1" 2>/dev/null || { echo none; exit 0; }
if alive .; then echo alive; else echo dead; fi
# Behind NFS a file that was looked for in vain is believed not to be there until its folder is read.
ls tasks run > /dev/null 2>&1
i=1
while [ "$i" -le "$2" ]; do
	n=$(cat "run/rollouts-\${i}of$2.jsonl" 2>/dev/null | wc -l | tr -d ' ')
	printf '%s|%s|%s\\n' "$i" "$(head -c 20 "tasks/$i.rc" 2>/dev/null | tr -d '\\n')" "$n"
	i=$((i + 1))
done
`;

const ASK = `
echo "== squeue"
if out=$(squeue -h -r -t all -j "$2" -o "$1" 2>&1); then printf '%s\\n' "$out"
else case "$out" in *[Ii]"nvalid job id"*) ;; *) echo "== failed"; printf '%s\\n' "$out" ;; esac
fi
echo "== sacct"
sacct -X -n -P -D -j "$2" -o "$3" 2>/dev/null
exit 0
`;

const WRITE = `
cd -- "$1" || exit 1
mkdir -p tasks
cat > "$2" <<'NUDGE_END'
`;

export type ShardState = { readonly shard: number; readonly state: JobState; readonly rollouts: number };

type Shard = { readonly shard: number; readonly rc?: number; readonly rollouts: number };

/** What both kinds of target do alike. */
abstract class SampleLauncher<Target extends SshTarget | SlurmTarget> implements Launcher {
	abstract readonly kind: string;
	readonly target: string;
	protected readonly of: Target;
	protected readonly shell: Shell;

	constructor(name: string, target: Target, shell: Shell) {
		this.target = name;
		this.of = target;
		this.shell = shell;
	}

	async doctor(): Promise<Finding[]> {
		const { nudge = "nudge", setup = "" } = this.of;
		const { code, stdout, stderr } = await this.shell.run(
			'eval "$2"; case "$1" in "~/"*) p="$HOME/$(echo "$1" | cut -c 3-)" ;; *) p="$1" ;; esac; case "$p" in *js) node "$p" --version ;; *) "$p" --version ;; esac',
			[nudge, setup],
		);
		if (code === 0) return [{ level: "ok", says: `nudge ${stdout.toString("utf8").trim()} there` }];
		return [
			{
				level: "wrong",
				says: `nudge does not run on ${this.shell.name}: ${stderr.trim().split("\n").at(-1) ?? ""}`,
				advice: "install it there, and name it as the target's nudge (a path to bin/nudge.cjs)",
			},
		];
	}

	/** The scripts, as they would be. */
	abstract scripts(
		sheet: SampleSheet,
		folder: string,
		shards: readonly number[],
	): Readonly<Record<string, string>>;
	abstract startShards(
		sheet: SampleSheet,
		folder: string,
		shards: readonly number[],
		options: SubmitOptions,
	): Promise<string>;
	abstract shardsOf(handle: Handle, sheet: SampleSheet, signal?: AbortSignal): Promise<ShardState[]>;
	abstract cancel(handle: Handle, how: "stop" | "end" | "kill", signal?: AbortSignal): Promise<Handle>;

	async render({ sheet }: { readonly sheet: unknown }): Promise<Rendered[]> {
		const own = sheet as SampleSheet;
		const folder = `${this.of.folder}/${own.id}`;
		const all = Array.from({ length: own.sampling.shards }, (_, i) => i + 1);
		return [
			{ title: `copied to ${this.shell.name}:${folder}`, text: `${Object.keys(own.files).join("\n")}\n` },
			...Object.entries(this.scripts(own, folder, all)).map(([title, text]) => ({ title, text })),
		];
	}

	async submit({ folder: here }: Pick<Job, "folder">, options: SubmitOptions): Promise<Handle> {
		const { attempt, onProgress, signal } = options;
		const { shell } = this;
		const sheet = sampleSheetIn(here);
		onProgress?.(`${shell.name}: making the folder`);
		const folder = `${await farFolder(shell, this.of.folder, signal)}/${sheet.id}`;
		await shell.must('mkdir -p -- "$1"', [folder], signal);
		if (attempt === 1)
			await shell.push(here, folder, (line) => onProgress?.(`${shell.name}: ${line}`), signal);
		const owed = (await this.seen(folder, sheet, signal)).shards
			.filter(({ rc }) => rc !== 0)
			.map(({ shard }) => shard);
		if (owed.length === 0) throw new LaunchError(`${sheet.id} owes nothing: every shard is done`);
		for (const [name, text] of Object.entries(this.scripts(sheet, folder, owed)))
			await shell.must(`${WRITE}${text}NUDGE_END\n`, [folder, name], signal);
		const id = await this.startShards(sheet, folder, owed, options);
		return {
			kind: this.kind,
			target: this.target,
			job: sheet.id,
			folder,
			id,
			attempt,
			submitted: new Date().toISOString(),
			more: { shards: String(sheet.sampling.shards), rollouts: String(sheet.sampling.rollouts) },
		};
	}

	protected async seen(
		folder: string,
		{ sampling }: Pick<SampleSheet, "sampling">,
		signal?: AbortSignal,
	): Promise<{ readonly there: boolean; readonly alive: boolean; readonly shards: Shard[] }> {
		const said = await this.shell.must(SHARDS, [folder, String(sampling.shards)], signal);
		const [now, ...lines] = said.trim().split("\n");
		return {
			there: now !== "none",
			alive: now === "alive",
			shards: lines.map((line) => {
				const [shard, rcText, rollouts] = line.split("|");
				const rc = parseRc(rcText);
				return { shard: Number(shard), rollouts: Number(rollouts), ...(rc !== undefined && { rc }) };
			}),
		};
	}

	async poll(handles: readonly Handle[], signal?: AbortSignal): Promise<ReadonlyMap<string, JobState>> {
		const states = new Map<string, JobState>();
		for (const handle of handles) states.set(handle.job, together(await this.tasks(handle, signal), handle));
		return states;
	}

	/** Every shard by itself. */
	tasks(handle: Handle, signal?: AbortSignal): Promise<ShardState[]> {
		const shards = Number(handle.more?.shards ?? 1);
		return this.shardsOf(handle, { sampling: { shards } } as SampleSheet, signal);
	}

	read({ folder }: Handle, from: Offsets, signal?: AbortSignal): Promise<Piece> {
		return readPiece(this.shell, folder, from, signal);
	}

	async fetch({ folder }: Handle, { into, onProgress, signal }: FetchOptions): Promise<readonly string[]> {
		const to = `${into}/${SAMPLED}`;
		await this.shell.pull(`${folder}/${SAMPLED}`, to, (line) => onProgress?.(line), signal);
		return [to];
	}
}

/** What the shards come to, as the state of the job. */
function together(tasks: readonly ShardState[], { cancelled, more }: Handle): JobState {
	const count = (state: JobState["state"]): number =>
		tasks.filter((task) => task.state.state === state).length;
	const done = count("done");
	const rollouts = tasks.reduce((sum, task) => sum + task.rollouts, 0);
	const words = (["done", "running", "waiting", "failed", "lost", "cancelled"] as const)
		.filter((state) => count(state) > 0)
		.map((state) => `${count(state)} ${state}`);
	const says = `${rollouts} of ${more?.rollouts ?? "?"} rollouts; of ${tasks.length} shards ${words.join(", ")}`;
	if (done === tasks.length) return { state: "done" };
	const unknown = tasks.find(({ state }) => state.state === "unknown");
	if (unknown) return unknown.state;
	if (tasks.some(({ state }) => state.state === "running")) return { state: "running", says };
	if (tasks.some(({ state }) => state.state === "waiting")) return { state: "waiting", says };
	if (cancelled !== undefined) return { state: "cancelled" };
	const failed = tasks.find(({ state }) => state.state === "failed");
	if (failed && "says" in failed.state)
		return { state: "failed", says: `shard ${failed.shard}: ${failed.state.says}; ${says}` };
	return { state: "lost", says };
}

export class SlurmSampling extends SampleLauncher<SlurmTarget> {
	readonly kind = "slurm";

	scripts(sheet: SampleSheet, folder: string, shards: readonly number[]): Readonly<Record<string, string>> {
		const { limit } = sheet.sampling;
		const options = batchOptions({
			name: `nudge-${sheet.id}`,
			target: this.of,
			...sheet.shape,
			folder,
			options: [`--array=${shards.join(",")}${limit === undefined ? "" : `%${limit}`}`],
		}).map((option) => (option.startsWith("--output=") ? `--output=${folder}/${TASKS}/%a.out` : option));
		return {
			"batch.sh": `#!/usr/bin/env bash
${options.map((option) => `#SBATCH ${option}`).join("\n")}
# Written by nudge (src/train/sample-launcher.ts).
cd "${folder}" || exit 1
again=
trap 'again=yes; kill -TERM $child 2>/dev/null' USR1
trap 'kill -TERM $child 2>/dev/null' TERM
bash ${TASK_FILE} "$SLURM_ARRAY_TASK_ID" &
child=$!
while :; do
	wait $child
	code=$?
	kill -0 $child 2>/dev/null || break
done
# Its time is over and something is owed: it goes on under the same number.
if [ -n "$again" ] && [ "$code" != 0 ]; then
	scontrol requeue "\${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID" && sleep 120
fi
exit "$code"
`,
			[TASK_FILE]: taskScript(this.of, sheet),
		};
	}

	async startShards(
		_sheet: SampleSheet,
		folder: string,
		shards: readonly number[],
		{ onProgress, signal }: SubmitOptions,
	): Promise<string> {
		onProgress?.(`${this.shell.name}: sbatch`);
		const { code, stdout, stderr } = await this.shell.run(
			`cd -- "$1" || exit 1\nshift\nfor i in "$@"; do rm -f "${TASKS}/$i.rc"; done\nexec sbatch --parsable batch.sh\n`,
			[folder, ...shards.map(String)],
			signal,
		);
		const id = parseSubmitted(stdout.toString("utf8"));
		if (code !== 0 || id === undefined)
			throw new LaunchError(
				code === 127
					? `there is no sbatch on ${this.shell.name}: is it the login node?`
					: `Slurm on ${this.shell.name} refused the job: ${refusalSays(stderr || stdout.toString("utf8"))}`,
			);
		return id;
	}

	async shardsOf(handle: Handle, sheet: SampleSheet, signal?: AbortSignal): Promise<ShardState[]> {
		// The queue first: a shard that ends in between has its exit code then, and is not one that left none.
		const said = await this.shell.must(ASK, [SQUEUE_FORMAT, handle.id, SACCT_FORMAT], signal);
		const { there, shards } = await this.seen(handle.folder, sheet, signal);
		if (!there) return [gone(handle, this.shell)];
		const { queue, accounting, failed } = parseAnswer(said);
		return shards.map(({ shard, rc, rollouts }) => {
			const id = `${handle.id}_${shard}`;
			if (rc === undefined && failed !== undefined && !queue.has(id)) {
				const says = `the queue did not answer: ${failed}`;
				return { shard, rollouts, state: { state: "unknown", says } };
			}
			return {
				shard,
				rollouts,
				state: shardState(rc, evidenceFrom(queue.get(id), accounting.get(id)), handle),
			};
		});
	}

	async cancel(handle: Handle, how: "stop" | "end" | "kill", signal?: AbortSignal): Promise<Handle> {
		const words = how === "kill" ? ["--full", "--signal=KILL", handle.id] : [handle.id];
		const { code, stderr } = await this.shell.run('scancel "$@"', words, signal);
		if (code !== 0 && !/Invalid job id|already completed|already completing/i.test(stderr))
			throw new LaunchError(`job ${handle.id} on ${this.shell.name} cannot be cancelled: ${stderr.trim()}`);
		return { ...handle, cancelled: new Date().toISOString() };
	}
}

/** One shard: the whole run. */
export class SshSampling extends SampleLauncher<SshTarget> {
	readonly kind = "ssh";

	scripts(sheet: SampleSheet): Readonly<Record<string, string>> {
		return { [TASK_FILE]: taskScript(this.of, sheet), "start.sh": START };
	}

	async startShards(
		sheet: SampleSheet,
		folder: string,
		_: unknown,
		{ signal }: SubmitOptions,
	): Promise<string> {
		if ((await this.seen(folder, sheet, signal)).alive)
			throw new LaunchError(
				`${sheet.id} runs on ${this.shell.name} already: nudge jobs show ${sheet.id} says how far it is`,
			);
		return (await this.shell.must(BEGIN, [folder], signal)).trim();
	}

	async shardsOf(handle: Handle, sheet: SampleSheet, signal?: AbortSignal): Promise<ShardState[]> {
		const { there, alive, shards } = await this.seen(handle.folder, sheet, signal);
		if (!there) return [gone(handle, this.shell)];
		return shards.map(({ shard, rc, rollouts }) => ({
			shard,
			rollouts,
			state: shardState(rc, { scheduler: alive ? "running" : "gone" }, handle),
		}));
	}

	async cancel(handle: Handle, how: "stop" | "end" | "kill", signal?: AbortSignal): Promise<Handle> {
		await this.shell.must(
			`${ALIVE}\ncd -- "$1" || exit 1\nif alive .; then kill "-$2" -- "-$pid" 2>/dev/null || kill "-$2" "$pid"; fi\nexit 0\n`,
			[handle.folder, how === "kill" ? "KILL" : "TERM"],
			signal,
		);
		return { ...handle, cancelled: new Date().toISOString() };
	}
}

/** Writes what it is, so that it is found again, and becomes the task. */
const START = `#!/usr/bin/env bash
cd "$(dirname "$0")" || exit 1
started=; boot=
if [ -r /proc/$$/stat ]; then
	read -r line < /proc/$$/stat
	set -- \${line##*) }
	started=\${20}
	read -r boot < /proc/sys/kernel/random/boot_id
fi
echo "$$ $started $boot" > pid.part && mv -f pid.part pid
exec bash ${TASK_FILE} 1
`;

const BEGIN = `
cd -- "$1" || exit 1
command -v setsid >/dev/null 2>&1 || { echo "there is no setsid (util-linux)" >&2; exit 1; }
rm -f pid tasks/1.rc
setsid bash start.sh >> out.log 2>&1 < /dev/null &
n=0
while [ ! -s pid ] && [ "$n" -lt 50 ]; do sleep 0.1; n=$((n + 1)); done
[ -s pid ] || { echo "it did not start" >&2; exit 1; }
cut -d ' ' -f 1 pid
`;

function gone({ folder }: Handle, { name }: Shell): ShardState {
	const says = `its folder ${folder} is not there on ${name} any more`;
	return { shard: 0, rollouts: 0, state: { state: "unknown", says } };
}

function shardState(rc: number | undefined, found: Partial<Evidence>, { cancelled }: Handle): JobState {
	const state = stateOf({
		...(rc !== undefined && { rc }),
		...found,
		...((cancelled !== undefined || found.accounting?.word === "CANCELLED") && { cancelled: true }),
	});
	if (state.state === "failed" && rc !== undefined)
		return { ...state, says: `nudge sample ended with exit code ${rc}` };
	return isOver(state) && state.state === "stopped" ? { state: "lost", says: state.says } : state;
}
