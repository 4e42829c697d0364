/** What the loop runs the model's blocks in: always the same object, whatever becomes of the process behind the pane. */
import type { Interpreter } from "../../python/interpreter.ts";
import type { PtyInterpreter } from "../../python/pty.ts";

export type Behind = {
	/** The interpreter that stands, made where there is none. */
	readonly open: () => Promise<PtyInterpreter>;
	/** The same, where there is one. */
	readonly there: () => PtyInterpreter | undefined;
	readonly restart: (says: string) => Promise<void>;
	readonly close: () => Promise<void>;
	/** A block was handed over (1), or has ended (-1). */
	readonly count: (by: 1 | -1) => void;
};

export function interpreterOfLoop({ open, there, restart, close, count }: Behind): Interpreter {
	return {
		get isolation() {
			const pty = there();
			if (!pty) throw new Error("the pane's Python has not been opened: ask the pane for it first");
			return pty.isolation;
		},
		run: async (code, options) => {
			const pty = await open();
			count(1);
			try {
				return await pty.run(code, options);
			} finally {
				count(-1);
			}
		},
		interrupt: async () => {
			await there()?.interrupt();
		},
		restart: (says = "restarted") => restart(says),
		close,
	};
}
