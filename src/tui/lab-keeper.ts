/**
 * The lab of the screen: opened behind the first frame, changed for another when another engine is chosen, and what is to
 * be said of it meanwhile. One that no longer holds is closed when nothing uses it any more.
 */
import type { Lab, LabHooks, LabSettings } from "../reason/lab.ts";
import type { Readiness } from "./views/start-page.ts";

export type LabOpener = (settings: LabSettings, hooks: LabHooks) => Promise<Lab>;

/** When the program ends. */
const OPENED_WITHIN_MS = 300;

export class LabKeeper {
	readonly #open: LabOpener;
	readonly #hooks: LabHooks;
	readonly #changed: () => void;
	#settings: LabSettings;
	#lab: Promise<Lab> | undefined;
	#engine: Readiness;
	#python: Readiness = { what: "python", state: "working", says: "Python is being looked for" };
	#round = 0;

	constructor(settings: LabSettings, open: LabOpener, hooks: LabHooks, changed: () => void) {
		this.#settings = settings;
		this.#open = open;
		this.#changed = changed;
		this.#engine = { what: "engine", state: "working", says: `${nameOf(settings)} is loading` };
		this.#hooks = {
			...hooks,
			onProgress: (says) => {
				hooks.onProgress?.(says);
				this.#say({ what: "python", state: "working", says, ...countsOf(says) });
			},
		};
	}

	get settings(): LabSettings {
		return this.#settings;
	}

	get readiness(): readonly Readiness[] {
		return [this.#engine, this.#python];
	}

	/** Begun at the first call. A lab that could not be opened is tried again. */
	get lab(): Promise<Lab> {
		this.#lab ??= this.#begin();
		return this.#lab;
	}

	/** Traces begun from here on are made so. Only another engine or another Python is a new lab. */
	change(settings: LabSettings): void {
		const before = this.#settings;
		this.#settings = settings;
		const same =
			JSON.stringify([before.engine, before.python, before.dialect]) ===
			JSON.stringify([settings.engine, settings.python, settings.dialect]);
		if (same) {
			void this.#lab?.then(
				(lab) => lab.change(settings),
				() => {},
			);
			return;
		}
		const old = this.#lab;
		this.#lab = undefined;
		void old?.then(
			(lab) => lab.close(),
			() => {},
		);
		void this.lab.catch(() => {});
	}

	/** One that is still being opened is not waited for: its processes end with this one. */
	async close(): Promise<void> {
		this.#round++;
		const late = new Promise<void>((resolve) => setTimeout(resolve, OPENED_WITHIN_MS));
		const lab = await Promise.race([this.#lab?.catch(() => {}), late]);
		await lab?.close();
	}

	async #begin(): Promise<Lab> {
		const round = ++this.#round;
		const settings = this.#settings;
		this.#say({ what: "engine", state: "working", says: `${nameOf(settings)} is loading` });
		try {
			const lab = await this.#open(settings, this.#hooks);
			if (round !== this.#round) return lab;
			this.#say({ what: "engine", state: "ready", says: `${lab.engine.info.model} is ready` });
			lab.pythonReady.then(
				() => this.#say({ what: "python", state: "ready", says: "Python is ready" }, round),
				(error: unknown) => this.#say({ what: "python", state: "failed", says: wordsOf(error) }, round),
			);
			return lab;
		} catch (error) {
			if (round === this.#round) {
				this.#lab = undefined;
				this.#say({ what: "engine", state: "failed", says: wordsOf(error) });
				this.#say({ what: "python", state: "working", says: "Python waits for an engine" });
			}
			throw error;
		}
	}

	#say(readiness: Readiness, round = this.#round): void {
		if (round !== this.#round) return;
		if (readiness.what === "engine") this.#engine = readiness;
		else this.#python = readiness;
		this.#changed();
	}
}

function nameOf({ engine }: LabSettings): string {
	if (engine === "embedded") return "nudge-tiny";
	return [engine]
		.flat()
		.map((one) => (typeof one === "string" ? one : one.type))
		.join(", ");
}

/** "... (3 of 9)": how far the making of Python is. */
function countsOf(says: string): { done?: number; total?: number } {
	const found = /\((\d+) of (\d+)\)/.exec(says);
	return found ? { done: Number(found[1]), total: Number(found[2]) } : {};
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
