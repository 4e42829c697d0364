/** What every script here shares: repeated, interleaved timing of two things, and a ratio with its spread. */
import { cpus } from "node:os";

export type Spread = { readonly p50: number; readonly p05: number; readonly p95: number };

export function spread(values: readonly number[]): Spread {
	const sorted = [...values].sort((a, b) => a - b);
	const at = (share: number): number =>
		sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
	return { p50: at(0.5), p05: at(0.05), p95: at(0.95) };
}

/** Times two things in turns, so that what else the machine does weighs on both. Milliseconds. */
export async function inTurns(
	times: number,
	ours: () => Promise<number> | number,
	baseline: () => Promise<number> | number,
): Promise<{ ours: Spread; baseline: Spread; ratio: Spread }> {
	const a: number[] = [];
	const b: number[] = [];
	for (let i = 0; i < times; i++) {
		b.push(await baseline());
		a.push(await ours());
	}
	return {
		ours: spread(a),
		baseline: spread(b),
		ratio: spread(a.map((value, index) => value / (b[index] ?? Number.NaN))),
	};
}

export const show = ({ p50, p05, p95 }: Spread, unit = "", digits = 1): string =>
	`${p50.toFixed(digits)}${unit} (5 % ${p05.toFixed(digits)}, 95 % ${p95.toFixed(digits)})`;

export function heading(what: string): void {
	process.stdout.write(`${what}\nNode ${process.versions.node}, ${cpus().length} cores\n`);
}

export const line = (name: string, value: string): void => {
	process.stdout.write(`  ${name.padEnd(46)} ${value}\n`);
};
