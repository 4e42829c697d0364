/** `nudge sessions rm | name | tag | note | mark`: what a person says of a session goes into its journal as an event. */
import { createInterface } from "node:readline";
import type { TraceEvent } from "../trace/events.ts";
import type { SessionState } from "../trace/fold.ts";
import { branchOf } from "../trace/sample.ts";
import { type Context, type ExitCode, text, UsageError } from "./command.ts";
import { storeOf } from "./session-views.ts";

export async function remove(context: Context): Promise<ExitCode> {
	const { io, args, options, signal } = context;
	const store = storeOf(io);
	const ids = [...new Set(args.map((wanted) => store.find(wanted)))];
	if (!options.yes) {
		if (!io.stdin.isTTY)
			throw new UsageError("rm asks before it removes, and nobody is here to answer: add --yes");
		const what = ids.length === 1 ? `session ${ids[0]}` : `${ids.length} sessions (${ids.join(", ")})`;
		const answer = await ask(context, `Remove ${what} for good? [y/N] `);
		if (signal.aborted) return 130;
		if (!/^y(es)?$/i.test(answer.trim())) {
			io.stderr.write("nothing was removed\n");
			return 1;
		}
	}
	for (const id of ids) {
		if (signal.aborted) return 130;
		store.remove(id);
		io.stdout.write(`removed ${id}\n`);
	}
	return 0;
}

/** The line that the user types; empty at the end of the input and on Ctrl+C. */
function ask({ io, signal }: Context, question: string): Promise<string> {
	io.stderr.write(question);
	// Not as a terminal: its line editing would keep Ctrl+C to itself.
	const lines = createInterface({ input: io.stdin, terminal: false });
	return new Promise((done) => {
		const answer = (line: string): void => {
			signal.removeEventListener("abort", stop);
			// First, because closing says "close" at once.
			done(line);
			lines.close();
		};
		const stop = (): void => {
			io.stderr.write("\n");
			answer("");
		};
		lines.once("line", answer);
		lines.once("close", () => answer(""));
		if (signal.aborted) stop();
		else signal.addEventListener("abort", stop, { once: true });
	});
}

export async function name(context: Context): Promise<ExitCode> {
	const wanted = context.args[1]!.trim();
	if (wanted === "") throw new UsageError("a name has at least one character");
	return say(context, () => ({ type: "name", t: Date.now(), name: wanted }));
}

export async function tag(context: Context): Promise<ExitCode> {
	const wanted = context.args[1]!;
	if (!/^[^\s#]+$/.test(wanted)) throw new UsageError(`a tag is one word without #, not "${wanted}"`);
	const on = !context.options.off;
	return say(context, (state) => {
		if (!on && !state.tags.has(wanted)) throw new UsageError(`it has no tag "${wanted}"`);
		return { type: "tag", t: Date.now(), tag: wanted, on };
	});
}

export async function note(context: Context): Promise<ExitCode> {
	const wanted = context.args[1]!;
	if (wanted.trim() === "") throw new UsageError("a note has at least one character");
	return say(context, () => ({ type: "note", t: Date.now(), text: wanted }));
}

export async function mark(context: Context): Promise<ExitCode> {
	return say(context, (state) => {
		const branch = branchOf(state, text(context, "branch"));
		const wanted = context.args[1] as "accepted" | "rejected" | "none";
		return { type: "mark", t: Date.now(), branch: branch.id, mark: wanted };
	});
}

function say({ io, args }: Context, event: (state: SessionState) => TraceEvent): ExitCode {
	const store = storeOf(io);
	const id = store.find(args[0]!);
	const { session, bad, torn } = store.open(id);
	try {
		if (torn)
			io.stderr.write(`nudge: session ${id}: a half-written last line (${torn.bytes} bytes) was cut off\n`);
		if (bad.length > 0) io.stderr.write(`nudge: session ${id}: ${bad.length} damaged lines were skipped\n`);
		session.append(event(session.state));
	} finally {
		session.close();
	}
	return 0;
}
