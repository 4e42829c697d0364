/** A session read again as it was made: with its pauses at any speed, or step by step. Nothing in it can be changed. */
import type { FenceRules } from "../../hints/fences.ts";
import { Replay } from "../../reason/replay.ts";
import type { TraceEvent } from "../../trace/events.ts";
import type { Branch } from "../../trace/fold.ts";
import type { Deeds, Place } from "./place.ts";
import { Reader } from "./reader.ts";
import type { Voice } from "./voice.ts";

export type LineReplayOptions = {
	readonly id: string;
	readonly events: readonly TraceEvent[];
	readonly voice: Voice;
	readonly rules: (branch: Branch) => FenceRules;
	readonly leave: () => void;
};

export class LineReplay implements Place {
	readonly deeds: Deeds;
	readonly #replay: Replay;
	readonly #reader: Reader;

	constructor({ id, events, voice, rules, leave }: LineReplayOptions) {
		const replay = new Replay({ id, events });
		this.#replay = replay;
		this.#reader = new Reader({ live: replay, voice, rules, replays: true });
		const where = (): void => {
			const { done, total } = replay.progress;
			voice.say(`Event ${done} of ${total}.`);
		};
		const skip = (by: 1 | -1): void => {
			replay.skip(by);
			this.#reader.flush();
			where();
		};
		this.deeds = {
			"replay.pause": { do: () => this.enter() },
			"replay.forward": { do: () => skip(1) },
			"replay.back": { do: () => skip(-1) },
			"replay.faster": { do: () => voice.say(`Speed ${replay.faster(1)}.`) },
			"replay.slower": { do: () => voice.say(`Speed ${replay.faster(-1)}.`) },
			"replay.end": { do: () => replay.toEnd() },
			"replay.leave": { do: leave },
			status: { do: () => where() },
			lines: {
				do: () => this.#reader.read(this.#reader.units.slice(-10)),
			},
		};
		voice.say(
			`Replay of session ${id}, ${replay.progress.total} events. Enter holds it and lets it go on; forward, back, faster, slower, end, leave.`,
		);
		replay.goOn();
	}

	enter(): void {
		if (this.#replay.status === "thinking") this.#replay.pause();
		else this.#replay.goOn();
	}

	interrupt(): boolean {
		if (this.#replay.status !== "thinking") return false;
		this.#replay.pause();
		return true;
	}

	async close(): Promise<void> {
		this.#reader.close();
		await this.#replay.close();
	}
}
