/**
 * The problems of a set as a list with a filter: words, `domain:code`, and `verdict:none` for those that no session has
 * come to an end with yet. Lines of its files that are no problem stand at its end, with their place.
 */
import { basename } from "node:path";
import type { Listed, Mistake, ProblemSet } from "../../../data/problem-set.ts";
import { DOMAINS } from "../../../data/problems.ts";
import type { Domain } from "../../../trace/events.ts";
import type { Shelved } from "../../../trace/shelf.ts";
import { visibleLine } from "../../../trace/visible.ts";
import type { Desk } from "../../view.ts";
import { Finder } from "../finder.ts";
import { factLines, type Line, type Run, textLines } from "../line.ts";
import type { ListRow } from "../list.ts";
import { cell, type Rect } from "../pane.ts";
import type { BodyRow } from "../sheet.ts";
import { wordsOf } from "../word-filter.ts";
import { ProblemFilter } from "./problem-filter.ts";
import { best, TriedProblems, triedInWords } from "./tried.ts";

export type SetRow = Listed | Mistake;

export type SetListOptions = {
	readonly desk: Desk;
	readonly set: ProblemSet;
	/** What was kept; looked at anew when it is another array. */
	readonly shelved: () => readonly Shelved[];
	/** The id of the problem that is selected at first. */
	readonly first?: string | undefined;
};

/** How long one drawing may look through a long set; the next one goes on. */
const SLICE_MS = 5;
/** Ids of more problems are not looked at to find out how wide their column must be. */
const MEASURED = 400;
const MARK = 2;
/** A preview of fewer rows says in one of them what stands in a table otherwise. */
const LOW = 8;

export class SetList {
	readonly #options: SetListOptions;
	readonly finder: Finder<SetRow>;
	#set!: ProblemSet;
	#filter!: ProblemFilter;
	#leave: () => void = () => {};
	#tried = { of: [] as readonly Shelved[], problems: new TriedProblems([]) };
	#verdict:
		| { readonly word: string; readonly tried: TriedProblems; readonly fits: (problem: Listed) => boolean }
		| undefined;
	#rows:
		| {
				readonly hits: readonly Listed[];
				readonly count: number;
				readonly mistakes: number;
				readonly rows: readonly SetRow[];
		  }
		| undefined;
	#idWidth = { of: 0, width: 0 };

	constructor(options: SetListOptions) {
		this.#options = options;
		const { first } = options;
		this.finder = new Finder<SetRow>({
			desk: options.desk,
			placeholder: "words domain: verdict:",
			items: () => ({
				items: this.#items(),
				...(this.#set.loading ? { loading: `Reading ${this.#set.name} ...` } : {}),
			}),
			// At once: Enter may follow in the same breath, before anything is drawn.
			asked: () => this.#look(),
			textOf: (row) => (isMistake(row) ? row.says : row.id),
			// What is listed fits already.
			filter: (_, items) => items.map((item) => ({ item, marks: [] })),
			row: (row, columns) => this.#row(row, columns - MARK),
			empty: "There is no problem in it.",
			...(first === undefined ? {} : { first: (row: SetRow) => !isMistake(row) && row.id === first }),
		});
		this.use(options.set);
	}

	get set(): ProblemSet {
		return this.#set;
	}

	get selected(): SetRow | undefined {
		return this.finder.selected;
	}

	/** Another set takes this one's place; the words that were typed stay. */
	use(set: ProblemSet): void {
		this.#leave();
		this.#set = set;
		this.#filter = new ProblemFilter(set);
		this.#rows = undefined;
		this.#idWidth = { of: 0, width: 0 };
		this.#leave = set.subscribe(() => this.#options.desk.changed("soon"));
	}

	/** "bundled, 3 of 92, 2 mistakes" */
	get says(): string {
		const { name, problems, loading, mistakeCount } = this.#set;
		const { length: hits } = this.#filter.hits;
		const total = `${counted(problems.length)}${loading ? " and more" : ""}`;
		return [
			visibleLine(name),
			this.finder.query.trim() === "" ? total : `${counted(hits)} of ${total}`,
			...(mistakeCount > 0
				? [`! ${counted(mistakeCount)} ${mistakeCount === 1 ? "mistake" : "mistakes"}`]
				: []),
		].join(", ");
	}

	rows(at: Rect, focused: boolean): BodyRow[] {
		this.#look();
		return this.finder.rows(at, focused);
	}

	/** What is known of the selected one. */
	preview(columns: number, rows: number): readonly Line[] {
		const row = this.selected;
		if (!row) return [];
		if (isMistake(row)) {
			return [
				...textLines(`${placeOf(row)} is no problem: ${row.says}.`, columns, "warning"),
				"",
				...textLines(`nudge problems check ${row.file} names every such line.`, columns, "dim"),
			];
		}
		const { problem, choices = [], domain, answer, tests, largeTests, source, doubt } = row;
		const tried = this.#triedProblems().of(row);
		const checked = largeTests
			? "tests too large to be shown here"
			: tests && (Array.isArray(tests) ? `${tests.length} tests` : `the tests of ${tests.entry_point}`);
		const gold = answer ?? (checked ? undefined : "none: there is nothing to check an answer against");
		if (rows < LOW) {
			const facts = [
				answer === undefined ? (checked ?? gold) : `gold answer ${answer}`,
				tried && triedInWords(tried),
				source,
				this.#set.mapping && `read as ${this.#set.mapping}`,
			];
			return [
				[["dim", facts.filter(Boolean).join(" - ")]],
				...(doubt === undefined ? [] : textLines(doubt, columns, "warning")),
				...textLines([problem, ...choices.map(lettered)].join("\n"), columns),
			];
		}
		return [
			...textLines(problem, columns),
			...choices.flatMap((choice, i) => textLines(lettered(choice, i), columns)),
			"",
			...factLines(
				[
					[
						"gold answer",
						answer ?? (checked ? undefined : "none: there is nothing to check an answer against"),
					],
					["checked by", checked],
					["domain", domain],
					["source", source],
					["read as", this.#set.mapping],
					["so far", tried && triedInWords(tried), best(tried).token],
					["doubtful", doubt, "warning"],
				],
				columns,
			),
		];
	}

	/** The name of the selected one, for the title of its preview. */
	get selectedName(): string {
		const row = this.selected;
		return row === undefined ? "" : visibleLine(isMistake(row) ? placeOf(row) : row.id);
	}

	close(): void {
		this.#leave();
	}

	/** Looks on through the set; asks for another drawing where that is not the end of it. */
	#look(): void {
		const { words, domain, verdict } = parse(this.finder.query);
		this.#set.domain = domain;
		this.#filter.ask(words, domain, this.#condition(verdict));
		if (!this.#filter.advance(SLICE_MS)) this.#options.desk.changed("soon");
	}

	#condition(word: string | undefined): ((problem: Listed) => boolean) | undefined {
		if (word === undefined || word === "") return undefined;
		const tried = this.#triedProblems();
		if (this.#verdict?.word !== word || this.#verdict.tried !== tried) {
			const fits = (problem: Listed): boolean =>
				(best(tried.of(problem)).says.replaceAll(" ", "-") || "none").startsWith(word);
			this.#verdict = { word, tried, fits };
		}
		return this.#verdict.fits;
	}

	#triedProblems(): TriedProblems {
		const shelved = this.#options.shelved();
		if (this.#tried.of !== shelved) this.#tried = { of: shelved, problems: new TriedProblems(shelved) };
		return this.#tried.problems;
	}

	#items(): readonly SetRow[] {
		const { hits } = this.#filter;
		const { mistakes } = this.#set;
		const before = this.#rows;
		if (before?.hits === hits && before.count === hits.length && before.mistakes === mistakes.length)
			return before.rows;
		const words = wordsOf(this.finder?.query ?? "");
		const shown = mistakes.filter((mistake) => {
			const text = `mistake ${placeOf(mistake)} ${mistake.says}`.toLowerCase();
			return words.every((word) => text.includes(word));
		});
		const rows = [...hits, ...shown];
		this.#rows = { hits, count: hits.length, mistakes: mistakes.length, rows };
		return rows;
	}

	#row(row: SetRow, columns: number): ListRow {
		if (isMistake(row)) return { text: [["warning", `! ${placeOf(row)}: ${visibleLine(row.says)}`]] };
		const id = Math.min(this.#idColumns(), columns >= 84 ? 22 : columns >= 74 ? 20 : columns >= 56 ? 17 : 13);
		const tried = this.#triedProblems();
		const { says, token } = best(tried.of(row));
		const runs: Run[] = [cell("sheet", visibleLine(row.id), id), ["sheet", "  "]];
		if (columns >= 70) runs.push(cell("dim", row.domain, 7), ["sheet", "  "]);
		if (!tried.empty) runs.push(cell(token, says, 10), ["sheet", "  "]);
		if (row.doubt !== undefined) runs.push(["warning", "doubtful  "]);
		runs.push(["sheet", visibleLine(row.problem.slice(0, 400))]);
		return { text: runs };
	}

	#idColumns(): number {
		const { problems } = this.#set;
		const of = Math.min(problems.length, MEASURED);
		if (this.#idWidth.of !== of) {
			const width = problems.slice(0, of).reduce((most, { id }) => Math.max(most, id.length), 6);
			this.#idWidth = { of, width };
		}
		return this.#idWidth.width;
	}
}

const lettered = (choice: string, index: number): string => `${String.fromCharCode(65 + index)}. ${choice}`;

export function isMistake(row: SetRow): row is Mistake {
	return "says" in row;
}

/** "mine.jsonl:17" */
export function placeOf({ file, line }: Mistake): string {
	return `${basename(file)}${line === undefined ? "" : `:${line}`}`;
}

function parse(query: string): { words: string; domain: Domain | undefined; verdict: string | undefined } {
	let domain: Domain | undefined;
	let verdict: string | undefined;
	const words = wordsOf(query).filter((word) => {
		const [, name, value = ""] = /^(domain|verdict):(.*)$/.exec(word) ?? [];
		if (name === "domain" && value !== "") domain = DOMAINS.find((one) => one.startsWith(value)) ?? domain;
		if (name === "verdict") verdict = value;
		return name === undefined;
	});
	return { words: words.join(" "), domain, verdict };
}

const counted = (count: number): string => count.toLocaleString("en");
