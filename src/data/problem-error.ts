/** A problem file, or a problem, that cannot be used: where, what, and what to do. */
export class ProblemError extends Error {
	override readonly name = "ProblemError";
}
