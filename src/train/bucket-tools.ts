/**
 * A job's folder in a bucket of a cloud, through the cloud's own tool, which has the user's credentials: aws for s3://
 * (https://docs.aws.amazon.com/cli/latest/reference/s3api/), gcloud for gs:// (https://cloud.google.com/sdk/gcloud/reference/storage).
 *
 * What always holds: paths reach the tool as arguments; a tool that is not there and a bucket of another kind are told in
 * one sentence; that something is not there (yet) is an answer and no failure.
 */
import { createWriteStream, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { rename } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Kept, type KeptFile, PIECE_BYTES } from "./kept.ts";
import { LaunchError } from "./launcher.ts";
import { lastWords, type Ran, spawned } from "./shell.ts";

export type Bucket = { readonly scheme: "s3" | "gs"; readonly name: string };

/** How each is read from here. */
export const TOOLS = { s3: "aws", gs: "gcloud" } as const;

export function bucketOf(url: string): Bucket {
	const [, scheme = "", name = ""] = /^([a-z0-9]+):\/\/([^/]+)\/?$/.exec(url) ?? [];
	if ((scheme === "s3" || scheme === "gs") && name !== "") return { scheme, name };
	throw new LaunchError(
		name === "" && /^(s3|gs):/.test(url)
			? `the bucket ${url} names a folder: give the bucket alone, jobs have folders of their own in it`
			: `the bucket ${url} cannot be read from here: nudge reads s3:// with aws and gs:// with gcloud. Take one of those for the target's bucket; the job may run in another cloud`,
	);
}

const ABSENT =
	/NoSuchKey|\(404\)|HTTPError 404|Not Found|matched no objects|The following URLs matched no|does not exist/i;
const BEYOND = /InvalidRange|\(416\)|HTTPError 416|Requested range not satisfiable/i;

export class BucketFolder implements Kept {
	readonly name: string;
	readonly #bucket: Bucket;
	readonly #folder: string;
	readonly #env: NodeJS.ProcessEnv;

	constructor(bucket: Bucket, folder: string, env: NodeJS.ProcessEnv) {
		this.name = `${bucket.scheme}://${bucket.name}/${folder}`;
		this.#bucket = bucket;
		this.#folder = folder;
		this.#env = env;
	}

	async text(path: string, signal?: AbortSignal): Promise<string | undefined> {
		const args =
			this.#bucket.scheme === "s3"
				? ["s3", "cp", "--only-show-errors", this.#url(path), "-"]
				: ["storage", "cat", this.#url(path)];
		return (await this.#asked(args, signal))?.toString("utf8");
	}

	async piece(path: string, from: number, signal?: AbortSignal): Promise<Uint8Array> {
		const range = `${from}-${from + PIECE_BYTES - 1}`;
		if (this.#bucket.scheme === "gs")
			return (await this.#asked(["storage", "cat", `--range=${range}`, this.#url(path)], signal)) ?? empty();
		// It writes what it fetched into a file, and what it knows of it to its output.
		const folder = mkdtempSync(join(tmpdir(), "nudge-piece-"));
		try {
			const file = join(folder, "piece");
			const found = await this.#asked(
				["s3api", "get-object", ...this.#object(path), "--range", `bytes=${range}`, file],
				signal,
			);
			return found === undefined || !existsSync(file) ? empty() : readFileSync(file);
		} finally {
			rmSync(folder, { recursive: true, force: true });
		}
	}

	async list(signal?: AbortSignal): Promise<readonly KeptFile[]> {
		const prefix = `${this.#folder}/`;
		const out = await this.#asked(
			this.#bucket.scheme === "s3"
				? ["s3api", "list-objects-v2", "--bucket", this.#bucket.name, "--prefix", prefix, "--output", "json"]
				: ["storage", "objects", "list", `gs://${this.#bucket.name}/${prefix}**`, "--format=json(name,size)"],
			signal,
		);
		const text = out?.toString("utf8").trim() ?? "";
		if (text === "") return [];
		let found: unknown;
		try {
			found = JSON.parse(text);
		} catch {
			throw new LaunchError(`${this.#tool} did not list ${this.name} as JSON: is it too old?`);
		}
		const rows =
			this.#bucket.scheme === "s3"
				? ((found as { Contents?: { Key: string; Size: number }[] }).Contents ?? []).map(({ Key, Size }) => ({
						key: Key,
						bytes: Size,
					}))
				: (found as { name: string; size: string | number }[]).map(({ name, size }) => ({
						key: name,
						bytes: Number(size),
					}));
		return rows.flatMap(({ key, bytes }) =>
			key.startsWith(prefix) && !key.endsWith("/") ? [{ path: key.slice(prefix.length), bytes }] : [],
		);
	}

	async get({ path, bytes }: KeptFile, to: string, signal?: AbortSignal): Promise<void> {
		if (bytes <= PIECE_BYTES) {
			const piece = await this.piece(path, 0, signal);
			await new Promise<void>((done, failed) =>
				createWriteStream(to)
					.once("error", failed)
					.end(piece, () => done()),
			);
			return;
		}
		const partly = `${to}.tool`;
		const args = this.#bucket.scheme === "s3" ? ["s3", "cp", "--only-show-errors"] : ["storage", "cp"];
		if ((await this.#asked([...args, this.#url(path), partly], signal)) === undefined)
			throw new LaunchError(`${path} is not in ${this.name} any more`);
		await rename(partly, to);
	}

	async put(path: string, text: string, signal?: AbortSignal): Promise<void> {
		const args = this.#bucket.scheme === "s3" ? ["s3", "cp", "--only-show-errors"] : ["storage", "cp"];
		await this.#asked([...args, "-", this.#url(path)], signal, text);
	}

	get #tool(): string {
		return TOOLS[this.#bucket.scheme];
	}

	#url(path: string): string {
		return `${this.name}/${path}`;
	}

	#object(path: string): string[] {
		return ["--bucket", this.#bucket.name, "--key", `${this.#folder}/${path}`];
	}

	/** Undefined where it is not there. */
	async #asked(args: readonly string[], signal?: AbortSignal, stdin = ""): Promise<Buffer | undefined> {
		const { code, stdout, stderr } = await ran(this.#tool, args, this.#env, signal, stdin);
		if (code === 0) return stdout;
		if (ABSENT.test(stderr) && !/NoSuchBucket/.test(stderr)) return undefined;
		if (BEYOND.test(stderr)) return empty();
		throw new LaunchError(toolSays(this.#tool, `${this.#bucket.scheme}://${this.#bucket.name}`, stderr));
	}
}

const empty = (): Buffer => Buffer.alloc(0);

export function ran(
	program: string,
	args: readonly string[],
	env: NodeJS.ProcessEnv,
	signal?: AbortSignal,
	stdin = "",
): Promise<Ran> {
	return spawned(program, args, { env, stdin: Buffer.from(stdin), signal });
}

function toolSays(tool: string, bucket: string, stderr: string): string {
	const words = lastWords(stderr);
	if (
		/Unable to locate credentials|ExpiredToken|token.*expired|do not currently have an active account|Reauthentication/i.test(
			stderr,
		)
	)
		return `${tool} has no credentials that count for ${bucket}: ${tool === "aws" ? "aws configure, or aws sso login" : "gcloud auth login"}. A job that runs goes on. It says: ${words}`;
	if (/AccessDenied|Forbidden|\(403\)|HTTPError 403/i.test(stderr))
		return `${tool} may not read ${bucket}: ${words}`;
	if (/NoSuchBucket/.test(stderr))
		return `there is no bucket ${bucket} yet: SkyPilot makes it with the first job`;
	if (/Could not connect|Connection (refused|reset)|Name or service not known|timed out/i.test(stderr))
		return `${bucket} cannot be reached with ${tool}: is the network there? A job that runs goes on. It says: ${words}`;
	return `${tool} could not read ${bucket}: ${words || "it failed without a word"}`;
}
