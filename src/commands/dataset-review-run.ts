/** `nudge dataset review`: the screen, the same line by line, and each deed as a command of its own. */
import { readFileSync } from "node:fs";
import { userInfo } from "node:os";
import { resolve } from "node:path";
import { type Looked, ReviewBook } from "../data/dataset/review-book.ts";
import { changedSays, rewritingAll, textOfSample } from "../data/dataset/review-edits.ts";
import { sampleFilter } from "../data/dataset/review-filter.ts";
import type { SampleEntry } from "../data/dataset/review-index.ts";
import { visibleLine } from "../trace/visible.ts";
import { CommandError, type Context, type ExitCode, text, UsageError } from "./command.ts";
import { effectiveSettings } from "./settings.ts";

export async function review(context: Context): Promise<ExitCode> {
	const { io, args, options } = context;
	const settings = effectiveSettings({ env: io.env, cwd: io.cwd, flags: screenFlags(context) });
	const by = (text(context, "by") ?? settings.reviewer.value ?? loginName(io.env)).trim();
	if (by === "") throw new UsageError("--by takes a name: a decision needs somebody who made it");
	check(context);
	const book = new ReviewBook(resolve(io.cwd, args[0] as string), { by, env: io.env, cwd: io.cwd });
	let lost: string | undefined;
	let code: ExitCode = 0;
	try {
		const deeds = DEEDS.filter((name) => options[name] !== undefined);
		if (options.list || options.show !== undefined || deeds.length > 0) {
			await book.index.read(undefined, context.signal);
			told(context, book);
			if (deeds.length > 0) await doAll(context, book);
			if (options.show !== undefined) show(context, book, text(context, "show") as string);
			if (options.list) await list(context, book);
		} else if (!io.stdin.isTTY || !io.stdout.isTTY)
			throw new UsageError(
				"the screen needs a terminal; without one: --list, --show ID, --accept ID, --reject ID, --edit ID --file FILE, ...",
			);
		else if (settings["screen-reader"].value || io.env.TERM === "dumb")
			code = await (await import("../tui/review/review-lines.ts")).reviewLines(book, io);
		else return await onScreen(context, book, settings.theme.value, settings.mouse.value);
	} finally {
		lost = book.close();
	}
	if (lost) throw new CommandError(lost);
	return code;
}

const DEEDS = ["accept", "reject", "clear", "edit", "undo", "note"] as const;

/** The options that are settings too. */
function screenFlags({ options }: Context): Context["options"] {
	const { theme, mouse, "screen-reader": reader } = options;
	return { theme, mouse, "screen-reader": reader };
}

function loginName(env: NodeJS.ProcessEnv): string {
	try {
		return userInfo().username;
	} catch {
		return env.USER ?? env.LOGNAME ?? "somebody";
	}
}

/** What does not go together, before anything is done. */
function check(context: Context): void {
	const { options } = context;
	if ((options.edit === undefined) !== (options.file === undefined))
		throw new UsageError("--edit ID and --file FILE go together: the file has the new text whole");
	if (options.note !== undefined && !text(context, "why")?.trim())
		throw new UsageError("--note takes its words from --why");
	if (options.filter !== undefined && !options.list) throw new UsageError("--filter goes with --list");
	if (options.show !== undefined && options.list)
		throw new UsageError("--show and --list do not go together");
	if (options.json && !options.list && options.show === undefined)
		throw new UsageError("--json goes with --list or --show");
	const decided = [...many(context, "accept"), ...many(context, "reject"), ...many(context, "clear")];
	const twice = decided.find((id, index) => decided.indexOf(id) !== index);
	if (twice !== undefined) throw new UsageError(`${twice} is named twice`);
}

function many({ options }: Context, name: string): readonly string[] {
	const value = options[name];
	return Array.isArray(value) ? value : typeof value === "string" ? [value] : [];
}

function told({ io }: Context, { log, index }: ReviewBook): void {
	for (const { line, why } of log.bad)
		io.stderr.write(`nudge: ${log.file}:${line} is left out: ${visibleLine(why)}\n`);
	if (index.damaged > 0) io.stderr.write(`nudge: ${index.damaged} lines of ${index.file} are no samples\n`);
}

/** A sample by its id, or by its question's where that has only one. */
function find({ index, folder }: ReviewBook, id: string): SampleEntry {
	const found = index.find(id);
	if (found) return found;
	const named = index.entries.filter(({ question }) => question === id);
	if (named.length === 1) return named[0]!;
	if (named.length > 1)
		throw new CommandError(
			`${id} has ${named.length} samples: name one of ${named
				.slice(0, 5)
				.map((entry) => entry.id)
				.join(", ")}${named.length > 5 ? ", ..." : ""}`,
		);
	throw new CommandError(`${folder} has no sample ${id}; --list shows them all`);
}

function looked(book: ReviewBook, entry: SampleEntry): Looked {
	const found = book.look(entry);
	if (typeof found === "string") throw new CommandError(`${entry.id} cannot be read: ${found}`);
	return found;
}

/** All ids are looked up before anything is written. */
async function doAll(context: Context, book: ReviewBook): Promise<void> {
	const { io } = context;
	const why = text(context, "why");
	const deeds: (() => string)[] = [];
	for (const what of ["accept", "reject", "clear"] as const)
		for (const id of many(context, what)) {
			const entry = find(book, id);
			deeds.push(() => {
				book[what](entry.id, why);
				return `${entry.id}: ${what === "clear" ? "undecided" : `${what}ed`}`;
			});
		}
	const edited = text(context, "edit");
	if (edited !== undefined) {
		const entry = find(book, edited);
		const now = await newText(context, looked(book, entry));
		deeds.push(() => {
			const changes = rewritingAll(looked(book, entry).sample, now);
			if (typeof changes === "string") throw new CommandError(`${entry.id}: ${changes}`);
			if (changes.length === 0) return `${entry.id}: nothing was changed`;
			const not = book.editAll(entry, changes, why);
			if (not !== undefined) throw new CommandError(`${entry.id}: ${not}`);
			return `${entry.id}: ${changedSays(changes)}`;
		});
	}
	const undone = text(context, "undo");
	if (undone !== undefined) {
		const entry = find(book, undone);
		deeds.push(() => {
			if (!book.undo(entry.id, looked(book, entry))) throw new CommandError(`${entry.id} has no edit`);
			return `${entry.id}: the last edit is taken back`;
		});
	}
	const noted = text(context, "note");
	if (noted !== undefined) {
		const entry = find(book, noted);
		deeds.push(() => {
			book.note(entry.id, (why as string).trim());
			return `${entry.id}: noted`;
		});
	}
	for (const deed of deeds) {
		const says = deed();
		if (book.log.unwritten !== undefined) throw new CommandError(book.log.unwritten);
		io.stdout.write(`${visibleLine(says)}\n`);
	}
}

/** As an editor leaves it: with a newline at its end that the text did not have. */
async function newText(context: Context, { sample }: Looked): Promise<string> {
	const { io } = context;
	const file = text(context, "file") as string;
	let now: string;
	if (file === "-") {
		const pieces: Buffer[] = [];
		for await (const piece of io.stdin) pieces.push(Buffer.from(piece as Uint8Array));
		now = Buffer.concat(pieces).toString("utf8");
	} else
		try {
			now = readFileSync(resolve(io.cwd, file), "utf8");
		} catch (error) {
			throw new CommandError(`${file} cannot be read: ${(error as Error).message}`);
		}
	return now.endsWith("\n") && !textOfSample(sample).endsWith("\n") ? now.slice(0, -1) : now;
}

function show({ io, options }: Context, book: ReviewBook, id: string): void {
	const { sample } = looked(book, find(book, id));
	if (options.json) io.stdout.write(`${JSON.stringify(sample)}\n`);
	// What is printed is what --edit takes back: nothing of it is changed for a terminal unless it goes to one.
	else {
		const said = textOfSample(sample);
		io.stdout.write(io.stdout.isTTY ? `${said.split("\n").map(visibleLine).join("\n")}\n` : `${said}\n`);
	}
}

async function list(context: Context, book: ReviewBook): Promise<void> {
	const { io, options, signal } = context;
	const filter = sampleFilter(text(context, "filter") ?? "");
	if (filter.mistakes.length > 0) throw new UsageError(`--filter: ${filter.mistakes[0]}`);
	let turn = 0;
	for (const entry of book.index.entries) {
		if (++turn % 64 === 0) await new Promise(setImmediate);
		signal.throwIfAborted();
		const standing = book.standing(entry.id);
		if (!filter.test(entry, standing)) continue;
		if (filter.texts.length > 0) {
			const found = looked(book, entry);
			const small =
				`${found.sample.problem}\n${textOfSample(found.sample)}\n${found.notes.join("\n")}`.toLowerCase();
			if (!filter.texts.every((one) => small.includes(one))) continue;
		}
		const { at: _, bytes: __, words: ___, kinds, ...facts } = entry;
		if (options.json)
			io.stdout.write(
				`${JSON.stringify({ ...facts, kinds: kinds.split(" ").filter(Boolean), ...standing })}\n`,
			);
		else {
			const { decision, edits, by, why } = standing;
			const said = [
				decision ? `${decision} by ${by}${why ? `: ${why}` : ""}` : "undecided",
				...(edits > 0 ? [`${edits} ${edits === 1 ? "edit" : "edits"}`] : []),
			].join("; ");
			io.stdout.write(`${visibleLine(`${entry.id}  ${entry.verdict}  ${entry.tokens} tokens  ${said}`)}\n`);
		}
	}
}

async function onScreen(
	context: Context,
	book: ReviewBook,
	theme: string,
	mouse: boolean,
): Promise<ExitCode> {
	const { io } = context;
	// React is quicker in the form that is meant for use; it looks at this when it is loaded.
	process.env.NODE_ENV ??= "production";
	const [{ runScreenOf }, { ReviewWork }] = await Promise.all([
		import("../tui/program.ts"),
		import("../tui/review/review-work.ts"),
	]);
	const { env, cwd, stdin } = io;
	const frame = { env, stdin, stdout: io.stdout as NodeJS.WriteStream, theme, mouse };
	return (await runScreenOf(
		frame,
		(app, ended) => new ReviewWork({ app, book, env, cwd, ended }),
	)) as ExitCode;
}
