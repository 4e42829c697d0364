/** What is told again when it is asked for: status, timeline, lines, the problem. */
import { visibleLine } from "../../trace/visible.ts";
import { timelineOf } from "../session/timeline.ts";
import { entryLines, problemLines } from "../views/entry.ts";
import { type Line, plainLine } from "../views/line.ts";
import type { Deeds } from "./place.ts";
import { entrySays } from "./says.ts";
import type { Here } from "./session.ts";
import { statusSays } from "./stands.ts";
import type { Unit } from "./units.ts";

/** Wider than any line: lines of a sheet are not to be broken here. */
const UNBROKEN = 100_000;
const LAST_LINES = 10;
const MOST_HITS = 20;

export function readDeeds(here: Here): Deeds {
	const { live, reader, voice } = here;
	const hasText = (): string | undefined => (reader.units.length === 0 ? "there is no text yet" : undefined);
	const sayLines = (lines: readonly Line[]): void => {
		for (const line of lines) voice.say(plainLine(line).replace(/ {2,}/g, " "));
	};
	const entries = () => (reader.branch ? timelineOf(reader.branch, live.pending) : []);

	return {
		status: {
			do: () => {
				const { branch, units, rate } = reader;
				const sampled = (branch?.spans ?? []).reduce(
					(sum, { kind, ids, text }) =>
						sum + (kind === "model" ? (ids?.length ?? Math.ceil(text.length / 4)) : 0),
					0,
				);
				voice.say(
					statusSays({
						status: live.status,
						branch,
						hints: live.hints,
						lines: units.length,
						tokens: Math.max(sampled, branch?.usage?.sampledTokens ?? 0),
						perSecond: live.status === "thinking" ? rate.perSecond : undefined,
						waits: here.waits(),
					}),
				);
			},
		},
		timeline: {
			do: () => {
				const all = entries();
				if (all.length === 0) voice.say("The timeline is empty: no marker was seen yet.");
				for (const [index, entry] of all.entries())
					voice.say(`${index + 1}: ${entrySays(entry, lineOf(entry.kind, reader.lineAt(entry.at)))}`);
			},
		},
		"item.open": {
			not: () => (entries().length === 0 ? "the timeline is empty" : undefined),
			do: (said) => {
				const all = entries();
				const entry = said === "" ? all.at(-1) : all[Number(said) - 1];
				const { branch } = reader;
				if (!entry || !branch) {
					voice.say(`The timeline has no entry ${visibleLine(said)}: timeline tells those it has.`);
					return;
				}
				sayLines(entryLines(entry, branch, UNBROKEN));
			},
		},
		lines: {
			not: hasText,
			do: (said) => {
				const [from, to] = [...said.matchAll(/\d+/g)].map(Number);
				const { units } = reader;
				reader.read(
					from === undefined
						? units.slice(-LAST_LINES)
						: units.slice(Math.max(0, from - 1), to ?? from - 1 + LAST_LINES),
				);
				if (from !== undefined && from > units.length) voice.say(`There are only ${units.length}.`);
			},
		},
		print: {
			not: hasText,
			do: () => {
				sayLines(problemLines(live.problem, UNBROKEN));
				reader.read(reader.units);
			},
		},
		search: {
			not: hasText,
			do: async (said) => {
				const wanted =
					said !== "" ? said : await here.dialogue.ask("Find which text? An empty line leaves it.");
				if (wanted === undefined) return;
				const small = wanted.toLowerCase();
				const hits = reader.units.filter(({ text }: Unit) => text.toLowerCase().includes(small));
				if (hits.length === 0) voice.say(`No line holds "${wanted}".`);
				else voice.say(`${hits.length} ${hits.length === 1 ? "line holds" : "lines hold"} "${wanted}".`);
				reader.read(hits.slice(0, MOST_HITS));
				if (hits.length > MOST_HITS) voice.say(`These are the first ${MOST_HITS}.`);
			},
		},
		"problem.show": { do: () => sayLines(problemLines(live.problem, UNBROKEN)) },
		numbers: {
			do: () => {
				reader.numbers = !reader.numbers;
				voice.say(
					reader.numbers ? "Lines are read with their numbers." : "Lines are read without their numbers.",
				);
			},
		},
		quiet: {
			do: () => {
				reader.aloud = !reader.aloud;
				voice.say(
					reader.aloud
						? "The thinking is read again."
						: "The thinking is not read; hints, code, outputs and verdicts are. quiet again reads it, lines reads the last ten.",
				);
			},
		},
	};
}

/** A marker stands behind its word, an end behind everything. */
function lineOf(kind: string, line: number | undefined): number | undefined {
	return kind === "end" || kind === "outcome" || kind === "notice" ? undefined : line;
}
