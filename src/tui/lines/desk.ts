/**
 * What a person does in lines that belongs to no one place: begin a session, open one that was kept, the lists, leaving.
 * Owns what lives longer than a place: the lab, the problem set, the session that is open.
 *
 * What always holds: one line is done before the next is looked at, questions and all; what goes wrong is said and ends
 * nothing.
 */
import { join } from "node:path";
import { ProblemSet } from "../../data/problem-set.ts";
import type { FenceRules } from "../../hints/fences.ts";
import type { Live } from "../../reason/live.ts";
import { type LiveOptions, openLive } from "../../reason/live-session.ts";
import type { Problem } from "../../trace/events.ts";
import type { Branch } from "../../trace/fold.ts";
import { JOURNAL_FILE } from "../../trace/journal.ts";
import type { DeskWorkOptions } from "../desk-work.ts";
import { LabKeeper, type LabOpener } from "../lab-keeper.ts";
import type { Choices } from "../views/start/choices.ts";
import { deskDeeds } from "./desk-deeds.ts";
import { Dialogue } from "./dialogue.ts";
import { Listing } from "./listing.ts";
import { type Deeds, isOn, type Place, refusal } from "./place.ts";
import { Progress } from "./progress.ts";
import { LinePython } from "./python.ts";
import { LineReplay } from "./replay.ts";
import { rulesOfFiles } from "./rules.ts";
import { LineSession } from "./session.ts";
import { heardVetoMs } from "./settings.ts";
import { Start } from "./start.ts";
import { trouble, type Voice } from "./voice.ts";
import { welcomeSays } from "./welcome.ts";
import { LINE_WORDS, meantBy } from "./words.ts";

export type LineDeskOptions = Omit<DeskWorkOptions, "app" | "ended"> & {
	readonly voice: Voice;
	/** Mistakes of the settings or of the command line's wishes. */
	readonly says?: readonly string[];
	readonly openLab: LabOpener;
	readonly now?: () => number;
	readonly silenceMs?: number;
	readonly pasteMs?: number;
};

/** Two presses of Ctrl+C within this time leave. */
const TWICE_MS = 2_000;

export class LineDesk {
	readonly options: LineDeskOptions;
	readonly voice: Voice;
	readonly dialogue: Dialogue;
	readonly listing: Listing;
	readonly keeper: LabKeeper;
	set: ProblemSet;
	readonly #deeds: Deeds;
	readonly #progress: Progress;
	readonly #now: () => number;
	readonly #rules: (branch: Branch) => FenceRules;
	#choices: Choices;
	#place: Place;
	#session: LineSession | undefined;
	#interruptedAt = Number.NEGATIVE_INFINITY;
	#left = false;
	#resume: string | undefined;
	#closing: Promise<void> | undefined;

	constructor(options: LineDeskOptions) {
		const { voice, env, cwd, openLab, labSettings, beginning } = options;
		this.options = options;
		this.voice = voice;
		this.#now = options.now ?? Date.now;
		// What is announced has to be heard before it happens.
		this.#choices = { ...options.choices, vetoMs: heardVetoMs(options.choices.vetoMs) };
		this.#rules = rulesOfFiles({ env, cwd });
		this.dialogue = new Dialogue(voice, options.pasteMs);
		this.listing = new Listing(voice);
		this.set =
			"files" in beginning ? new ProblemSet(beginning.files, { map: beginning.map }) : new ProblemSet();
		this.keeper = new LabKeeper(
			labSettings(this.#choices),
			openLab,
			{
				env,
				cwd,
				onLibrary: () => voice.say("The hints were read anew."),
				onMistakes: (mistakes) => {
					for (const { file, line, message } of mistakes)
						voice.say(trouble("warning", `${file}:${line}: ${message}; the last good hints stay in force`));
				},
				confirmUnisolated: (says) =>
					this.dialogue.yes(`${says}\nRun the model's code without isolation? yes, or an empty line for no.`),
			},
			() => this.#progress.changed(),
		);
		this.#progress = new Progress({ voice, readiness: () => this.keeper.readiness });
		this.#deeds = deskDeeds(this);
		this.#place = new Start(this);
	}

	get choices(): Choices {
		return this.#choices;
	}

	get session(): LineSession | undefined {
		return this.#session;
	}

	/** How to take up again what was left unfinished. */
	get resume(): string | undefined {
		return this.#resume;
	}

	get cwd(): string {
		return this.options.cwd;
	}

	/** What words mean now. */
	get words(): Deeds {
		return { ...this.#deeds, ...this.#place.deeds };
	}

	/** From the first line to the last. */
	async run(): Promise<void> {
		const { beginning } = this.options;
		this.voice.say(welcomeSays(this.options, this.#choices));
		// The model loads behind the first lines.
		setImmediate(() => {
			if (!this.#closing) this.keeper.lab.catch(() => {});
		});
		if (beginning.at === "session") await this.openSession(beginning.id);
		else if (beginning.at === "problem") await this.beginProblem(beginning.problem);
		else (this.#place as Start).ask();
		while (!this.#left) {
			const line = await this.dialogue.next();
			if (line === undefined) break;
			try {
				await this.#obey(line);
			} catch (error) {
				this.voice.say(trouble("error", error instanceof Error ? error.message : String(error)));
			}
		}
	}

	leave(): void {
		this.#left = true;
		this.dialogue.end();
	}

	/** Ctrl+C. */
	interrupt(): void {
		const now = this.#now();
		if (now - this.#interruptedAt < TWICE_MS) {
			this.leave();
			return;
		}
		this.#interruptedAt = now;
		if (this.dialogue.cancel()) this.voice.say("The question is left.");
		else if (!this.#place.interrupt()) this.voice.say("Once more leaves nudge; everything is kept.");
	}

	async beginProblem(problem: Problem): Promise<void> {
		const { newSession } = this.options;
		await this.#open({ new: newSession(problem, String(this.keeper.settings.engine)) }, true);
	}

	async openSession(id: string): Promise<void> {
		if (this.#session?.live.id === id) this.voice.say(`You are in ${id} already.`);
		else await this.#open({ id }, false);
	}

	async nextProblem(): Promise<void> {
		const problem = await this.set.next(this.#session?.live.problem.id);
		if (problem) await this.beginProblem(problem);
		else this.voice.say("That was the last problem of the set. problems lists them, new asks for another.");
	}

	/** Problems come from this file from here on; undefined are the bundled ones. */
	takeSet(file: string | undefined): void {
		this.set.close();
		this.set = new ProblemSet(file === undefined ? undefined : [file]);
	}

	async toStart(): Promise<void> {
		await this.#leave();
		const start = new Start(this);
		this.#place = start;
		start.ask();
	}

	/** Throws what is wrong with the changes. */
	change(changes: Partial<Choices>): void {
		const wanted = { ...this.#choices, ...changes };
		const choices = { ...wanted, vetoMs: heardVetoMs(wanted.vetoMs) };
		this.keeper.change(this.options.labSettings(choices));
		this.#choices = choices;
		const { rounds, words, vetoMs } = choices;
		if ("rounds" in changes || "words" in changes || "vetoMs" in changes)
			this.#session?.live.setHints({ rounds, words, vetoMs });
	}

	/** Over whatever is open, from the journal as it stands. */
	replay(id: string): void {
		const { events } = this.options.store.read(id);
		const session = this.#place;
		const replay: LineReplay = new LineReplay({
			id,
			events,
			voice: this.voice,
			rules: this.#rules,
			leave: () => {
				void replay.close();
				this.#place = session;
				this.voice.say("The replay is left.");
			},
		});
		this.#place = replay;
	}

	close(): Promise<void> {
		this.#closing ??= this.#close();
		return this.#closing;
	}

	async #close(): Promise<void> {
		this.#left = true;
		this.dialogue.end();
		this.#progress.close();
		const { live } = this.#session ?? {};
		if (live && live.status !== "ended") this.#resume = `nudge open ${live.id}`;
		await this.#leave();
		this.set.close();
		await this.keeper.close();
	}

	async #obey(line: string): Promise<void> {
		const place = this.#place;
		if (line.trim() === "") return place.enter();
		const listed = /^\d+$/.test(line.trim()) ? this.listing.entry(Number(line)) : undefined;
		if (listed) return listed.take();
		if (await place.takes?.(line)) return;
		const deeds = this.words;
		const meant = meantBy(
			line,
			LINE_WORDS.filter((word) => deeds[word]),
			(word) => isOn(deeds, word),
		);
		if ("unknown" in meant) {
			this.voice.say(meant.unknown);
			return;
		}
		const { word, said, by } = meant;
		const why = deeds[word]?.not?.();
		if (why !== undefined) this.voice.say(refusal(word, why));
		else await deeds[word]?.do(said, by);
	}

	async #open(session: LiveOptions["session"], goOn: boolean): Promise<void> {
		await this.#leave();
		const { store, cwd } = this.options;
		const { mode, rounds, words, vetoMs } = this.#choices;
		const python = new LinePython({
			voice: this.voice,
			open: async () => (await this.keeper.lab).openInterpreter(),
		});
		let live: Live;
		try {
			live = openLive({
				store,
				lab: () => this.keeper.lab,
				session,
				hints: { mode, rounds, words, vetoMs },
				interpreter: () => python.interpreter(),
				now: this.#now,
			});
		} catch (error) {
			this.voice.say(trouble("error", (error as Error).message));
			await this.toStart();
			return;
		}
		const { voice, dialogue } = this;
		const { silenceMs } = this.options;
		const opened = new LineSession({
			live,
			python,
			voice,
			dialogue,
			rules: this.#rules,
			cwd,
			journal: join(store.folderOf(live.id), JOURNAL_FILE),
			waits: () =>
				this.keeper.readiness.find(({ what, state }) => what === "engine" && state !== "ready")?.says,
			next: () => this.nextProblem(),
			keepHints: (changes) => this.change(changes),
			replay: () => this.replay(live.id),
			now: this.#now,
			...(silenceMs === undefined ? {} : { silenceMs }),
		});
		this.#session = opened;
		this.#place = opened;
		this.listing.forget();
		opened.introduce();
		if (goOn) live.goOn();
	}

	/** The journal of a session is closed before it can be opened again. */
	async #leave(): Promise<void> {
		const session = this.#session;
		this.#session = undefined;
		if (this.#place !== session) await this.#place.close();
		await session?.close();
	}
}
