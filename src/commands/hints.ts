/** `nudge hints`: look at the library, check its files, begin a new hint. */
import type { Diagnostic, Hint, Library } from "../hints/hint.ts";
import type { Marker } from "../hints/marker.ts";
import type { Problem } from "../trace/events.ts";
import { visible, visibleLine } from "../trace/visible.ts";
import { type Command, CommandError, type Context, type ExitCode, text, UsageError } from "./command.ts";

const DOMAINS = ["math", "code", "science", "any"] as const;

export const hints: Command = {
	summary: "list, show, check and begin hints of the library",
	details:
		"A hint is a text that goes into the stream while the model thinks. The library has three layers: the hints that\n" +
		"come with nudge, yours, and those of the project (.nudge/hints here or in a folder above); a later layer\n" +
		"replaces hints of an earlier one by their id.",
	subcommands: {
		list: {
			summary: "list the hints in force, with the layer each comes from",
			options: [
				{ name: "domain", value: "DOMAIN", choices: DOMAINS, says: "only hints that fit this domain" },
				{ name: "json", says: "one JSON object a line, with everything" },
			],
			examples: ["nudge hints list", "nudge hints list --domain code"],
			run: list,
		},
		show: {
			summary: "show one hint: its wordings, and what goes into the stream at each marker",
			positionals: [{ name: "ID", says: "the hint's id", completes: "hint" }],
			options: [
				{
					name: "dialect",
					value: "DIALECT",
					says: "the fence dialect to show it in (hints/dialects.yaml); qwen if not given",
				},
			],
			examples: ["nudge hints show self-reflection"],
			run: show,
		},
		check: {
			summary: "check hint files, and say what is wrong in which line and column",
			positionals: [
				{
					name: "PATH",
					says: "a file or a folder of hint files; all layers if not given",
					optional: true,
					many: true,
					completes: "file",
				},
			],
			examples: ["nudge hints check", "nudge hints check .nudge/hints/mine.yaml"],
			run: check,
		},
		new: {
			summary: "write a hint file to begin with, and print its path",
			positionals: [{ name: "ID", says: "the new hint's id: lower case letters, digits, hyphens" }],
			options: [
				{ name: "kind", value: "KIND", says: "what the hint is for; the id if not given" },
				{
					name: "domain",
					value: "DOMAIN",
					choices: DOMAINS,
					says: "the problems it is for; math if not given",
				},
				{ name: "user", says: "write it to your own hints (the default)" },
				{ name: "project", says: "write it to the hints of this project" },
			],
			examples: ["nudge hints new check-units --domain science --project"],
			run: begin,
		},
	},
};

async function list(context: Context): Promise<ExitCode> {
	const library = await load(context);
	const domain = text(context, "domain");
	const shown = library.hints.filter(
		(hint) => domain === undefined || hint.domain === domain || (hint.domain === "any" && domain !== "any"),
	);
	if (context.options.json) {
		for (const hint of shown) context.io.stdout.write(`${JSON.stringify(hint)}\n`);
		return 0;
	}
	const rows = shown.map((hint) => [
		hint.id,
		hint.kind,
		hint.domain,
		hint.markers.join(" "),
		hint.opens,
		String(hint.wordings.length),
		visibleLine(origin(hint)),
	]);
	context.io.stdout.write(
		`${table([["id", "kind", "domain", "markers", "opens", "wordings", "from"], ...rows])}\n`,
	);
	return 0;
}

async function show(context: Context): Promise<ExitCode> {
	const { render } = await import("../hints/render.ts");
	const { dialectNamed } = await import("../hints/library.ts");
	const library = await load(context);
	const [id = ""] = context.args;
	const hint = library.hints.find((one) => one.id === id);
	if (!hint) {
		const { nearest } = await import("../hints/nearest.ts");
		const ids = library.hints.map((one) => one.id);
		throw new CommandError(`there is no hint "${id}"; nudge hints list shows them${nearest(id, ids)}`);
	}
	const dialect = dialectNamed(library.dialects, text(context, "dialect"));
	const lines = [
		`${hint.id}: ${hint.kind}, for ${hint.domain === "any" ? "any domain" : hint.domain}, weight ${hint.weight}`,
		...(hint.note ? [hint.note] : []),
		`From ${origin(hint)}:${hint.origin.line}`,
		"",
		"Wordings",
		...hint.wordings.map((wording, index) => `  ${String(index + 1).padStart(2)}  ${wording}`),
	];
	for (const marker of hint.markers) {
		const rendered = render(hint, {
			marker,
			before: BEFORE[marker],
			wordingIndex: 0,
			dialect,
			problem: SAMPLE,
			frames: library.frames,
		});
		if (!rendered) continue;
		const stream = `${BEFORE[marker]}[${rendered.text}]`;
		lines.push("", `At ${marker} (what is inserted stands in brackets)`);
		lines.push(...stream.split("\n").map((line) => `  | ${line}`.trimEnd()));
	}
	context.io.stdout.write(`${visible(lines.join("\n"))}\n`);
	return 0;
}

/** What the model may have written before each marker, and a problem whose examples fill a template. */
const BEFORE: Readonly<Record<Marker["kind"], string>> = {
	"after-word": "So the sum is 12. Wait",
	"before-code": "This should do it:\n",
	"before-end": "So the sum is 12.\n",
};
const SAMPLE: Problem = {
	id: "sample",
	domain: "code",
	problem: "Add two numbers. For the input 2 3 the output is 5.\n>>> add(2, 3)\n5\n",
	tests: [{ input: "2 3\n", output: "5\n" }],
};

async function check(context: Context): Promise<ExitCode> {
	const { libraryLayers, loadLibrary } = await import("../hints/library.ts");
	const { hintFiles, readLayer } = await import("../hints/layer.ts");
	const { statSync } = await import("node:fs");
	const { resolve } = await import("node:path");
	let found: { readonly hints: readonly Hint[]; readonly problems: readonly Diagnostic[] };
	if (context.args.length === 0) {
		found = loadLibrary(libraryLayers(context.io));
	} else {
		const files = context.args.flatMap((arg) => {
			const path = resolve(context.io.cwd, arg);
			if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return [path];
			const inside = hintFiles(path);
			if (inside.length === 0) throw new CommandError(`${arg} holds no .yaml files`);
			return inside;
		});
		found = readLayer("project", files);
	}
	await printProblems(context, found.problems, context.io.stdout);
	const errors = found.problems.filter((one) => one.severity === "error").length;
	const warnings = found.problems.length - errors;
	const wordings = found.hints.reduce((sum, hint) => sum + hint.wordings.length, 0);
	const counted = `${count(found.hints.length, "hint")}, ${count(wordings, "wording")}`;
	const wrong = errors === 0 ? "no mistakes" : count(errors, "mistake");
	context.io.stdout.write(`${counted}, ${wrong}${warnings > 0 ? `, ${count(warnings, "warning")}` : ""}\n`);
	return errors === 0 ? 0 : 1;
}

async function begin(context: Context): Promise<ExitCode> {
	const { libraryLayers } = await import("../hints/library.ts");
	const { starterFile } = await import("../hints/starter.ts");
	const { mkdirSync, writeFileSync } = await import("node:fs");
	const { join } = await import("node:path");
	const [id = ""] = context.args;
	const kind = text(context, "kind") ?? id;
	for (const [what, name] of [
		["id", id],
		["kind", kind],
	]) {
		if (!/^[a-z0-9][a-z0-9-]*$/.test(name!))
			throw new UsageError(`the ${what} "${name}" may have lower case letters, digits and hyphens only`);
	}
	if (context.options.user && context.options.project)
		throw new UsageError("--user and --project are two places: give one of them");
	const wanted = context.options.project ? "project" : "user";
	const { dir } = libraryLayers(context.io).find((layer) => layer.name === wanted)!;
	const path = join(dir, `${id}.yaml`);
	const domain = (text(context, "domain") ?? "math") as Hint["domain"];
	mkdirSync(dir, { recursive: true });
	try {
		writeFileSync(path, starterFile({ id, kind, domain }), { flag: "wx" });
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
		throw new CommandError(`${path} is there already, and is left as it is; choose another id or edit it`);
	}
	context.io.stdout.write(`${path}\n`);
	const { hints: known } = await load(context);
	const other = known.find((hint) => hint.id === id);
	if (other && other.origin.file !== path)
		context.io.stderr.write(
			`nudge: the hint ${id} of the layer ${other.origin.layer} is in force, not this one\n`,
		);
	return 0;
}

async function load(context: Context): Promise<Library> {
	const { libraryLayers, loadLibrary } = await import("../hints/library.ts");
	const library = loadLibrary(libraryLayers(context.io));
	await printProblems(context, library.problems, context.io.stderr);
	return library;
}

async function printProblems(
	context: Context,
	problems: readonly Diagnostic[],
	to: NodeJS.WritableStream,
): Promise<void> {
	const { sayDiagnostic } = await import("../hints/hint.ts");
	const { relative } = await import("node:path");
	for (const problem of problems) {
		const near = relative(context.io.cwd, problem.file);
		const file = near.startsWith("..") ? problem.file : near;
		to.write(`${visibleLine(sayDiagnostic({ ...problem, file }))}\n`);
	}
}

function origin(hint: Hint): string {
	const { layer, file } = hint.origin;
	return layer === "built-in" ? `${layer} ${file.replace(/^.*[\\/]/, "")}` : `${layer} ${file}`;
}

function table(rows: readonly (readonly string[])[]): string {
	const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
	return rows
		.map((row) =>
			row
				.map((cell, column) => cell.padEnd(widths[column]!))
				.join("  ")
				.trimEnd(),
		)
		.join("\n");
}

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? "" : "s"}`;
