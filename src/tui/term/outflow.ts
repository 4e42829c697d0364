/**
 * What goes to the terminal, so that a terminal that takes nothing for a while (a slow line, a stopped emulator) never
 * holds the program up: the model thinks on, the journal is written, keys are heard. Node stands still at each write to
 * a terminal until all of it is taken (https://nodejs.org/api/process.html#a-note-on-process-io).
 *
 * What always holds: what was written arrives whole and in its order; who draws asks first whether the terminal is
 * behind, so that at most one picture waits; nobody who shares the terminal with us sees any of it.
 */
import { readFileSync } from "node:fs";

/** What is used of a terminal's output; process.stdout is one. */
export interface Output {
	readonly writableLength: number;
	write(text: string, written?: () => void): unknown;
	/** Node's own, and not documented; without it the terminal holds us up, and that is all. */
	readonly _handle?: { setBlocking?(on: boolean): unknown };
}

/** Of open(2), on Linux. */
const NONBLOCK = 0o4000;

export class Outflow {
	readonly #output: Output;
	readonly #isShared: () => boolean;

	constructor(output: object, isShared: () => boolean = sharedWithTheShell) {
		this.#output = output as Output;
		this.#isShared = isShared;
	}

	/** From here on a write that the terminal does not take waits in memory. */
	free(): void {
		this.#blocks(false);
		// libuv opens a terminal anew for itself. Where it could not, the shell would get this too, and trip over it.
		if (this.#isShared()) this.#blocks(true);
	}

	/** As Node has it, for whoever writes last and ends at once. */
	hold(): void {
		if (!this.behind) this.#blocks(true);
	}

	/** Something that was written is not with the terminal yet. */
	get behind(): boolean {
		return this.#output.writableLength > 0;
	}

	/** Resolves when all that was written until now is with the terminal, or when the patience is at its end. */
	through(patienceMs = Number.POSITIVE_INFINITY): Promise<void> {
		return new Promise((resolve) => {
			const timer = Number.isFinite(patienceMs) ? setTimeout(resolve, patienceMs) : undefined;
			this.#output.write("", () => {
				clearTimeout(timer);
				resolve();
			});
		});
	}

	#blocks(on: boolean): void {
		this.#output._handle?.setBlocking?.(on);
	}
}

/** Our parent has the terminal as we were given it: does it see what we set? */
function sharedWithTheShell(): boolean {
	try {
		const info = readFileSync(`/proc/${process.ppid}/fdinfo/1`, "utf8");
		const [, flags = "0"] = /^flags:\s*([0-7]+)/m.exec(info) ?? [];
		return (Number.parseInt(flags, 8) & NONBLOCK) !== 0;
	} catch {
		// Not Linux: libuv opens it anew there as well.
		return false;
	}
}
