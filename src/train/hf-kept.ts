/** A job's folder in a bucket of Hugging Face (https://huggingface.co/docs/hub/storage-buckets), through @huggingface/hub. */
import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { downloadFile, HubApiError, listFiles, uploadFile } from "@huggingface/hub";
import { type Kept, type KeptFile, PIECE_BYTES, sizeOf } from "./kept.ts";
import { LaunchError } from "./launcher.ts";

export type HubCommon = {
	readonly hubUrl: string;
	readonly accessToken: string;
	readonly fetch: typeof fetch;
};

export class HfKept implements Kept {
	readonly name: string;
	readonly #common: HubCommon;
	readonly #repo: { readonly type: "bucket"; readonly name: string };
	readonly #folder: string;

	constructor(common: HubCommon, repository: string, folder: string) {
		this.name = `hf://buckets/${repository}/${folder}`;
		this.#common = common;
		this.#repo = { type: "bucket", name: repository };
		this.#folder = folder;
	}

	async text(path: string): Promise<string | undefined> {
		return (await this.#blob(path))?.text();
	}

	async piece(path: string, from: number): Promise<Uint8Array> {
		const blob = await this.#blob(path);
		if (!blob || blob.size <= from) return new Uint8Array();
		return new Uint8Array(await blob.slice(from, Math.min(blob.size, from + PIECE_BYTES)).arrayBuffer());
	}

	async list(): Promise<readonly KeptFile[]> {
		const files: KeptFile[] = [];
		try {
			for await (const { type, path, size } of listFiles({
				...this.#common,
				repo: this.#repo,
				recursive: true,
				path: this.#folder,
			}))
				if (type === "file" && path.startsWith(`${this.#folder}/`))
					files.push({ path: path.slice(this.#folder.length + 1), bytes: size });
		} catch (error) {
			// A folder in which nothing lies yet is none.
			if (!(error instanceof HubApiError) || error.statusCode !== 404) throw error;
		}
		return files;
	}

	async get({ path, bytes }: KeptFile, to: string, signal?: AbortSignal): Promise<void> {
		const blob = await this.#blob(path);
		if (!blob) throw new LaunchError(`${path} is not in ${this.name} any more`);
		const from = sizeOf(to);
		await pipeline(
			Readable.fromWeb(blob.slice(from, bytes).stream() as Parameters<typeof Readable.fromWeb>[0]),
			createWriteStream(to, { flags: from > 0 ? "a" : "w" }),
			...(signal ? [{ signal }] : []),
		);
	}

	async put(path: string, text: string): Promise<void> {
		await uploadFile({
			...this.#common,
			repo: this.#repo,
			file: { path: `${this.#folder}/${path}`, content: new Blob([text]) },
		});
	}

	async #blob(path: string): Promise<Blob | null> {
		try {
			return await downloadFile({ ...this.#common, repo: this.#repo, path: `${this.#folder}/${path}` });
		} catch (error) {
			// 416: a file without a byte has no first one, and the client asks for that to learn the size.
			if (error instanceof HubApiError && (error.statusCode === 404 || error.statusCode === 416)) return null;
			throw error;
		}
	}
}
