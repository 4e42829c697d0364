/** `nudge problems`: looks into the bundled problems or a file of one's own, and checks such a file row by row. */
import type { ReadOptions, Row } from "../data/problems.ts";
import type { Domain, Problem } from "../trace/events.ts";
import { visible, visibleLine } from "../trace/visible.ts";
import {
	type Command,
	type Context,
	type ExitCode,
	type OptionSpec,
	text,
	UsageError,
	wholeNumber,
} from "./command.ts";

const FILE = {
	name: "file",
	short: "f",
	value: "FILE",
	completes: "file",
	says: "problems of your own instead of the bundled ones: JSON Lines, CSV, Parquet, or a dataset folder",
} as const;
const MAP = {
	name: "map",
	value: "MAP",
	says: "which field is what, where the names do not say it: problem=question,answer=final",
} as const;
const JSON_LINES = { name: "json", says: "as JSON, one problem a line" } as const;
const LIST_OPTIONS: readonly OptionSpec[] = [
	FILE,
	MAP,
	{
		name: "mapping",
		says: "show what the fields of --file are taken for, and the first problem; nothing more",
	},
	{ name: "search", short: "s", value: "WORDS", says: "only problems that have all these words" },
	{
		name: "domain",
		short: "d",
		value: "DOMAIN",
		choices: ["math", "code", "science"],
		says: "only this domain",
	},
	{ name: "limit", short: "n", value: "N", says: "at most N problems" },
	JSON_LINES,
];

export const problems: Command = {
	summary: "show the bundled problems or those of a file",
	details:
		"Problems are read from JSON Lines (.gz too), CSV, Parquet and Hugging Face dataset folders (FOLDER or FOLDER:SPLIT), in nudge's own form or with other fields: docs/problems.md.",
	options: LIST_OPTIONS,
	run: list,
	subcommands: {
		list: {
			summary: "list problems, one a line",
			options: LIST_OPTIONS,
			examples: [
				"nudge problems list",
				'nudge problems list --search "divisor" --limit 5',
				"nudge problems list --file mine.jsonl --domain code --json",
				"nudge problems list --file gsm8k:test --mapping",
				"nudge problems list --file theirs.csv --map problem=Task,answer=Key",
			],
			run: list,
		},
		show: {
			summary: "print one problem with what it is checked against",
			positionals: [{ name: "ID", completes: "problem", says: "the problem's id" }],
			options: [FILE, MAP, JSON_LINES],
			examples: ["nudge problems show first"],
			run: show,
		},
		check: {
			summary: "check a problem file, and name every row that is wrong",
			positionals: [
				{ name: "FILE", completes: "file", says: "JSON Lines, CSV, Parquet, or a dataset folder" },
			],
			options: [MAP, { name: "json", says: "the findings as JSON, one a line, the count last" }],
			examples: ["nudge problems check mine.jsonl"],
			run: check,
		},
	},
};

async function list(context: Context): Promise<ExitCode> {
	const { io, options, signal } = context;
	const { BUNDLED, matches, readProblems } = await import("../data/problems.ts");
	if (options.mapping) return await showMapping(context);
	const limit = wholeNumber(context, "limit", 1) ?? Number.POSITIVE_INFINITY;
	const words = text(context, "search");
	const domain = text(context, "domain");
	const wish = { ...(words === undefined ? {} : { words }), ...(domain === undefined ? {} : { domain }) };
	let found = 0;
	for await (const problem of readProblems(text(context, "file") ?? BUNDLED, signal, reading(context))) {
		if (!matches(problem, wish)) continue;
		await write(context, options.json ? JSON.stringify(problem) : oneLine(problem, io.stdout.columns));
		if (++found >= limit) return 0;
	}
	if (found === 0) {
		io.stderr.write("nudge: no problem matches\n");
		return 1;
	}
	return 0;
}

/** With one line on the standard error before the first problem, where fields had to be mapped. */
function reading(context: Context, file = text(context, "file")): ReadOptions {
	const onMapping: ReadOptions["onMapping"] = (says) => {
		if (says !== undefined) context.io.stderr.write(`${visibleLine(`nudge: ${file}: ${says}`)}\n`);
	};
	return { map: mapGiven(context, file), onMapping };
}

function mapGiven(context: Context, file: string | undefined): string | undefined {
	const map = text(context, "map");
	if (map !== undefined && file === undefined)
		throw new UsageError("--map says what the fields of a file are: it needs --file FILE");
	return map;
}

async function showMapping(context: Context): Promise<ExitCode> {
	const { readingOf } = await import("../data/problems.ts");
	const file = text(context, "file");
	if (file === undefined)
		throw new UsageError("--mapping shows what the fields of a file are taken for: it needs --file FILE");
	const { says, files, fields, first } = await readingOf(file, context.signal, {
		map: mapGiven(context, file),
	});
	if (context.options.json) {
		await write(context, JSON.stringify({ mapping: says, files, fields, first }));
		return 0;
	}
	const found =
		first === undefined
			? "no row that can be read"
			: "problem" in first
				? page(first.problem)
				: visible(`the first row is no problem: ${first.mistake}`);
	await write(
		context,
		[
			visibleLine(says),
			`files: ${files.map(visibleLine).join(", ")}`,
			`fields: ${fields.map(visibleLine).join(", ")}`,
			"",
			found,
		].join("\n"),
	);
	return 0;
}

async function show(context: Context): Promise<ExitCode> {
	const { findProblem, BUNDLED } = await import("../data/problems.ts");
	const problem = await findProblem(
		context.args[0] as string,
		text(context, "file") ?? BUNDLED,
		context.signal,
		{ map: mapGiven(context, text(context, "file")) },
	);
	await write(context, context.options.json ? JSON.stringify(problem) : page(problem));
	return 0;
}

async function check(context: Context): Promise<ExitCode> {
	const { io, args, options, signal } = context;
	const { readRows } = await import("../data/problems.ts");
	const { resolve } = await import("node:path");
	const file = args[0] as string;
	const whole = resolve(io.cwd, file);
	const seen = new Map<string, string>();
	const domains: Partial<Record<Domain, number>> = {};
	let mistakes = 0;
	let doubts = 0;
	let unchecked = 0;
	/** A file of a dataset folder is named itself. */
	const nameOf = (part: string): string => (part === whole ? file : part);
	const tell = (row: Row, kind: "mistake" | "doubt", says: string): Promise<void> => {
		const [part, { line }] = [nameOf(row.file), row];
		return write(
			context,
			options.json ? JSON.stringify({ file: part, line, kind, says }) : visible(`${part}:${line}: ${says}`),
		);
	};
	for await (const row of readRows(whole, signal, reading(context, file))) {
		if ("mistake" in row) {
			mistakes++;
			await tell(row, "mistake", row.mistake);
			continue;
		}
		const { id, domain, answer, tests } = row.problem;
		const before = seen.get(id);
		if (before !== undefined) {
			mistakes++;
			await tell(row, "mistake", `the id "${id}" is already that of ${before}`);
			continue;
		}
		seen.set(id, row.file === whole ? `line ${row.line}` : `${nameOf(row.file)}:${row.line}`);
		domains[domain] = (domains[domain] ?? 0) + 1;
		if (answer === undefined && tests === undefined) unchecked++;
		if (row.doubt !== undefined) {
			doubts++;
			await tell(row, "doubt", row.doubt);
		}
	}
	if (options.json) {
		await write(context, JSON.stringify({ problems: seen.size, domains, mistakes, doubts, unchecked }));
	} else {
		const kinds = Object.entries(domains).map(([domain, count]) => `${count} ${domain}`);
		io.stdout.write(
			`${seen.size} problems${kinds.length > 0 ? ` (${kinds.join(", ")})` : ""}, ${mistakes} mistakes`,
		);
		if (doubts > 0) io.stdout.write(`, ${doubts} doubtful`);
		if (unchecked > 0) io.stdout.write(`, ${unchecked} with nothing to check an answer against`);
		io.stdout.write("\n");
	}
	if (seen.size === 0 && mistakes === 0) io.stderr.write(`nudge: ${file} holds no problem\n`);
	return mistakes > 0 || seen.size === 0 ? 1 : 0;
}

/** Waits where the reader is slower than the file: a large list is never held in memory. */
async function write({ io }: Context, line: string): Promise<void> {
	if (io.stdout.write(`${line}\n`)) return;
	await new Promise<void>((resolve) => io.stdout.once("drain", () => resolve()));
}

/** Id, domain and the beginning of the question; the whole of it where nobody says how wide the screen is. */
function oneLine(problem: Problem, columns: number | undefined): string {
	const line = `${visibleLine(problem.id).padEnd(20)}  ${problem.domain.padEnd(7)}  ${visibleLine(problem.problem)}`;
	return columns !== undefined && line.length > columns
		? `${line.slice(0, Math.max(20, columns - 3))}...`
		: line;
}

function page(problem: Problem): string {
	const parts = [
		`${problem.id} (${problem.domain}${problem.source ? `, ${problem.source}` : ""})`,
		"",
		problem.problem,
	];
	if (problem.choices)
		parts.push("", ...problem.choices.map((choice, i) => `${String.fromCharCode(65 + i)}. ${choice}`));
	if (problem.answer !== undefined) parts.push("", `Answer: ${problem.answer}`);
	if (problem.tests) {
		const { tests } = problem;
		if ("entry_point" in tests) parts.push("", `Tests of ${tests.entry_point}:`, tests.test.trim());
		else
			parts.push(
				"",
				`${tests.length} tests on standard input; the first one:`,
				tests[0]?.input ?? "",
				"should print",
				tests[0]?.output ?? "",
			);
	}
	if (problem.answer === undefined && !problem.tests)
		parts.push("", "There is nothing to check an answer against.");
	return visible(parts.join("\n"));
}
