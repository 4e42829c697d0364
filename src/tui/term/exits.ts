/**
 * Every way in which the program can end while the screen is up, and the same thing for all: the terminal is put right
 * first, at once; then what is open is closed, within a time; then the program ends with the code that a shell expects.
 *
 * While the screen is up this is the only place that hears signals, errors nobody caught, and a terminal that is gone.
 */
import type { ScreenLog } from "./log.ts";
import type { Terminal } from "./terminal.ts";
import { writeNow } from "./write-now.ts";

const CLOSE_WITHIN_MS = 3_000;
/** A signal to the whole job comes twice, from its sender and through the launcher; a closed window in three ways. */
const SAME_ENDING_MS = 300;
const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGTERM: 15 } as const;
type Signal = keyof typeof SIGNALS;

export type ExitOptions = {
	readonly terminal: Pick<Terminal, "end" | "lent" | "hungUp" | "onGone">;
	readonly log: ScreenLog;
	/** Closes what is open: the session, the engine, Python. */
	readonly close: () => Promise<void>;
	/** What opens the session again ("nudge open last"); undefined where there is none. */
	readonly resume: () => string | undefined;
	/** What Ctrl+C does where it comes as a signal and not as a key; absent, it ends the program. */
	readonly onInterrupt?: () => void;
};

/** From here on until the returned function is called, which leaves everything as it was found. */
export function guardExits({ terminal, log, close, resume, onInterrupt }: ExitOptions): () => void {
	let ending = false;
	let patientUntil = 0;
	const end = async (code: number): Promise<void> => {
		if (ending) {
			// Asked a second time: no more waiting.
			if (Date.now() >= patientUntil) process.exit(code);
			return;
		}
		ending = true;
		patientUntil = Date.now() + SAME_ENDING_MS;
		terminal.end();
		const patience = new Promise<void>((resolve) => setTimeout(resolve, CLOSE_WITHIN_MS));
		await Promise.race([close().catch((error: unknown) => log.write(wordsOf(error))), patience]);
		process.exit(code);
	};
	const onSignal = (signal: Signal): void => {
		// Ctrl+C and Ctrl+\ while an editor or the shell has the terminal are meant for that.
		if (signal === "SIGQUIT" && !ending && terminal.lent) return;
		if (signal === "SIGINT" && !ending && (terminal.lent || onInterrupt)) {
			if (!terminal.lent) onInterrupt?.();
			return;
		}
		log.write(`${signal}: ending`);
		void end(128 + SIGNALS[signal]);
	};
	const onError = (error: unknown): void => {
		terminal.end();
		log.write(`not caught: ${wordsOf(error)}`);
		say(
			[
				`nudge: an error inside nudge ended it: ${firstLine(error)}`,
				`nudge: where it happened stands in ${log.file}`,
				...(resume() ? [`nudge: the session is kept; take it up again: ${resume()}`] : []),
			].join("\n"),
		);
		void end(1);
	};
	const onGone = (): void => void end(128 + SIGNALS.SIGHUP);
	const onOutputError = (): void => terminal.hungUp();

	const give = [
		...(Object.keys(SIGNALS) as Signal[]).map((signal) => take(process, signal, onSignal)),
		take(process, "uncaughtException", onError),
		take(process, "unhandledRejection", onError),
		take(process.stdout, "error", onOutputError),
		take(process.stderr, "error", () => {}),
		terminal.onGone(onGone),
	];
	return () => {
		for (const back of give) back();
	};
}

type Listener = Parameters<NodeJS.EventEmitter["on"]>[1];

/** One listener instead of all there are, until the returned function puts them back. */
function take(from: NodeJS.EventEmitter, event: string, listener: Listener): () => void {
	const others = from.rawListeners(event) as Listener[];
	for (const other of others) from.removeListener(event, other);
	from.on(event, listener);
	return () => {
		from.removeListener(event, listener);
		for (const other of others) from.on(event, other);
	};
}

function say(text: string): void {
	try {
		writeNow(2, `${text}\n`);
	} catch {
		// Nobody is there to read it; it stands in the log.
	}
}

function wordsOf(error: unknown): string {
	return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function firstLine(error: unknown): string {
	const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
	return text.split("\n")[0] ?? "";
}
