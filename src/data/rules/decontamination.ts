/** Problems that an evaluation asks too: what was trained on them can no longer be measured by it. */
import { basename } from "node:path";
import { EvaluationIndex } from "./evaluation-index.ts";
import { type Question, rule } from "./rule.ts";

type Options = { against: readonly string[]; n: number; share: number };

/** Problems whose answer is kept, since a problem's samples come one after the other. */
const REMEMBERED = 4096;

const asked = (problem: string, id = "q", domain = "math"): Question => ({ id, domain, problem });
const sets = {
	"exam.jsonl": [
		asked("Let $m$ be the least positive integer that is divisible by 7, 11 and 13. Find $m$.", "1"),
		asked("Evaluate $\\log_2 64$.", "2"),
		asked(
			"Given an array, count the pairs at distance k.",
			"leetcode-count-pairs-of-points-with-distance-k",
			"code",
		),
	],
};
const against = ["exam.jsonl"];
const about = (problem: string, id = "train-1", domain: "math" | "code" = "math") => ({
	problem: { id, domain, problem },
});

export const decontamination = rule<Options>({
	id: "decontamination",
	says: "the problem is one of an evaluation set, or shares a sequence of words with one",
	details:
		'Compared are: sequences of n words (lower case, white space collapsed); the whole question without punctuation; questions of three to n - 1 words as a part of the other question; titles and codes of contest problems (of the domain code). Names in against are problem files or dataset folders, relative to the recipe, or what lies in the folder of evaluation sets (NUDGE_HOME/data/evaluation). Without any nothing is compared, and that is said. A single shared sequence is a strict measure: phrases such as "where m and n are relatively prime positive" cost a third of the AIME problems; a share of 0.3 spares most of those.',
	source:
		"s1 (https://github.com/simplescaling/s1) and https://github.com/huggingface/open-r1 (scripts/decontaminate.py), in which a question of fewer than n words never matches",
	on: true,
	options: {
		against: { type: "list", default: [], says: "evaluation sets" },
		n: { type: "integer", unit: "words", least: 3, default: 8, says: "length of a shared sequence" },
		share: {
			type: "number",
			unit: "of the problem's sequences",
			least: 0,
			most: 1,
			default: 0,
			says: "sequences that must be shared before they count, as a part of the problem's own; at 0 one is enough",
		},
	},
	examples: [
		{ says: "without evaluation sets nothing is compared", case: {}, drops: false },
		{
			says: "eight words are shared, with other white space",
			case: about(
				"Suppose that N is the least positive integer that is\ndivisible by 7 and not by 2. Find N.",
			),
			options: { against },
			sets,
			drops: true,
		},
		{
			says: "common words are let through where half of the problem must be shared",
			case: about(
				"Suppose that N is the least positive integer that is divisible by 7 and not by 2. Find N.",
			),
			options: { against, share: 0.5 },
			sets,
			drops: false,
		},
		{
			says: "seven are not",
			case: about("What is the least positive integer that is odd?"),
			options: { against },
			sets,
			drops: false,
		},
		{
			says: "a short question, set differently",
			case: about("Evaluate $\\log_{2}64$"),
			options: { against },
			sets,
			drops: true,
		},
		{
			says: "a short question inside a longer one",
			case: about("Warm up first: evaluate $\\log_2 64$. Then double it."),
			options: { against },
			sets,
			drops: true,
		},
		{
			says: "a short question that stands inside one of the evaluation",
			case: about("Find the least positive integer that is divisible"),
			options: { against, n: 20 },
			sets: { "exam.jsonl": [asked("Please find the least positive integer that is divisible by 7.")] },
			drops: true,
		},
		{
			says: "another short question",
			case: about("Evaluate $\\log_2 32$."),
			options: { against },
			sets,
			drops: false,
		},
		{
			says: "the same contest problem in other words",
			case: about("Count Pairs Of Points With Distance k\n\nPoints lie in the plane.", "train-7", "code"),
			options: { against },
			sets,
			drops: true,
		},
	],
	make: async ({ against, n, share }, { questions, signal }) => {
		if (against.length === 0) {
			return {
				check: () => undefined,
				warnings: [
					"no evaluation sets are named, so nothing is compared; name them in the recipe, or with --rule decontamination.against=FILE,FILE",
				],
				facts: { sets: {} },
			};
		}
		const index = new EvaluationIndex(n, share);
		const counts: Record<string, number> = {};
		for (const set of against) {
			const name = basename(set).replace(/\.(jsonl|json|csv|tsv|parquet)(\.gz)?$/i, "");
			const before = index.questions;
			for await (const question of questions(set)) {
				signal?.throwIfAborted();
				index.add(name, question);
			}
			counts[name] = (counts[name] ?? 0) + index.questions - before;
		}
		const empty = Object.keys(counts).filter((name) => counts[name] === 0);
		const answers = new Map<string, { readonly text: string; readonly why: string | undefined }>();
		return {
			check: ({ rollout: { problem } }) => {
				const known = answers.get(problem.id);
				if (known?.text === problem.problem) return known.why;
				const match = index.match(problem);
				const why = match && `${match.how}: ${match.with}`;
				if (answers.size >= REMEMBERED) answers.clear();
				answers.set(problem.id, { text: problem.problem, why });
				return why;
			},
			warnings: empty.map((name) => `the evaluation set ${name} has no questions`),
			facts: { sets: counts },
		};
	},
});
