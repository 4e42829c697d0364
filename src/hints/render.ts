/**
 * From a hint to the text that goes into the stream. The frame contract: a wording is a fragment; its frame brings the
 * comma or "Wait, " before it, the full stop and newline behind it, then, for a hint that opens code, the dialect's opening
 * fence line and the hint's template. A model that was trained on such hints knows exactly these frames.
 */
import type { Problem } from "../trace/events.ts";
import { visibleExamples } from "./examples.ts";
import type { Frames, Hint } from "./hint.ts";
import type { FenceDialect, MarkerKind } from "./marker.ts";

export type RenderContext = {
	readonly marker: MarkerKind;
	/** The assistant's text up to where the hint goes in. */
	readonly before: string;
	readonly wordingIndex: number;
	readonly dialect: FenceDialect;
	readonly problem?: Problem;
	readonly frames: Frames;
};

/** Undefined when the template asks for something that the problem does not have. */
export function render(
	hint: Hint,
	context: RenderContext,
): { readonly text: string; readonly wording: string } | undefined {
	const wording = hint.wordings[context.wordingIndex % hint.wordings.length];
	if (wording === undefined) return undefined;
	const template = fillTemplate(hint, context.problem);
	if (template === undefined) return undefined;
	const frame = hint.frames?.[context.marker] ?? context.frames[context.marker];
	const opens = hint.opens === "code";
	return {
		wording,
		text: fill(frame, {
			newline: context.before === "" || context.before.endsWith("\n") ? "" : "\n",
			wording,
			open: opens ? codeOpening(context.dialect) : "",
			template: opens ? template : "",
		}),
	};
}

/** The line or lines with which a dialect opens a block that runs. */
export function codeOpening(dialect: FenceDialect): string {
	return `${dialect.codeOpen}\n`;
}

/** What a template may ask of a problem: Python literals. */
export const TEMPLATE_FIELDS = ["program_examples", "call_examples"] as const;
export const FRAME_FIELDS = ["newline", "wording", "open", "template"] as const;

/** The `{{fields}}` a text asks for. */
export function fieldsOf(text: string): string[] {
	return [...text.matchAll(/\{\{(\w*)\}\}/g)].map((match) => match[1]!);
}

/** Empty where the hint has no template; undefined where a field of it cannot be filled. */
function fillTemplate(hint: Hint, problem: Problem | undefined): string | undefined {
	if (hint.template === undefined) return "";
	const asked = fieldsOf(hint.template);
	if (asked.length === 0) return hint.template;
	if (!problem) return undefined;
	const { programs, calls } = visibleExamples(problem);
	if (asked.includes("program_examples") && programs.length === 0) return undefined;
	if (asked.includes("call_examples") && calls.length === 0) return undefined;
	return fill(hint.template, {
		program_examples: pythonPairs(programs.map((one) => [one.input, one.output])),
		call_examples: pythonPairs(calls.map((one) => [one.call, one.expected])),
	});
}

function fill(text: string, values: Readonly<Record<string, string>>): string {
	return text.replace(/\{\{(\w*)\}\}/g, (whole, name: string) => values[name] ?? whole);
}

/** A JSON string is a Python string as well. */
function pythonPairs(pairs: readonly (readonly [string, string])[]): string {
	const lines = pairs.map(([a, b]) => `    (${JSON.stringify(a)}, ${JSON.stringify(b)}),\n`);
	return `[\n${lines.join("")}]`;
}
