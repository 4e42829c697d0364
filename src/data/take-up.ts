/** A session that begins with a rollout: its branch has the rollout's text, ids, hints and calls, and can be gone on with. */
import { resolve } from "node:path";
import type { Problem } from "../trace/events.ts";
import type { SessionStore } from "../trace/store.ts";
import { readProblems } from "./problems.ts";
import type { Rollout } from "./rollout.ts";
import { branchOfRollout } from "./rollout-events.ts";
import type { RunSheet } from "./run-sheet.ts";

/** Makes it and gives its id; the journal is closed again. Throws JournalError where the disk refuses. */
export async function takeUp(
	store: SessionStore,
	folder: string,
	sheet: RunSheet,
	rollout: Rollout,
): Promise<string> {
	const problem = await wholeProblem(folder, sheet, rollout.problem);
	const session = store.create({ problem, nudge: sheet.nudge, environment: sheet.environment });
	try {
		for (const event of branchOfRollout(rollout, session.id)) session.append(event);
		session.append({ type: "note", t: Date.now(), text: `taken up from the run ${folder}: ${rollout.key}` });
		session.close();
		return session.id;
	} catch (error) {
		session.abandon();
		throw error;
	}
}

/** With its tests, which a rollout has not: from the run's problem files, where they still are. */
async function wholeProblem(folder: string, { problems }: RunSheet, of: Problem): Promise<Problem> {
	if (of.domain !== "code") return of;
	for (const { file } of problems) {
		try {
			for await (const problem of readProblems(resolve(folder, file)))
				if (problem.id === of.id && problem.problem === of.problem) return problem;
		} catch {
			// Moved or changed since: the answer then cannot be checked, and that is said when it ends.
		}
	}
	return of;
}
