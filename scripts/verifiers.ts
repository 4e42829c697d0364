/**
 * `npm run test:verifiers -- FILE...`: the quick look against Math-Verify on the gold answers of whole benchmarks: each
 * against itself, against the same typeset in other ways, and against gold answers of other problems. Wherever the quick
 * look decides, Math-Verify must say the same; where it leaves the gold answer unread, nothing can be said and that is
 * counted too. Exit 1 at a disagreement. FILE: problems of any form that nudge reads.
 */
import { readProblems } from "../src/data/problems.ts";
import { ensureEnvironment } from "../src/python/environment.ts";
import { MathVerify } from "../src/score/mathverify.ts";
import { quick, tidy } from "../src/score/quick.ts";
import { otherForms } from "../test/score/other-forms.ts";

const files = process.argv.slice(2);
if (files.length === 0) {
	console.error("npm run test:verifiers -- FILE...: problem files with gold answers of mathematics");
	process.exit(2);
}
const { python } = await ensureEnvironment({ onProgress: ({ detail }) => console.error(detail) });
const mathVerify = new MathVerify({ python: async () => python, workers: 2, timeLimitMs: 120_000 });
let disagreements = 0;

for (const file of files) {
	const golds: string[] = [];
	for await (const { answer } of readProblems(file)) if (answer !== undefined) golds.push(answer);
	const groups: [string, (readonly [string, string])[]][] = [
		["itself", golds.map((gold) => [gold, gold])],
		["other forms", golds.flatMap((gold) => otherForms(gold).map((form) => [gold, form] as const))],
		// Steps that have nothing to do with how a benchmark is sorted.
		...[1, 17, 101].map((step): [string, [string, string][]] => [
			`shuffled by ${step}`,
			golds.map((gold, i) => [gold, golds[(i + step) % golds.length]!]),
		]),
	];
	for (const [name, pairs] of groups) {
		let decided = 0;
		let unread = 0;
		const found: string[] = [];
		const compare = async ([gold, answer]: readonly [string, string]): Promise<void> => {
			const [a, b] = [tidy(gold), tidy(answer)];
			const sure = quick(a, b);
			if (!sure) return;
			decided++;
			const { verdict, reason } = await mathVerify.compare(a, b);
			if (verdict === sure.verdict) return;
			// The same text is right whatever it means.
			if (verdict === "unchecked" || (verdict === "unparseable" && a === b)) unread++;
			else found.push(`${JSON.stringify([gold, answer, sure, verdict, reason])}`);
		};
		const queue = pairs.values();
		await Promise.all(
			[0, 1, 2, 3].map(async () => {
				for (const pair of queue) await compare(pair);
			}),
		);
		disagreements += found.length;
		console.log(
			`${file.split("/").at(-1)}, gold against ${name}: ${pairs.length} pairs, ${decided} decided quickly, ${found.length} disagreements, ${unread} that Math-Verify cannot read`,
		);
		for (const one of found.slice(0, 10)) console.log(`  ${one}`);
	}
}
await mathVerify.close();
process.exit(disagreements === 0 ? 0 : 1);
