/**
 * The fork server as a child process: started in the sandbox, watched, and gone with nudge. Its standard input is the
 * life line: it ends when nudge does, however nudge ends. Sessions are connections to its socket.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Limits, LocalIsolation } from "./interpreter.ts";

/** The package keeps the Python sources in src/, also where it runs from dist/. */
export const guestFolder = ((): string => {
	let folder = dirname(fileURLToPath(import.meta.url));
	while (!existsSync(join(folder, "package.json"))) folder = dirname(folder);
	return join(folder, "src", "python", "guest");
})();

const START_MS = 120_000;
const FOLDER = "nudge-python-";

export type ServerOptions = {
	readonly python: string;
	/** Folders shown read-only inside: the virtual environment and the Python it was made from. */
	readonly readOnly: readonly string[];
	readonly isolation: LocalIsolation;
	readonly bubblewrap?: string | undefined;
	readonly limits: Limits;
	/** Sessions kept ready ahead. */
	readonly spares: number;
};

export class ServerError extends Error {
	override name = "ServerError";
}

export class Server {
	readonly folder: string;
	private readonly child: ChildProcess;
	private readonly exited: Promise<void>;
	private gone = false;

	private constructor(child: ChildProcess, folder: string) {
		this.child = child;
		this.folder = folder;
		this.exited = new Promise((resolve) => {
			child.once("exit", () => {
				this.gone = true;
				rmSync(folder, { recursive: true, force: true });
				resolve();
			});
		});
	}

	get alive(): boolean {
		return !this.gone;
	}

	get pid(): number | undefined {
		return this.child.pid;
	}

	static async start(options: ServerOptions): Promise<Server> {
		removeStaleFolders();
		const folder = mkdtempSync(join(socketRoot(), `${FOLDER}${process.pid}-`));
		chmodSync(folder, 0o700);
		const configuration = {
			socket: join(folder, "s"),
			python: options.python,
			readOnly: [...options.readOnly, guestFolder],
			isolation: options.isolation,
			bubblewrap: options.bubblewrap,
			scratchBytes: options.limits.scratchBytes,
			spares: options.spares,
		};
		const child = spawn(
			options.python,
			["-s", "-B", "-X", "utf8", join(guestFolder, "main.py"), JSON.stringify(configuration)],
			{ stdio: ["pipe", "pipe", "pipe"], env: cleanEnvironment(options), cwd: "/" },
		);
		const server = new Server(child, folder);
		try {
			await ready(child);
		} catch (error) {
			await server.close();
			throw error;
		}
		// The server must not keep nudge alive; it ends with nudge.
		child.unref();
		for (const stream of [child.stdin, child.stdout, child.stderr])
			(stream as unknown as { unref?: () => void } | null)?.unref?.();
		return server;
	}

	/** One session's connection. */
	connect(): Promise<Socket> {
		return new Promise((resolve, reject) => {
			const socket = connect(join(this.folder, "s"));
			socket.once("connect", () => {
				socket.off("error", reject);
				resolve(socket);
			});
			socket.once("error", reject);
		});
	}

	async close(): Promise<void> {
		// From here on its end is waited for.
		this.child.ref();
		this.child.stdin?.destroy();
		const patience = setTimeout(() => this.child.kill("SIGKILL"), 2000);
		await this.exited;
		clearTimeout(patience);
	}
}

function ready(child: ChildProcess): Promise<void> {
	return new Promise((resolve, reject) => {
		let out = "";
		let err = "";
		const fail = (why: string): void => reject(new ServerError(why));
		const patience = setTimeout(
			() => fail(`Python did not get ready within ${START_MS / 1000} s. ${err}`),
			START_MS,
		);
		child.stderr?.on("data", (data: Buffer) => {
			err = (err + data.toString()).slice(-4000);
		});
		child.stdout?.on("data", (data: Buffer) => {
			out += data.toString();
			const end = out.indexOf("\n");
			if (end < 0) return;
			clearTimeout(patience);
			const said = JSON.parse(out.slice(0, end)) as { ready?: boolean; error?: string };
			if (said.ready) resolve();
			else fail(said.error ?? out);
		});
		child.once("error", (error) => fail(`Python could not be started: ${error.message}`));
		child.once("exit", (code, signal) => {
			clearTimeout(patience);
			// What bubblewrap or Python said is the reason; its last line says it best.
			fail(err.trim().split("\n").at(-1) || `Python ended at its start (${signal ?? code})`);
		});
	});
}

/** Nothing of the user's environment: it may hold secrets, and it would make runs differ. */
function cleanEnvironment({ python, isolation }: ServerOptions): NodeJS.ProcessEnv {
	return {
		PATH: `${dirname(python)}:/usr/local/bin:/usr/bin:/bin`,
		HOME: isolation === "none" ? "/tmp" : "/scratch",
		TMPDIR: "/tmp",
		USER: "nudge",
		LANG: "C.UTF-8",
		TERM: "dumb",
		PYTHONDONTWRITEBYTECODE: "1",
		PYTHONSAFEPATH: "1",
		// The order of a set of texts, which a block may print, is the same in every run.
		PYTHONHASHSEED: "0",
		OPENBLAS_NUM_THREADS: "1",
		OMP_NUM_THREADS: "1",
		MKL_NUM_THREADS: "1",
		NUMEXPR_NUM_THREADS: "1",
		// Each further arena would reserve address space that the memory limit counts.
		MALLOC_ARENA_MAX: "2",
	};
}

/** A socket's path may have 107 bytes. */
function socketRoot(): string {
	const root = tmpdir();
	return root.length <= 70 ? root : "/tmp";
}

/** Folders of a nudge that was killed. */
function removeStaleFolders(): void {
	const root = socketRoot();
	for (const name of readdirSync(root)) {
		const pid = name.startsWith(FOLDER) ? Number.parseInt(name.slice(FOLDER.length), 10) : 0;
		if (pid > 0 && !isAlive(pid)) {
			try {
				rmSync(join(root, name), { recursive: true, force: true });
			} catch {
				// Another user's: theirs to remove.
			}
		}
	}
}

function isAlive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		return (error as NodeJS.ErrnoException).code === "EPERM";
	}
}
