/**
 * A Hub on loopback that follows the documented API as far as a dataset push uses it: repositories, branches, trees,
 * preupload, the LFS batch with basic transfers (https://github.com/git-lfs/git-lfs/blob/main/docs/api/batch.md), commits
 * as lines of JSON (https://huggingface.co/docs/hub/api). It can be told to refuse.
 */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

type Stored = { readonly bytes: Buffer; readonly lfs: boolean };
type Repo = {
	private: boolean;
	readonly branches: Map<string, { head: string; files: Map<string, Stored> }>;
};
type Refusal = { readonly status: number; readonly body?: object; readonly headers?: Record<string, string> };

export type Asked = {
	readonly line: string;
	readonly body: Buffer;
	readonly headers: IncomingMessage["headers"];
	readonly response: ServerResponse;
	readonly say: (status: number, value: unknown, headers?: Record<string, string>) => void;
};

export class ScriptedHub {
	readonly repos = new Map<string, Repo>();
	readonly blobs = new Map<string, Buffer>();
	/** "METHOD path" of every request, without its query. */
	readonly asked: string[] = [];
	readonly commits: {
		readonly repo: string;
		readonly branch: string;
		readonly summary: string;
		readonly paths: string[];
	}[] = [];
	readonly tokens = new Set<string>();
	/** The first request whose "METHOD path" matches is refused, each time. */
	refuse: { readonly at: RegExp; readonly how: Refusal } | undefined;
	/** Further routes, asked first: true where the request was answered. */
	also: ((asked: Asked) => boolean | Promise<boolean>) | undefined;
	readonly #server: Server;
	#count = 0;

	private constructor(server: Server) {
		this.#server = server;
	}

	static async start(): Promise<ScriptedHub> {
		const server = createServer((request, response) => {
			hub.#answer(request, response).catch((error: unknown) => {
				response.writeHead(500).end(String(error));
			});
		});
		const hub = new ScriptedHub(server);
		await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
		return hub;
	}

	get url(): string {
		return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
	}

	async stop(): Promise<void> {
		this.#server.closeAllConnections();
		await new Promise((resolve) => this.#server.close(resolve));
	}

	files(repo: string, branch = "main"): Map<string, string> {
		const files = this.repos.get(repo)?.branches.get(branch)?.files ?? new Map<string, Stored>();
		return new Map([...files].map(([path, { bytes }]) => [path, bytes.toString("utf8")]));
	}

	make(name: string, isPrivate: boolean): Repo {
		const repo: Repo = {
			private: isPrivate,
			branches: new Map([["main", { head: this.#head(), files: new Map() }]]),
		};
		this.repos.set(name, repo);
		return repo;
	}

	#head(): string {
		return createHash("sha1")
			.update(String(this.#count++))
			.digest("hex");
	}

	async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const parts: Buffer[] = [];
		for await (const chunk of request) parts.push(chunk as Buffer);
		const body = Buffer.concat(parts);
		const { pathname } = new URL(request.url ?? "/", this.url);
		const line = `${request.method} ${pathname}`;
		this.asked.push(line);
		const token = /^Bearer (.*)$/.exec(request.headers.authorization ?? "")?.[1];
		if (token !== undefined) this.tokens.add(token);
		const say = (status: number, value: unknown, headers: Record<string, string> = {}): void => {
			response.writeHead(status, { "Content-Type": "application/json", ...headers });
			response.end(JSON.stringify(value));
		};
		if (this.refuse?.at.test(line)) {
			const { status, body: told = { error: `refused with ${token}` }, headers } = this.refuse.how;
			return say(status, told, headers);
		}
		if (await this.also?.({ line, body, headers: request.headers, response, say })) return;
		const found = ROUTES.find(([method, pattern]) => method === request.method && pattern.test(pathname));
		if (!found) return say(404, { error: "no such route" });
		const groups = found[1].exec(pathname)!.groups ?? {};
		found[2]({ hub: this, groups, body, say, head: () => this.#head() });
	}
}

type Call = {
	readonly hub: ScriptedHub;
	readonly groups: Record<string, string>;
	readonly body: Buffer;
	readonly say: (status: number, value: unknown, headers?: Record<string, string>) => void;
	readonly head: () => string;
};

const REPO = "(?<repo>[\\w.-]+/[\\w.-]+)";

const ROUTES: readonly (readonly [string, RegExp, (call: Call) => unknown])[] = [
	["GET", new RegExp(`^/api/datasets/${REPO}/revision/HEAD$`), info],
	["POST", /^\/api\/repos\/create$/, create],
	["POST", new RegExp(`^/api/datasets/${REPO}/branch/(?<branch>[^/]+)$`), branch],
	["GET", new RegExp(`^/api/datasets/${REPO}/tree/(?<branch>[^/]+)$`), tree],
	["GET", new RegExp(`^/api/datasets/${REPO}/commits/(?<branch>[^/]+)$`), commits],
	["POST", new RegExp(`^/api/datasets/${REPO}/preupload/(?<branch>[^/]+)$`), preupload],
	["POST", new RegExp(`^/datasets/${REPO}\\.git/info/lfs/objects/batch$`), batch],
	["PUT", /^\/storage\/(?<oid>[0-9a-f]{64})$/, store],
	["POST", new RegExp(`^/api/datasets/${REPO}/commit/(?<branch>[^/]+)$`), commit],
];

function info({ hub, groups, say }: Call): unknown {
	const repo = hub.repos.get(groups.repo!);
	if (!repo) return say(404, { error: "Repository not found" });
	return say(200, {
		_id: "1",
		id: groups.repo,
		private: repo.private,
		downloads: 0,
		likes: 0,
		gated: false,
		lastModified: "2026-01-01T00:00:00Z",
	});
}

function create({ hub, body, say }: Call): unknown {
	const { name, organization, visibility } = JSON.parse(body.toString()) as Record<string, string>;
	const id = `${organization}/${name}`;
	if (hub.repos.has(id)) return say(409, { error: "You already created this dataset repo" });
	hub.make(id, visibility === "private");
	return say(200, { url: `${hub.url}/datasets/${id}`, id });
}

function branch({ hub, groups, say, head }: Call): unknown {
	const { branches } = hub.repos.get(groups.repo!)!;
	if (branches.has(groups.branch!)) return say(409, { error: "Reference already exists" });
	branches.set(groups.branch!, { head: head(), files: new Map(branches.get("main")!.files) });
	return say(200, {});
}

function tree({ hub, groups, say }: Call): unknown {
	const at = hub.repos.get(groups.repo!)?.branches.get(groups.branch!);
	if (!at) return say(404, { error: "no such revision" });
	const hash = (algorithm: string, ...parts: (string | Buffer)[]): string => {
		const made = createHash(algorithm);
		for (const part of parts) made.update(part);
		return made.digest("hex");
	};
	return say(
		200,
		[...at.files].map(([path, { bytes, lfs }]) => ({
			type: "file",
			path,
			size: bytes.length,
			oid: lfs ? "0".repeat(40) : hash("sha1", `blob ${bytes.length}\0`, bytes),
			...(lfs && { lfs: { oid: hash("sha256", bytes), size: bytes.length, pointerSize: 130 } }),
		})),
	);
}

function commits({ hub, groups, say }: Call): unknown {
	const at = hub.repos.get(groups.repo!)?.branches.get(groups.branch!);
	return say(
		200,
		at ? [{ id: at.head, title: "", message: "", authors: [], date: "2026-01-01T00:00:00Z" }] : [],
	);
}

function preupload({ body, say }: Call): unknown {
	const { files } = JSON.parse(body.toString()) as { files: { path: string }[] };
	return say(200, {
		files: files.map(({ path }) => ({ path, uploadMode: path.endsWith(".parquet") ? "lfs" : "regular" })),
	});
}

function batch({ hub, body, say }: Call): unknown {
	const { objects } = JSON.parse(body.toString()) as { objects: { oid: string; size: number }[] };
	return say(200, {
		transfer: "basic",
		objects: objects.map((object) => ({
			...object,
			...(!hub.blobs.has(object.oid) && {
				actions: { upload: { href: `${hub.url}/storage/${object.oid}` } },
			}),
		})),
	});
}

function store({ hub, groups, body, say }: Call): unknown {
	const oid = createHash("sha256").update(body).digest("hex");
	if (oid !== groups.oid) return say(422, { error: "the content is not what was announced" });
	hub.blobs.set(oid, body);
	return say(200, {});
}

function commit({ hub, groups, body, say, head }: Call): unknown {
	const at = hub.repos.get(groups.repo!)?.branches.get(groups.branch!);
	if (!at) return say(404, { error: "no such revision" });
	const lines = body
		.toString()
		.split("\n")
		.map((line) => JSON.parse(line) as { key: string; value: Record<string, string> });
	const { summary, parentCommit } = lines[0]!.value;
	if (parentCommit !== undefined && parentCommit !== at.head)
		return say(412, { error: "The branch has moved" });
	for (const { key, value } of lines.slice(1)) {
		const path = value.path!;
		if (key === "deletedFile") at.files.delete(path);
		else if (key === "lfsFile") at.files.set(path, { bytes: hub.blobs.get(value.oid!)!, lfs: true });
		else at.files.set(path, { bytes: Buffer.from(value.content!, "base64"), lfs: false });
	}
	at.head = head();
	const paths = lines
		.slice(1)
		.map(({ key, value }) => (key === "deletedFile" ? `-${value.path}` : value.path!));
	hub.commits.push({ repo: groups.repo!, branch: groups.branch!, summary: summary!, paths });
	return say(200, { commitOid: at.head, commitUrl: `${hub.url}/commit/${at.head}`, hookOutput: "" });
}
