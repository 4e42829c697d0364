/**
 * `nudge sessions export`: one session at a time, so that many do not have to fit in memory. A file is replaced only
 * when all of it was written.
 */
import { statSync } from "node:fs";
import { resolve } from "node:path";
import { type Format, withMask } from "../data/formats/format.ts";
import { formatOf } from "../data/formats/table.ts";
import { type Exported, type ExportFormat, exported, WholeFile } from "../trace/export.ts";
import type { SessionState } from "../trace/fold.ts";
import { sampleOf, trainedLine } from "../trace/sample.ts";
import type { ReadSession } from "../trace/store.ts";
import { CommandError, type Context, type ExitCode, text, UsageError } from "./command.ts";
import { readSession, storeOf } from "./session-views.ts";

/** Where an export goes; `drop` leaves what was there before. */
type Sink = { write(text: string): void; keep(): void; drop(): void };

export async function exportSessions(context: Context): Promise<ExitCode> {
	const { io, args, options, signal } = context;
	const format = text(context, "format") ?? "sample";
	const rows = formatOf(format);
	const branch = text(context, "branch");
	const store = storeOf(io);
	const ids = [...new Set(args.map((wanted) => store.find(wanted)))];
	if (branch !== undefined && ids.length > 1) throw new UsageError("--branch goes with one session");
	if (branch !== undefined && format === "json")
		throw new UsageError("--format json has all branches: leave --branch out");
	if (options["no-train-hints"] && format !== "sample" && rows?.carries !== "text") {
		throw new UsageError(`--no-train-hints is for samples and axolotl, not for ${format}`);
	}
	const trainHints = !options["no-train-hints"];

	const written = ({ id, state }: ReadSession): string => {
		const one = { trainHints, ...(branch !== undefined && { branch }) };
		const made = rows ? rowOf(rows, state, one) : exported(state, { format: format as ExportFormat, ...one });
		if (made.trained !== undefined) io.stderr.write(`${id}: ${made.trained}\n`);
		return made.text;
	};

	const sink = sinkOf(context);
	try {
		for (const [i, id] of ids.entries()) {
			if (signal.aborted) {
				sink.drop();
				return 130;
			}
			if (format === "markdown" && i > 0) sink.write("\n---\n\n");
			sink.write(written(readSession(io, store, id)));
		}
		sink.keep();
	} catch (error) {
		sink.drop();
		throw error;
	}
	return 0;
}

/** A session as a dataset's export has its samples: one line. */
function rowOf(
	format: Format,
	state: SessionState,
	options: { readonly trainHints: boolean; readonly branch?: string },
): Exported {
	const sample = sampleOf(state, options);
	const row = format.row({ sample, segments: withMask(sample.segments, !options.trainHints) }, false);
	if (typeof row === "string")
		throw new CommandError(`session ${sample.session} cannot be ${format.id}: ${row}`);
	return { text: `${JSON.stringify(row)}\n`, trained: trainedLine(sample.trained) };
}

function sinkOf(context: Context): Sink {
	const { io } = context;
	const out = text(context, "out");
	if (out === undefined || out === "-") {
		return { write: (piece) => io.stdout.write(piece), keep: () => {}, drop: () => {} };
	}
	const file = resolve(io.cwd, out);
	const there = statSync(file, { throwIfNoEntry: false });
	if (there?.isDirectory()) throw new UsageError(`--out ${out} is a folder; name a file in it`);
	const trying = <Value>(work: () => Value): Value => {
		try {
			return work();
		} catch (error) {
			throw new CommandError(`cannot write ${file}: ${(error as Error).message}`, { cause: error });
		}
	};
	const whole = trying(() => new WholeFile(file));
	return {
		write: (piece) => trying(() => whole.write(piece)),
		keep: () => trying(() => whole.keep()),
		drop: () => whole.drop(),
	};
}
