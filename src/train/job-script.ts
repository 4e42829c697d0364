/**
 * The two shell scripts of a job, the same for every target that has a shell.
 *
 * `launch.sh` starts the trainer on one node: on one process plainly, on more by torchrun (torch.distributed.run), with
 * the node's place from NODE_RANK, MASTER_ADDR and MASTER_PORT. `job.sh` wraps it: pid, rc, end.json, and signals.
 *
 * What always holds: rc is written once the trainer has ended, by a rename, also where torchrun hid the trainer's own
 * code (end.json has it); a TERM or USR1 that reaches job.sh alone makes the file `stop`, so that the trainer saves before it ends;
 * nothing depends on where RUN lies. The Python is NUDGE_TRAIN_PYTHON, else python3.
 */
import type { ResolvedRecipe } from "./recipe.ts";
import { LOG_FILE } from "./run-folder.ts";

export const LAUNCH_FILE = "launch.sh";

export function launchScript(recipe: ResolvedRecipe): string {
	const { nodes } = recipe.shape;
	const each = recipe.resolved.processes / nodes;
	const where =
		nodes === 1
			? "--standalone"
			: `--nnodes ${nodes} --node-rank "\${NODE_RANK:?}" --master-addr "\${MASTER_ADDR:?}" --master-port "\${MASTER_PORT:-29500}" --rdzv-backend static`;
	const trainer =
		recipe.resolved.processes === 1
			? `exec "$python" -B train.py .`
			: `exec "$python" -B -m torch.distributed.run ${where} --nproc-per-node ${each} train.py .`;
	const cores = recipe.resolved.processes === 1 ? "$(nproc 2> /dev/null || getconf _NPROCESSORS_ONLN)" : "1";
	return [
		"#!/usr/bin/env bash",
		"# Starts the trainer on one node. Written by nudge (src/train/job-script.ts).",
		`cd "$(dirname "$0")" || exit 1`,
		`python=\${NUDGE_TRAIN_PYTHON:-python3}`,
		"export PYTHONUNBUFFERED=1 TOKENIZERS_PARALLELISM=false",
		// On CPUs one process takes all cores, and of several each takes one, as torchrun has it.
		...(recipe.resolved.cpu
			? [`export CUDA_VISIBLE_DEVICES= OMP_NUM_THREADS="\${OMP_NUM_THREADS:-${cores}}"`]
			: []),
		trainer,
		"",
	].join("\n");
}

/** `run` starts all nodes and ends when they have: launch.sh itself where there is one node. */
export function jobScript(run = `bash ${LAUNCH_FILE}`): string {
	return `#!/usr/bin/env bash
# Runs a training job in its folder. Written by nudge (src/train/job-script.ts); src/train/run-folder.ts says what each file is.
cd "$(dirname "$0")" || exit 1
rm -f rc end.json stop
started=; boot=
if [ -r /proc/$$/stat ]; then
	read -r line < /proc/$$/stat
	set -- \${line##*) }
	started=\${20}
	read -r boot < /proc/sys/kernel/random/boot_id
fi
echo "$$ $started $boot" > pid.part && mv -f pid.part pid
${run} &
child=$!
trap 'touch stop; kill -TERM $child 2>/dev/null' TERM INT HUP
trap 'touch stop' USR1
while :; do
	wait $child
	code=$?
	kill -0 $child 2>/dev/null || break
done
if [ -s end.json ]; then
	own=$(sed -n 's/.*"code": *\\([0-9]*\\).*/\\1/p' end.json | head -n 1)
	[ -n "$own" ] && code=$own
fi
echo "$code" > rc.part && mv -f rc.part rc
exit "$code"
`;
}

/** How a target starts job.sh so that it outlives whoever started it: of its own session, with its output in the log. */
export function detached(folder: string, attempt: number): string {
	return `cd ${quoted(folder)} && NUDGE_ATTEMPT=${attempt} setsid -f bash job.sh >> ${LOG_FILE} 2>&1 < /dev/null`;
}

/** A word as a shell reads it back. */
export function quoted(word: string): string {
	return /^[\w./:=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
