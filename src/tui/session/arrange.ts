/** A change to how the panes are arranged, held within what can be seen. */
import type { Arrangement } from "./layout.ts";

const LEAST_SHARE = 0.15;

export function arranged(now: Arrangement, change: Partial<Arrangement>): Arrangement {
	const next = { ...now, ...change };
	return { ...next, split: held(next.split), upper: held(next.upper) };
}

const held = (share: number): number => Math.max(LEAST_SHARE, Math.min(1 - LEAST_SHARE, share));
