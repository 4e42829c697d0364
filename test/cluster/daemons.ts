/** Daemons of a test: started in the foreground as our children, so that none outlives the test, and with their last words kept. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createServer } from "node:net";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Standard output of a command; its error has what it said. */
export async function say(
	command: string,
	args: readonly string[],
	env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
	const { stdout } = await run(command, args, { env, maxBuffer: 1 << 24 });
	return stdout;
}

/** Ports that were free a moment ago, on loopback. */
export async function freePorts(count: number): Promise<number[]> {
	const servers = await Promise.all(
		Array.from(
			{ length: count },
			() =>
				new Promise<ReturnType<typeof createServer>>((resolve, reject) => {
					const server = createServer();
					server.once("error", reject);
					server.listen(0, "127.0.0.1", () => resolve(server));
				}),
		),
	);
	const ports = servers.map((server) => (server.address() as { port: number }).port);
	await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
	return ports;
}

export class Daemon {
	readonly #child: ChildProcess;
	readonly name: string;
	#words = "";
	#ended: string | undefined;

	constructor(name: string, command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env) {
		this.name = name;
		this.#child = spawn(command, args, { env, stdio: ["ignore", "pipe", "pipe"] });
		for (const stream of [this.#child.stdout, this.#child.stderr])
			stream?.on("data", (data: Buffer) => {
				this.#words = (this.#words + data.toString()).slice(-20_000);
			});
		this.#child.once("error", (error) => {
			this.#ended = error.message;
		});
		this.#child.once("exit", (code, signal) => {
			this.#ended ??= `exit ${code ?? signal}`;
		});
	}

	get pid(): number {
		return this.#child.pid ?? 0;
	}

	get words(): string {
		return this.#words;
	}

	/** Waits until `ready` says so; throws with the daemon's last words where it ends before, or takes too long. */
	async until(ready: () => Promise<boolean>, withinMs = 30_000): Promise<this> {
		const deadline = Date.now() + withinMs;
		for (;;) {
			if (this.#ended !== undefined) throw new Error(`${this.name} ended (${this.#ended}):\n${this.#words}`);
			if (await ready().catch(() => false)) return this;
			if (Date.now() > deadline) throw new Error(`${this.name} is not ready:\n${this.#words}`);
			await new Promise((resolve) => setTimeout(resolve, 100));
		}
	}

	kill(signal: NodeJS.Signals = "SIGKILL"): void {
		if (this.#ended === undefined) this.#child.kill(signal);
	}

	/** Asks it to end, and makes it. */
	async stop(graceMs = 5_000): Promise<void> {
		if (this.#ended !== undefined) return;
		const over = new Promise((resolve) => this.#child.once("exit", resolve));
		this.#child.kill("SIGTERM");
		const timer = setTimeout(() => this.#child.kill("SIGKILL"), graceMs);
		await over;
		clearTimeout(timer);
	}
}
