/**
 * Opens the interpreter host: finds how this machine can isolate, starts one fork server that way, hands out sessions.
 * Never runs code without isolation unless the caller says that the user agreed.
 */
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { type Environment, ensureEnvironment, type Progress } from "./environment.ts";
import type { Interpreter, InterpreterHost, Isolation, Limits, LocalIsolation } from "./interpreter.ts";
import { Server, ServerError } from "./server.ts";
import { Session } from "./session.ts";
import { Gate, Turns } from "./turns.ts";

export const DEFAULT_LIMITS: Limits = {
	timeoutMs: 10_000,
	memoryBytes: 1024 ** 3,
	outputChars: 4000,
	scratchBytes: 64 * 1024 ** 2,
	processes: 64,
};

export type HostOptions = {
	readonly env?: NodeJS.ProcessEnv;
	/** Left out: found or made, which the first time takes minutes and the network. */
	readonly environment?: Environment;
	readonly onProgress?: (progress: Progress) => void;
	readonly signal?: AbortSignal;
	/** The user has been told that nothing is isolated, and agreed. */
	readonly allowUnisolated?: boolean;
	readonly limits?: Partial<Limits>;
	/** Sessions kept ready ahead, each a few megabytes. */
	readonly spares?: number;
};

/** No isolation here, and the user has not been asked. `says` is for the user. */
export class NotIsolatedError extends Error {
	override name = "NotIsolatedError";
}

const SAYS: Record<LocalIsolation, string> = {
	bubblewrap:
		"Python runs isolated by bubblewrap: no network, no sight of your files, writing only to a small scratch folder.",
	userns:
		"Python runs isolated by user namespaces: no network, no sight of your files, writing only to a small scratch folder.",
	none: "Python runs WITHOUT isolation: a model's code can read and change your files and use the network.",
};

const OPENINGS = 16;

export async function openHost(options: HostOptions = {}): Promise<PythonHost> {
	const env = options.env ?? process.env;
	const environment = options.environment ?? (await ensureEnvironment({ ...options, env }));
	const limits = { ...DEFAULT_LIMITS, ...options.limits };
	const failures: string[] = [];
	for (const kind of kindsToTry(env)) {
		const bubblewrap = kind === "bubblewrap" ? findProgram("bwrap", env) : undefined;
		if (kind === "bubblewrap" && !bubblewrap) {
			failures.push("bubblewrap: not installed");
			continue;
		}
		const start = (): Promise<Server> =>
			Server.start({
				python: environment.python,
				readOnly: environment.readOnly,
				isolation: kind,
				bubblewrap,
				limits,
				spares: options.spares ?? 2,
			});
		if (kind === "none" && !options.allowUnisolated) {
			throw new NotIsolatedError(
				`This machine cannot isolate a model's Python (${failures.join("; ") || "NUDGE_ISOLATION=none"}). ` +
					"Install bubblewrap (package `bubblewrap`) or allow unprivileged user namespaces (see docs/python.md), " +
					"or agree to run it without isolation.",
			);
		}
		try {
			const says =
				failures.length > 0 && kind === "none" ? `${SAYS.none} (${failures.join("; ")})` : SAYS[kind];
			return new PythonHost(await start(), start, { kind, says }, limits);
		} catch (error) {
			if (!(error instanceof ServerError) || kind === "none") throw error;
			failures.push(`${kind}: ${error.message}`);
		}
	}
	throw new ServerError(
		`Python could not be started isolated as NUDGE_ISOLATION asks: ${failures.join("; ")}`,
	);
}

/** `NUDGE_ISOLATION` forces one kind; `auto` or nothing takes the best that works. */
function kindsToTry(env: NodeJS.ProcessEnv): LocalIsolation[] {
	const asked = env.NUDGE_ISOLATION || "auto";
	if (asked === "auto") return ["bubblewrap", "userns", "none"];
	if (asked === "bubblewrap" || asked === "userns" || asked === "none") return [asked];
	throw new Error(`NUDGE_ISOLATION is ${asked}: it may be auto, bubblewrap, userns or none`);
}

export function findProgram(name: string, env: NodeJS.ProcessEnv): string | undefined {
	for (const folder of (env.PATH ?? "").split(delimiter)) {
		const path = join(folder, name);
		if (folder !== "" && existsSync(path)) return path;
	}
	return undefined;
}

export class PythonHost implements InterpreterHost {
	readonly isolation: Isolation;
	readonly limits: Limits;
	private server: Server;
	private readonly startServer: () => Promise<Server>;
	private restarting: Promise<void> | undefined;
	private readonly sessions = new Set<Session>();
	private closed = false;
	private readonly turns = new Turns();
	/** The fork server makes them one after the other; more would only fill its doorstep. */
	private readonly openings = new Gate(OPENINGS);

	constructor(server: Server, startServer: () => Promise<Server>, isolation: Isolation, limits: Limits) {
		this.server = server;
		this.startServer = startServer;
		this.isolation = isolation;
		this.limits = limits;
	}

	/** Of the fork server's outermost process. */
	get pid(): number | undefined {
		return this.server.pid;
	}

	/** Blocks that run, and that wait for their turn. */
	get blocks(): { readonly running: number; readonly waiting: number } {
		return this.turns.counts;
	}

	open(options: { readonly limits?: Partial<Limits> } = {}): Promise<Interpreter> {
		return this.openSession(options.limits ?? {}, {});
	}

	/** With what only a terminal session needs. */
	async openSession(
		limits: Partial<Limits>,
		extra: Partial<Pick<Parameters<typeof Session.open>[0], "terminal" | "onFrame" | "onLost">>,
	): Promise<Session> {
		const session = await this.openings.through(() =>
			Session.open({
				...extra,
				connect: () => this.connect(),
				onClose: () => this.sessions.delete(session),
				isolation: this.isolation,
				limits: { ...this.limits, ...limits },
				// A block in a terminal waits for the person who types there, not for other traces.
				...(extra.terminal ? {} : { turns: this.turns }),
			}),
		);
		if (this.closed) {
			await session.close();
			throw new Error("the interpreter host is closed");
		}
		this.sessions.add(session);
		return session;
	}

	async close(): Promise<void> {
		this.closed = true;
		await Promise.all([...this.sessions].map((session) => session.close()));
		await this.server.close();
	}

	/** A fork server that has died is started again; its sessions are lost, and say so. */
	private async connect() {
		if (this.closed) throw new Error("the interpreter host is closed");
		if (!this.server.alive) {
			this.restarting ??= this.startServer()
				.then(async (server) => {
					this.server = server;
					if (this.closed) await server.close();
				})
				.finally(() => {
					this.restarting = undefined;
				});
			await this.restarting;
		}
		return this.server.connect();
	}
}
