/**
 * `nudge sessions export`: one session at a time, so that many do not have to fit in memory. A file is replaced only
 * when all of it was written.
 */
import { closeSync, openSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { resolve } from "node:path";
import { markdownOf } from "../trace/markdown.ts";
import { plainOf } from "../trace/plain.ts";
import { branchOf, sampleOf, trainedLine } from "../trace/sample.ts";
import type { ReadSession } from "../trace/store.ts";
import { CommandError, type Context, type ExitCode, text, UsageError } from "./command.ts";
import { readSession, storeOf } from "./session-views.ts";

/** Where an export goes; `drop` leaves what was there before. */
type Sink = { write(text: string): void; keep(): void; drop(): void };

export async function exportSessions(context: Context): Promise<ExitCode> {
	const { io, args, options, signal } = context;
	const format = text(context, "format") ?? "sample";
	const branch = text(context, "branch");
	const store = storeOf(io);
	const ids = [...new Set(args.map((wanted) => store.find(wanted)))];
	if (branch !== undefined && ids.length > 1) throw new UsageError("--branch goes with one session");
	if (branch !== undefined && format === "json")
		throw new UsageError("--format json has all branches: leave --branch out");
	if (options["no-train-hints"] && format !== "sample") {
		throw new UsageError(`--no-train-hints is for samples, not for ${format}`);
	}
	const trainHints = !options["no-train-hints"];

	const written = ({ id, state }: ReadSession): string => {
		if (format === "markdown") return markdownOf(state, branchOf(state, branch));
		if (format === "json") return `${JSON.stringify(plainOf(state))}\n`;
		const sample = sampleOf(state, { trainHints, ...(branch !== undefined && { branch }) });
		io.stderr.write(`${id}: ${trainedLine(sample.trained)}\n`);
		return `${JSON.stringify(sample)}\n`;
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

function sinkOf(context: Context): Sink {
	const { io } = context;
	const out = text(context, "out");
	if (out === undefined || out === "-") {
		return { write: (piece) => io.stdout.write(piece), keep: () => {}, drop: () => {} };
	}
	const file = resolve(io.cwd, out);
	const there = statSync(file, { throwIfNoEntry: false });
	if (there?.isDirectory()) throw new UsageError(`--out ${out} is a folder; name a file in it`);
	// A pipe or a device is written as it is: renaming would put a file in its place.
	const fresh = there && !there.isFile() ? file : `${file}.${process.pid}.part`;
	const failed = (error: unknown): CommandError =>
		new CommandError(`cannot write ${file}: ${(error as Error).message}`, { cause: error });
	let descriptor: number;
	try {
		descriptor = openSync(fresh, "w");
	} catch (error) {
		throw failed(error);
	}
	return {
		write(piece) {
			try {
				const bytes = Buffer.from(piece);
				for (let from = 0; from < bytes.length; ) from += writeSync(descriptor, bytes, from);
			} catch (error) {
				throw failed(error);
			}
		},
		keep() {
			try {
				closeSync(descriptor);
				if (fresh !== file) renameSync(fresh, file);
			} catch (error) {
				throw failed(error);
			}
		},
		drop() {
			try {
				closeSync(descriptor);
			} catch {
				// Closed already: what failed was the renaming.
			}
			if (fresh !== file) rmSync(fresh, { force: true });
		},
	};
}
