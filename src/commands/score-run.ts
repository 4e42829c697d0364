/** The work of `nudge score`: one run after the other, each into its own book, and a table of what changed. */
import { basename, resolve } from "node:path";
import { sheetOf } from "../data/run-merge.ts";
import { ScoreBook } from "../data/score-book.ts";
import type { Change } from "../data/score-changes.ts";
import { countRollouts, Judged, type ScoringEnd, scoreRun } from "../data/scoring.ts";
import { TestShelf } from "../data/test-shelf.ts";
import { stampOf } from "../score/registry.ts";
import { visibleLine } from "../trace/visible.ts";
import type { Context, ExitCode } from "./command.ts";
import { type ScoreLab, scoreLab } from "./score-lab.ts";
import { ScoreLine } from "./score-progress.ts";
import { version } from "./version.ts";

export async function scoreRuns(context: Context): Promise<ExitCode> {
	const { io, args, signal } = context;
	let worst: ExitCode = 0;
	for (const arg of args) {
		const folder = resolve(io.cwd, arg);
		const { settings } = sheetOf(folder);
		const lab = await scoreLab(context, settings.dialect);
		try {
			const code = await one(context, folder, lab);
			if (code !== 0) worst = code;
		} finally {
			await lab.close();
		}
		if (signal.aborted) return 130;
	}
	return worst;
}

type Counts = { scored: number; cached: number; others: number };

async function one(context: Context, folder: string, lab: ScoreLab): Promise<ExitCode> {
	const { io, options, signal } = context;
	const stamps = lab.registry.plugins.map(stampOf);
	const judged = new Judged(stamps);
	const total = await countRollouts(folder, signal);
	const { book, damaged } = await ScoreBook.open(folder, judged.take, signal);
	if (damaged > 0)
		io.stderr.write(
			`nudge: ${damaged} damaged lines of ${book.file} are passed over; what they said is owed\n`,
		);
	const moved = ((options.problems as readonly string[] | undefined) ?? []).map((file) =>
		resolve(io.cwd, file),
	);
	let shelf: Promise<TestShelf> | undefined;
	const counts: Counts = { scored: 0, cached: 0, others: 0 };
	const line = new ScoreLine(io, total, () => judged.changes.verdicts);
	let end: ScoringEnd | undefined;
	try {
		book.append({ start: new Date().toISOString(), by: stamps, nudge: version() });
		end = await scoreRun(
			folder,
			{
				registry: lab.registry,
				context: { signal, interpreters: lab.interpreters },
				book,
				judged,
				again: options.all === true,
				// Math-Verify's processes are given several answers ahead; programs wait for their turn in the lab.
				atOnce: 16 * lab.workers,
				tests: async (id) => {
					shelf ??= TestShelf.of(folder, sheetOf(folder), moved, signal);
					return (await shelf).tests(id);
				},
				signal,
			},
			{
				onScored: () => {
					counts.scored++;
					line.scored();
				},
				onPassed: (why) => {
					counts[why === "cached" ? "cached" : "others"]++;
					line.passed();
				},
				onTrouble: (says) => line.say(says),
			},
		);
	} catch (error) {
		if (!signal.aborted) throw error;
	} finally {
		line.end();
		book.close();
		(await shelf?.catch(() => undefined))?.close();
	}
	const owed = total - counts.scored - counts.cached - counts.others;
	const facts = { run: folder, total, ...counts, owed, seconds: line.seconds };
	const { verdicts, changed } = judged.changes;
	if (options.json) io.stdout.write(`${JSON.stringify({ ...facts, by: stamps, verdicts, changed })}\n`);
	else io.stdout.write(`${lines(facts, verdicts, changed).join("\n")}\n`);
	if (signal.aborted || owed > 0) {
		const why = signal.aborted ? "ended early" : `failed: ${visibleLine(end?.trouble ?? "")}`;
		io.stderr.write(`nudge: ${why}; ${owed} are still owed: the same command goes on\n`);
		return signal.aborted ? 130 : 1;
	}
	return 0;
}

function lines(
	facts: Counts & { readonly run: string; readonly total: number; readonly seconds: number },
	verdicts: Readonly<Record<string, number>>,
	changed: readonly Change[],
): string[] {
	const { run, total, scored, cached, others, seconds } = facts;
	const counted = Object.entries(verdicts)
		.filter(([, count]) => count > 0)
		.map(([name, count]) => `${name} ${count}`);
	const passed = [
		...(cached > 0 ? [`${cached} were judged before`] : []),
		...(others > 0 ? [`${others} are not for these verifiers`] : []),
	];
	const rate = scored > 0 ? ` in ${seconds.toFixed(1)} s (${(scored / seconds).toFixed(1)}/s)` : "";
	return [
		`run         ${visibleLine(basename(run))}`,
		`scored      ${scored} of ${total}${rate}${passed.length > 0 ? `; ${passed.join("; ")}` : ""}`,
		`verdicts    ${counted.join(", ") || "none"}`,
		...(changed.length === 0
			? ["changed     none"]
			: ["changed     from        to               rollouts  such as"]),
		...changed.map(
			({ from, to, count, examples }) =>
				`            ${from.padEnd(12)}${to.padEnd(14)}${String(count).padStart(11)}  ${visibleLine(examples.join(", "))}`,
		),
	];
}
