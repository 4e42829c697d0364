/** A session's whole state as plain JSON: maps and sets as lists, in the order they were made. */
import type { SessionState } from "./fold.ts";

export function plainOf(state: SessionState): object {
	const { session, problem, branches, marks, tags, ...rest } = state;
	return {
		session,
		problem,
		...rest,
		tags: [...tags],
		marks: Object.fromEntries(marks),
		branches: [...branches.values()],
	};
}
