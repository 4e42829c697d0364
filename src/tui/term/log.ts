/**
 * The log of the screen: nothing may print over it, so what libraries say (console, standard error, Node's warnings)
 * goes to a file while it is up. Child processes have pipes of their own and say nothing here.
 * What always holds: at most `MOST_BYTES` and as much again from before stay on the disk, readable for the owner alone;
 * a log that cannot be written stops nobody.
 */
import { appendFileSync, chmodSync, mkdirSync, renameSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { format } from "node:util";
import { homes } from "../../trace/home.ts";
import { CURSOR_SHOWN } from "./sequences.ts";

const MOST_BYTES = 1_000_000;
/** In characters: a library may say very much at once. */
const MOST_OF_ENTRY = 100_000;
const METHODS = ["log", "info", "debug", "warn", "error", "trace"] as const;

export class ScreenLog {
	readonly file: string;
	readonly #now: () => Date;
	/** Undefined until it is first written to. */
	#bytes: number | undefined;

	constructor(file: string, now: () => Date = () => new Date()) {
		this.file = file;
		this.#now = now;
	}

	static of(env: NodeJS.ProcessEnv): ScreenLog {
		return new ScreenLog(join(homes(env).cache, "screen.log"));
	}

	/** One entry, whole, at once. */
	write(text: string): void {
		const entry = `${this.#now().toISOString()} ${text.trimEnd().slice(0, MOST_OF_ENTRY)}\n`;
		const bytes = Buffer.byteLength(entry);
		try {
			if (this.#bytes === undefined) this.#bytes = this.#open();
			if (this.#bytes + bytes > MOST_BYTES && this.#bytes > 0) {
				renameSync(this.file, `${this.file}.1`);
				this.#bytes = 0;
			}
			appendFileSync(this.file, entry, { mode: 0o600 });
			this.#bytes += bytes;
		} catch {
			// A full disk is said where something is lost by it, which is not here.
		}
	}

	/** From here on console and standard error write here; the returned function gives them back. */
	capture(): () => void {
		const kept = METHODS.map((method) => [method, console[method]] as const);
		for (const method of METHODS)
			console[method] = (...words: unknown[]) => this.write(`${method}: ${format(...words)}`);
		const { stderr } = process;
		const write = stderr.write;
		stderr.write = ((text: string | Uint8Array, ...rest: unknown[]): boolean => {
			const said = typeof text === "string" ? text : Buffer.from(text).toString();
			// What Ink's helper shows the cursor with at the end: the terminal has done so itself.
			if (said !== CURSOR_SHOWN) this.write(`stderr: ${said}`);
			const written = rest.find((one): one is () => void => typeof one === "function");
			if (written) process.nextTick(written);
			return true;
		}) as typeof stderr.write;
		return () => {
			for (const [method, was] of kept) console[method] = was;
			stderr.write = write;
		};
	}

	#open(): number {
		mkdirSync(dirname(this.file), { recursive: true, mode: 0o700 });
		try {
			chmodSync(this.file, 0o600);
			return statSync(this.file).size;
		} catch {
			return 0;
		}
	}
}
