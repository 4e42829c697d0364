/**
 * Writes to a terminal at once, for handlers that run while the process ends. A terminal that takes nothing (stopped
 * with Ctrl+S, a dead connection) is given up after a moment: it must not keep a process from ending.
 */
import { closeSync, constants, openSync, writeSync } from "node:fs";

const PATIENCE_MS = 500;
const ASK_AGAIN_MS = 10;

/** Throws what the terminal answers when it is gone (EIO, EBADF, ENXIO). */
export function writeNow(fd: number, text: string): void {
	const own = openedAnew(fd);
	try {
		let bytes = Buffer.from(text);
		for (let waitedMs = 0; bytes.length > 0; ) {
			try {
				bytes = bytes.subarray(writeSync(own ?? fd, bytes));
			} catch (error) {
				if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
				if (waitedMs >= PATIENCE_MS) return;
				Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ASK_AGAIN_MS);
				waitedMs += ASK_AGAIN_MS;
			}
		}
	} finally {
		if (own !== undefined) closeSync(own);
	}
}

/**
 * The same terminal as an open file of our own, on which a write never waits; the one we were given is shared with the
 * shell and must stay as it is. Only Linux opens it anew here, and not for a terminal of another container.
 */
function openedAnew(fd: number): number | undefined {
	if (process.platform !== "linux") return undefined;
	try {
		return openSync(
			`/proc/self/fd/${fd}`,
			constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY | constants.O_APPEND,
		);
	} catch {
		return undefined;
	}
}
