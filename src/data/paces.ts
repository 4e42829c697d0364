/**
 * The pace of several engines: each has a level of its own, and what it brings, refuses or fails at moves that alone. A
 * fixed number is shared evenly among those that are well.
 *
 * What always holds: the level is the sum of those that are well. Where none is, it is what all together had: what is
 * begun then says that they are all out, and the run rests.
 */
import type { Engine } from "../engine/engine.ts";
import type { ManyEngines } from "../engine/many.ts";
import { TraceEngine } from "../engine/many-trace.ts";
import { Pace, type Pacing } from "./pace.ts";

const MOST_AT_ONCE = 512;
/** A server is asked for so many at first. */
const FIRST_AT_ONCE = 4;

/** `parallel`: what each engine says that it bears, where it does. */
export function pacingOf(
	many: ManyEngines,
	atOnce: number | "auto",
	parallel: readonly (number | undefined)[],
): Paces | FixedTogether {
	if (atOnce !== "auto") return new FixedTogether(many, atOnce);
	return new Paces(
		many,
		parallel.map((each) =>
			each === undefined
				? new Pace({ start: FIRST_AT_ONCE, most: MOST_AT_ONCE })
				: new Pace({ start: Math.min(2, each), most: 2 * each }),
		),
	);
}

abstract class Together implements Pacing {
	onMore?: () => void;
	protected readonly many: ManyEngines;

	constructor(many: ManyEngines) {
		this.many = many;
		many.onRoom = () => this.onMore?.();
	}

	abstract readonly level: number;
	abstract brought(tokens: number, running: number, nowMs: number, engine: Engine): void;
	abstract refused(running: number, nowMs: number, engine: Engine): void;

	prefers(problem: string): boolean {
		return this.many.hasRoomAtHome(problem);
	}
}

export class Paces extends Together {
	readonly #paces: readonly Pace[];

	/** `paces`: one for each member, in their order. */
	constructor(many: ManyEngines, paces: readonly Pace[]) {
		super(many);
		this.#paces = paces;
		many.limit = (member) => paces[member]!.level;
	}

	get level(): number {
		const { members } = this.many;
		const well = this.#paces.filter((_, i) => members[i]!.out === undefined);
		return (well.length > 0 ? well : this.#paces).reduce((sum, pace) => sum + pace.level, 0);
	}

	brought(tokens: number, _running: number, nowMs: number, engine: Engine): void {
		const at = placeOf(engine);
		const pace = this.#paces[at];
		if (!pace) return;
		const { level } = pace;
		pace.brought(tokens, this.many.members[at]!.traces, nowMs);
		if (pace.level > level) this.many.wake();
	}

	refused(_running: number, nowMs: number, engine: Engine): void {
		const at = placeOf(engine);
		// Who was refused has left its place already.
		this.#paces[at]?.refused(this.many.members[at]!.traces, nowMs);
	}
}

export class FixedTogether extends Together {
	readonly level: number;

	constructor(many: ManyEngines, level: number) {
		super(many);
		this.level = level;
		many.limit = () => Math.ceil(level / Math.max(1, many.members.filter(({ out }) => !out).length));
	}

	brought(): void {}
	refused(): void {}
}

/** Which member a trace is on, or was last. */
function placeOf(engine: Engine): number {
	return engine instanceof TraceEngine ? engine.at : -1;
}
