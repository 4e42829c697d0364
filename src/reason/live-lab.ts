/** The lab of a session: it may still be loading, and where it could not be loaded it is asked for again. */
import type { Lab } from "./lab.ts";

/** What a session needs of a lab. */
export type LiveLab = Pick<
	Lab,
	"settings" | "engine" | "library" | "deps" | "traceSettings" | "openInterpreter"
>;

/** A function is asked whenever the trace is to grow, so that what failed can be tried anew and what was changed is taken up. */
export type LabSource = LiveLab | Promise<LiveLab> | (() => LiveLab | Promise<LiveLab>);

export class Loading {
	readonly #source: LabSource;
	#there: LiveLab | undefined;

	constructor(source: LabSource) {
		this.#source = source;
		// Its library is wanted as soon as it is there; why it is not is said to whoever needs it.
		this.load().catch(() => {});
	}

	/** As it was last loaded. */
	get there(): LiveLab | undefined {
		return this.#there;
	}

	async load(): Promise<LiveLab> {
		const asked = typeof this.#source === "function" ? this.#source() : this.#source;
		if (!(asked instanceof Promise)) this.#there = asked;
		this.#there = await asked;
		return this.#there;
	}
}
