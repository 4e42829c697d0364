/**
 * Publishing a folder as a dataset repository of the Hugging Face Hub: one commit that makes the repository's data files
 * those of the folder (https://huggingface.co/docs/hub/api, through @huggingface/hub).
 *
 * What always holds: what lies there unchanged is not sent again, and where nothing changed there is no commit; data
 * files of an earlier push that are no more are taken away in the same commit, all else in the repository is left alone;
 * nothing is seen half done: files count from the commit on. A commit goes onto the state that was compared with, or not
 * at all.
 */
import { createHash } from "node:crypto";
import { createReadStream, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import {
	type CommitOperation,
	commitIter,
	createBranch,
	createRepo,
	datasetInfo,
	HubApiError,
	listCommits,
	listFiles,
} from "@huggingface/hub";
import { hubError } from "./hub-errors.ts";
import type { HubAccess } from "./hub-token.ts";

export type PushOptions = HubAccess & {
	/** "owner/name". */
	readonly repo: string;
	/** All of it but hidden files and those left out. */
	readonly folder: string;
	readonly leaveOut: readonly string[];
	/** Of a repository that is made now. */
	readonly private: boolean;
	readonly branch: string;
	readonly message: string;
	readonly signal?: AbortSignal;
	readonly onProgress?: (says: string) => void;
	readonly fetch?: typeof fetch;
};

export type Pushed = {
	readonly url: string;
	readonly created: boolean;
	readonly sent: number;
	readonly unchanged: number;
	readonly removed: number;
	/** Undefined where nothing had to be done. */
	readonly commit?: string;
};

export type Seen = "missing" | "private" | "public";

/** Data files of a push: those that the next one may take away. */
const OURS = /^(data|messages)\/[\w-]+-\d{5}-of-\d{5}\.(jsonl|parquet)$/;

export class Hub {
	readonly #options: PushOptions;
	#waitSeconds: number | undefined;

	constructor(options: PushOptions) {
		this.#options = options;
	}

	/** Who can see the repository as it is. */
	async seen(): Promise<Seen> {
		const { repo, endpoint, token } = this.#options;
		return this.#asked(async () => {
			try {
				const info = await datasetInfo({
					name: repo,
					hubUrl: endpoint,
					accessToken: token,
					fetch: this.#fetch,
				});
				return info.private ? "private" : "public";
			} catch (error) {
				if (error instanceof HubApiError && error.statusCode === 404) return "missing";
				throw error;
			}
		});
	}

	push(seen: Seen): Promise<Pushed> {
		return this.#asked(() => this.#push(seen));
	}

	async #push(seen: Seen): Promise<Pushed> {
		const { repo, endpoint, token, branch, folder, leaveOut, message, signal, onProgress } = this.#options;
		const common = { hubUrl: endpoint, accessToken: token, fetch: this.#fetch };
		const designation = { type: "dataset", name: repo } as const;
		const created = seen === "missing" && (await this.#create());
		if (branch !== "main") await unlessThere(() => createBranch({ ...common, repo: designation, branch }));

		const there = new Map<string, { readonly oid?: string; readonly sha256?: string }>();
		for await (const { type, path, oid, lfs } of listFiles({
			...common,
			repo: designation,
			recursive: true,
			revision: branch,
		}))
			if (type === "file") there.set(path, { ...(oid && { oid }), ...(lfs && { sha256: lfs.oid }) });
		let parentCommit: string | undefined;
		for await (const { oid } of listCommits({
			...common,
			repo: designation,
			revision: branch,
			batchSize: 1,
		})) {
			parentCommit = oid;
			break;
		}

		const operations: CommitOperation[] = [];
		let unchanged = 0;
		let sent = 0;
		const names = filesIn(folder).filter((name) => !leaveOut.includes(name));
		for (const path of names) {
			signal?.throwIfAborted();
			const place = join(folder, path);
			const remote = there.get(path);
			if (remote && (await same(place, remote))) unchanged++;
			else {
				operations.push({ operation: "addOrUpdate", path, content: pathToFileURL(place) });
				sent++;
			}
		}
		const gone = [...there.keys()].filter((path) => OURS.test(path) && !names.includes(path));
		for (const path of gone) operations.push({ operation: "delete", path });
		const url = `${endpoint}/datasets/${repo}${branch === "main" ? "" : `/tree/${encodeURIComponent(branch)}`}`;
		const result = { url, created, sent, unchanged, removed: gone.length };
		if (operations.length === 0) return result;

		const commit = commitIter({
			...common,
			repo: designation,
			operations,
			title: message,
			branch,
			...(parentCommit !== undefined && { parentCommit }),
			...(signal && { abortSignal: signal }),
		});
		for (;;) {
			const step = await commit.next();
			if (step.done) return { ...result, ...(step.value && { commit: step.value.commit.oid }) };
			const event = step.value;
			if (event.event === "phase") onProgress?.(PHASES[event.phase]);
			else if (event.state !== "error")
				onProgress?.(`${event.state} ${event.path} (${Math.round(100 * event.progress)} %)`);
		}
	}

	async #create(): Promise<boolean> {
		const { repo, endpoint, token } = this.#options;
		return unlessThere(() =>
			createRepo({
				repo: { type: "dataset", name: repo },
				visibility: this.#options.private ? "private" : "public",
				hubUrl: endpoint,
				accessToken: token,
				fetch: this.#fetch,
			}),
		);
	}

	readonly #fetch: typeof fetch = async (input, init) => {
		const { fetch: given = fetch, signal } = this.#options;
		const response = await given(input, signal && !init?.signal ? { ...init, signal } : init);
		if (response.status === 429) {
			const seconds = Number(response.headers.get("Retry-After") ?? Number.NaN);
			this.#waitSeconds = Number.isFinite(seconds) ? seconds : undefined;
		}
		return response;
	};

	async #asked<Value>(work: () => Promise<Value>): Promise<Value> {
		try {
			return await work();
		} catch (error) {
			this.#options.signal?.throwIfAborted();
			throw hubError(error, this.#options, this.#options.repo, this.#waitSeconds);
		}
	}
}

const PHASES = {
	preuploading: "asking how to send what changed",
	uploadingLargeFiles: "sending",
	committing: "committing",
} as const;

/** False where it was there already (409). */
async function unlessThere(make: () => Promise<unknown>): Promise<boolean> {
	try {
		await make();
		return true;
	} catch (error) {
		if (error instanceof HubApiError && error.statusCode === 409) return false;
		throw error;
	}
}

/** Whether a file is what the repository has: by SHA-256 of its content (LFS), else by git's own hash of a blob. */
async function same(
	place: string,
	{ oid, sha256 }: { readonly oid?: string; readonly sha256?: string },
): Promise<boolean> {
	const algorithm = sha256 === undefined ? "sha1" : "sha256";
	const hash = createHash(algorithm);
	if (sha256 === undefined) hash.update(`blob ${statSync(place).size}\0`);
	for await (const chunk of createReadStream(place)) hash.update(chunk as Buffer);
	return hash.digest("hex") === (sha256 ?? oid);
}

/** Paths below a folder with "/" between names, without hidden ones. */
function filesIn(folder: string, below = ""): string[] {
	return readdirSync(join(folder, below), { withFileTypes: true })
		.filter(({ name }) => !name.startsWith("."))
		.flatMap((entry) => {
			const path = below === "" ? entry.name : `${below}/${entry.name}`;
			return entry.isDirectory() ? filesIn(folder, path) : [path];
		})
		.sort();
}
