/**
 * Finds which field of somebody else's problem file is what, from the names and the first rows, or takes what --map says.
 *
 * What always holds: where two fields could be meant and differ, nothing is guessed: a ProblemError names the fields and
 * what to say.
 *
 * Field names after the sets that are in use: GSM8K (answer behind "####"), MATH (`solution` with a box), NeMo-Skills
 * (`problem`, `expected_answer`), CoRT (`problem`, `gt_answer`), ToRA (`question`, `gt`), verl (`reward_model`), MMLU and
 * ARC (`choices`, `answerKey`), GPQA (`Correct Answer`, `Incorrect Answer 1`), HumanEval (`prompt`, `test`, `entry_point`), MBPP (`test_list`), APPS (`input_output`).
 */
import { extractAnswer } from "../score/answer.ts";
import type { Domain } from "../trace/events.ts";
import { choicesIn, fieldIn, testsIn, textIn } from "./field-values.ts";
import { BEFORE_QUESTIONS, FORMS, type Form, type Mapping, type Target, type Wish } from "./mapping.ts";
import { DOMAINS } from "./own-format.ts";
import { ProblemError } from "./problem-error.ts";

type Row = Record<string, unknown>;

const PROBLEMS = ["problem", "question", "problem_statement", "problem_description"];
/** Names that mean other things too: only where none of those above is there. */
const MAYBE_PROBLEMS = ["prompt", "input", "query", "instruction"];
const ANSWERS = [
	"answer",
	"expected_answer",
	"final_answer",
	"gt_answer",
	"gt",
	"ground_truth",
	"reward_model.ground_truth",
	"gold",
	"gold_answer",
	"correct_answer",
	"reference_answer",
	"target",
];
const CHOICE_ANSWERS = [
	"answerkey",
	"answer_key",
	"answer_idx",
	"answer_index",
	"correct",
	"correct_option",
	"label",
];
const IDS = [
	"id",
	"task_id",
	"unique_id",
	"problem_id",
	"question_id",
	"uid",
	"uuid",
	"record_id",
	"idx",
	"index",
];
/** Longer than any answer that a verdict can be spoken on. */
const LONG_ANSWER = 300;
const LONG_SOLUTION = 80;

/** The mapping of a source whose first rows these are. `source` is its name for messages. */
export function mappingOf(sample: readonly Row[], wish: Wish, source: string): Mapping {
	const fields = new Fields(sample, wish, source);
	const tests = testFields(fields);
	const problem = problemFields(fields, tests);
	const choices = tests ? undefined : choiceFields(fields);
	const answer = answerField(fields, choices, tests !== undefined);
	if (choices && !answer) throw fields.unclear("it has choices, and no field says which is right");
	const id = fields.wished("id") ?? fields.find(IDS).find((name) => fields.namesRows(name));
	const origin = fields.wished("source") ?? fields.find(["source"]).find((name) => fields.areTexts(name));
	const starter = tests
		? (fields.wished("starter") ?? fields.find(["starter", "starter_code"])[0])
		: fields.wished("starter");
	return {
		problem,
		...(fields.wished("problem") === undefined ? { found: true as const } : {}),
		...(answer ? { answer } : {}),
		...(choices ? { choices } : {}),
		...(tests ? { tests } : {}),
		...(id ? { id } : {}),
		...(origin && !problem.includes(origin) ? { source: origin } : {}),
		...(starter ? { starter } : {}),
		domain: domainOf(fields, tests ? "code" : choices ? "science" : "math"),
	};
}

/** The fields of the first rows, and what was said about them. */
class Fields {
	readonly sample: readonly Row[];
	readonly wish: Wish;
	readonly names: readonly string[];
	readonly #source: string;

	constructor(sample: readonly Row[], wish: Wish, source: string) {
		this.sample = sample;
		this.wish = wish;
		this.#source = source;
		const names = new Set<string>();
		for (const row of sample) {
			for (const [name, value] of Object.entries(row)) {
				if (value === null || value === undefined) continue;
				names.add(name);
				if (typeof value !== "object" || Array.isArray(value)) continue;
				for (const inner of Object.keys(value)) names.add(`${name}.${inner}`);
			}
		}
		this.names = [...names];
	}

	/** Those of these names that are there, in this order; capitals and blanks make no difference. */
	find(candidates: readonly string[]): string[] {
		return candidates.flatMap((wanted) =>
			this.names.filter((name) => name.toLowerCase().replaceAll(/[ -]/g, "_") === wanted),
		);
	}

	/** The field that --map names for a target; undefined where it says nothing or none. */
	wished(target: Target): string | undefined {
		const [only] = this.wishedAll(target) ?? [];
		return only;
	}

	wishedAll(target: Target): readonly string[] | undefined {
		const said = this.wish[target];
		if (said === undefined || said === "") return undefined;
		const all = this.names.includes(said) ? [said] : said.split("+").map((name) => name.trim());
		for (const name of all) {
			if (!this.names.includes(name))
				throw this.unclear(`--map says ${target}=${said}, and there is no such field`);
		}
		return all;
	}

	values(name: string): unknown[] {
		return this.sample
			.map((row) => fieldIn(row, name))
			.filter((value) => value !== null && value !== undefined);
	}

	areTexts(name: string): boolean {
		return this.values(name).every((value) => typeof value === "string");
	}

	/** Whether it names rows: always there, and not the same for many. A name that comes twice is a mistake of the file. */
	namesRows(name: string): boolean {
		const values = this.sample.map((row) => fieldIn(row, name));
		return (
			values.every(
				(value) => (typeof value === "string" && value.trim() !== "") || typeof value === "number",
			) && new Set(values.map(String)).size * 2 > values.length
		);
	}

	/** Whether these fields say the same in every row. */
	alike(names: readonly string[]): boolean {
		return this.sample.every((row) => new Set(names.map((name) => textIn(fieldIn(row, name)))).size <= 1);
	}

	unclear(why: string): ProblemError {
		const shown = this.names.filter((name) => !name.includes("."));
		const some = shown.slice(0, 40).join(", ") + (shown.length > 40 ? ", ..." : "");
		return new ProblemError(
			`${this.#source}: it is not clear which field is what: ${why}. Its fields are ${some || "none"}. Say it, for example --map problem=question,answer=target (answer= for none)`,
		);
	}
}

function problemFields(fields: Fields, tests: readonly string[] | undefined): readonly string[] {
	const wished = fields.wishedAll("problem");
	if (wished) return wished;
	const strong = fields.find(PROBLEMS);
	const found =
		strong.length > 0
			? strong
			: fields.find(tests?.[0]?.toLowerCase() === "test_list" ? [...MAYBE_PROBLEMS, "text"] : MAYBE_PROBLEMS);
	const [first] = found;
	if (first === undefined) throw fields.unclear("none of them is named like a problem");
	if (!fields.alike(found)) throw fields.unclear(`the problem could be ${found.join(" or ")}`);
	const [before] = fields.find(BEFORE_QUESTIONS);
	if (before === undefined) return [first];
	if (before.toLowerCase() === "body") return [before, first];
	throw fields.unclear(
		`${before} may belong to the question (problem=${before}+${first}), or not (problem=${first})`,
	);
}

function choiceFields(fields: Fields): readonly string[] | undefined {
	const wished = fields.wishedAll("choices");
	if (wished || fields.wish.choices === "") return wished;
	const named = fields.find(["choices", "options"]).filter((name) => fields.values(name).some(notEmpty));
	const list = named.find((name) => fields.values(name).some((value) => choicesIn(value) !== undefined));
	if (list !== undefined) return [list];
	if (named[0] !== undefined)
		throw fields.unclear(`what ${named[0]} holds is not understood as choices (choices= for none)`);
	// GPQA, SciQ: the right one has a field of its own, the others have theirs.
	const [right] = fields.find(["correct_answer"]);
	const others = ["incorrect_answer_", "distractor"].flatMap((name) =>
		fields.find([1, 2, 3, 4, 5].map((number) => `${name}${number}`)),
	);
	if (right !== undefined && others.length > 0) return [right, ...others];
	const letters = ["A", "B", "C", "D", "E", "F", "G", "H", "I", "J"];
	const columns = letters.slice(
		0,
		letters.findIndex((letter) => !fields.names.includes(letter)),
	);
	return columns.length >= 2 ? columns : undefined;
}

function notEmpty(value: unknown): boolean {
	return value !== "" && !(Array.isArray(value) && value.length === 0);
}

function testFields(fields: Fields): readonly string[] | undefined {
	const wished = fields.wishedAll("tests");
	if (wished || fields.wish.tests === "") return wished;
	const [list] = fields.find(["test_list"]);
	if (list !== undefined)
		return [list, ...fields.find(["code", "test_setup_code", "test_imports", "entry_point"])];
	const [test] = fields.find(["test"]);
	const [entry] = fields.find(["entry_point"]);
	if (test !== undefined && entry !== undefined) return [test, entry];
	return fields
		.find(["tests", "test_cases", "input_output"])
		.filter((name) =>
			fields.values(name).some((value) => testsIn({ [name]: value }, [name]).mistake === undefined),
		)
		.slice(0, 1)
		.reduce<string[] | undefined>((_, name) => [name], undefined);
}

function answerField(
	fields: Fields,
	choices: readonly string[] | undefined,
	tested: boolean,
): Mapping["answer"] | undefined {
	const said = fields.wish.answer;
	if (said === "" || (said === undefined && tested)) return undefined;
	if (said !== undefined) {
		const [, name, form] = /^(.*):(\w+)$/.exec(said) ?? [];
		if (name !== undefined && fields.names.includes(name) && FORMS.includes(form as Form)) {
			return { field: name, form: form as Form };
		}
		if (!fields.names.includes(said)) {
			throw fields.unclear(
				`--map says answer=${said}, and there is no such field (a form may stand behind it: ${FORMS.map((one) => `:${one}`).join(", ")})`,
			);
		}
		return { field: said, form: formOf(fields, said, choices) ?? "text" };
	}
	const [right] = fields.find(["correct_answer"]);
	if (right !== undefined && choices?.includes(right)) return { field: right, form: "text" };
	const direct = fields.find(choices ? [...ANSWERS, ...CHOICE_ANSWERS] : ANSWERS);
	const [field] = direct;
	if (field === undefined) {
		const [solution] = fields.find(["solution"]);
		if (solution === undefined) return undefined;
		const form = formOf(fields, solution, choices);
		const short = (value: unknown): boolean => (textIn(value)?.length ?? 0) <= LONG_SOLUTION;
		if (form === "text" && !fields.values(solution).every(short)) {
			throw fields.unclear(`${solution} has long texts without \\boxed or ####: what is the answer in it?`);
		}
		return form && { field: solution, form };
	}
	if (!choices && !fields.alike(direct)) throw fields.unclear(`the answer could be ${direct.join(" or ")}`);
	const form = formOf(fields, field, choices);
	if (form === undefined) {
		throw fields.unclear(`${field} has long texts without \\boxed or ####: what is the answer in it?`);
	}
	return { field, form };
}

/** In which form a field gives answers, by more than half of the rows that have one; undefined: as a text too long for one. */
function formOf(fields: Fields, name: string, choices: readonly string[] | undefined): Form | undefined {
	const values = fields.values(name);
	const texts = values.map((value) => textIn(value) ?? "");
	const most = (is: (text: string) => boolean): boolean => texts.filter(is).length * 2 > texts.length;
	if (choices) return countsFromZero(fields, name, choices) ? "index" : "text";
	if (most((text) => text.includes("####"))) return "hashes";
	if (most((text) => extractAnswer(text) !== undefined)) return "boxed";
	if (name.toLowerCase() !== "solution" && most((text) => text.length > LONG_ANSWER)) return undefined;
	return "text";
}

/** Every answer is the number of a choice, and the choices are not themselves these numbers. */
function countsFromZero(fields: Fields, name: string, choices: readonly string[]): boolean {
	let asTexts = true;
	for (const row of fields.sample) {
		const value = fieldIn(row, name);
		const list = choicesIn(
			choices.length === 1 ? fieldIn(row, choices[0]!) : choices.map((one) => fieldIn(row, one)),
		);
		if (value === undefined || value === null || !list) continue;
		if (!/^\d+$/.test(String(value)) || Number(value) >= list.texts.length || list.labels) return false;
		if (typeof value === "number" || !list.texts.includes(String(value))) asTexts = false;
	}
	return !asTexts;
}

function domainOf(fields: Fields, otherwise: Domain): Mapping["domain"] {
	const said = fields.wish.domain;
	if (DOMAINS.includes(said as Domain)) return said as Domain;
	const wished = fields.wished("domain");
	if (wished !== undefined) return { field: wished };
	const [field] = fields.find(["domain"]);
	const known =
		field !== undefined && fields.sample.every((row) => DOMAINS.includes(fieldIn(row, field) as Domain));
	return known ? { field } : otherwise;
}
