/**
 * From the rollouts of runs to the samples of a dataset: reads every line once, decides, and comes back for the chosen.
 *
 * What always holds:
 * - Every rollout has one line in `fates.jsonl`, whatever becomes of it, and the waterfall adds up.
 * - The same runs, recipe and seed give the same `samples.jsonl`, byte for byte, however the rollouts lie in files: what
 *   is chosen follows from a total order within each question, and samples are in the order of question and rank.
 * - Memory: a record a question (questions.ts); where a rule remembers, also 128 bytes for each rollout that came so far.
 */
import { sampleOfTrace, trains } from "../../trace/sample.ts";
import { type Candidate, type Chooser, chooserOf, type Recipe } from "../recipe.ts";
import { parseRollout, type Rollout } from "../rollout.ts";
import type { RuleContext } from "../rules/rule.ts";
import { DatasetError, type DatasetKind, type DatasetSheet, type Source } from "./dataset.ts";
import { Places } from "./places.ts";
import { type Question, Questions } from "./questions.ts";
import { LinesAgain } from "./raw-lines.ts";
import {
	type Counted,
	eachRollout,
	type Head,
	type Looked,
	type RunInput,
	tracedRollout,
} from "./run-input.ts";
import { headAlone, type Sifting, siftingOf } from "./sifting.ts";
import { type StepWords, Waterfalling } from "./waterfall.ts";
import { type Drafting, seenFrom, writeDataset } from "./writing.ts";

/** What a kind of dataset says about rollouts before and after the rules. */
export type Kind = {
	readonly kind: DatasetKind;
	/** Steps before the rules, in order. */
	readonly gates: readonly StepWords[];
	/** Which of them drops it, and why. */
	readonly gate: (head: Head, question: Question, input: RunInput) => GateSays;
	/** What else decides, for the record of the dataset. */
	readonly settings?: Readonly<Record<string, unknown>>;
	/** So many picks are remembered of a question. */
	readonly most: (question: Question, perQuestion: number) => number;
	/** So many of them become samples, by question; without: all of them. */
	readonly settle?: (questions: readonly Question[]) => (question: Question) => number;
};

export type GateSays = { readonly step: string; readonly why: string } | undefined;

export type Build = {
	readonly kind: Kind;
	readonly inputs: readonly RunInput[];
	/** Of other sources that the kind looked at. */
	readonly sources?: readonly Source[];
	readonly recipe: Recipe;
	readonly context: RuleContext;
	readonly out: string;
	/** Version of nudge. */
	readonly nudge: string;
	readonly now?: () => Date;
	readonly signal?: AbortSignal;
	readonly onBytes?: (bytes: number) => void;
	/** Phases in words, for progress. */
	readonly onPhase?: (says: string) => void;
	readonly onWarning?: (says: string) => void;
};

export type Built = {
	readonly sheet: DatasetSheet;
	/** By input. */
	readonly counted: readonly Counted[];
	readonly questions: Questions;
};

/** Others have their turn after so many. */
const ASKED_IN_A_ROW = 4096;

const UNFIT = "unfit";
const NOT_CHOSEN = "not-chosen";
const NOT_NEEDED = "not-needed";

export async function build(what: Build): Promise<Built> {
	const { recipe, context, kind, out, now } = what;
	const chooser = chooserOf(recipe);
	const sifting = await siftingOf(recipe, context);
	for (const says of sifting.warnings) what.onWarning?.(says);
	const steps: StepWords[] = [
		...kind.gates,
		...sifting.steps,
		{
			id: UNFIT,
			says: "it may not be chosen: not correct, or without a block that ran (as the recipe has it)",
		},
		...sifting.rememberingSteps,
		...(kind.settle ? [{ id: NOT_NEEDED, says: "samples of other problems were enough" }] : []),
		{ id: NOT_CHOSEN, says: `another one of its question was chosen (${chooser.says})` },
	];
	return writeDataset({ out, now }, (draft) =>
		new Building(what, chooser, sifting, new Waterfalling(steps), draft).all(),
	);
}

class Building {
	readonly #what: Build;
	readonly #chooser: Chooser;
	readonly #sifting: Sifting;
	readonly #waterfall: Waterfalling;
	readonly #draft: Drafting;
	readonly #questions = new Questions();
	readonly #settings: readonly number[];
	/** What waits for the rules that remember. */
	readonly #waiting: Places;
	readonly #files: readonly string[];

	constructor(what: Build, chooser: Chooser, sifting: Sifting, waterfall: Waterfalling, draft: Drafting) {
		this.#what = what;
		this.#chooser = chooser;
		this.#sifting = sifting;
		this.#waterfall = waterfall;
		this.#draft = draft;
		// Runs of the same settings share their keys: parts of one run.
		const hashes = [...new Set(what.inputs.map(({ sheet }) => sheet.hash))].sort();
		this.#settings = what.inputs.map(({ sheet }) => hashes.indexOf(sheet.hash));
		this.#files = what.inputs.flatMap(({ files }) => files);
		this.#waiting = new Places(hashes, sifting.remembering?.rules.length ?? 0);
	}

	async all(): Promise<Built> {
		const { inputs, signal, onBytes, onPhase } = this.#what;
		const counted: Counted[] = [];
		for (const [index, input] of inputs.entries()) {
			onPhase?.(`reading ${input.name}`);
			const options = { ...(signal ? { signal } : {}), ...(onBytes ? { onBytes } : {}) };
			counted.push(await eachRollout(input, (looked) => this.#take(looked, input, index), options));
		}
		const again = new LinesAgain();
		try {
			await this.#remembered();
			return await this.#finish(again, counted);
		} finally {
			again.close();
		}
	}

	#take(
		{ head, whole, place }: Looked,
		input: RunInput,
		index: number,
	): ReturnType<Parameters<typeof eachRollout>[1]> {
		const question = this.#questions.of(head.problem, place);
		const settings = this.#settings[index]!;
		if (question.saw(settings, head.sample)) return "twice";
		const early = this.#what.kind.gate(head, question, input) ?? this.#byHead(head);
		if (early) {
			question.see(settings, head.sample);
			this.#waterfall.rollout();
			this.#drop(head.key, question, early.step, early.why);
			return "new";
		}
		const rollout = whole();
		if (typeof rollout === "string") return { damaged: rollout };
		question.see(settings, head.sample);
		this.#waterfall.rollout();
		const dropped = this.#sifting.whole.judge(rollout);
		if (dropped) {
			this.#drop(head.key, question, dropped.rule, dropped.why);
			return "new";
		}
		const candidate = this.#chooser.candidate(rollout);
		const unfit = this.#chooser.refuses(candidate) ?? this.#untrainable(rollout);
		if (unfit !== undefined) this.#drop(head.key, question, UNFIT, unfit);
		else if (this.#sifting.remembering) {
			const { file, at, bytes } = place;
			const from = { input: index, file: this.#files.indexOf(file), at, bytes, settings };
			const names = this.#sifting.remembering.names(rollout);
			this.#waiting.add({ question, candidate, from, names });
		} else this.#pass(candidate, question, place, index);
		return "new";
	}

	#byHead(head: Head): GateSays {
		const dropped = this.#sifting.byHead?.judge(headAlone(head));
		return dropped && { step: dropped.rule, why: dropped.why };
	}

	#untrainable({ spans, end }: Rollout): string | undefined {
		const { hints } = this.#what.recipe.train;
		const some = spans.some(({ kind, text }) => text !== "" && trains(kind, hints));
		return some || (end.reason === "eos" && end.eos) ? undefined : "nothing of it would train";
	}

	#pass(candidate: Candidate, question: Question, place: Looked["place"], input: number): void {
		const { kind } = this.#what;
		question.consider(
			{ candidate, place, input },
			kind.most(question, this.#chooser.perQuestion),
			this.#chooser.compare,
		);
		const { tokens, calls, okCalls } = candidate;
		const ran = calls === 0 ? "no code" : `${okCalls} of ${calls} ${calls === 1 ? "block" : "blocks"} ran`;
		this.#draft.fate({
			id: candidate.key,
			question: question.id,
			fate: "passed",
			why: `${tokens} tokens, ${ran}`,
		});
	}

	#drop(id: string, question: Question, step: string, why: string): void {
		this.#waterfall.drop(step, question);
		this.#draft.fate({ id, question: question.id, fate: "dropped", step, why });
	}

	/** What all other rules let through, in an order that no file decides. */
	async #remembered(): Promise<void> {
		const { remembering } = this.#sifting;
		if (!remembering) return;
		this.#what.onPhase?.(`comparing ${this.#waiting.count} rollouts`);
		let asked = 0;
		for (const { question, candidate, from, names } of this.#waiting.sorted()) {
			if (++asked % ASKED_IN_A_ROW === 0) await new Promise(setImmediate);
			this.#what.signal?.throwIfAborted();
			const { file, at, bytes, input } = from;
			const dropped = remembering.judgeNames(names);
			if (dropped) this.#drop(candidate.key, question, dropped.rule, dropped.why);
			else this.#pass(candidate, question, { file: this.#files[file]!, at, bytes }, input);
		}
	}

	async #again(
		again: LinesAgain,
		{ file, at, bytes }: Looked["place"],
		input: number,
		key: string,
	): Promise<Rollout> {
		const rollout = parseRollout((await again.line(file, at, bytes, this.#what.signal)).toString("utf8"));
		if (typeof rollout === "string" || rollout.key !== key)
			throw new DatasetError(
				`${file} was changed while it was read (at byte ${at}): nothing was kept. Start again when nobody writes to it`,
			);
		const given = this.#what.inputs[input]!.verdicts.get(rollout.key);
		if (!given) return rollout;
		const { verdict: _, answer: __, why: ___, ...rest } = rollout;
		return { ...rest, ...given };
	}

	async #finish(again: LinesAgain, counted: readonly Counted[]): Promise<Built> {
		const { kind, recipe, inputs, out, nudge } = this.#what;
		const questions = this.#questions.sorted();
		const wanted = kind.settle?.(questions) ?? ((question: Question): number => question.picks.length);
		this.#what.onPhase?.("writing the samples");
		let samples = 0;
		const kept = new Set<Question>();
		for (const question of questions) {
			const take = Math.min(wanted(question), question.picks.length);
			if (take > 0) kept.add(question);
			for (const { candidate, place, input } of question.picks.slice(0, take)) {
				const rollout = await this.#again(again, place, input, candidate.key);
				const traced = tracedRollout(rollout, inputs[input]!);
				this.#draft.sample(sampleOfTrace(traced, { trainHints: recipe.train.hints, lens: true }));
				samples++;
			}
			this.#waterfall.drop(
				kind.settle && take === 0 ? NOT_NEEDED : NOT_CHOSEN,
				question,
				question.passed - take,
			);
			question.picks = [];
		}
		const sources = inputs.map((input, index) => sourceOf(out, input, counted[index]!));
		const sheet = this.#draft.finish({
			kind: kind.kind,
			nudge,
			sources: [...sources, ...(this.#what.sources ?? [])],
			recipe: { ...recipe, ...kind.settings, facts: this.#sifting.facts },
			waterfall: this.#waterfall.sum(questions, samples, (question) => kept.has(question)),
			trainHints: recipe.train.hints,
		});
		return { sheet, counted, questions: this.#questions };
	}
}

function sourceOf(out: string, { folder, role, sheet }: RunInput, counted: Counted): Source {
	const { rollouts, duplicates, strangers, damaged } = counted;
	return {
		kind: "run",
		...(role === undefined ? {} : { role }),
		path: seenFrom(out, folder),
		hash: sheet.hash,
		model: sheet.settings.model,
		rollouts,
		...(duplicates > 0 ? { duplicates } : {}),
		...(strangers > 0 ? { strangers } : {}),
		...(damaged > 0 ? { damaged } : {}),
	};
}
