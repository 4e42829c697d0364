/**
 * What building a dataset remembers of each question: which samples were seen, how far its rollouts came, and the few
 * that are best so far. One small record a question, however many rollouts there are.
 *
 * What always holds: a rollout's key is known by its run's settings, its question and a bit; two rollouts of one question
 * ask the same thing: another text under the same id is a DatasetError that names both places.
 */
import { createHash } from "node:crypto";
import type { Candidate } from "../recipe.ts";
import type { RolledProblem } from "../rollout.ts";
import { DatasetError } from "./dataset.ts";
import type { Place } from "./run-input.ts";

/** A rollout that may become a sample. */
export type Pick = { readonly candidate: Candidate; readonly place: Place; readonly input: number };

export class Question {
	readonly id: string;
	/** Of what it asks and its gold answer. */
	readonly print: string;
	/** Where it was first seen. */
	readonly first: { readonly file: string; readonly at: number };
	/** The last step that dropped a rollout of it; -1: none did. */
	lastStep = -1;
	/** Rollouts that may be chosen, of them the best ones, the best first. */
	passed = 0;
	picks: Pick[] = [];
	/** Of the run that tells which problems fail by themselves. */
	plainCorrect = 0;
	plainFailed = 0;
	/** Unchecked or unparseable. */
	plainSilent = 0;
	#seen: Bits[] = [];

	constructor(id: string, print: string, first: Place) {
		this.id = id;
		this.print = print;
		this.first = { file: first.file, at: first.at };
	}

	/** Whether the sample of these settings is new; it is not any more. */
	see(settings: number, sample: number): boolean {
		let bits = this.#seen[settings];
		if (!bits) {
			bits = new Bits();
			this.#seen[settings] = bits;
		}
		return bits.add(sample);
	}

	saw(settings: number, sample: number): boolean {
		return this.#seen[settings]?.has(sample) ?? false;
	}

	/** Keeps it if it is among the best `most`. */
	consider(pick: Pick, most: number, compare: (a: Candidate, b: Candidate) => number): void {
		this.passed++;
		if (most <= 0) return;
		let at = this.picks.length;
		while (at > 0 && compare(pick.candidate, this.picks[at - 1]!.candidate) < 0) at--;
		if (at >= most) return;
		this.picks.splice(at, 0, pick);
		if (this.picks.length > most) this.picks.pop();
	}
}

/** The largest number that a bit is kept for; beyond it numbers are kept. */
const MOST_BITS = 1 << 16;

class Bits {
	#words = new Uint32Array(1);
	#far: Set<number> | undefined;

	has(n: number): boolean {
		if (n >= MOST_BITS) return this.#far?.has(n) ?? false;
		return ((this.#words[n >>> 5] ?? 0) & (1 << (n & 31))) !== 0;
	}

	add(n: number): boolean {
		if (this.has(n)) return false;
		if (n >= MOST_BITS) {
			this.#far ??= new Set();
			this.#far.add(n);
			return true;
		}
		const word = n >>> 5;
		if (word >= this.#words.length) {
			const more = new Uint32Array(Math.max(word + 1, 2 * this.#words.length));
			more.set(this.#words);
			this.#words = more;
		}
		this.#words[word]! |= 1 << (n & 31);
		return true;
	}
}

export class Questions {
	readonly #questions = new Map<string, Question>();

	get count(): number {
		return this.#questions.size;
	}

	get(id: string): Question | undefined {
		return this.#questions.get(id);
	}

	/** By the order of their ids, which no order of reading changes. */
	sorted(): Question[] {
		return [...this.#questions.values()].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
	}

	of(problem: RolledProblem, place: Place): Question {
		const { id } = problem;
		const print = printOf(problem.problem, problem.answer);
		const known = this.#questions.get(id);
		if (known) {
			if (known.print === print) return known;
			throw new DatasetError(
				`the problem "${id}" is not the same everywhere: ${known.first.file} (at byte ${known.first.at}) has another text or gold answer under this id than ${place.file} (at byte ${place.at}), which asks "${brief(problem.problem)}"${problem.answer === undefined ? "" : ` (gold: ${brief(problem.answer)})`}. Runs that belong together are of the same problems: sample them from the same files, or give the problems ids of their own`,
			);
		}
		const question = new Question(id, print, place);
		this.#questions.set(id, question);
		return question;
	}
}

/** The same question with the same gold answer has the same print. */
export function printOf(problem: string, gold: string | undefined): string {
	return createHash("sha256")
		.update(JSON.stringify([problem, gold ?? null]))
		.digest("base64url")
		.slice(0, 22);
}

export function brief(text: string, most = 80): string {
	const line = text.replace(/\s+/g, " ").trim();
	return line.length > most ? `${line.slice(0, most - 1)}…` : line;
}
