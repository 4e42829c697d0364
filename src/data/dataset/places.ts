/**
 * Rollouts that passed and wait for the rules that remember, in typed arrays: some hundred bytes each, so that a million of
 * them is not much, and none has to be read again.
 */
import type { Candidate } from "../recipe.ts";
import { keyOf } from "../rollout.ts";
import type { Name } from "../rules/rule.ts";
import type { Question } from "./questions.ts";

/** Where the rollout is from: its run among the inputs, its file among all files. */
export type From = {
	readonly input: number;
	readonly file: number;
	readonly at: number;
	readonly bytes: number;
	/** Of the run's settings, in the order of their hashes. */
	readonly settings: number;
};

export type Waiting = {
	readonly question: Question;
	readonly candidate: Candidate;
	readonly from: From;
	readonly names: readonly Name[];
};

const FIELDS = 13;
const NAME_FIELDS = 3;

export class Places {
	/** By place in the order of the hashes. */
	readonly #hashes: readonly string[];
	readonly #width: number;
	readonly #questions: Question[] = [];
	readonly #questionIndex = new Map<Question, number>();
	#numbers: Float64Array;
	#count = 0;

	/** `names` of each rollout. */
	constructor(hashes: readonly string[], names: number) {
		this.#hashes = hashes;
		this.#width = FIELDS + NAME_FIELDS * names;
		this.#numbers = new Float64Array(this.#width * 64);
	}

	get count(): number {
		return this.#count;
	}

	add({ question, candidate, from, names }: Waiting): void {
		let index = this.#questionIndex.get(question);
		if (index === undefined) {
			index = this.#questions.push(question) - 1;
			this.#questionIndex.set(question, index);
		}
		const start = this.#count++ * this.#width;
		if (start >= this.#numbers.length) {
			const more = new Float64Array(2 * this.#numbers.length);
			more.set(this.#numbers);
			this.#numbers = more;
		}
		const { input, file, at, bytes, settings } = from;
		const { sample, correct, tokens, chars, calls, okCalls, draw } = candidate;
		this.#numbers.set([index, settings, sample, input, file, at, bytes], start);
		this.#numbers.set([correct ? 1 : 0, tokens, chars, calls, okCalls, draw], start + 7);
		for (const [place, name] of names.entries())
			this.#numbers.set(name, start + FIELDS + place * NAME_FIELDS);
	}

	/** By question, then settings, then sample: an order that no file decides. */
	*sorted(): Generator<Waiting, void, void> {
		const [numbers, width, questions] = [this.#numbers, this.#width, this.#questions];
		const ranks = new Uint32Array(questions.length);
		const byId = questions.map((_, index) => index);
		byId.sort((a, b) => (questions[a]!.id < questions[b]!.id ? -1 : 1));
		for (const [rank, index] of byId.entries()) ranks[index] = rank;
		const order = new Uint32Array(this.#count).map((_, row) => row);
		order.sort(
			(a, b) =>
				ranks[numbers[a * width]!]! - ranks[numbers[b * width]!]! ||
				numbers[a * width + 1]! - numbers[b * width + 1]! ||
				numbers[a * width + 2]! - numbers[b * width + 2]!,
		);
		for (const row of order) yield this.#row(row);
	}

	#row(row: number): Waiting {
		const own = this.#numbers.subarray(row * this.#width, (row + 1) * this.#width);
		const [index, settings, sample, input, file, at, bytes, correct, tokens, chars, calls, okCalls, draw] =
			own as unknown as Fields;
		const question = this.#questions[index]!;
		const names: Name[] = [];
		for (let place = FIELDS; place < own.length; place += NAME_FIELDS)
			names.push([own[place]!, own[place + 1]!, own[place + 2]!]);
		const key = keyOf(question.id, this.#hashes[settings]!, sample);
		return {
			question,
			candidate: {
				key,
				question: question.id,
				sample,
				correct: correct === 1,
				tokens,
				chars,
				calls,
				okCalls,
				draw,
			},
			from: { input, file, at, bytes, settings },
			names,
		};
	}
}

type N = number;
type Fields = readonly [N, N, N, N, N, N, N, N, N, N, N, N, N];
