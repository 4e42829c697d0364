/**
 * What a command is: data from which parsing, help, completion and the page in docs/ are made, and one function.
 * A command file stays light at its top (only types and data): what is heavy is imported inside `run`,
 * so that `nudge --help` and completion cost next to nothing.
 */

/** 0 done, 1 failed, 2 wrong use, 130 interrupted. */
export type ExitCode = 0 | 1 | 2 | 130;

/** What the shell can offer while a value is typed. */
export type Completes = "file" | "folder" | "session" | "hint" | "engine" | "problem" | "config-key";

export type OptionSpec = {
	/** Long name without dashes: "max-tokens". */
	readonly name: string;
	readonly short?: string;
	/** What stands for the value in the help ("N", "FILE"). Absent: a flag without a value. */
	readonly value?: string;
	/** With `completes`, also another value of that kind: the command looks at it itself. */
	readonly choices?: readonly string[];
	readonly many?: boolean;
	readonly completes?: Completes;
	readonly says: string;
};

export type PositionalSpec = {
	readonly name: string;
	readonly says: string;
	readonly optional?: boolean;
	readonly many?: boolean;
	readonly choices?: readonly string[];
	readonly completes?: Completes;
};

export type Command = {
	readonly summary: string;
	/** More than the summary, for `nudge NAME --help`. */
	readonly details?: string;
	readonly positionals?: readonly PositionalSpec[];
	readonly options?: readonly OptionSpec[];
	readonly examples?: readonly string[];
	/** By name. A command has either these or `run`. */
	readonly subcommands?: Readonly<Record<string, Command>>;
	readonly run?: (context: Context) => Promise<ExitCode>;
};

/** The world as a command sees it; a test hands in its own. */
export type Io = {
	readonly stdin: NodeJS.ReadStream;
	readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
	readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
	readonly env: NodeJS.ProcessEnv;
	readonly cwd: string;
};

export type Context = {
	readonly io: Io;
	/** Positional arguments, checked against the specification for their number. */
	readonly args: readonly string[];
	/** By long name: a string, true for a flag, a list where `many`. Absent when not given. */
	readonly options: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
	/** Aborted at the first Ctrl+C or SIGTERM. */
	readonly signal: AbortSignal;
};

/** The user asked for something that cannot be: printed as one message, exit code 2. */
export class UsageError extends Error {
	override readonly name = "UsageError";
}

/** Something failed that the user can mend: printed as one message without a stack, exit code 1. */
export class CommandError extends Error {
	override readonly name = "CommandError";
}

/** The value of an option that takes one, or undefined. */
export function text(context: Context, name: string): string | undefined {
	const value = context.options[name];
	return typeof value === "string" ? value : undefined;
}

/** A whole number of at least `least`; a UsageError that names the option otherwise. */
export function wholeNumber(context: Context, name: string, least = 0): number | undefined {
	const value = text(context, name);
	if (value === undefined) return undefined;
	const number = Number(value);
	if (!/^\d+$/.test(value) || !Number.isSafeInteger(number) || number < least) {
		throw new UsageError(`--${name} takes a whole number of at least ${least}, not "${value}"`);
	}
	return number;
}

/** A number between two bounds; a UsageError that names the option otherwise. */
export function decimal(context: Context, name: string, least: number, most: number): number | undefined {
	const value = text(context, name);
	if (value === undefined) return undefined;
	const number = Number(value);
	if (value.trim() === "" || !Number.isFinite(number) || number < least || number > most) {
		throw new UsageError(`--${name} takes a number from ${least} to ${most}, not "${value}"`);
	}
	return number;
}
