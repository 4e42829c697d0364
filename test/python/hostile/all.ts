/** All hostile programs, and what they run against. */
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Limits } from "../../../src/python/interpreter.ts";
import { channel } from "./channel.ts";
import { memory } from "./memory.ts";
import { processes } from "./processes.ts";
import type { Hostile } from "./program.ts";
import { signals } from "./signals.ts";
import { walls } from "./walls.ts";

export const LIMITS: Limits = {
	timeoutMs: 700,
	memoryBytes: 256 * 1024 ** 2,
	outputChars: 2000,
	scratchBytes: 16 * 1024 ** 2,
	processes: 24,
};

export const SECRET_WORD = "wordOfASecretKey";

/** A folder with a secret that no program may see. */
export function secretFolder(): string {
	const folder = mkdtempSync(join(tmpdir(), "nudge-secret-"));
	writeFileSync(join(folder, "key"), SECRET_WORD);
	mkdirSync(join(folder, "inner"));
	process.env.NUDGE_TEST_API_KEY = SECRET_WORD;
	return folder;
}

/** In their groups. The word itself stands nowhere in them, since a program may find its own text. */
export function hostileGroups(secret: string): [string, Hostile[]][] {
	const reversed = [...SECRET_WORD].reverse().join("");
	const told = (programs: Hostile[]): Hostile[] =>
		programs.map((one) => ({
			...one,
			code: one.code.replaceAll("@SECRET@", secret).replaceAll("@DROW@", reversed),
		}));
	return [
		["that multiply or linger", told(processes)],
		["that are deaf or endless", told(signals)],
		["that want too much", told(memory)],
		["that attack the capture and the runner", told(channel)],
		["that look or reach outside", told(walls)],
	];
}
