/**
 * nudge without a screen but with a person: for a screen reader, and for a terminal that knows no sequences. What is told
 * is appended line by line, what is typed comes line by line as the terminal itself lets one write it.
 *
 * What always holds: nothing of the terminal is changed, so there is nothing to put right at any end; not one control
 * sequence is written. Ctrl+Z needs nobody: this program and its launcher stop as any job does.
 */
import { createInterface } from "node:readline";
import type { Lab, LabHooks, LabSettings } from "../../reason/lab.ts";
import type { ScreenOptions } from "../program.ts";
import { guardExits } from "../term/exits.ts";
import { ScreenLog } from "../term/log.ts";
import { LineDesk } from "./desk.ts";
import { voiceOf } from "./voice.ts";

/** Resolves with the exit code when the person has left. */
export async function runLines(options: ScreenOptions): Promise<number> {
	const { env, stdin, stdout } = options;
	const log = ScreenLog.of(env);
	// What libraries say is no line of ours.
	const quiet = log.capture();
	const desk = new LineDesk({
		...options,
		voice: voiceOf((text) => stdout.write(text)),
		openLab: async (settings: LabSettings, hooks: LabHooks): Promise<Lab> =>
			(await import("../../reason/lab.ts")).Lab.open(settings, hooks),
	});
	/** By a signal, or an error: the end of the process is not ours. */
	let ending = false;
	const ends = new Set<() => void>();
	const gone = (): void => {
		for (const end of [...ends]) end();
	};
	const unguard = guardExits({
		terminal: {
			lent: false,
			end: () => {},
			hungUp: gone,
			onGone: (listener) => {
				ends.add(listener);
				return () => ends.delete(listener);
			},
		},
		log,
		close: () => {
			ending = true;
			return desk.close();
		},
		resume: () => desk.resume,
		onInterrupt: () => {
			// The terminal wrote ^C where the cursor stood.
			stdout.write("\n");
			desk.interrupt();
		},
	});
	const lines = createInterface({ input: stdin, terminal: false });
	lines.on("line", (line) => desk.dialogue.line(line));
	lines.on("close", () => desk.dialogue.end());
	// Hung up: what a dead terminal answers when it is read.
	stdin.on("error", gone);

	await desk.run();
	if (ending) await new Promise(() => {});
	lines.close();
	stdin.pause();
	await desk.close();
	unguard();
	stdin.off("error", gone);
	quiet();
	const bye = desk.resume;
	if (bye) stdout.write(`The session is kept. Take it up again: ${bye}\n`);
	return 0;
}
