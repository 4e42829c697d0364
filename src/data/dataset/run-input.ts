/**
 * A run as datasets are built from it: every rollout once, looked at only as far as its fate needs.
 *
 * The beginning of a line (key, problem, sample, settings, verdict, answer, end, usage) says enough of most rollouts;
 * spans, which are nearly all of the bytes, are parsed only where somebody asks. Inside a JSON string a quote is escaped,
 * so the bytes `,"hints":[` are the field and nothing else.
 *
 * What always holds: verdicts are those in force (given afterwards by `nudge score`, or the rollout's own); a rollout of
 * other settings than the run's is a stranger and left out; a line is damaged if its beginning is no rollout, if it is not
 * UTF-8, was not ended, holds the beginning of another one or a zero byte, or is no JSON where all of it was asked for.
 */
import { isUtf8 } from "node:buffer";
import { statSync } from "node:fs";
import { basename } from "node:path";
import type { Traced } from "../../trace/sample.ts";
import { keyOf, parseRollout, type Rollout } from "../rollout.ts";
import { rolloutFiles, writersOf } from "../run-folder.ts";
import { sheetOf } from "../run-merge.ts";
import { type RunSheet, totalOf } from "../run-sheet.ts";
import { type Rescored, rescored } from "../scores.ts";
import { eachRawLine } from "./raw-lines.ts";

/** What the beginning of a line says. */
export type Head = Pick<Rollout, "key" | "problem" | "sample" | "settings" | "verdict" | "end" | "usage"> & {
	readonly answer?: string;
	readonly why?: string;
};

/** Where a rollout's line is. */
export type Place = { readonly file: string; readonly at: number; readonly bytes: number };

export type RunInput = {
	readonly folder: string;
	readonly name: string;
	readonly role?: string;
	readonly sheet: RunSheet;
	readonly files: readonly string[];
	/** Of all files. */
	readonly bytes: number;
	readonly verdicts: ReadonlyMap<string, Rescored>;
	/** What whoever builds should be told: it is being sampled, it is not whole. */
	readonly writers: readonly string[];
};

export async function openRun(folder: string, role?: string, signal?: AbortSignal): Promise<RunInput> {
	const sheet = sheetOf(folder);
	const files = rolloutFiles(folder);
	return {
		folder,
		name: basename(folder),
		...(role === undefined ? {} : { role }),
		sheet,
		files,
		bytes: files.reduce((sum, file) => sum + statSync(file).size, 0),
		verdicts: await rescored(folder, signal),
		writers: writersOf(folder),
	};
}

export type Counted = {
	rollouts: number;
	duplicates: number;
	strangers: number;
	/** Lines that hold no rollout. */
	damaged: number;
	/** Some of them in words: file, line, why. */
	readonly damage: { readonly file: string; readonly line?: number; readonly why: string }[];
};

export type Looked = {
	readonly head: Head;
	/** The whole rollout, with the verdict in force; a string says what is wrong with the line. */
	readonly whole: () => Rollout | string;
	readonly place: Place;
};

/** `new` where nobody had the key before. A string: the line is damaged after all. */
export type TakeRollout = (looked: Looked) => "new" | "twice" | { readonly damaged: string };

/** Hands over every rollout of a run, in the order of its files. */
export async function eachRollout(
	input: RunInput,
	take: TakeRollout,
	options: { readonly signal?: AbortSignal | undefined; readonly onBytes?: (bytes: number) => void } = {},
): Promise<Counted> {
	const counted: Counted = { rollouts: 0, duplicates: 0, strangers: 0, damaged: 0, damage: [] };
	const { hash } = input.sheet;
	for (const file of input.files) {
		const reading = await eachRawLine(
			file,
			(bytes, at) => {
				const own = headOf(bytes);
				if (typeof own === "string") return own;
				if (own.key !== keyOf(own.problem.id, hash, own.sample)) {
					counted.strangers++;
					return undefined;
				}
				if (!Number.isSafeInteger(own.sample) || own.sample < 0)
					return `no rollout: its sample is ${own.sample}`;
				const head = inForce(own, input.verdicts);
				let parsed: Rollout | string | undefined;
				const whole = (): Rollout | string => {
					parsed ??= parseRollout(bytes.toString("utf8"));
					return typeof parsed === "string" ? parsed : inForce(parsed, input.verdicts);
				};
				const said = take({ head, whole, place: { file, at, bytes: bytes.length } });
				if (typeof said === "object") return said.damaged;
				if (said === "twice") counted.duplicates++;
				else counted.rollouts++;
				return undefined;
			},
			options,
		);
		counted.damaged += reading.damaged;
		for (const one of reading.bad) counted.damage.push({ file, ...one });
		// While somebody writes, the last line may be on its way.
		if (reading.torn && input.writers.length === 0) {
			counted.damaged++;
			counted.damage.push({ file, why: "a torn last line" });
		}
	}
	return counted;
}

const HINTS = Buffer.from(',"hints":[');
const BEGINNING = Buffer.from('{"key":"');
const CLOSE = 0x7d;

/** The rollout without what it says and ran; a string says what is wrong with the line. */
export function headOf(bytes: Buffer): Head | string {
	if (!isUtf8(bytes)) return "not UTF-8";
	const at = bytes.indexOf(HINTS);
	const sound = at > 0 && bytes.at(-1) === CLOSE && bytes.indexOf(BEGINNING, 1) < 0 && bytes.indexOf(0) < 0;
	if (sound) {
		try {
			const head = JSON.parse(`${bytes.toString("utf8", 0, at)}}`) as Partial<Head> | null;
			if (isHead(head)) return head;
		} catch {
			// Fields in another order: all of it is read.
		}
	}
	return parseRollout(bytes.toString("utf8"));
}

function isHead(head: Partial<Head> | null): head is Head {
	return (
		typeof head?.key === "string" &&
		typeof head.problem?.id === "string" &&
		typeof head.problem.problem === "string" &&
		typeof head.sample === "number" &&
		typeof head.verdict === "string" &&
		typeof head.usage?.sampledTokens === "number" &&
		typeof head.end?.reason === "string"
	);
}

function inForce<Row extends Head>(row: Row, verdicts: ReadonlyMap<string, Rescored>): Row {
	const given = verdicts.size > 0 ? verdicts.get(row.key) : undefined;
	if (!given) return row;
	const { verdict: _, answer: __, why: ___, ...rest } = row;
	return { ...rest, ...given } as Row;
}

/** A rollout with all that a sample says of it. */
export function tracedRollout(rollout: Rollout, { name, sheet }: Pick<RunInput, "name" | "sheet">): Traced {
	const { key, problem, settings, header, spans, end, hints, verdict, answer, usage, begun } = rollout;
	return {
		id: key,
		problem,
		settings,
		header,
		spans,
		end,
		hints,
		verdict,
		...(answer === undefined ? {} : { answer }),
		usage,
		versions: { ...sheet.environment, nudge: sheet.nudge },
		created: begun,
		origin: { run: name },
	};
}

/** What whoever builds should know of a run before it is read. */
export function runNews({ folder, sheet, writers }: RunInput, rollouts: number): string[] {
	const total = totalOf(sheet);
	const news: string[] = [];
	if (writers.length > 0)
		news.push(`${folder} is being sampled now: what comes later will not be in the dataset`);
	else if (rollouts < total) news.push(`${folder} is not whole: ${rollouts} of ${total} rollouts are there`);
	return news;
}
