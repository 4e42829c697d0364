/**
 * Ctrl+Z as a shell expects it: the whole job stops, and the launcher with it, for which the shell waits.
 */
import { stopByLauncher } from "./launcher.ts";

/** Without a launcher: not continued within this time, we were not stopped, there being no shell to continue us. */
const STOPPED_WITHIN_MS = 200;

/**
 * Resolves when we run again: true when the shell continued us, false where there was none that could have stopped us.
 * `obey` makes SIGTSTP stop this process.
 */
export async function stopWithShell(obey: () => void): Promise<boolean> {
	let continued = false;
	const onContinue = (): void => {
		continued = true;
	};
	process.on("SIGCONT", onContinue);
	try {
		// Told first: a signal that came between could stop this process before the launcher knew that it should stop too.
		const stopped = stopByLauncher();
		obey();
		if (stopped) await stopped;
		else {
			process.kill(0, "SIGTSTP");
			await new Promise<void>((resolve) => {
				process.once("SIGCONT", () => resolve());
				setTimeout(resolve, STOPPED_WITHIN_MS);
			});
		}
		// The signal that says so is heard on the loop's next turn at the latest.
		await new Promise((resolve) => setImmediate(resolve));
		await new Promise((resolve) => setImmediate(resolve));
		return continued;
	} finally {
		process.off("SIGCONT", onContinue);
	}
}
