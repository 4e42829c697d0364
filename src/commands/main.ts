/**
 * The program: finds the command, parses, runs, and turns what went wrong into one message and an exit code
 * (0 done, 1 failed, 2 wrong use, 130 interrupted). Nothing heavy is loaded before it is known to be needed.
 */
import { CommandError, type ExitCode, type Io, UsageError } from "./command.ts";
import { version } from "./version.ts";

/** Runs the words of a command line and ends the process with its exit code. */
export async function main(words: readonly string[]): Promise<void> {
	const io: Io = {
		stdin: process.stdin,
		stdout: process.stdout,
		stderr: process.stderr,
		env: process.env,
		cwd: process.cwd(),
	};
	const interrupted = new AbortController();
	const stop = (signal: NodeJS.Signals): void => {
		if (interrupted.signal.aborted && signal === "SIGINT") process.exit(130);
		interrupted.abort();
	};
	for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);
	// A file that may not grow any further is a write that fails, and is said by whoever writes; it is no end.
	process.on("SIGXFSZ", () => {});
	// A reader that went away (`nudge ... | head`) is no failure of ours.
	process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));
	await endWithLauncher();
	const code = await call(words, io, interrupted.signal);
	// What was printed is out before the end, and nothing that was left open keeps the program alive.
	await Promise.all(
		[process.stdout, process.stderr].map((stream) => new Promise((resolve) => stream.write("", resolve))),
	);
	process.exit(code);
}

/** Started by the launcher (bin/nudge.cjs), this program ends when the launcher is gone, also by `kill -9`. */
async function endWithLauncher(): Promise<void> {
	if (process.env.NUDGE_LAUNCHED === undefined) return;
	delete process.env.NUDGE_LAUNCHED;
	// Loaded here: most starts do without it.
	(await import("../tui/term/launcher.ts")).joinLauncher();
}

/** The same without the process around it: what tests call. */
export async function call(words: readonly string[], io: Io, signal: AbortSignal): Promise<ExitCode> {
	try {
		return await dispatch(words, io, signal);
	} catch (error) {
		if (signal.aborted) return 130;
		if (error instanceof UsageError) {
			io.stderr.write(`nudge: ${error.message}\n`);
			return 2;
		}
		if (error instanceof CommandError || isFailure(error)) {
			io.stderr.write(`nudge: ${(error as Error).message}\n`);
			return 1;
		}
		io.stderr.write(`nudge: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
		return 1;
	}
}

async function dispatch(words: readonly string[], io: Io, signal: AbortSignal): Promise<ExitCode> {
	const [first, ...rest] = words;
	if (first === "--version" || first === "-V") {
		io.stdout.write(`${version()}\n`);
		return 0;
	}
	const { commands } = await import("./table.ts");
	if (first === "--help" || first === "-h" || first === "help") {
		const { commandHelp, topHelp } = await import("./help.ts");
		const named = first === "help" && rest[0] !== undefined ? commands[rest[0]] : undefined;
		io.stdout.write(named && rest[0] ? commandHelp(rest[0], await named.load()) : topHelp(version()));
		return 0;
	}
	const { descend, parse } = await import("./parse.ts");
	const { nearest } = await import("../hints/nearest.ts");
	// Options alone are those of the screen: `nudge --hints ask`.
	const bare = first === undefined || first.startsWith("-");
	const name = bare ? "open" : first;
	const entry = Object.hasOwn(commands, name) ? commands[name] : undefined;
	if (!entry)
		throw new UsageError(
			`there is no command "${name}"; nudge --help lists them${nearest(name, Object.keys(commands))}`,
		);
	const found = descend(name, await entry.load(), bare ? words : rest);
	const parsed = parse(found.path, found.command, found.rest);
	if (parsed.help || !found.command.run) {
		const { commandHelp } = await import("./help.ts");
		(parsed.help ? io.stdout : io.stderr).write(commandHelp(found.path, found.command));
		return parsed.help ? 0 : 2;
	}
	return await found.command.run({ io, args: parsed.args, options: parsed.options, signal });
}

/** Errors that other rooms throw for the user to read; each names itself. */
function isFailure(error: unknown): boolean {
	return (
		error instanceof Error &&
		/^(Engine|Journal|Session|Run|Library|Environment|Isolation|Problem|Settings|Score|Dataset|Recipe|Rule|Remote|Job|Launch)\w*Error$/.test(
			error.name,
		)
	);
}
