/**
 * A host behind OpenSSH, with the user's own configuration: keys, agent, ProxyJump and the rest are the ssh program's.
 * One connection is kept open for a minute after its last use and shared (ControlMaster), so that a further command
 * costs no new handshake; where that cannot be (no folder for its socket), every command connects by itself.
 *
 * What always holds: nobody is asked for a password (BatchMode); what is run far away is a script on standard input, so
 * that nothing is quoted twice; a failure of ssh itself (exit 255, or never connected) is a LaunchError with what to do
 * and is told from a failure of the script; file names with blanks, quotes or newlines arrive as they are.
 */
import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { LaunchError } from "./launcher.ts";
import { lastWords, quoted, type Ran, type Shell, spawned, succeeded } from "./shell.ts";

export type SshOptions = {
	/** As the user's configuration knows it: an alias, a name, user@name. */
	readonly host: string;
	/** Another configuration file than the user's. */
	readonly config?: string;
	/** Where the shared connection's socket may lie; its path must be short. */
	readonly sockets?: string;
	readonly connectSeconds?: number;
	/** For tests. */
	readonly programs?: { readonly ssh?: string; readonly rsync?: string };
	readonly env?: NodeJS.ProcessEnv;
};

/** A connection that is lost for good is seen after three of these without an answer. */
const ALIVE_SECONDS = 15;
const CONNECT_SECONDS = 20;
/** The longest path of a Unix socket, less what ssh itself puts behind the name while it makes one. */
const SOCKET_CHARS = 85;

export class Host implements Shell {
	readonly name: string;
	readonly #args: readonly string[];
	readonly #ssh: string;
	readonly #rsync: string;
	readonly #env: NodeJS.ProcessEnv;

	constructor(options: SshOptions) {
		const { host, config, sockets, connectSeconds = CONNECT_SECONDS } = options;
		if (!/^[\w.@:[\]%+-]+$/.test(host) || host.startsWith("-"))
			throw new LaunchError(
				`"${host}" is no host: name one as you would for ssh (a name, an alias, user@name)`,
			);
		this.name = host;
		this.#ssh = options.programs?.ssh ?? "ssh";
		this.#rsync = options.programs?.rsync ?? "rsync";
		this.#env = options.env ?? process.env;
		this.#args = [
			...(config === undefined ? [] : ["-F", config]),
			"-o",
			"BatchMode=yes",
			"-o",
			`ConnectTimeout=${connectSeconds}`,
			"-o",
			`ServerAliveInterval=${ALIVE_SECONDS}`,
			...shared(sockets),
		];
	}

	/**
	 * Runs a POSIX shell script there; `args` are its $1, $2, ... Exit codes of the script are the caller's business.
	 * Throws LaunchError where the host cannot be reached.
	 */
	async run(script: string, args: readonly string[] = [], signal?: AbortSignal): Promise<Ran> {
		// The login shell may be any: it is only asked to start sh.
		const command = ["sh", "-s", "--", ...args.map(quoted)].join(" ");
		const ran = await spawned(this.#ssh, [...this.#args, "-T", this.name, "--", command], {
			env: this.#env,
			stdin: Buffer.from(script),
			signal,
		});
		if (ran.code === 255) throw this.#unreachable(ran.stderr);
		return ran;
	}

	async must(script: string, args: readonly string[] = [], signal?: AbortSignal): Promise<string> {
		return succeeded(await this.run(script, args, signal), this.name);
	}

	/** Copies what is in a folder here into a folder there. What is there already and the same is not sent again. */
	async push(from: string, to: string, onLine?: (line: string) => void, signal?: AbortSignal): Promise<void> {
		await this.#sync([`${from}/`, `${this.#remote()}:${to}/`], ["--partial"], onLine, signal);
	}

	/** Copies what is in a folder there into a folder here. What was cut off goes on where it stopped. */
	async pull(from: string, to: string, onLine?: (line: string) => void, signal?: AbortSignal): Promise<void> {
		mkdirSync(to, { recursive: true });
		await this.#sync([`${this.#remote()}:${from}/`, `${to}/`], ["--partial"], onLine, signal);
	}

	/** Ends the shared connection. */
	async close(): Promise<void> {
		const ending = { env: this.#env, stdin: Buffer.alloc(0) };
		await spawned(this.#ssh, [...this.#args, "-O", "exit", this.name], ending).catch(() => {});
	}

	#remote(): string {
		// A literal IPv6 address would be taken for a path.
		return this.name.includes(":") && !this.name.startsWith("[") ? `[${this.name}]` : this.name;
	}

	async #sync(
		places: readonly [string, string],
		more: readonly string[],
		onLine: ((line: string) => void) | undefined,
		signal: AbortSignal | undefined,
	): Promise<void> {
		const shell = [this.#ssh, ...this.#args].map(quoted).join(" ");
		const { code, stderr } = await spawned(
			this.#rsync,
			// -s: paths are not split by the far shell. Times are kept, so that what is the same is known by them.
			["-rlt", "-s", "--info=progress2", "--outbuf=L", ...more, "-e", shell, ...places],
			{ env: this.#env, stdin: Buffer.alloc(0), signal, onLine },
		);
		if (code === 0) return;
		if (code === 255) throw this.#unreachable(stderr);
		const says = lastWords(stderr);
		if (/No space left|Disk quota/i.test(stderr))
			throw new LaunchError(
				`there is no room for the files at ${places[1]}: ${says}. Make room and try again: what was copied stays`,
			);
		if (code === 127 || /rsync: (command )?not found|command not found/.test(stderr))
			throw new LaunchError(`${this.name} has no rsync: install it there (or ask whoever can)`);
		if (code === 12 || code === 30 || code === 10)
			throw new LaunchError(
				`the connection to ${this.name} broke while files were copied (${says}): try again, it goes on where it stopped`,
			);
		throw new LaunchError(`copying from ${places[0]} to ${places[1]} failed (rsync ${code}): ${says}`);
	}

	#unreachable(stderr: string): LaunchError {
		return new LaunchError(`${this.name} cannot be reached: ${adviceOn(stderr, this.name)}`);
	}
}

/** What ssh said, and what to do about it. */
export function adviceOn(stderr: string, host: string): string {
	const says = lastWords(stderr);
	if (/REMOTE HOST IDENTIFICATION HAS CHANGED|Host key verification failed/.test(stderr))
		return /HAS CHANGED/.test(stderr)
			? `its host key is not the one that was known. If you know why it changed, ssh-keygen -R ${host} forgets the old one; else somebody may be between you and it`
			: `its host key is not known yet. Connect once by hand (ssh ${host}), compare the key, and say yes`;
	if (/Could not resolve hostname|Name or service not known|nodename nor servname/.test(stderr))
		return `its name is not known (${says}). Is "${host}" in your ssh configuration, and is the network there?`;
	if (/Permission denied|Too many authentication failures/.test(stderr))
		return `it refused your keys (${says}). nudge never asks for passwords: give it a key (ssh-copy-id ${host}), load it (ssh-add), or open a connection that is shared first (ssh -M)`;
	if (/Connection refused/.test(stderr))
		return `nobody listens there (${says}): is sshd running, is the port right?`;
	if (/timed out|No route to host|Network is unreachable/i.test(stderr))
		return `no answer (${says}). Jobs go on there; try again when the network is back`;
	if (/ENOENT/.test(stderr)) return "this machine has no ssh: install OpenSSH's client";
	return says || "the connection ended without a word. Jobs go on there; try again";
}

function shared(sockets: string | undefined): string[] {
	if (sockets === undefined || process.platform === "win32") return [];
	const path = join(sockets, "%C");
	// %C is a hash of 40 characters.
	if (path.length + 38 > SOCKET_CHARS + 20) return [];
	try {
		mkdirSync(sockets, { recursive: true, mode: 0o700 });
		chmodSync(sockets, 0o700);
	} catch {
		return [];
	}
	return ["-o", "ControlMaster=auto", "-o", `ControlPath=${path}`, "-o", "ControlPersist=60"];
}
