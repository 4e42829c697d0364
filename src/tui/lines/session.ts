/**
 * A session in lines: reads what happens aloud and does what a person says. The loop's logic is Live's, the words are
 * those of words.ts, and what is told stands in reader.ts and says.ts.
 */
import type { FenceRules } from "../../hints/fences.ts";
import type { Live } from "../../reason/live.ts";
import type { Branch } from "../../trace/fold.ts";
import { visibleLine } from "../../trace/visible.ts";
import { Hold, isGrowing } from "../session/deeds.ts";
import type { Dialogue } from "./dialogue.ts";
import { hintDeeds } from "./hint-deeds.ts";
import { keepDeeds } from "./keep-deeds.ts";
import type { Deeds, Place } from "./place.ts";
import type { LinePython } from "./python.ts";
import { readDeeds } from "./read-deeds.ts";
import { Reader } from "./reader.ts";
import { counted } from "./says.ts";
import { traceDeeds } from "./trace-deeds.ts";
import { trouble, type Voice } from "./voice.ts";

export type SessionDeps = {
	readonly live: Live;
	readonly python: LinePython;
	readonly voice: Voice;
	readonly dialogue: Dialogue;
	readonly rules: (branch: Branch) => FenceRules;
	readonly cwd: string;
	/** Where the session's journal lies. */
	readonly journal: string;
	/** What the trace waits for, in words: a model that loads. */
	readonly waits: () => string | undefined;
	/** The next problem of the set. */
	readonly next: () => Promise<void>;
	/** How hints go in is to hold for later traces too. */
	readonly keepHints: (changes: Partial<Live["hints"]>) => void;
	readonly replay: () => void;
	readonly now?: () => number;
	readonly silenceMs?: number;
};

/** What the deeds of a session work on. */
export type Here = SessionDeps & {
	readonly reader: Reader;
	readonly hold: Pick<Hold, "hold" | "release" | "drop" | "inject">;
};

/** Lines of a session that is opened again: enough to know where it stands. */
const LAST_LINES = 3;

export class LineSession implements Place {
	readonly live: Live;
	readonly reader: Reader;
	readonly deeds: Deeds;
	readonly #deps: SessionDeps;

	constructor(deps: SessionDeps) {
		const { live, voice, rules, now, silenceMs } = deps;
		this.#deps = deps;
		this.live = live;
		this.reader = new Reader({
			live,
			voice,
			rules,
			...(now ? { now } : {}),
			...(silenceMs === undefined ? {} : { silenceMs }),
		});
		const here: Here = { ...deps, reader: this.reader, hold: unspoken(new Hold(live), this.reader) };
		this.deeds = { ...hintDeeds(here), ...traceDeeds(here), ...readDeeds(here), ...keepDeeds(here) };
	}

	/** Where one is: the problem, and of a session that was kept how far it came. */
	introduce(): void {
		const { voice } = this.#deps;
		const { problem, state, id, status } = this.live;
		const name = state.name === undefined ? "" : `, ${visibleLine(state.name)}`;
		voice.say(`Session ${id}${name}. The problem: ${problem.problem.trim()}`);
		for (const choice of problem.choices ?? []) voice.say(choice);
		const { units } = this.reader;
		if (units.length === 0) return;
		const { size } = state.branches;
		const of = size > 1 ? `Branch ${this.live.branch} of ${size}, ` : "";
		voice.say(`${of}${counted(units.length, "line")}. The last of them:`);
		this.reader.read(units.slice(-LAST_LINES));
		if (status === "ended") this.reader.again();
		else voice.say("It was broken off here: Enter goes on.");
	}

	enter(): void {
		const { live, reader } = this;
		if (live.status === "asking" || live.status === "ended") reader.again();
		else if (isGrowing(live)) this.#pause();
		else live.goOn();
	}

	#pause(): void {
		const running = this.live.status === "running";
		this.live.pause();
		if (running) this.#deps.voice.say("It pauses as soon as the block in Python has ended.");
	}

	interrupt(): boolean {
		const { python, voice } = this.#deps;
		if (python.busy) {
			python.interrupt().catch((error: unknown) => voice.say(trouble("error", String(error))));
			return true;
		}
		if (!isGrowing(this.live)) return false;
		void this.live.stop();
		return true;
	}

	async close(): Promise<void> {
		this.reader.flush();
		this.reader.close();
		await Promise.allSettled([this.live.close(), this.#deps.python.close()]);
	}
}

/** Whoever is asked something, or puts a hint in, knows why the model waits. */
function unspoken(hold: Hold, reader: Reader): Here["hold"] {
	return {
		hold: () => {
			reader.holding(true);
			hold.hold();
		},
		release: () => {
			hold.release();
			reader.holding(false);
		},
		drop: () => {
			hold.drop();
			reader.holding(false);
		},
		inject: async (hint) => {
			reader.holding(true);
			try {
				await hold.inject(hint);
			} finally {
				reader.holding(false);
			}
		},
	};
}
