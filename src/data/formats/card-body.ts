/** The words of a data card: where the samples come from, what was left out and why, what trains, how to load them. */
import { basename, resolve } from "node:path";
import { stringify } from "yaml";
import type { Source } from "../dataset/dataset.ts";
import { type RunSheet, readSheet } from "../run-sheet.ts";
import type { Exported, ExportOptions, WrittenPart } from "./export.ts";
import { flawsOf, masksSay } from "./says.ts";
import { type Census, trainedSays } from "./tally.ts";

const MOST_LISTED = 30;

export function bodyOf(exported: Exported, options: ExportOptions): string {
	const { sheet } = exported;
	const sections = [
		`# ${line(sheet.name)}`,
		`${MADE_AS[sheet.kind]} Made by nudge ${line(sheet.nudge)} on ${line(sheet.created)}, exported by nudge ${line(options.nudge)}. Texts are a model's own, with hints of a library and outputs of Python in them: read some before you train on them.`,
		section("Counts", counts(exported)),
		section("Loading", loading(exported, options)),
		section("What trains", trains(exported, options)),
		section("From rollouts to samples", waterfall(exported)),
		section("Where it comes from", provenance(exported, options)),
		section("Rules", rules(exported)),
		section("Problems and their licences", licences(exported, options)),
		section("Reviews and edits", reviews(exported)),
	];
	return `${sections.join("\n\n")}\n`;
}

const MADE_AS: Readonly<Record<Exported["sheet"]["kind"], string>> = {
	seed: "Samples of problems that fail without hints and succeed with them (D_seed of START, arXiv 2503.04625).",
	start:
		"At most so many responses to a question as its rules say, of many that were sampled (D_START of START, arXiv 2503.04625).",
	"no-tool":
		"Responses without tools: the set of the ablation beside one with tools (START, arXiv 2503.04625).",
	sessions: "Traces of live sessions.",
	merge: "Several datasets as one.",
	split: "A part of a dataset.",
};

function section(title: string, lines: readonly string[]): string {
	return `## ${title}\n\n${lines.join("\n")}`;
}

/** One line in which nothing is taken for Markdown or ends a table's cell. */
function line(text: string): string {
	return text
		.replaceAll(/\s+/g, " ")
		.replaceAll(/[|<>`*_[\]\\]/g, "\\$&")
		.trim();
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string[] {
	const row = (cells: readonly (string | number)[]): string => `| ${cells.join(" | ")} |`;
	return [row(head), row(head.map(() => "---")), ...rows.map(row)];
}

function listed(census: Census): [string, number][] {
	const all = [...census.counts].sort(([, a], [, b]) => b - a);
	const rest = all.slice(MOST_LISTED).reduce((sum, [, count]) => sum + count, 0);
	return [...all.slice(0, MOST_LISTED), ...(rest > 0 ? [["others", rest] as [string, number]] : [])];
}

const inWords = (census: Census): string =>
	listed(census)
		.map(([name, count]) => `${line(name)} (${count})`)
		.join(", ");

function counts({ parts, tally }: Exported): string[] {
	const [first] = parts;
	const splits = first?.written.splits ?? [];
	return [
		...table(
			["", "samples"],
			[
				...splits.map(({ split, rows }) => [`split \`${split}\``, rows]),
				["problems", tally.problems.size],
				["rejected in review", tally.rejected],
				...[...tally.dropped].map(([reason, { count }]) => [`left out: ${line(reason)}`, count]),
			],
		),
		"",
		`Verdicts: ${inWords(tally.verdicts)}. The longest has ${
			tally.longestTokens > 0 ? `${tally.longestTokens} tokens` : `${tally.longestChars} characters`
		}.`,
		...[...tally.dropped].map(
			([reason, { count, first, why }]) =>
				`\nLeft out as "${line(reason)}": ${first.map(line).join(", ")}${count > first.length ? ", ..." : ""} (the first: ${line(why)}).`,
		),
	];
}

function loading({ parts }: Exported, { where }: ExportOptions): string[] {
	return parts.flatMap(({ format, parquet, config }, i) => [
		...(i > 0 ? [""] : []),
		`\`${config}\`: ${format.id}, ${format.says} (${format.definedAt}).`,
		"",
		"```python",
		...format.python({ where, config, parquet }),
		"```",
	]);
}

function trains({ parts, tally }: Exported, { tokenizer, retokenize, maskHints }: ExportOptions): string[] {
	return [
		`${trainedSays(tally)}. Outputs of Python and prompts never train${maskHints ? "; hints are masked" : ""}.`,
		"",
		...parts
			.filter(({ config }) => config !== "ids")
			.map(({ format }) => `- ${format.id}: ${masksSay(format, tally)}`),
		...flawsOf(tally).map((flaw) => `- ${line(flaw)}`),
		...parts.flatMap(({ format, warnings }: WrittenPart) =>
			warnings.map((warning) => `- ${format.id}: ${warning}`),
		),
		...(tokenizer
			? [
					"",
					`Tokenizer: ${line(tokenizer.says)}, SHA-256 \`${tokenizer.hash}\`. ${
						retokenize
							? "All texts were tokenised anew."
							: `The ids of ${tally.kept} of ${tally.samples} samples are all the engine's own; what had none was tokenised in runs of equal mask.`
					} Every sample decodes to its text, byte for byte.`,
				]
			: []),
	];
}

function waterfall({ sheet: { waterfall } }: Exported): string[] {
	const { rollouts, problems, steps, samples, kept } = waterfall;
	let left = rollouts;
	const idle = steps.filter(({ dropped }) => dropped === 0).map(({ id }) => line(id));
	return [
		...table(
			["step", "dropped", "left"],
			[
				[`rollouts of ${problems} problems`, "", rollouts],
				...steps.flatMap(({ id, says, dropped }) => {
					left -= dropped;
					return dropped === 0 ? [] : [[`${line(id)}: ${line(says)}`, dropped, left]];
				}),
				[`samples of ${kept} problems`, "", samples],
			],
		),
		...(idle.length > 0 ? ["", `Nothing was dropped by ${idle.join(", ")}.`] : []),
	];
}

/** How a run was made, where it still lies where the dataset was built from it. */
function settingsOf({ kind, path }: Source, dataset: string): string[] {
	let sheet: RunSheet | undefined;
	try {
		sheet = kind === "run" ? readSheet(resolve(dataset, path)) : undefined;
	} catch {
		// Damaged or of a later version: the samples say what they need to.
	}
	if (!sheet) return [];
	const { settings, samples } = sheet;
	const { budgets, library, system, instruction } = settings;
	const said = [
		`${samples} samples of each problem`,
		`budgets ${JSON.stringify(budgets)}`,
		...(library === undefined ? [] : [`hint library ${library}`]),
		...(system === undefined ? [] : [`system text ${JSON.stringify(system)}`]),
		...(instruction === undefined ? [] : [`instruction ${JSON.stringify(instruction)}`]),
	];
	return said.map((one) => `  - ${line(one)}`);
}

function provenance({ sheet, tally }: Exported, { nudge, dataset }: ExportOptions): string[] {
	const source = ({ kind, role, path, hash, model, rollouts }: Source): string =>
		`- ${kind} ${line(basename(path))}${role === undefined ? "" : ` (${line(role)})`}: ${[
			`${rollouts} rollouts`,
			...(model === undefined ? [] : [line(model)]),
			...(hash === undefined ? [] : [`\`${hash.slice(0, 12)}\``]),
		].join(", ")}`;
	return [
		...sheet.sources.flatMap((one) => [source(one), ...settingsOf(one, dataset)]),
		`- models: ${inWords(tally.models)}`,
		`- engines: ${inWords(tally.engines)}`,
		`- runs: ${inWords(tally.runs)}`,
		`- policies: ${inWords(tally.policies)}`,
		`- dialects of code and outputs: ${inWords(tally.dialects)}`,
		`- sampling: ${inWords(tally.samplings)}`,
		...[...tally.versions].map(([name, census]) => `- ${line(name)}: ${inWords(census)}`),
		`- samples.jsonl of the dataset: SHA-256 \`${sheet.sha256}\` (nudge ${line(nudge)})`,
	];
}

type Ruled = {
	readonly rules?: { readonly decontamination?: { readonly on?: unknown; readonly against?: unknown } };
	/** What the rules worked with: evaluation sets with their number of questions. */
	readonly facts?: { readonly decontamination?: { readonly sets?: Readonly<Record<string, unknown>> } };
};

function rules({ sheet: { recipe } }: Exported): string[] {
	if (recipe === undefined) return ["Nothing was chosen here: the samples are those of the sources."];
	const { facts, ...ruled } = recipe as Ruled;
	const { decontamination } = ruled.rules ?? {};
	const sets = Object.entries(facts?.decontamination?.sets ?? {}).map(
		([set, questions]) => `${line(basename(set))} (${Number(questions)} questions)`,
	);
	const against = Array.isArray(decontamination?.against)
		? decontamination.against.map((set) => basename(String(set)))
		: [];
	const clean =
		decontamination?.on === true && sets.length > 0
			? `Decontaminated against ${sets.join(", ")}.`
			: "Not decontaminated against any evaluation set: check before you report results.";
	const shown = decontamination
		? { ...ruled, rules: { ...ruled.rules, decontamination: { ...decontamination, against } } }
		: ruled;
	return [
		clean,
		"",
		"The recipe in force, with all its defaults:",
		"",
		"~~~yaml",
		stringify(shown).trimEnd(),
		"~~~",
	];
}

function licences({ tally }: Exported, { license }: ExportOptions): string[] {
	return [
		license === undefined
			? "The licence of this set is unknown: nobody has said it. Problems come from these sets, each with a licence of its own that was not looked up:"
			: `Published as \`${license}\`, as whoever exported it said. Problems come from these sets; what they say about a licence of their own was not looked up:`,
		"",
		...table(
			["set", "samples", "licence"],
			listed(tally.sources).map(([set, count]) => [line(set), count, license ?? "unknown"]),
		),
	];
}

function reviews({ tally }: Exported): string[] {
	const { accepted, rejected, edits, reviewers, editors } = tally;
	if (accepted + rejected + edits === 0) return ["Nobody has reviewed it."];
	const by = (census: Census): string => (census.counts.size > 0 ? `, by ${inWords(census)}` : "");
	return [
		`- accepted: ${accepted}${by(reviewers)}`,
		`- rejected, and left out: ${rejected}`,
		`- edits that stand: ${edits}${by(editors)}; an edited span has kind \`edit\` with who, when, why and what was there`,
	];
}
