/**
 * The border between a line of a journal and an event: what a known event must have for the rest of the program to trust
 * it. Types and fields that are not named here pass through unseen, so that a journal of a later version can be read.
 */
import type { TraceEvent } from "./events.ts";

/** Says what is wrong with a value, or nothing. */
type Check = (value: unknown) => string | undefined;
/** By field; a name that ends in "?" may be absent. */
type Shape = Readonly<Record<string, Check>>;

const ofType =
	(type: "string" | "number" | "boolean"): Check =>
	(value) =>
		typeof value === type ? undefined : `is not a ${type}`;

const string = ofType("string");
const number = ofType("number");
const boolean = ofType("boolean");

const listOf =
	(check: Check): Check =>
	(value) => {
		if (!Array.isArray(value)) return "is not a list";
		for (const item of value) {
			const wrong = check(item);
			if (wrong) return `has an item that ${wrong}`;
		}
		return undefined;
	};

const shaped =
	(shape: Shape): Check =>
	(value) => {
		if (typeof value !== "object" || value === null || Array.isArray(value)) return "is not an object";
		return misfitOf(value as Record<string, unknown>, shape);
	};

function misfitOf(fields: Record<string, unknown>, shape: Shape): string | undefined {
	for (const key in shape) {
		const optional = key.endsWith("?");
		const name = optional ? key.slice(0, -1) : key;
		const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
		if (value === undefined && optional) continue;
		const wrong = shape[key]!(value);
		if (wrong) return `"${name}" ${wrong}`;
	}
	return undefined;
}

const on = { branch: string };
const grows = { ...on, text: string, "ids?": listOf(number) };
const usage = shaped({ sampledTokens: number, hints: number, calls: number, durationMs: number });
const problem = shaped({
	id: string,
	domain: string,
	problem: string,
	"answer?": string,
	"source?": string,
	"choices?": listOf(string),
});
const settings = shaped({
	engine: string,
	model: string,
	exact: boolean,
	dialect: string,
	policy: string,
	sampling: shaped({ temperature: number, seed: number }),
});

const SHAPES: Readonly<Record<TraceEvent["type"], Shape>> = {
	session: { version: number, id: string, problem, nudge: string, environment: shaped({}) },
	branch: { ...on, "parent?": shaped({ branch: string, at: number }), settings, by: string },
	header: grows,
	tokens: { ...grows, "lens?": listOf(number), segment: number },
	marker: { ...on, marker: string, at: number, "word?": string },
	proposal: { ...on, at: number, hint: string, text: string },
	decision: { ...on, at: number, decision: string, by: string, reason: string, "hint?": string },
	hint: { ...grows, at: number, hint: string, kind: string, wording: string, marker: string, by: string },
	call: { ...on, block: number, code: string },
	output: { ...grows, block: number, output: string, verdict: string, durationMs: number },
	limit: { ...grows, block: number },
	edit: { ...grows, at: number },
	notice: { ...on, level: string, text: string },
	end: { ...on, reason: string, usage, "message?": string, "eos?": string, "eosIds?": listOf(number) },
	outcome: { ...on, verdict: string, "answer?": string, usage },
	name: { name: string },
	tag: { tag: string, on: boolean },
	note: { text: string },
	mark: { ...on, mark: string },
};

/** What a Date can hold (ECMA-262 21.4.1.1). */
const LAST_MS = 8.64e15;
const time: Check = (value) =>
	typeof value === "number" && Math.abs(value) <= LAST_MS ? undefined : "is not a time in milliseconds";

const ANY: Shape = { type: string, t: time };

/** An event, or the reason why the text is none. */
export function parseEvent(text: string): TraceEvent | string {
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch {
		return "not JSON";
	}
	if (typeof value !== "object" || value === null || Array.isArray(value)) return "not a JSON object";
	const event = value as Record<string, unknown>;
	const type = String(event.type);
	const shape = Object.hasOwn(SHAPES, type) ? SHAPES[type as TraceEvent["type"]] : {};
	const misfit = misfitOf(event, ANY) ?? misfitOf(event, shape);
	return misfit === undefined ? (value as TraceEvent) : `${type}: ${misfit}`;
}
