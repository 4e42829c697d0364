/**
 * Hugging Face Jobs on loopback, beside the scripted Hub: jobs (https://huggingface.co/docs/hub/jobs, the paths of
 * @huggingface/hub), buckets as folders of this machine, and the uploads to them by Xet, whose content is thrown away. A
 * job's command is really run, with the places of the container replaced by folders and pip by nothing.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { PLACES } from "../../../src/train/hf-launcher.ts";
import { type Asked, ScriptedHub } from "../../data/hub/scripted-hub.ts";

type Body = {
	readonly command: readonly string[];
	readonly environment: Record<string, string>;
	readonly secrets?: Record<string, string>;
	readonly timeoutSeconds?: number;
	readonly volumes: readonly { readonly type: string; readonly source: string; readonly path?: string }[];
};
type Running = {
	readonly id: string;
	readonly body: Body;
	readonly startedAt: string;
	finishedAt?: string;
	status: { stage: string; message: string | null };
	readonly child: ChildProcess;
	readonly run: string;
	readonly limit?: NodeJS.Timeout;
};

export class ScriptedJobs {
	readonly hub: ScriptedHub;
	readonly jobs: Running[] = [];
	/** Bodies of POST /api/jobs/NAMESPACE as they came. */
	readonly requests: string[] = [];
	readonly #root: string;
	readonly #buckets = new Set<string>();

	private constructor(hub: ScriptedHub, root: string) {
		this.hub = hub;
		this.#root = root;
	}

	static async start(root: string): Promise<ScriptedJobs> {
		const jobs = new ScriptedJobs(await ScriptedHub.start(), root);
		jobs.hub.also = (asked) => jobs.#answer(asked);
		const bin = join(root, "bin");
		mkdirSync(bin);
		const python = join(bin, "python3");
		// Not a shim of a version manager: that would put its own folder before the stub's.
		const real = execFileSync("python3", ["-c", "import sys; print(sys.executable)"]).toString().trim();
		writeFileSync(
			python,
			`#!/bin/sh\nif [ "$2" = pip ]; then echo "pip $*"; exit \${PIP_CODE:-0}; fi\nexec ${real} "$@"\n`,
		);
		chmodSync(python, 0o755);
		return jobs;
	}

	async stop(): Promise<void> {
		for (const job of this.jobs) if (job.finishedAt === undefined) this.end(job.id, "CANCELED");
		await this.hub.stop();
	}

	bucket(name: string): string {
		return join(this.#root, "buckets", name);
	}

	/** The end of a container: everything in it is gone at once. */
	end(id: string, stage: string, message: string | null = null): void {
		const job = this.jobs.find((one) => one.id === id)!;
		if (job.finishedAt !== undefined) return;
		clearTimeout(job.limit);
		Object.assign(job, { finishedAt: new Date().toISOString(), status: { stage, message } });
		for (const pid of [job.child.pid!, pidOf(join(job.run, "pid"))])
			try {
				process.kill(-pid, "SIGKILL");
			} catch {
				// It is gone already.
			}
	}

	#run(body: Body): Running {
		const id = `job${this.jobs.length + 1}`;
		const root = join(this.#root, id);
		const inputs = join(root, "inputs");
		mkdirSync(root, { recursive: true });
		for (const { type, source, path } of body.volumes) {
			if (type !== "dataset") continue;
			for (const [file, text] of this.hub.files(source))
				if (file.startsWith(`${path}/`)) {
					const to = join(inputs, file.slice(path!.length + 1));
					mkdirSync(dirname(to), { recursive: true });
					writeFileSync(to, text);
				}
		}
		const run = join(root, "run");
		const kept = this.bucket(body.volumes.find(({ type }) => type === "bucket")!.source);
		const command = body.command
			.at(-1)!
			.replaceAll(PLACES.inputs, inputs)
			.replaceAll(PLACES.kept, kept)
			.replaceAll(PLACES.run, run);
		const child = spawn("bash", ["-c", command], {
			env: {
				PATH: `${join(this.#root, "bin")}:${process.env.PATH}`,
				HOME: root,
				...body.environment,
				...body.secrets,
			},
			stdio: "ignore",
			detached: true,
		});
		const job: Running = {
			id,
			body,
			child,
			run,
			startedAt: new Date().toISOString(),
			status: { stage: "RUNNING", message: null },
			...(body.timeoutSeconds !== undefined && {
				limit: setTimeout(() => this.end(id, "ERROR", "Job timeout"), body.timeoutSeconds * 1000),
			}),
		};
		child.once("exit", (code) => {
			if (job.finishedAt !== undefined) return;
			clearTimeout(job.limit);
			job.finishedAt = new Date().toISOString();
			job.status =
				code === 0
					? { stage: "COMPLETED", message: null }
					: { stage: "ERROR", message: `Job failed with exit code: ${code}` };
		});
		this.jobs.push(job);
		return job;
	}

	async #answer({ line, body, headers, response, say }: Asked): Promise<boolean> {
		const text = body.toString();
		const told = ({ id, body: asked, status, startedAt, finishedAt }: Running) => ({
			type: "job",
			id,
			status: { failureCount: 0, ...status },
			timeoutSeconds: asked.timeoutSeconds ?? null,
			startedAt,
			finishedAt: finishedAt ?? null,
		});
		let found: RegExpExecArray | null;
		const is = (pattern: RegExp): boolean => {
			found = pattern.exec(line);
			return found !== null;
		};
		if (is(/^GET \/api\/whoami-v2$/))
			say(200, { type: "user", name: "me", orgs: [{ name: "lab" }], auth: { type: "access_token" } });
		else if (is(/^GET \/api\/jobs\/hardware$/)) say(200, HARDWARE);
		else if (is(/^POST \/api\/jobs\/me$/)) {
			this.requests.push(text);
			say(200, told(this.#run(JSON.parse(text) as Body)));
		} else if (is(/^GET \/api\/jobs\/me$/)) say(200, this.jobs.map(told));
		else if (is(/^(GET|POST) \/api\/jobs\/me\/(\w+)(\/cancel)?$/)) {
			const job = this.jobs.find(({ id }) => id === found![2]);
			if (!job) say(404, { error: "Job not found" });
			else {
				if (found![3]) this.end(job.id, "CANCELED");
				say(200, told(job));
			}
		} else if (is(/^POST \/api\/buckets\/([\w-]+\/[\w-]+)$/)) {
			if (this.#buckets.has(found![1]!)) say(409, { error: "You already created this bucket" });
			else {
				this.#buckets.add(found![1]!);
				mkdirSync(this.bucket(found![1]!), { recursive: true });
				say(200, { url: "", id: found![1] });
			}
		} else if (is(/^GET \/api\/buckets\/([\w-]+\/[\w-]+)\/tree\/(.+)$/)) {
			const root = this.bucket(found![1]!);
			const at = join(root, found![2]!);
			if (!statSync(at, { throwIfNoEntry: false })) say(404, { error: "not there" });
			else
				say(
					200,
					readdirSync(at, { recursive: true, withFileTypes: true }).map((entry) => {
						const file = join(entry.parentPath, entry.name);
						return {
							type: entry.isFile() ? "file" : "directory",
							path: file.slice(root.length + 1),
							size: entry.isFile() ? statSync(file).size : 0,
						};
					}),
				);
		} else if (is(/^GET \/buckets\/([\w-]+\/[\w-]+)\/resolve\/(.+)$/)) {
			const file = join(this.bucket(found![1]!), decodeURIComponent(found![2]!));
			if (!statSync(file, { throwIfNoEntry: false })?.isFile())
				say(404, { error: "Entry not found" }, { "X-Error-Code": "EntryNotFound" });
			else serve(readFileSync(file), headers.range, response);
		} else if (is(/^GET \/api\/buckets\/[\w-]+\/[\w-]+\/xet-write-token$/))
			say(200, {
				accessToken: "cas",
				casUrl: `${this.hub.url}/cas`,
				exp: Math.ceil(Date.now() / 1000) + 3600,
			});
		else if (is(/^POST \/cas\/v1\/(xorbs|shards)/)) say(200, { was_inserted: true, result: 1 });
		else if (is(/^GET \/cas\/v1\/chunks\//)) say(404, {});
		else if (is(/^POST \/api\/buckets\/([\w-]+\/[\w-]+)\/batch$/)) {
			for (const each of text.split("\n")) {
				const { type, path } = JSON.parse(each) as { readonly type: string; readonly path: string };
				const file = join(this.bucket(found![1]!), path);
				mkdirSync(dirname(file), { recursive: true });
				if (type === "addFile") writeFileSync(file, "came by Xet\n");
			}
			say(200, { success: true, processed: 1, succeeded: 1, failed: [] });
		} else return false;
		return true;
	}
}

function serve(bytes: Buffer, range: string | undefined, response: Asked["response"]): void {
	const asked = /^bytes=(\d+)-(\d*)$/.exec(range ?? "");
	if (!asked) {
		response.writeHead(200, { ETag: '"x"', "Content-Length": bytes.length }).end(bytes);
		return;
	}
	const from = Number(asked[1]);
	const to = Math.min(asked[2] === "" ? bytes.length - 1 : Number(asked[2]), bytes.length - 1);
	if (from >= bytes.length) {
		response.writeHead(416, { "Content-Range": `bytes */${bytes.length}` }).end();
		return;
	}
	const piece = bytes.subarray(from, to + 1);
	response
		.writeHead(206, {
			ETag: '"x"',
			"Content-Range": `bytes ${from}-${to}/${bytes.length}`,
			"Content-Length": piece.length,
		})
		.end(piece);
}

function pidOf(file: string): number {
	try {
		return Number(readFileSync(file, "utf8").split(" ")[0]);
	} catch {
		return 1e9;
	}
}

const HARDWARE = [
	{
		name: "a10g-small",
		prettyName: "Nvidia A10G - small",
		cpu: "4 vCPU",
		ram: "15 GB",
		accelerator: { type: "gpu", model: "A10G", quantity: "1", vram: "24 GB", manufacturer: "Nvidia" },
		unitCostMicroUSD: 16667,
		unitCostUSD: 1 / 60,
		unitLabel: "minute",
	},
	{
		name: "h200x8",
		prettyName: "Nvidia H200",
		cpu: "184 vCPU",
		ram: "2048 GB",
		accelerator: { type: "gpu", model: "H200", quantity: "8", vram: "1128 GB", manufacturer: "Nvidia" },
		unitCostMicroUSD: 666700,
		unitCostUSD: 40 / 60,
		unitLabel: "minute",
	},
];
