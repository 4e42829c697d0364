/**
 * A job on Hugging Face Jobs (https://huggingface.co/docs/hub/jobs), through @huggingface/hub. What the trainer reads goes
 * into a private dataset repository, which the job sees read-only. It runs on the disk of its container, and guest/keep.py
 * keeps what it makes in a bucket (https://huggingface.co/docs/hub/storage-buckets): a mounted bucket cannot be appended to,
 * and shows a file only once it was closed.
 *
 * What always holds: a job has one node and a time limit that the target names (the service's own is half an hour), before
 * which the trainer saves; nobody's token stands in a file, an argument or a message: the job gets it as a secret; the
 * attempt's own exit code goes before what the service says, whose stages are read as text (its clients disagree about them).
 */

import { readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import {
	cancelJob,
	commit,
	createRepo,
	getJob,
	HubApiError,
	listJobHardware,
	listJobs,
	runJob,
	whoAmI,
} from "@huggingface/hub";
import { type HubAccess, hubAccess } from "../data/hub-token.ts";
import { jobsError } from "./hf-errors.ts";
import { HfKept, type HubCommon } from "./hf-kept.ts";
import { quoted } from "./job-script.ts";
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
import { type Evidence, type JobShape, type JobState, stateOf } from "./run-folder.ts";
import type { HfTarget } from "./targets.ts";

/** CUDA and torch are in it; the rest is installed when the job begins. */
const IMAGE = "pytorch/pytorch:2.13.0-cuda13.0-cudnn9-runtime";
/** In the container: what was sent, what is kept, and where the job runs. */
export const PLACES = { inputs: "/nudge-inputs", kept: "/nudge-kept", run: "/nudge-run" } as const;
const ASK_EVERY_MS = 5000;

/** What the service calls a job's stage, in three words. Unknown ones count as running: the job's own rc tells its end. */
export function stageOf(stage: string): NonNullable<Evidence["scheduler"]> {
	const word = stage.toUpperCase();
	if (/^(SCHEDULING|PENDING|QUEUED|STARTING|BUILDING|UPDATING)$/.test(word)) return "waiting";
	if (/^(COMPLETED|CANCELED|CANCELLED|ERROR|FAILED|DELETED|DELETING|STOPPED|TIMEOUT)$/.test(word))
		return "gone";
	return "running";
}

/** What runs in the container: the inputs are copied to its disk, and keep.py runs the job there. */
export function containerScript(
	target: Pick<HfTarget, "hours" | "setup">,
	id: string,
	attempt: number,
): string {
	const libraries = requirements().filter((line) => !line.startsWith("torch=="));
	const failed = (what: string): string =>
		`{ echo '{"attempt":${attempt},"code":1,"reason":"failed","message":"${what}; the log says why","at":""}' > end.json; exit 1; }`;
	const begin = [
		`python3 -m pip install -q --root-user-action ignore ${libraries.map(quoted).join(" ")} || ${failed("the libraries of the trainer could not be installed")}`,
		...(target.setup === undefined ? [] : [target.setup.trimEnd()]),
		"exec bash job.sh",
	].join("\n");
	const { inputs, kept, run } = PLACES;
	return [
		`mkdir -p ${run} ${kept}/${id} && cp -r ${inputs}/. ${run}/ || exit 1`,
		"export PIP_BREAK_SYSTEM_PACKAGES=1",
		`exec python3 ${run}/${KEEPER_FILE} --attempt ${attempt} --hours ${target.hours} ${run} ${kept}/${id} bash -c ${quoted(begin)}`,
		"",
	].join("\n");
}

type Status = {
	readonly id: string;
	readonly status: { readonly stage: string; readonly message?: string | null };
	readonly timeoutSeconds?: number | null;
	readonly startedAt?: string | null;
	readonly finishedAt?: string | null;
};

export class HfLauncher implements Launcher {
	readonly kind = "hf";
	readonly target: string;
	readonly #target: HfTarget;
	readonly #env: NodeJS.ProcessEnv;
	readonly #repo: string;
	readonly #pace: Pace;
	#waitSeconds: number | undefined;

	constructor(name: string, target: HfTarget, env: NodeJS.ProcessEnv, askEveryMs = ASK_EVERY_MS) {
		this.target = name;
		this.#target = target;
		this.#env = env;
		this.#repo = target.repository ?? `${target.namespace}/nudge-jobs`;
		this.#pace = new Pace(askEveryMs);
	}

	async doctor(shape: JobShape, signal?: AbortSignal): Promise<Finding[]> {
		const findings: Finding[] = [];
		const add = (level: Finding["level"], says: string, advice?: string): void =>
			void findings.push({ level, says, ...(advice !== undefined && { advice }) });
		const { namespace, flavor, hours } = this.#target;
		try {
			await this.#asked("look at the account", signal, async (common) => {
				const me = await whoAmI(common);
				const names = [me.name, ...("orgs" in me ? me.orgs.map((org) => org.name) : [])];
				if (names.includes(namespace)) add("ok", `the token is ${me.name}'s, who may use ${namespace}`);
				else
					add(
						"wrong",
						`the token is ${me.name}'s, who does not belong to ${namespace}`,
						"name another namespace, or use another token",
					);
				if (me.auth?.accessToken?.role === "read")
					add("wrong", "the token may only read", "make one that may write and manage jobs");
				const hardware = await listJobHardware(common);
				const own = hardware.find(({ name }) => name === flavor);
				if (!own) {
					add(
						"wrong",
						`there is no flavor ${flavor}`,
						`there are ${hardware.map(({ name }) => name).join(", ")}`,
					);
					return;
				}
				const gpus = Number(own.accelerator?.quantity ?? 0);
				if (gpus < shape.gpusPerNode)
					add(
						"wrong",
						`${flavor} has ${gpus} GPUs, and the recipe wants ${shape.gpusPerNode}`,
						"--set shape.gpus-per-node=N, or another flavor",
					);
				else
					add(
						"ok",
						`${flavor}: ${own.prettyName}, ${gpus} GPUs${own.accelerator ? ` with ${own.accelerator.vram} in all` : ""}, ${own.ram} memory`,
					);
				const hourly = hourlyOf(own);
				if (hourly !== undefined)
					add(
						"note",
						`it costs $${hourly.toFixed(2)} an hour by the service's own list: at most $${(hourly * hours).toFixed(2)} for ${hours} hours`,
					);
			});
		} catch (error) {
			if (signal?.aborted) throw error;
			add("wrong", (error as Error).message);
		}
		if (shape.nodes > 1)
			add(
				"wrong",
				`the recipe wants ${shape.nodes} nodes, and a job there has one`,
				"--set shape.nodes=1 with 8 GPUs, or Slurm or SkyPilot",
			);
		add(
			"note",
			`the job is ended after ${hours} hours, whatever it does; it saves before that, and nudge jobs resume goes on`,
		);
		return findings;
	}

	async render({ sheet }: Pick<Job, "sheet">): Promise<Rendered[]> {
		const request = this.#request(sheet.id, 1);
		return [
			{
				title: `sent to the private dataset ${this.#repo}, below ${sheet.id}/`,
				text: `${[...Object.keys(sheet.files), KEEPER_FILE].join("\n")}\n`,
			},
			{
				title: "asked of Hugging Face Jobs",
				text: `${JSON.stringify({ ...request, command: ["bash", "-c", "..."], secrets: ["HF_TOKEN"] }, null, 2)}\n`,
			},
			{ title: "run in the container", text: containerScript(this.#target, sheet.id, 1) },
		];
	}

	async submit({ folder, sheet }: Job, { attempt, onProgress, signal }: SubmitOptions): Promise<Handle> {
		if (sheet.shape.nodes > 1)
			throw new LaunchError(
				`a job of Hugging Face Jobs has one node, and the recipe wants ${sheet.shape.nodes}: --set shape.nodes=1`,
			);
		const { namespace } = this.#target;
		await this.#asked(`make ${this.#repo}`, signal, async (common) => {
			onProgress?.(`${this.#repo}: making the repository and the bucket`);
			for (const type of ["dataset", "bucket"] as const)
				await unlessThere(() =>
					createRepo({ ...common, repo: { type, name: this.#repo }, visibility: "private" }),
				);
		});
		if (attempt === 1)
			await this.#asked(`send the job to ${this.#repo}`, signal, async (common) => {
				const files = filesBelow(folder);
				onProgress?.(`${this.#repo}: sending ${files.length + 1} files`);
				const add = (path: string, content: URL) => ({
					operation: "addOrUpdate" as const,
					path: `${sheet.id}/${path}`,
					content,
				});
				await commit({
					...common,
					repo: { type: "dataset", name: this.#repo },
					title: `nudge job ${sheet.id}`,
					operations: [
						...files.map((path) => add(path, pathToFileURL(join(folder, path)))),
						add(KEEPER_FILE, KEEPER),
					],
					...(signal && { abortSignal: signal }),
				});
			});
		onProgress?.("starting the job");
		const { id } = await this.#asked(`start a job of ${namespace}`, signal, (common, { token }) =>
			runJob({ ...common, ...this.#request(sheet.id, attempt), secrets: { HF_TOKEN: token } }),
		);
		return {
			kind: this.kind,
			target: this.target,
			job: sheet.id,
			folder: sheet.id,
			id,
			attempt,
			submitted: new Date().toISOString(),
		};
	}

	async poll(handles: readonly Handle[], signal?: AbortSignal): Promise<ReadonlyMap<string, JobState>> {
		await this.#pace.turn(signal);
		const { namespace } = this.#target;
		return this.#asked("ask about the job", signal, async (common) => {
			const listed: Status[] = handles.length > 1 ? await listJobs({ ...common, namespace }) : [];
			const states = new Map<string, JobState>();
			for (const handle of handles) {
				// The list need not go back to the first job.
				const status =
					listed.find(({ id }) => id === handle.id) ??
					(await unknownAsUndefined(() => getJob({ ...common, namespace, jobId: handle.id })));
				states.set(handle.job, await this.#stateOf(common, handle, status, signal));
			}
			return states;
		});
	}

	async #stateOf(
		common: HubCommon,
		handle: Handle,
		found: Status | undefined,
		signal?: AbortSignal,
	): Promise<JobState> {
		const stage = String(found?.status.stage ?? "");
		const scheduler = found ? stageOf(stage) : "gone";
		const word = found?.status.message ? `${stage}: ${found.status.message}` : stage;
		if (scheduler !== "gone") return stateOf({ scheduler, word });
		const ended = await endedOf(this.#kept(common, handle), handle.attempt, signal);
		if (!found && ended.rc === undefined)
			return { state: "unknown", says: `Hugging Face Jobs does not know ${handle.id} any more` };
		const cancelled = handle.cancelled !== undefined || /^CANCEL/i.test(stage);
		if (ended.rc === undefined && !cancelled && found && ranOut(found))
			return {
				state: "stopped",
				says: `its time limit of ${this.#target.hours} hours ran out before it had ended; what it kept until then is there`,
			};
		return stateOf({ ...ended, scheduler, accounting: { word }, ...(cancelled && { cancelled }) });
	}

	read(handle: Handle, from: Offsets, signal?: AbortSignal): Promise<Piece> {
		return this.#asked("read the job's files", signal, (common) =>
			readKept(this.#kept(common, handle), from, signal),
		);
	}

	async cancel(handle: Handle, how: "stop" | "end" | "kill", signal?: AbortSignal): Promise<Handle> {
		this.#pace.hurry();
		return this.#asked(how === "stop" ? "ask the job to stop" : "cancel the job", signal, async (common) => {
			if (how === "stop") {
				await stopKept(this.#kept(common, handle), handle.attempt, signal);
				return handle;
			}
			await cancelJob({ ...common, namespace: this.#target.namespace, jobId: handle.id });
			return { ...handle, cancelled: new Date().toISOString() };
		});
	}

	fetch(handle: Handle, options: FetchOptions): Promise<readonly string[]> {
		return this.#asked("fetch the job's files", options.signal, (common) =>
			fetchKept(this.#kept(common, handle), handle.job, options),
		);
	}

	#request(id: string, attempt: number): Omit<Parameters<typeof runJob>[0], "accessToken" | "credentials"> {
		const { namespace, flavor, hours, image, env } = this.#target;
		return {
			namespace,
			dockerImage: image ?? IMAGE,
			command: ["bash", "-c", containerScript(this.#target, id, attempt)],
			environment: { ...env },
			flavor: flavor as Parameters<typeof runJob>[0]["flavor"],
			timeoutSeconds: Math.round(hours * 3600),
			labels: { nudge: id },
			volumes: [
				{
					source: { type: "dataset", name: this.#repo },
					mountPath: PLACES.inputs,
					path: id,
					readOnly: true,
				},
				{ source: { type: "bucket", name: this.#repo }, mountPath: PLACES.kept },
			],
		};
	}

	#kept(common: HubCommon, { folder }: Pick<Handle, "folder">): HfKept {
		return new HfKept(common, this.#repo, folder);
	}

	async #asked<T>(
		doing: string,
		signal: AbortSignal | undefined,
		work: (common: HubCommon, access: HubAccess) => Promise<T>,
	): Promise<T> {
		let access: HubAccess;
		try {
			access = hubAccess(this.#env);
		} catch (error) {
			throw new LaunchError((error as Error).message);
		}
		const asking: typeof fetch = async (input, init) => {
			const response = await fetch(input, signal && !init?.signal ? { ...init, signal } : init);
			if (response.status === 429) {
				const seconds = Number(response.headers.get("Retry-After") ?? Number.NaN);
				this.#waitSeconds = Number.isFinite(seconds) ? seconds : undefined;
			}
			return response;
		};
		try {
			return await work({ hubUrl: access.endpoint, accessToken: access.token, fetch: asking }, access);
		} catch (error) {
			signal?.throwIfAborted();
			throw jobsError(error, access, {
				doing,
				namespace: this.#target.namespace,
				repository: this.#repo,
				waitSeconds: this.#waitSeconds,
			});
		}
	}
}

async function unlessThere(make: () => Promise<unknown>): Promise<void> {
	try {
		await make();
	} catch (error) {
		if (!(error instanceof HubApiError) || error.statusCode !== 409) throw error;
	}
}

async function unknownAsUndefined<T>(ask: () => Promise<T>): Promise<T | undefined> {
	try {
		return await ask();
	} catch (error) {
		if (error instanceof HubApiError && error.statusCode === 404) return undefined;
		throw error;
	}
}

/** The service names its price a minute or an hour. */
function hourlyOf({
	unitCostUSD,
	unitLabel,
}: {
	readonly unitCostUSD: number;
	readonly unitLabel: string;
}): number | undefined {
	if (!Number.isFinite(unitCostUSD)) return undefined;
	if (/hour/i.test(unitLabel)) return unitCostUSD;
	return /min/i.test(unitLabel) ? unitCostUSD * 60 : undefined;
}

/** Whether a job was ended by its time limit: the service says so, or it ran for all of it. */
function ranOut({ status, timeoutSeconds, startedAt, finishedAt }: Status): boolean {
	if (/time(d)?[ -]?out|TIMEOUT/i.test(`${status.stage} ${status.message ?? ""}`)) return true;
	if (!timeoutSeconds || !startedAt || !finishedAt || /^COMPLETED$/i.test(status.stage)) return false;
	return (Date.parse(finishedAt) - Date.parse(startedAt)) / 1000 >= timeoutSeconds;
}

/** All that the trainer reads; what nudge keeps of the job beside it stays here. */
function filesBelow(folder: string): string[] {
	return readdirSync(folder, { recursive: true, withFileTypes: true })
		.filter((entry) => entry.isFile())
		.map((entry) => relative(folder, join(entry.parentPath, entry.name)))
		.filter((path) => !/^(handle|seen)\.json|^far\/|^final\/|^ckpt\//.test(path))
		.sort();
}
