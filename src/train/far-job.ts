/**
 * A job's folder on a machine with a shell: what all launchers for such machines do alike. Every question is one script
 * and so one round trip, however many jobs it is about.
 *
 * What always holds: nothing here decides anything from what a log says; a folder is only made below the target's own
 * folder; names and paths reach the far shell as arguments, never as text of a script.
 */
import { createHash } from "node:crypto";
import { createReadStream, existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Finding, LaunchError, type Offsets, type Piece } from "./launcher.ts";
import {
	type Evidence,
	FINAL_FILE,
	type FinalSheet,
	type JobShape,
	parseEnd,
	parseRc,
} from "./run-folder.ts";
import type { Shell } from "./shell.ts";

/** At most of each file at once: what is left comes with the next question. */
export const PIECE_BYTES = 4 << 20;

const FOLDER = `
case "$1" in "~/"*) d="$HOME/\${1#??}" ;; *) d="$1" ;; esac
mkdir -p -- "$d" && cd -- "$d" && pwd -P
`;

/** A folder of the target as the far machine writes it: `~/` opened, made where it is not there. */
export async function farFolder(shell: Shell, folder: string, signal?: AbortSignal): Promise<string> {
	return (await shell.must(FOLDER, [folder], signal)).trim();
}

/** $1 is the run's folder; `alive` succeeds when job.sh of this attempt runs: the pid, its start and the boot have to fit. */
export const ALIVE = `
alive() {
	[ -s "$1/pid" ] || return 1
	read -r pid started boot < "$1/pid" || true
	case "$pid" in ''|*[!0-9]*) return 1 ;; esac
	if [ -r "/proc/$pid/stat" ]; then
		now=$(sed 's/^.*) //' "/proc/$pid/stat" | cut -d ' ' -f 20)
		[ "$now" = "$started" ] || return 1
		[ -z "$boot" ] || [ "$boot" = "$(cat /proc/sys/kernel/random/boot_id)" ] || return 1
		case "$(sed 's/^.*) //' "/proc/$pid/stat" | cut -c 1)" in Z|X) return 1 ;; esac
		return 0
	fi
	[ -d /proc/self ] && return 1
	kill -0 "$pid" 2>/dev/null
}
`;

const EVIDENCE = `${ALIVE}
for run in "$@"; do
	if [ ! -d "$run" ]; then echo "none"; continue; fi
	if alive "$run"; then now=alive; else now=dead; fi
	# Behind NFS a file that was looked for in vain is believed not to be there until its folder is read.
	ls "$run" > /dev/null 2>&1
	printf '%s|%s|%s|' "$now" "$(head -c 20 "$run/rc" 2>/dev/null | tr -d '\\n')" "$(head -c 200 "$run/jobid" 2>/dev/null | tr -d '\\n|')"
	head -c 20000 "$run/end.json" 2>/dev/null | tr -d '\\n'
	echo
done
`;

export type FarEvidence = Pick<Evidence, "rc" | "end"> & {
	/** The folder is there. */
	readonly there: boolean;
	/** The process of job.sh is there. */
	readonly alive: boolean;
	readonly jobid?: string;
};

/** What the folders show, in their order. */
export async function evidenceOf(
	shell: Shell,
	folders: readonly string[],
	signal?: AbortSignal,
): Promise<FarEvidence[]> {
	if (folders.length === 0) return [];
	const lines = (await shell.must(EVIDENCE, folders, signal)).split("\n");
	return folders.map((_, i) => {
		const line = lines[i] ?? "none";
		const [now = "none", rcText = "", jobid = "", ...rest] = line.split("|");
		if (now === "none") return { there: false, alive: false };
		const rc = parseRc(rcText);
		const end = parseEnd(rest.join("|"));
		return {
			there: true,
			alive: now === "alive",
			...(rc !== undefined && { rc }),
			...(end && { end }),
			...(jobid !== "" && { jobid }),
		};
	});
}

const READ = `
cd -- "$1" 2>/dev/null || { echo 0; echo 0; exit 0; }
size() { s=$(wc -c < "$1" 2>/dev/null || echo 0); n=$((s - $2)); [ "$n" -lt 0 ] && n=0; [ "$n" -gt "$3" ] && n=$3; echo "$n"; }
a=$(size out.log "$2" "$4"); b=$(size metrics.jsonl "$3" "$4")
echo "$a"; echo "$b"
[ "$a" -gt 0 ] && tail -c "+$(($2 + 1))" out.log | head -c "$a"
[ "$b" -gt 0 ] && tail -c "+$(($3 + 1))" metrics.jsonl | head -c "$b"
exit 0
`;

/** What came behind the offsets of both files. */
export async function readPiece(
	shell: Shell,
	folder: string,
	from: Offsets,
	signal?: AbortSignal,
): Promise<Piece> {
	const args = [folder, String(from.log), String(from.metrics), String(PIECE_BYTES)];
	const { code, stdout, stderr } = await shell.run(READ, args, signal);
	if (code !== 0) throw new LaunchError(`on ${shell.name}: the job's files cannot be read: ${stderr.trim()}`);
	const first = stdout.indexOf(10);
	const second = stdout.indexOf(10, first + 1);
	const log = Number(stdout.subarray(0, first).toString());
	const metrics = Number(stdout.subarray(first + 1, second).toString());
	const body = stdout.subarray(second + 1);
	if (!Number.isInteger(log) || !Number.isInteger(metrics) || body.length < log + metrics)
		throw new LaunchError(`on ${shell.name}: the job's files came incomplete; ask again`);
	return { log: body.subarray(0, log), metrics: body.subarray(log, log + metrics) };
}

/** Checkpoints that are whole by their whole.json, oldest first. */
const CHECKPOINTS = `
cd -- "$1/ckpt" 2>/dev/null || exit 0
for d in checkpoint-*; do [ -f "$d/whole.json" ] && echo "$d"; done
exit 0
`;

/** Copies what was asked for, checks it against its own hashes, and answers with the folders that were fetched. */
export async function fetchFrom(
	shell: Shell,
	folder: string,
	{
		what,
		into,
		onProgress,
		signal,
	}: {
		readonly what: "final" | "last" | "all";
		readonly into: string;
		readonly onProgress?: ((says: string) => void) | undefined;
		readonly signal?: AbortSignal | undefined;
	},
): Promise<string[]> {
	const there = (await shell.must(CHECKPOINTS, [folder], signal)).split("\n").filter((name) => name !== "");
	const last = there.sort((a, b) => Number(a.slice(11)) - Number(b.slice(11))).at(-1);
	const hasFinal = (await shell.run('[ -f "$1/final/final.json" ]', [folder], signal)).code === 0;
	const wanted: string[] = [];
	if (what !== "last" && hasFinal) wanted.push("final");
	if (what === "final" && !hasFinal)
		throw new LaunchError(
			`there is no finished model in ${folder} on ${shell.name}${last ? `; --what last fetches ${last}` : ""}`,
		);
	if (what !== "final") {
		if (last) wanted.push(join("ckpt", last));
		else if (what === "last")
			throw new LaunchError(`there is no whole checkpoint in ${folder} on ${shell.name} yet`);
	}
	const fetched: string[] = [];
	mkdirSync(into, { recursive: true });
	for (const name of wanted) {
		const to = join(into, name);
		await shell.pull(`${folder}/${name}`, to, (line) => onProgress?.(`${name}: ${line}`), signal);
		await checked(to, shell.name);
		fetched.push(to);
	}
	if (what === "all") {
		const small = await shell.must(
			'cd -- "$1" && for f in run.json recipe.json out.log metrics.jsonl end.json rc; do [ -f "$f" ] && { wc -c < "$f" | tr -d " \\n"; echo " $f"; }; done; exit 0',
			[folder],
			signal,
		);
		for (const line of small.split("\n").filter((text) => text !== ""))
			fetched.push(line.split(" ").slice(1).join(" "));
	}
	return fetched;
}

/** Throws where a file of a finished model is not what its sheet says. */
async function checked(folder: string, from: string): Promise<void> {
	const sheet = join(folder, FINAL_FILE);
	if (existsSync(sheet)) {
		const { files } = JSON.parse(readFileSync(sheet, "utf8")) as FinalSheet;
		for (const [name, { sha256, bytes }] of Object.entries(files)) {
			const file = join(folder, name);
			if (!existsSync(file) || statSync(file).size !== bytes || (await hashOfFile(file)) !== sha256)
				throw new LaunchError(
					`${file} is not what ${from} has: it came incomplete, or was changed. Remove it and fetch again`,
				);
		}
		return;
	}
	const whole = join(folder, "whole.json");
	if (!existsSync(whole)) return;
	const { files } = JSON.parse(readFileSync(whole, "utf8")) as {
		readonly files: Readonly<Record<string, number>>;
	};
	for (const [name, bytes] of Object.entries(files))
		if (!existsSync(join(folder, name)) || statSync(join(folder, name)).size !== bytes)
			throw new LaunchError(`${join(folder, name)} came incomplete from ${from}: fetch again, it goes on`);
}

async function hashOfFile(file: string): Promise<string> {
	const hash = createHash("sha256");
	for await (const piece of createReadStream(file)) hash.update(piece as Buffer);
	return hash.digest("hex");
}

const MODULES = ["torch", "transformers", "trl", "accelerate", "datasets"] as const;

const DOCTOR = `
say() { printf '%s|%s\\n' "$1" "$2"; }
case "$1" in "~/"*) d="$HOME/\${1#??}" ;; *) d="$1" ;; esac
p="$d"; while [ ! -d "$p" ] && [ "$p" != / ] && [ -n "$p" ]; do p=$(dirname -- "$p"); done
[ -w "$p" ] && say writable yes || say writable "no: $p"
say free "$(df -Pk -- "$p" 2>/dev/null | awk 'NR==2 {print $4}')"
for c in rsync setsid bash sha256sum; do command -v "$c" >/dev/null 2>&1 && say "has-$c" yes || say "has-$c" no; done
say gpus "$(command -v nvidia-smi >/dev/null 2>&1 && nvidia-smi --query-gpu=name,memory.total --format=csv,noheader 2>/dev/null | tr '\\n' ';')"
say busy "$(command -v nvidia-smi >/dev/null 2>&1 && nvidia-smi --query-compute-apps=pid --format=csv,noheader 2>/dev/null | wc -l | tr -d ' ')"
if command -v loginctl >/dev/null 2>&1; then say linger "$(loginctl show-user "$(id -un)" -p Linger --value 2>/dev/null)"; fi
say killusers "$(grep -h '^KillUserProcesses=yes' /etc/systemd/logind.conf /etc/systemd/logind.conf.d/*.conf 2>/dev/null | head -n 1)"
eval "$3"
"$2" - <<'PYTHON' 2>&1 || say python "no: $2 cannot be run"
import importlib.metadata as m, sys
print("python|%d.%d.%d" % sys.version_info[:3])
for name in "${[...MODULES, "peft", "deepspeed"].join(" ")}".split():
    try: print("module-%s|%s" % (name, m.version(name)))
    except m.PackageNotFoundError: print("module-%s|no" % name)
PYTHON
`;

export type FarNeeds = {
	readonly folder: string;
	readonly python: string;
	readonly setup: string;
	readonly shape: JobShape;
	/** Bytes that will be sent, and that a few checkpoints will take. */
	readonly bytes?: number;
	/** Whether GPUs are looked for where the script runs (a login node has none). */
	readonly gpusHere: boolean;
};

/** What a machine has for a job, as findings. */
export async function doctorOf(shell: Shell, needs: FarNeeds, signal?: AbortSignal): Promise<Finding[]> {
	const { folder, python, setup, shape, gpusHere } = needs;
	const findings: Finding[] = [];
	const add = (level: Finding["level"], says: string, advice?: string): void =>
		void findings.push({ level, says, ...(advice !== undefined && { advice }) });
	let said: string;
	try {
		said = (await shell.run(DOCTOR, [folder, python, setup], signal)).stdout.toString("utf8");
	} catch (error) {
		if (error instanceof LaunchError) return [{ level: "wrong", says: error.message }];
		throw error;
	}
	const facts = new Map(
		said.split("\n").flatMap((line): [string, string][] => {
			const at = line.indexOf("|");
			return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1).trim()]];
		}),
	);
	const fact = (name: string): string => facts.get(name) ?? "";
	add("ok", `${shell.name} answers`);
	if (fact("writable") === "yes") add("ok", `${folder} can be written`);
	else
		add("wrong", `${folder} cannot be written (${fact("writable")})`, "name another folder for the target");
	const free = Number(fact("free")) * 1024;
	if (free > 0) {
		const gb = `${(free / 2 ** 30).toFixed(1)} GiB free there`;
		if (needs.bytes !== undefined && free < needs.bytes)
			add(
				"wrong",
				`${gb}; the job needs about ${(needs.bytes / 2 ** 30).toFixed(1)}`,
				"make room, or keep fewer checkpoints",
			);
		else add("ok", gb);
	}
	for (const program of ["rsync", "setsid", "bash"])
		if (fact(`has-${program}`) === "no")
			add("wrong", `it has no ${program}`, `install ${program === "setsid" ? "util-linux" : program} there`);
	if (/^\d/.test(fact("python"))) add("ok", `${python} is Python ${fact("python")}`);
	else
		add(
			"wrong",
			`${python} cannot be run there`,
			"name the target's python (its virtual environment's bin/python), and what makes it run in setup",
		);
	for (const name of MODULES) {
		const version = fact(`module-${name}`);
		if (version === "no") add("wrong", `its Python has no ${name}`, `${python} -m pip install ${name}`);
		else if (version !== "" && name === "trl" && Number(version.split(".")[0]) < 1)
			add("wrong", `trl ${version} is too old: 1.7 or newer is needed`, `${python} -m pip install -U trl`);
		else if (version !== "") add("ok", `${name} ${version}`);
	}
	if (gpusHere) gpuFindings(fact("gpus"), Number(fact("busy")), shape, add);
	if (fact("killusers") !== "" && fact("linger") !== "yes")
		add(
			"wrong",
			"it ends what a user started when the user leaves (KillUserProcesses=yes)",
			"loginctl enable-linger there",
		);
	return findings;
}

function gpuFindings(
	said: string,
	busy: number,
	{ gpusPerNode }: JobShape,
	add: (level: Finding["level"], says: string, advice?: string) => void,
): void {
	const gpus = said.split(";").filter((line) => line.trim() !== "");
	if (gpusPerNode === 0) return;
	if (gpus.length < gpusPerNode)
		add(
			"wrong",
			`it has ${gpus.length} GPUs, and the recipe wants ${gpusPerNode}`,
			"--set shape.gpus-per-node=N",
		);
	else add("ok", `${gpus.length} GPUs: ${gpus[0]!.trim()}`);
	if (busy > 0)
		add("note", `${busy} processes use its GPUs now`, "wait for them, or see that memory is left");
}
