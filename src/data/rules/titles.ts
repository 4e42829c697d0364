/**
 * What contest problems are called: the same problem is told in other words elsewhere, its title and its code stay.
 *
 * Read from an id ("leetcode-two-sum", "cc-train-1041_e_tree_reconstruction_8858"), a link (leetcode.com/problems/two-sum),
 * or a first line that is a title ("1041_E. Tree Reconstruction", "# Two Sum"). A title of one word says too little, but
 * where it surely is one: in a field for it, or as LeetCode's name of a problem.
 */
import type { Question } from "./rule.ts";

/** What stands before a title in ids and first lines, and says where it is from. */
const PREFIXES = new Set(
	"leetcode lc lcb livecodebench codeforces cf codecontests cc apps taco atcoder codechef usaco train test dev val validation problem p title name task question".split(
		" ",
	),
);
const LONGEST = 120;
const MOST_WORDS = 12;

/** The names of a problem of a contest, each in one way of writing; none for what is no such problem. */
export function titlesOf({ id, domain, problem, source, title }: Question): string[] {
	if (domain !== "code") return [];
	const titles = new Set<string>();
	const add = (name: string | undefined): void => {
		if (name !== undefined) titles.add(name);
	};
	add(title === undefined ? undefined : titleIn(title, 1));
	const slug = /\/problems?\/([a-z0-9]+(?:-[a-z0-9]+)+)(?:[/?#\s]|$)/.exec(source ?? "")?.[1];
	add(slug === undefined ? undefined : titleIn(slug));
	const leetcode = /^(?:leetcode|lc)[-_/]([a-z-]+)$|leetcode\.(?:com|cn)\/problems\/([a-z-]+)/.exec(
		`${source?.includes("leetcode.c") ? source : id}`,
	);
	add(leetcode ? titleIn((leetcode[1] ?? leetcode[2]) as string, 1) : undefined);
	const name = id.slice(0, 400).split(/[/:]/).at(-1) as string;
	// A number at the end of an id counts rows.
	add(titleIn(name.replace(/[_-]\d+$/, "")));
	for (const text of [name, title ?? ""]) add(codeIn(text));
	const line = problem
		.slice(0, LONGEST + 1)
		.trimStart()
		.split("\n", 1)[0]!
		.trim();
	const more = problem.trimStart().length > line.length;
	if (
		more &&
		line.length <= LONGEST &&
		!/[.?!:;,]$/.test(line) &&
		!/[={}()$\\]/.test(line.replace(/\(.*\)$/, ""))
	) {
		if (/^(?:#|\d+\s*[-_]?\s*[A-Za-z]\d?\s*[.:)]|(?:problem|title)\b)/i.test(line) || titled(line)) {
			add(titleIn(line));
			add(codeIn(line));
		}
	}
	return [...titles];
}

/** Every word that matters begins with a capital: "Count Pairs of Points With Distance k". */
function titled(line: string): boolean {
	const words = line.split(/\s+/).filter((word) => word.length > 3);
	return words.length >= 2 && words.every((word) => /^[^a-z]/.test(word));
}

function titleIn(text: string, fewest = 2): string | undefined {
	const words = text
		.slice(0, 400)
		.toLowerCase()
		.normalize("NFKD")
		.replace(/\p{M}/gu, "")
		.replace(/['’`]/g, "")
		.split(/[^\p{L}\p{N}]+/u)
		.filter((word) => word !== "");
	let from = 0;
	for (; from < words.length; from++) {
		const word = words[from] as string;
		const letter = /^[a-z]\d?$/.test(word) && /^\d+$/.test(words[from - 1] ?? "");
		// "3 sum" keeps its number: only what a prefix or a code of a contest stands before goes.
		const number = /^\d+[a-z]?\d?$/.test(word) && (from > 0 || /^\d{3,}/.test(word));
		if (!PREFIXES.has(word) && !letter && !number) break;
	}
	const kept = words.slice(from);
	const said = kept.filter((word) => /\p{L}{2}/u.test(word));
	return said.length >= fewest && kept.length <= MOST_WORDS ? kept.join(" ") : undefined;
}

/** "1041_E. Tree Reconstruction" is "#1041e", "abc301_a" is "#abc301a". */
function codeIn(text: string): string | undefined {
	const words = text.slice(0, 400).toLowerCase();
	const atcoder = /(?:^|[^a-z0-9])((?:abc|arc|agc)\d{3})[_-]?([a-h])(?![a-z0-9])/.exec(words);
	if (atcoder) return `#${atcoder[1]}${atcoder[2]}`;
	const codeforces =
		/^(\d{1,4})[_ -]?([a-z]\d?)[.:)]/.exec(words.trimStart()) ??
		/(?:^|[^a-z0-9])(\d{2,4})_([a-z]\d?)(?:_|$)/.exec(words) ??
		/(?:^|[^a-z0-9])(\d{3,4})-?([a-h]\d?)(?:[.-]|$)/.exec(words);
	return codeforces ? `#${codeforces[1]}${codeforces[2]}` : undefined;
}
