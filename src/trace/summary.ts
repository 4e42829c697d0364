/**
 * What a list shows of a session, kept beside its journal so that ten thousand sessions list without being folded.
 *
 * A summary is derived: it names the length of the journal that it was made of, and one that does not match (the
 * program was killed, the session is being written) is made again from the journal. Removing it loses nothing.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Domain, OutcomeVerdict } from "./events.ts";
import { isOpen, mainBranch, type SessionState } from "./fold.ts";

const SUMMARY_FILE = "summary.json";
const VERSION = 1;
const PROBLEM_UNITS = 200;

export type Summary = {
	readonly version: typeof VERSION;
	/** Length of the journal that this was made of. */
	readonly journalBytes: number;
	readonly id: string;
	/** Milliseconds since the Unix epoch; undefined where the journal does not say. */
	readonly created?: number;
	readonly updated?: number;
	readonly problemId?: string;
	/** Its beginning. */
	readonly problem?: string;
	readonly domain?: Domain;
	readonly branches: number;
	/** The branch that speaks for the session, and what follows is of it. */
	readonly branch?: string;
	readonly model?: string;
	readonly engine?: string;
	readonly policy?: string;
	readonly verdict?: OutcomeVerdict;
	readonly answer?: string;
	readonly hints: number;
	readonly calls: number;
	/** Whether it can be taken up again where it stands. */
	readonly open: boolean;
	readonly mark?: "accepted" | "rejected";
	readonly name?: string;
	readonly tags: readonly string[];
	/** Lines of the journal that hold no event, and events that did not fit. */
	readonly damaged: number;
};

/** Only what is defined, so that the JSON has no holes. */
function defined<T extends object>(fields: { [K in keyof T]: T[K] | undefined }): Partial<T> {
	return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;
}

export function summarise(id: string, state: SessionState, journalBytes: number, badLines: number): Summary {
	const branch = mainBranch(state);
	return {
		version: VERSION,
		journalBytes,
		id,
		...defined<Pick<Summary, "created" | "updated" | "problemId" | "problem" | "domain" | "name">>({
			created: state.session?.t,
			updated: state.updated,
			problemId: state.problem?.id,
			problem: state.problem?.problem?.slice(0, PROBLEM_UNITS),
			domain: state.problem?.domain,
			name: state.name,
		}),
		...defined<Pick<Summary, "branch" | "model" | "engine" | "policy" | "verdict" | "answer" | "mark">>({
			branch: branch?.id,
			model: branch?.settings.model,
			engine: branch?.settings.engine,
			policy: branch?.settings.policy,
			verdict: branch?.outcome?.verdict,
			answer: branch?.outcome?.answer,
			mark: branch && state.marks.get(branch.id),
		}),
		branches: state.branches.size,
		hints: branch?.hints.length ?? 0,
		calls: branch?.calls.length ?? 0,
		open: branch ? isOpen(branch) : true,
		tags: [...state.tags].sort(),
		damaged: badLines + state.misfits.length,
	};
}

/** The summary as it lies there; undefined when there is none for a journal of this length. */
export function readSummary(folder: string, journalBytes: number): Summary | undefined {
	try {
		const summary = JSON.parse(readFileSync(join(folder, SUMMARY_FILE), "utf8")) as Summary;
		return summary.version === VERSION && summary.journalBytes === journalBytes ? summary : undefined;
	} catch {
		// Absent or damaged: it is made again.
		return undefined;
	}
}

export function writeSummary(folder: string, summary: Summary): void {
	const fresh = join(folder, `${SUMMARY_FILE}.${process.pid}`);
	try {
		writeFileSync(fresh, `${JSON.stringify(summary)}\n`, { mode: 0o600 });
		renameSync(fresh, join(folder, SUMMARY_FILE));
	} catch (error) {
		rmSync(fresh, { force: true });
		throw error;
	}
}
