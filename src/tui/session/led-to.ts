/** What a hint led to: whether code ran behind it, with which verdicts, and whether the answer is another than before. */
import { extractAnswer } from "../../score/answer.ts";
import type { BlockVerdict, EventOf } from "../../trace/events.ts";
import type { Branch } from "../../trace/fold.ts";

export type Led = {
	/** Verdicts of the blocks between this hint and the next one, in order; undefined while one runs. */
	readonly blocks: readonly (BlockVerdict | undefined)[];
	/** The last answer before the hint, and the last one that came after it and before the next. */
	readonly before?: string;
	readonly after?: string;
};

export function ledTo(branch: Branch, hint: EventOf<"hint">, next: number | undefined): Led {
	const until = next ?? Number.POSITIVE_INFINITY;
	const blocks = branch.calls
		.filter(({ at }) => at > hint.at && at <= until)
		.map(({ output }) => output?.verdict);
	const { before, after } = answersAround(branch, hint.at, until);
	return {
		blocks,
		...(before === undefined ? {} : { before }),
		...(after === undefined ? {} : { after }),
	};
}

/** In a few words: "code ok, answer 99 -> 110968". Empty while nothing is known. */
export function sayLed({ blocks, before, after }: Led): string {
	const says: string[] = [];
	if (blocks.length > 0) says.push(`code ${blocks.map((verdict) => verdict ?? "runs").join(", ")}`);
	if (after !== undefined) {
		if (before === undefined) says.push(`answer ${after}`);
		else says.push(before === after ? `same answer ${after}` : `answer ${before} -> ${after}`);
	}
	return says.join(", ");
}

function answersAround(branch: Branch, at: number, until: number): { before?: string; after?: string } {
	let text = "";
	for (const span of branch.spans) {
		text += span.text;
		if (text.length >= until) break;
	}
	if (!text.includes("\\boxed")) return {};
	const before = extractAnswer(text.slice(0, at))?.answer;
	const after = extractAnswer(text.slice(at, until))?.answer;
	return { ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
}
