/**
 * A managed job of SkyPilot (https://docs.skypilot.co/en/latest/examples/managed-jobs.html), through its own program: on
 * clouds, Kubernetes and whatever else it knows, also on many nodes and on spot machines. Every node runs on its own disk, and
 * guest/keep.py keeps what the job makes in a bucket (mode MOUNT_CACHED: https://docs.skypilot.co/en/latest/reference/storage.html),
 * from which it is read here with the cloud's own tool.
 *
 * What always holds: while SkyPilot says that a job goes on it goes on, whatever lies in the bucket (an interrupted one is
 * started again by itself); after that the attempt's own exit code goes before SkyPilot's word; one question for all
 * jobs; nothing secret stands in the task file: HF_TOKEN goes along by `--secret`, by its name alone.
 */
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { stringify } from "yaml";
import { homes } from "../trace/home.ts";
import { visibleLine } from "../trace/visible.ts";
import { BucketFolder, bucketOf, ran, TOOLS } from "./bucket-tools.ts";
import { LAUNCH_FILE, quoted } from "./job-script.ts";
import { endedOf, fetchKept, KEEPER, KEEPER_FILE, readKept, requirements, stopKept } from "./kept.ts";
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
import { Pace } from "./pace.ts";
import {
	type Evidence,
	EXIT,
	type JobShape,
	type JobSheet,
	type JobState,
	RUN_FILE,
	SCRIPT_FILE,
	stateOf,
} from "./run-folder.ts";
import { lastWords, type Ran } from "./shell.ts";
import type { SkypilotTarget } from "./targets.ts";

export const TASK_FILE = "task.yaml";
const INPUTS = "/nudge-inputs";
const KEPT = "/nudge-kept";
const ASK_EVERY_MS = 15_000;

/** sky/jobs/state.py, ManagedJobStatus. Unknown words count as running: the job's own rc tells its end. */
export function skyState(status: string): NonNullable<Evidence["scheduler"]> {
	if (/^(PENDING|SUBMITTED|STARTING|RECOVERING)$/.test(status)) return "waiting";
	return /^(SUCCEEDED|CANCELLED|FAILED\w*)$/.test(status) ? "gone" : "running";
}

const ADVICE: Readonly<Record<string, string>> = {
	FAILED_SETUP: "a node could not be made ready",
	FAILED_PRECHECKS: "SkyPilot found before the start that it cannot run; nudge doctor says more",
	FAILED_NO_RESOURCE: "no cloud had such machines free: try later, or let the target's infra be wider",
	FAILED_CONTROLLER: "SkyPilot's own controller failed; the job may have run",
};

/** The task as SkyPilot reads it (https://docs.skypilot.co/en/latest/reference/yaml-spec.html). */
export function taskOf(target: SkypilotTarget, sheet: JobSheet, attempt: number, inputs: string): object {
	const { accelerators, infra, spot, image, env, setup } = target;
	const { scheme, name } = bucketOf(target.bucket);
	const { nodes } = sheet.shape;
	const kept = `${KEPT}/${sheet.id}`;
	return {
		name: `nudge-${sheet.id}`,
		num_nodes: nodes,
		resources: {
			accelerators,
			...(infra !== undefined && { infra }),
			...(spot !== undefined && { use_spot: spot }),
			...(image !== undefined && { image_id: `docker:${image.replace(/^docker:/, "")}` }),
			job_recovery: { max_restarts_on_errors: 0, recover_on_exit_codes: [EXIT.stopped] },
		},
		file_mounts: {
			[INPUTS]: inputs,
			[KEPT]: { name, store: scheme === "s3" ? "s3" : "gcs", mode: "MOUNT_CACHED" },
		},
		...(env !== undefined && { envs: env }),
		setup: [
			"set -e",
			"python3 -m pip install -q uv || python3 -m pip install -q --user uv",
			"python3 -m uv venv -q --allow-existing --python 3.12 ~/nudge-venv",
			`python3 -m uv pip install -q --python ~/nudge-venv/bin/python ${requirements().map(quoted).join(" ")}`,
			...(setup === undefined ? [] : [setup.trimEnd()]),
			"",
		].join("\n"),
		run: [
			`run=~/nudge-run/${sheet.id}`,
			`mkdir -p "$run" ${kept} && cp -r ${INPUTS}/. "$run"/ || exit 1`,
			"export NUDGE_TRAIN_PYTHON=~/nudge-venv/bin/python",
			"export NODE_RANK=$SKYPILOT_NODE_RANK",
			'export MASTER_ADDR=$(echo "$SKYPILOT_NODE_IPS" | head -n 1) MASTER_PORT=29500',
			`[ "$NODE_RANK" = 0 ] && start=${SCRIPT_FILE} || start=${LAUNCH_FILE}`,
			`exec python3 "$run/${KEEPER_FILE}" --attempt ${attempt} --node "$NODE_RANK" --nodes "$SKYPILOT_NUM_NODES" "$run" ${kept} bash "$start"`,
			"",
		].join("\n"),
	};
}

type Row = {
	readonly job_id?: number;
	readonly job_name?: string;
	readonly status?: string;
	readonly failure_reason?: string | null;
	readonly recovery_count?: number;
};

export class SkypilotLauncher implements Launcher {
	readonly kind = "skypilot";
	readonly target: string;
	readonly #target: SkypilotTarget;
	readonly #env: NodeJS.ProcessEnv;
	readonly #pace: Pace;

	constructor(name: string, target: SkypilotTarget, env: NodeJS.ProcessEnv, askEveryMs = ASK_EVERY_MS) {
		this.target = name;
		this.#target = target;
		this.#env = env;
		this.#pace = new Pace(askEveryMs);
	}

	async doctor(shape: JobShape, signal?: AbortSignal): Promise<Finding[]> {
		const findings: Finding[] = [];
		const add = (level: Finding["level"], says: string, advice?: string): void =>
			void findings.push({ level, says, ...(advice !== undefined && { advice }) });
		const { accelerators, infra, bucket } = this.#target;
		const gpus = Number(accelerators.split(":")[1]);
		if (gpus < shape.gpusPerNode)
			add(
				"wrong",
				`a node of ${accelerators} has ${gpus} GPUs, and the recipe wants ${shape.gpusPerNode}`,
				"--set shape.gpus-per-node=N, or other accelerators",
			);
		else add("ok", `${shape.nodes} x ${accelerators}${infra === undefined ? "" : ` on ${infra}`}`);
		try {
			const { scheme, name } = bucketOf(bucket);
			const tool = TOOLS[scheme];
			const asked = ["--version"];
			const { code } = await ran(tool, asked, this.#env, signal);
			if (code === 0) {
				await new BucketFolder({ scheme, name }, "nudge-doctor", this.#env).text("none", signal);
				add("ok", `${bucket} can be read with ${tool}`);
			} else add("wrong", `${tool} does not run, with which ${bucket} is read`, `install ${tool} anew`);
		} catch (error) {
			if (signal?.aborted) throw error;
			const says = (error as Error).message;
			// A bucket that is made with the first job is nothing wrong.
			add(says.startsWith("there is no bucket") ? "note" : "wrong", says);
		}
		try {
			const version = (await this.#sky(["--version"], signal)).stdout.toString().trim();
			add("ok", version.startsWith("skypilot") ? version : `SkyPilot ${version}`);
			const { stdout } = await this.#must("look at its clouds", ["check", "-o", "json"], signal);
			const clouds = cloudsIn(stdout.toString());
			if (clouds === undefined) add("note", "sky check did not say which clouds can be used");
			else if (clouds.length === 0)
				add("wrong", "SkyPilot has credentials for no cloud", "sky check says what each wants");
			else {
				const wanted = infra?.split("/")[0]?.toLowerCase();
				const known = clouds.join(", ");
				if (wanted !== undefined && wanted !== "*" && !clouds.some((cloud) => same(cloud, wanted)))
					add("wrong", `SkyPilot may use ${known}, and not ${wanted}`, `sky check ${wanted}`);
				else add("ok", `SkyPilot may use ${known}`);
			}
		} catch (error) {
			if (signal?.aborted) throw error;
			add("wrong", (error as Error).message);
		}
		add(
			"note",
			"what it costs is said by SkyPilot (sky gpus list), and runs on as long as its controller does",
		);
		return findings;
	}

	async render({ sheet }: Pick<Job, "sheet">): Promise<Rendered[]> {
		const inputs = this.#staging(sheet.id);
		return [
			{
				title: `sent with the task, as ${INPUTS}`,
				text: `${[...Object.keys(sheet.files), RUN_FILE, KEEPER_FILE].join("\n")}\n`,
			},
			{
				title: `${TASK_FILE}, given to sky jobs launch -y -d -n nudge-${sheet.id}`,
				text: stringify(taskOf(this.#target, sheet, 1, inputs), { lineWidth: 0 }),
			},
		];
	}

	async submit({ folder, sheet }: Job, { attempt, onProgress, signal }: SubmitOptions): Promise<Handle> {
		const inputs = this.#staging(sheet.id);
		const task = `${inputs}.yaml`;
		const name = `nudge-${sheet.id}`;
		try {
			rmSync(inputs, { recursive: true, force: true });
			for (const file of [...Object.keys(sheet.files), RUN_FILE]) {
				mkdirSync(dirname(join(inputs, file)), { recursive: true });
				copyFileSync(join(folder, file), join(inputs, file));
			}
			copyFileSync(KEEPER, join(inputs, KEEPER_FILE));
			writeFileSync(task, stringify(taskOf(this.#target, sheet, attempt, inputs), { lineWidth: 0 }));
			onProgress?.("sky jobs launch: this takes minutes where its controller is not up yet");
			const secret = this.#env.HF_TOKEN ? ["--secret", "HF_TOKEN"] : [];
			const { stdout } = await this.#must(
				"start the job",
				["jobs", "launch", "-y", "-d", "-n", name, ...secret, task],
				signal,
			);
			const id =
				/Managed Job ID: *(\d+)/.exec(plain(stdout.toString()))?.[1] ?? (await this.#newest(name, signal));
			return {
				kind: this.kind,
				target: this.target,
				job: sheet.id,
				folder: sheet.id,
				id,
				attempt,
				submitted: new Date().toISOString(),
			};
		} finally {
			rmSync(inputs, { recursive: true, force: true });
			rmSync(task, { force: true });
		}
	}

	async poll(handles: readonly Handle[], signal?: AbortSignal): Promise<ReadonlyMap<string, JobState>> {
		if (handles.length === 0) return new Map();
		await this.#pace.turn(signal);
		const rows = await this.#queue(signal);
		const states = new Map<string, JobState>();
		for (const handle of handles)
			states.set(handle.job, await this.#stateOf(handle, rows.find(own(handle)), signal));
		return states;
	}

	async #stateOf(handle: Handle, row: Row | undefined, signal?: AbortSignal): Promise<JobState> {
		const status = row?.status ?? "";
		const scheduler = row ? skyState(status) : "gone";
		const again = row?.recovery_count ? `, started again ${row.recovery_count} times` : "";
		if (scheduler !== "gone") return stateOf({ scheduler, word: `${status}${again}` });
		const ended = await endedOf(this.#kept(handle), handle.attempt, signal);
		if (!row && ended.rc === undefined)
			return { state: "unknown", says: `sky jobs queue does not know job ${handle.id} any more` };
		const cancelled = handle.cancelled !== undefined || status === "CANCELLED";
		if (ended.rc !== undefined || cancelled)
			return stateOf({ ...ended, scheduler, ...(cancelled && { cancelled }) });
		const why = [
			ADVICE[status],
			row?.failure_reason ? visibleLine(row.failure_reason).slice(0, 300) : undefined,
		];
		const word = [status, ...why.filter((text) => text !== undefined)].join(": ");
		return stateOf({
			scheduler,
			accounting: {
				word: `${word}; sky jobs logs ${status === "FAILED_SETUP" ? "" : "--controller "}${handle.id} shows more`,
			},
		});
	}

	read(handle: Handle, from: Offsets, signal?: AbortSignal): Promise<Piece> {
		return readKept(this.#kept(handle), from, signal);
	}

	async cancel(handle: Handle, how: "stop" | "end" | "kill", signal?: AbortSignal): Promise<Handle> {
		this.#pace.hurry();
		if (how === "stop") {
			await stopKept(this.#kept(handle), handle.attempt, signal);
			return handle;
		}
		await this.#must("cancel the job", ["jobs", "cancel", "-y", handle.id], signal);
		return { ...handle, cancelled: new Date().toISOString() };
	}

	fetch(handle: Handle, options: FetchOptions): Promise<readonly string[]> {
		return fetchKept(this.#kept(handle), handle.job, options);
	}

	#kept({ folder }: Pick<Handle, "folder">): BucketFolder {
		return new BucketFolder(bucketOf(this.#target.bucket), folder, this.#env);
	}

	#staging(id: string): string {
		return join(homes(this.#env).cache, "sky", id);
	}

	async #newest(name: string, signal?: AbortSignal): Promise<string> {
		const ids = (await this.#queue(signal)).flatMap(({ job_id: id, job_name: own }) =>
			own === name && id !== undefined ? [id] : [],
		);
		if (ids.length > 0) return String(Math.max(...ids));
		throw new LaunchError(
			`sky jobs launch did not say under which number ${name} runs, and sky jobs queue does not show it: look there before you start it again`,
		);
	}

	async #queue(signal?: AbortSignal): Promise<readonly Row[]> {
		const { stdout, stderr, code } = await this.#sky(["jobs", "queue", "-a", "-v", "-o", "json"], signal);
		const text = stdout.toString("utf8");
		// What it prints before the list is for people.
		const at = text.search(/^\[/m);
		if (code === 0 && at >= 0)
			try {
				return JSON.parse(text.slice(at)) as Row[];
			} catch {
				// Told below.
			}
		if (
			/No in-progress managed jobs|no managed jobs|controller is not up|ClusterNotUp/i.test(
				`${text}${stderr}`,
			)
		)
			return [];
		throw new LaunchError(skySays("list its jobs", text, stderr));
	}

	async #must(doing: string, args: readonly string[], signal?: AbortSignal): Promise<Ran> {
		const made = await this.#sky(args, signal);
		if (made.code !== 0) throw new LaunchError(skySays(doing, made.stdout.toString("utf8"), made.stderr));
		return made;
	}

	async #sky(args: readonly string[], signal?: AbortSignal): Promise<Ran> {
		const env = { ...this.#env, NO_COLOR: "1", SKYPILOT_DISABLE_USAGE_COLLECTION: "1" };
		try {
			return await ran("sky", args, env, signal);
		} catch (error) {
			if (error instanceof LaunchError && error.message.startsWith("there is no sky"))
				throw new LaunchError(
					"there is no sky on this machine: pip install 'skypilot[aws]' (or [gcp], [kubernetes], ...), in an environment whose bin is in the PATH",
				);
			throw error;
		}
	}
}

function own({ id }: Handle): (row: Row) => boolean {
	return ({ job_id: found }) => String(found) === id;
}

function same(a: string, b: string): boolean {
	const k8s = (name: string): string => name.toLowerCase().replace("k8s", "kubernetes");
	return k8s(a) === k8s(b);
}

/** Of `sky check -o json`: enabled clouds by workspace. */
function cloudsIn(text: string): string[] | undefined {
	const at = text.search(/^[[{]/m);
	try {
		const found = JSON.parse(text.slice(at)) as unknown;
		const names = (value: unknown): string[] => {
			if (Array.isArray(value)) return value.flatMap((one) => (typeof one === "string" ? [one] : names(one)));
			if (typeof value !== "object" || value === null) return [];
			return Object.values(value).flatMap(names);
		};
		return [...new Set(names(found))];
	} catch {
		return undefined;
	}
}

function skySays(doing: string, stdout: string, stderr: string): string {
	const said = plain(`${stdout}\n${stderr}`);
	const words = lastWords(plain(stderr)) || lastWords(plain(stdout));
	if (/ResourcesUnavailable|not.*launchable|No resource satisfying/i.test(said))
		return `SkyPilot knows no machine like the target's (${doing}): look at accelerators and infra; sky gpus list shows what there is. It says: ${words}`;
	if (/No cloud (is|access)|NoCloudAccess|credentials/i.test(said))
		return `SkyPilot has no credentials for it (${doing}): sky check says what each cloud wants. It says: ${words}`;
	if (/API server|Connection refused|Max retries|Could not connect|ConnectionError/i.test(said))
		return `SkyPilot's server does not answer (${doing}): sky api status, sky api start. A job that runs goes on. It says: ${words}`;
	return `SkyPilot could not ${doing}: ${visibleLine(words) || "it failed without a word"}`;
}

/** Without colours. */
function plain(text: string): string {
	return text.replaceAll(/\u001b\[[\d;]*m/g, "");
}
