/**
 * A job on one host behind ssh: its folder is copied there, job.sh is started in a session of its own, and lives on when
 * the connection, the laptop or nudge ends.
 *
 * What always holds: one attempt at a time in a folder (a lock there, and the running one is looked for first); a process is
 * only signalled when its start and the boot fit its pid file, so that no number that was used again is hit.
 */
import { ALIVE, doctorOf, evidenceOf, farFolder, fetchFrom, readPiece } from "./far-job.ts";
import { jobScript } from "./job-script.ts";
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
import { type JobShape, type JobState, stateOf } from "./run-folder.ts";
import { quoted, type Shell } from "./shell.ts";
import type { SshTarget } from "./targets.ts";

/** Lines of a shell that make a machine ready: variables, then what the user wrote. */
export function readyLines(target: {
	readonly python?: string;
	readonly setup?: string;
	readonly env?: Readonly<Record<string, string>>;
}): string[] {
	return [
		...Object.entries(target.env ?? {}).map(([name, value]) => `export ${name}=${quoted(value)}`),
		...(target.setup === undefined ? [] : [target.setup.trimEnd()]),
		...(target.python === undefined ? [] : [`export NUDGE_TRAIN_PYTHON=${quotedHome(target.python)}`]),
	];
}

/** As `quoted`, with `~/` left to the far shell. */
function quotedHome(path: string): string {
	return path.startsWith("~/") ? `"$HOME"/${quoted(path.slice(2))}` : quoted(path);
}

const START = `${ALIVE}
cd -- "$1" || exit 1
if alive .; then echo "the job runs there already (pid $pid)" >&2; exit 9; fi
command -v setsid >/dev/null 2>&1 || { echo "there is no setsid (util-linux)" >&2; exit 1; }
rm -f pid rc end.json stop
NUDGE_ATTEMPT="$2" setsid -f bash start.sh >> out.log 2>&1 < /dev/null
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do
	[ -s pid ] || [ -s rc ] && break
	sleep 0.2 2>/dev/null || sleep 1
done
[ -s pid ] || { echo "it did not start: $(tail -n 1 out.log)" >&2; exit 1; }
cut -d ' ' -f 1 pid
`;

const SIGNAL = `${ALIVE}
cd -- "$1" || exit 0
[ "$2" = stop ] && { : > stop; exit 0; }
if alive .; then
	# The group of a session's leader has its number.
	kill "-$2" -- "-$pid" 2>/dev/null || kill "-$2" "$pid" 2>/dev/null
fi
exit 0
`;

export class SshLauncher implements Launcher {
	readonly kind = "ssh";
	readonly target: string;
	readonly #target: SshTarget;
	readonly #shell: Shell;

	constructor(name: string, target: SshTarget, shell: Shell) {
		this.target = name;
		this.#target = target;
		this.#shell = shell;
	}

	async doctor(shape: JobShape, signal?: AbortSignal): Promise<Finding[]> {
		const { folder, python = "python3", setup = "" } = this.#target;
		const findings = await doctorOf(this.#shell, { folder, python, setup, shape, gpusHere: true }, signal);
		if (shape.nodes > 1)
			findings.push({
				level: "wrong",
				says: `the recipe wants ${shape.nodes} nodes, and ssh starts a job on one`,
				advice: "use a Slurm or SkyPilot target, or --set shape.nodes=1",
			});
		return findings;
	}

	async render({ sheet }: Pick<Job, "sheet">): Promise<Rendered[]> {
		const folder = `${this.#target.folder}/${sheet.id}`;
		return [
			{ title: `copied to ${this.#shell.name}:${folder}`, text: `${Object.keys(sheet.files).join("\n")}\n` },
			{ title: "start.sh, run there with setsid", text: this.#start() },
			{ title: "job.sh", text: jobScript() },
		];
	}

	async submit(
		{ folder: here, sheet }: Job,
		{ attempt, onProgress, signal }: SubmitOptions,
	): Promise<Handle> {
		if (sheet.shape.nodes > 1)
			throw new LaunchError(
				`${this.target} is one host, and the recipe wants ${sheet.shape.nodes} nodes: use a Slurm or SkyPilot target, or --set shape.nodes=1`,
			);
		const shell = this.#shell;
		onProgress?.(`${shell.name}: making the folder`);
		const folder = `${await farFolder(shell, this.#target.folder, signal)}/${sheet.id}`;
		await shell.must('mkdir -p -- "$1"', [folder], signal);
		await shell.push(here, folder, (line) => onProgress?.(`${shell.name}: ${line}`), signal);
		await shell.must(
			"cat > \"$1/start.sh\" <<'NUDGE_END'\n".concat(this.#start(), "NUDGE_END\n"),
			[folder],
			signal,
		);
		onProgress?.(`${shell.name}: starting`);
		const { code, stdout, stderr } = await shell.run(START, [folder, String(attempt)], signal);
		if (code !== 0)
			throw new LaunchError(
				code === 9
					? `${sheet.id} runs on ${shell.name} already: nudge jobs logs ${sheet.id} follows it`
					: `on ${shell.name}: ${stderr.trim() || "the job did not start"}`,
			);
		return {
			kind: this.kind,
			target: this.target,
			job: sheet.id,
			folder,
			id: stdout.toString("utf8").trim(),
			attempt,
			submitted: new Date().toISOString(),
		};
	}

	async poll(handles: readonly Handle[], signal?: AbortSignal): Promise<ReadonlyMap<string, JobState>> {
		const found = await evidenceOf(
			this.#shell,
			handles.map(({ folder }) => folder),
			signal,
		);
		return new Map(
			handles.map(({ job, folder, cancelled }, i) => {
				const { there, alive, ...evidence } = found[i]!;
				const state: JobState = there
					? stateOf({
							...evidence,
							scheduler: alive ? "running" : "gone",
							...(cancelled !== undefined && { cancelled: true }),
						})
					: { state: "unknown", says: `its folder ${folder} is not there on ${this.#shell.name} any more` };
				return [job, state];
			}),
		);
	}

	read({ folder }: Handle, from: Offsets, signal?: AbortSignal): Promise<Piece> {
		return readPiece(this.#shell, folder, from, signal);
	}

	async cancel(handle: Handle, how: "stop" | "end" | "kill", signal?: AbortSignal): Promise<Handle> {
		const word = how === "stop" ? "stop" : how === "end" ? "TERM" : "KILL";
		await this.#shell.must(SIGNAL, [handle.folder, word], signal);
		return how === "stop" ? handle : { ...handle, cancelled: new Date().toISOString() };
	}

	fetch({ folder }: Handle, options: FetchOptions): Promise<readonly string[]> {
		return fetchFrom(this.#shell, folder, options);
	}

	#start(): string {
		return [
			"#!/usr/bin/env bash",
			'cd "$(dirname "$0")" || exit 1',
			...readyLines(this.#target),
			"exec bash job.sh",
			"",
		].join("\n");
	}
}
