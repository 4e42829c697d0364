/**
 * A sample as the events of a session: what the panes of a session show of it. Places in the trace are those of the
 * sample's text without its prompt, end of turn and all, so that what one points at can be edited.
 *
 * A sample does not keep how a block ended, nor how long it took: whether it failed is read off what Python said, and the
 * time is not known (NaN).
 */
import type { FenceDialect } from "../../hints/marker.ts";
import { type BlockVerdict, type EndReason, JOURNAL_VERSION, type TraceEvent } from "../../trace/events.ts";
import type { Sample, SampleHint } from "../../trace/sample.ts";
import { codeOf } from "./review-edits.ts";

const BRANCH = "main";
/** The word at the end of a text: the one that a hint stands after. */
const WORD = /([\p{L}'-]+)[^\p{L}]*$/u;
const WORD_UNITS = 64;
const FAILED = /^(?:Traceback \(most recent call last\)|(?:\w+\.)*\w*(?:Error|Exception|Interrupt)\b.*)$/m;
const TIMED_OUT = /\btimed? ?out\b/i;

export function blockVerdict(output: string): BlockVerdict {
	return FAILED.test(output) ? "error" : TIMED_OUT.test(output) && output.length < 400 ? "timeout" : "ok";
}

/** What Python said, without what frames it. */
export function saidOf(output: string, { outputOpen, outputClose }: FenceDialect): string {
	let said = output;
	const at = said.indexOf(outputOpen.trimStart());
	if (at >= 0 && said.slice(0, at).trim() === "") said = said.slice(at + outputOpen.trimStart().length);
	const close = outputClose.trim();
	const end = said.lastIndexOf(close);
	return close !== "" && end >= 0 && said.slice(end + close.length).trim() === "" ? said.slice(0, end) : said;
}

/** `before`: the sample as it was made, which tells which of its hints still stand. */
export function* eventsOfSample(
	sample: Sample,
	before: Sample,
	dialect: FenceDialect,
): Generator<TraceEvent, void> {
	const { problem, verdict, answer, segments, versions, end } = sample;
	const begun = Date.parse(sample.created);
	const on = { branch: BRANCH, t: Number.isNaN(begun) ? 0 : begun };
	const id = sample.id;
	yield {
		type: "session",
		t: on.t,
		version: JOURNAL_VERSION,
		id,
		problem: {
			id: sample.question_id,
			domain: sample.domain as "math",
			problem,
			...(sample.gold === undefined ? {} : { answer: sample.gold }),
			...(sample.source === undefined ? {} : { source: sample.source }),
		},
		nudge: versions.nudge ?? "",
		environment: versions as never,
	};
	const { model, engine, exact, policy, sampling } = sample;
	const budgets = { maxTokens: 0, maxCalls: 0, maxRounds: 0 };
	const settings = { engine, model, exact, dialect: sample.dialect, policy, sampling, budgets };
	yield { type: "branch", ...on, settings, by: "policy" };
	const hints = hintsOf(sample, before);
	const codes = codeOf(sample, dialect);
	let at = 0;
	let block = 0;
	let said = "";
	for (const { kind, text } of segments) {
		if (kind === "prompt") continue;
		if (kind === "model") yield { type: "tokens", ...on, text, segment: 0 };
		else if (kind === "edit") yield { type: "edit", ...on, at, text };
		else if (kind === "hint") {
			const hint = hints.shift();
			const word = hint?.marker === "after-word" ? WORD.exec(said)?.[1] : undefined;
			if (word !== undefined) yield { type: "marker", ...on, marker: "after-word", at, word, index: 0 };
			yield {
				type: "hint",
				...on,
				at,
				text,
				hint: hint?.id ?? "",
				kind: hint?.kind ?? "",
				wording: hint?.wording ?? "",
				marker: hint?.marker ?? "",
				by: hint?.by === "person" ? "person" : "policy",
			};
		} else {
			const output = saidOf(text, dialect);
			const how = { verdict: blockVerdict(output), durationMs: Number.NaN };
			yield { type: "call", ...on, block: ++block, code: codes[block - 1] ?? "" };
			yield { type: "output", ...on, block, text, output, ...how };
		}
		at += text.length;
		said = text.slice(-WORD_UNITS);
	}
	const usage = sample.usage ?? { sampledTokens: 0, hints: hints.length, calls: block, durationMs: 0 };
	if (end !== undefined) yield { type: "end", ...on, reason: end as EndReason, usage };
	const answered = answer === undefined ? {} : { answer };
	yield { type: "outcome", ...on, verdict, ...answered, usage, session: id };
}

/** What is known of each hint that stands, in their order: an edit may have taken one out, or its beginning or end. */
function hintsOf(sample: Sample, before: Sample): (SampleHint | undefined)[] {
	const was = before.segments.filter(({ kind }) => kind === "hint");
	let next = 0;
	return sample.segments
		.filter(({ kind }) => kind === "hint")
		.map(({ text }) => {
			const found = was.findIndex((hint, index) => index >= next && hint.text.includes(text));
			if (found < 0) return undefined;
			// Two parts of one hint follow one another.
			next = was[found]?.text === text ? found + 1 : found;
			return before.hints[found];
		});
}
