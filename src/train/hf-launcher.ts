/**
 * A job on Hugging Face Jobs (https://huggingface.co/docs/hub/jobs), through @huggingface/hub. What the trainer reads goes
 * into a private dataset repository, which the job sees read-only; its folder RUN lies in a bucket that the job can write
 * (https://huggingface.co/docs/hub/storage-buckets), so that its log, metrics and checkpoints outlive it.
 *
 * What always holds: a job has one node and a time limit that the target names (the service's own is half an hour, and
 * then all is lost); nobody's token stands in a file or an argument: the job gets it as a secret; the job's own rc goes before
 * what the service says, whose stages are read as text (its clients disagree about them).
 */

import { createHash } from "node:crypto";
import {
	createReadStream,
	createWriteStream,
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	statSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { pathToFileURL } from "node:url";
import {
	cancelJob,
	commit,
	createRepo,
	downloadFile,
	getJob,
	HubApiError,
	listFiles,
	listJobHardware,
	listJobs,
	runJob,
	uploadFile,
	whoAmI,
} from "@huggingface/hub";
import { hubError } from "../data/hub-errors.ts";
import { type HubAccess, hubAccess } from "../data/hub-token.ts";
import { quoted } from "./job-script.ts";
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
import {
	type Evidence,
	FINAL,
	FINAL_FILE,
	type FinalSheet,
	type JobShape,
	type JobState,
	LOG_FILE,
	METRICS_FILE,
	parseEnd,
	parseRc,
	stateOf,
} from "./run-folder.ts";
import type { HfTarget } from "./targets.ts";

/** CUDA and torch are in it; the rest is installed when the job begins. */
const IMAGE = "pytorch/pytorch:2.13.0-cuda13.0-cudnn9-runtime";
const INPUTS = "/nudge-inputs";
const RUNS = "/nudge";
const PIECE_BYTES = 4 << 20;

/** What the service calls a job's stage, in three words. Unknown ones count as running: the job's own rc tells its end. */
export function stageOf(stage: string): NonNullable<Evidence["scheduler"]> {
	const word = stage.toUpperCase();
	if (/^(SCHEDULING|PENDING|QUEUED|STARTING|BUILDING|UPDATING)$/.test(word)) return "waiting";
	if (/^(COMPLETED|CANCELED|CANCELLED|ERROR|FAILED|DELETED|DELETING|STOPPED|TIMEOUT)$/.test(word))
		return "gone";
	return "running";
}

/** What runs in the container. */
export function containerScript(target: HfTarget, id: string, attempt: number, requirements: string): string {
	const libraries = requirements
		.split("\n")
		.map((line) => line.trim())
		.filter((line) => line !== "" && !line.startsWith("#") && !line.startsWith("torch=="));
	return [
		`mkdir -p ${RUNS}/${id} && cd ${RUNS}/${id} || exit 1`,
		`exec >> ${LOG_FILE} 2>&1`,
		`cp -rn ${INPUTS}/. .`,
		`python3 -m pip install -q --root-user-action ignore ${libraries.map(quoted).join(" ")}`,
		...(target.setup === undefined ? [] : [target.setup.trimEnd()]),
		`NUDGE_ATTEMPT=${attempt} exec bash job.sh`,
		"",
	].join("\n");
}

export class HfLauncher implements Launcher {
	readonly kind = "hf";
	readonly target: string;
	readonly #target: HfTarget;
	readonly #env: NodeJS.ProcessEnv;
	readonly #repo: string;

	constructor(name: string, target: HfTarget, env: NodeJS.ProcessEnv) {
		this.target = name;
		this.#target = target;
		this.#env = env;
		this.#repo = target.repository ?? `${target.namespace}/nudge-jobs`;
	}

	async doctor(shape: JobShape, signal?: AbortSignal): Promise<Finding[]> {
		const findings: Finding[] = [];
		const add = (level: Finding["level"], says: string, advice?: string): void =>
			void findings.push({ level, says, ...(advice !== undefined && { advice }) });
		const { namespace, flavor, hours } = this.#target;
		try {
			const access = this.#access();
			await this.#asked(access, async () => {
				const me = await whoAmI({ ...common(access) });
				const names = [me.name, ...("orgs" in me ? me.orgs.map((org) => org.name) : [])];
				if (names.includes(namespace)) add("ok", `the token is ${me.name}'s, who may use ${namespace}`);
				else
					add(
						"wrong",
						`the token is ${me.name}'s, who does not belong to ${namespace}`,
						"another namespace, or another token",
					);
				signal?.throwIfAborted();
				const hardware = await listJobHardware({ ...common(access) });
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
				const cost = `$${own.unitCostUSD} a ${own.unitLabel}`;
				if (gpus < shape.gpusPerNode)
					add(
						"wrong",
						`${flavor} has ${gpus} GPUs, and the recipe wants ${shape.gpusPerNode}`,
						"--set shape.gpus-per-node=N, or another flavor",
					);
				else add("ok", `${flavor}: ${own.prettyName}, ${gpus} GPUs, ${own.ram} memory, ${cost}`);
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
			`the job is ended after ${hours} hours, whatever it does; what it saved stays, and nudge jobs resume goes on`,
		);
		return findings;
	}

	async render({ sheet }: Pick<Job, "sheet">): Promise<Rendered[]> {
		return [
			{
				title: `sent to the private dataset ${this.#repo}, below ${sheet.id}/`,
				text: `${Object.keys(sheet.files).join("\n")}\n`,
			},
			{
				title: "asked of Hugging Face Jobs",
				text: `${JSON.stringify(this.#request(sheet.id, 1), null, 2)}\n`,
			},
		];
	}

	async submit({ folder, sheet }: Job, { attempt, onProgress, signal }: SubmitOptions): Promise<Handle> {
		if (sheet.shape.nodes > 1)
			throw new LaunchError(
				`a job of Hugging Face Jobs has one node, and the recipe wants ${sheet.shape.nodes}: --set shape.nodes=1`,
			);
		const access = this.#access();
		const started = await this.#asked(access, async () => {
			onProgress?.(`${this.#repo}: making the repository and the bucket`);
			for (const type of ["dataset", "bucket"] as const)
				await unlessThere(() =>
					createRepo({ ...common(access), repo: { type, name: this.#repo }, visibility: "private" }),
				);
			signal?.throwIfAborted();
			if (attempt === 1) {
				const files = filesBelow(folder);
				onProgress?.(`${this.#repo}: sending ${files.length} files`);
				await commit({
					...common(access),
					repo: { type: "dataset", name: this.#repo },
					title: `nudge job ${sheet.id}`,
					operations: files.map((path) => ({
						operation: "addOrUpdate" as const,
						path: `${sheet.id}/${path}`,
						content: pathToFileURL(join(folder, path)),
					})),
					...(signal && { abortSignal: signal }),
				});
			}
			onProgress?.("starting the job");
			return runJob({
				...common(access),
				...this.#request(sheet.id, attempt),
				secrets: { HF_TOKEN: access.token },
			});
		});
		return {
			kind: this.kind,
			target: this.target,
			job: sheet.id,
			folder: sheet.id,
			id: started.id,
			attempt,
			submitted: new Date().toISOString(),
		};
	}

	async poll(handles: readonly Handle[], signal?: AbortSignal): Promise<ReadonlyMap<string, JobState>> {
		const access = this.#access();
		return this.#asked(access, async () => {
			const { namespace } = this.#target;
			const one = handles.length === 1 ? handles[0]! : undefined;
			const found: Awaited<ReturnType<typeof getJob>>[] = one
				? [await getJob({ ...common(access), namespace, jobId: one.id })]
				: await listJobs({ ...common(access), namespace });
			const states = new Map<string, JobState>();
			for (const handle of handles) {
				signal?.throwIfAborted();
				const status = found.find(({ id }) => id === handle.id)?.status;
				if (!status) {
					states.set(handle.job, {
						state: "unknown",
						says: `Hugging Face Jobs does not know ${handle.id} any more`,
					});
					continue;
				}
				const scheduler = stageOf(String(status.stage));
				const word = status.message ? `${status.stage}: ${status.message}` : String(status.stage);
				const evidence: Evidence =
					scheduler === "gone"
						? { ...(await this.#ended(access, handle)), scheduler, word }
						: { scheduler, word };
				states.set(
					handle.job,
					stateOf({
						...evidence,
						...(scheduler === "gone" && { accounting: { word } }),
						...((handle.cancelled !== undefined || /^CANCEL/i.test(String(status.stage))) && {
							cancelled: true,
						}),
					}),
				);
			}
			return states;
		});
	}

	async read(handle: Handle, from: Offsets, signal?: AbortSignal): Promise<Piece> {
		const access = this.#access();
		return this.#asked(access, async () => {
			const [log, metrics] = await Promise.all([
				this.#piece(access, `${handle.folder}/${LOG_FILE}`, from.log),
				this.#piece(access, `${handle.folder}/${METRICS_FILE}`, from.metrics),
			]);
			signal?.throwIfAborted();
			return { log, metrics };
		});
	}

	async cancel(handle: Handle, how: "stop" | "end" | "kill"): Promise<Handle> {
		const access = this.#access();
		return this.#asked(access, async () => {
			if (how === "stop") {
				await uploadFile({
					...common(access),
					repo: { type: "bucket", name: this.#repo },
					file: { path: `${handle.folder}/stop`, content: new Blob(["stop\n"]) },
				});
				return handle;
			}
			await cancelJob({ ...common(access), namespace: this.#target.namespace, jobId: handle.id });
			return { ...handle, cancelled: new Date().toISOString() };
		});
	}

	async fetch(handle: Handle, { what, into, onProgress, signal }: FetchOptions): Promise<readonly string[]> {
		const access = this.#access();
		return this.#asked(access, async () => {
			const files: { readonly path: string; readonly size: number }[] = [];
			for await (const entry of listFiles({
				...common(access),
				repo: { type: "bucket", name: this.#repo },
				recursive: true,
				path: handle.folder,
			}))
				if (entry.type === "file")
					files.push({ path: relative(handle.folder, entry.path), size: entry.size });
			const wanted = wantedOf(
				files.map(({ path }) => path),
				what,
				handle.job,
			);
			for (const { path, size } of files) {
				if (!wanted.some((folder) => path.startsWith(`${folder}/`))) continue;
				signal?.throwIfAborted();
				onProgress?.(`${path}: ${size} bytes`);
				await this.#download(access, `${handle.folder}/${path}`, join(into, path), size);
			}
			if (wanted.includes(FINAL)) await checkFinal(join(into, FINAL));
			return wanted.map((folder) => join(into, folder));
		});
	}

	#request(id: string, attempt: number): Omit<Parameters<typeof runJob>[0], "accessToken" | "credentials"> {
		const { namespace, flavor, hours, image, env } = this.#target;
		const requirements = readFileSync(new URL("../../src/train/requirements.txt", import.meta.url), "utf8");
		return {
			namespace,
			dockerImage: image ?? IMAGE,
			command: ["bash", "-c", containerScript(this.#target, id, attempt, requirements)],
			environment: { ...env },
			flavor: flavor as Parameters<typeof runJob>[0]["flavor"],
			timeoutSeconds: Math.round(hours * 3600),
			labels: { nudge: id },
			volumes: [
				{ source: { type: "dataset", name: this.#repo }, mountPath: INPUTS, path: id, readOnly: true },
				{ source: { type: "bucket", name: this.#repo }, mountPath: RUNS },
			],
		};
	}

	/** Its own exit code, and why. */
	async #ended(access: HubAccess, { folder }: Handle): Promise<Pick<Evidence, "rc" | "end">> {
		const text = async (name: string): Promise<string | undefined> =>
			(await this.#blob(access, `${folder}/${name}`))?.text();
		const [rc, end] = [parseRc(await text("rc")), parseEnd(await text("end.json"))];
		return { ...(rc !== undefined && { rc }), ...(end && { end }) };
	}

	#blob(access: HubAccess, path: string): Promise<Blob | null> {
		return downloadFile({ ...common(access), repo: { type: "bucket", name: this.#repo }, path }).catch(
			(error) => {
				if (error instanceof HubApiError && error.statusCode === 404) return null;
				throw error;
			},
		);
	}

	async #piece(access: HubAccess, path: string, from: number): Promise<Uint8Array> {
		const blob = await this.#blob(access, path);
		if (!blob || blob.size <= from) return new Uint8Array();
		return new Uint8Array(await blob.slice(from, Math.min(blob.size, from + PIECE_BYTES)).arrayBuffer());
	}

	/** What is there of it already is not fetched again. */
	async #download(access: HubAccess, path: string, to: string, size: number): Promise<void> {
		mkdirSync(dirname(to), { recursive: true });
		const there = existsSync(to) ? statSync(to).size : 0;
		if (there === size) return;
		const blob = await this.#blob(access, path);
		if (!blob) throw new LaunchError(`${path} is not in the bucket ${this.#repo} any more`);
		const from = there < size ? there : 0;
		await pipeline(
			Readable.fromWeb(blob.slice(from, size).stream() as Parameters<typeof Readable.fromWeb>[0]),
			createWriteStream(to, { flags: from > 0 ? "a" : "w" }),
		);
	}

	#access(): HubAccess {
		try {
			return hubAccess(this.#env);
		} catch (error) {
			throw new LaunchError((error as Error).message);
		}
	}

	async #asked<T>(access: HubAccess, work: () => Promise<T>): Promise<T> {
		try {
			return await work();
		} catch (error) {
			if (error instanceof LaunchError || (error as Error | null)?.name === "AbortError") throw error;
			throw new LaunchError(hubError(error, access, this.#repo).message);
		}
	}
}

const common = ({
	endpoint,
	token,
}: HubAccess): { readonly hubUrl: string; readonly accessToken: string } => ({
	hubUrl: endpoint,
	accessToken: token,
});

async function unlessThere(make: () => Promise<unknown>): Promise<void> {
	try {
		await make();
	} catch (error) {
		if (!(error instanceof HubApiError) || error.statusCode !== 409) throw error;
	}
}

/** All that the trainer reads; what nudge keeps of the job beside it stays here. */
function filesBelow(folder: string): string[] {
	return readdirSync(folder, { recursive: true, withFileTypes: true })
		.filter((entry) => entry.isFile())
		.map((entry) => relative(folder, join(entry.parentPath, entry.name)))
		.filter((path) => !/^(handle|seen)\.json|^far\/|^final\/|^ckpt\//.test(path))
		.sort();
}

function wantedOf(paths: readonly string[], what: FetchOptions["what"], job: string): string[] {
	const wanted: string[] = [];
	if (what !== "last" && paths.includes(`${FINAL}/${FINAL_FILE}`)) wanted.push(FINAL);
	else if (what === "final") throw new LaunchError(`${job} has no finished model in its bucket yet`);
	const last = paths
		.flatMap((path) => /^ckpt\/checkpoint-(\d+)\/whole\.json$/.exec(path)?.[1] ?? [])
		.map(Number)
		.sort((a, b) => a - b)
		.at(-1);
	if (what !== "final" && last !== undefined) wanted.push(`ckpt/checkpoint-${last}`);
	if (wanted.length === 0) throw new LaunchError(`${job} has no whole checkpoint in its bucket yet`);
	return wanted;
}

async function checkFinal(folder: string): Promise<void> {
	const { files } = JSON.parse(readFileSync(join(folder, FINAL_FILE), "utf8")) as FinalSheet;
	for (const [name, { sha256 }] of Object.entries(files)) {
		const hash = createHash("sha256");
		for await (const piece of createReadStream(join(folder, name))) hash.update(piece as Buffer);
		if (hash.digest("hex") !== sha256)
			throw new LaunchError(`${join(folder, name)} is not what the job made: remove it and fetch again`);
	}
}
