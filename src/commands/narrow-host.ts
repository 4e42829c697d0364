/** A host that lends out so many interpreters at once and no more; whoever comes after that waits for one to be closed. */
import type { Interpreter, InterpreterHost } from "../python/interpreter.ts";

export function narrowHost(host: InterpreterHost, most: number): InterpreterHost {
	let open = 0;
	const waiting: (() => void)[] = [];
	const leave = (): void => {
		const next = waiting.shift();
		// The place goes straight to the next one.
		if (next) next();
		else open--;
	};
	return {
		isolation: host.isolation,
		open: async (options) => {
			if (open < most) open++;
			else await new Promise<void>((resolve) => waiting.push(resolve));
			let interpreter: Interpreter;
			try {
				interpreter = await host.open(options);
			} catch (error) {
				leave();
				throw error;
			}
			let closed = false;
			return {
				isolation: interpreter.isolation,
				run: (code, how) => interpreter.run(code, how),
				interrupt: () => interpreter.interrupt(),
				restart: (says) => interpreter.restart(says),
				close: async () => {
					if (closed) return;
					closed = true;
					try {
						await interpreter.close();
					} finally {
						leave();
					}
				},
			};
		},
		close: () => host.close(),
	};
}
