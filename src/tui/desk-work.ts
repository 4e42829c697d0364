/**
 * What a person does that belongs to no one view: begin a session, open one that was kept, go to the lists, choose a
 * theme, leave. Owns what lives longer than a view: the lab, the session that is open and its Python.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ProblemSet } from "../data/problem-set.ts";
import { policySaid } from "../hints/policy.ts";
import type { Lab, LabHooks, LabSettings } from "../reason/lab.ts";
import type { Live } from "../reason/live.ts";
import type { Problem } from "../trace/events.ts";
import { homes } from "../trace/home.ts";
import { JOURNAL_FILE } from "../trace/journal.ts";
import type { NewSession, SessionStore } from "../trace/store.ts";
import type { App } from "./app.ts";
import { JobsDesk } from "./jobs/jobs-desk.ts";
import type { CommandId } from "./keys/command-table.ts";
import { LabKeeper } from "./lab-keeper.ts";
import { PythonPane } from "./python/pane.ts";
import { isGrowing } from "./session/deeds.ts";
import { ReplayView } from "./session/replay-view.ts";
import { SessionView } from "./session/session-view.ts";
import { depthOf } from "./theme/choose.ts";
import { choose } from "./views/choose.ts";
import { confirm } from "./views/confirm.ts";
import { help } from "./views/help.ts";
import { palette } from "./views/palette.ts";
import { SessionsPage } from "./views/sessions-page.ts";
import { chooseEngine } from "./views/start/choose-engine.ts";
import { type Choices, StartPage } from "./views/start-page.ts";

/** Where the program begins: on the start page, at a problem, or in a session that was kept. */
/** Where problems come from; the bundled ones where nothing is named. `map` is what was said of the files' fields. */
type BeginningSet = { readonly files?: readonly string[]; readonly map?: string | undefined };

export type Beginning =
	| ({ readonly at: "start" } & BeginningSet)
	| ({ readonly at: "problem"; readonly problem: Problem } & BeginningSet)
	| { readonly at: "session"; readonly id: string };

export type DeskWorkOptions = {
	readonly app: App;
	readonly env: NodeJS.ProcessEnv;
	readonly cwd: string;
	readonly store: SessionStore;
	readonly beginning: Beginning;
	readonly choices: Choices;
	/** Settings of the run with what was chosen on the screen. Throws what the user is to read. */
	readonly labSettings: (choices: Choices) => LabSettings;
	readonly engines: readonly { readonly name: string; readonly says: string }[];
	readonly newSession: (problem: Problem, engine: string) => NewSession;
	readonly firstTime: boolean;
	/** The version of this program. */
	readonly nudge: string;
	/** The person wants to leave. */
	readonly ended: () => void;
};

/** Two presses of Ctrl+C within this time leave. */
const TWICE_MS = 2_000;

type Open = { readonly live: Live; readonly python: PythonPane; readonly view: SessionView };

export class DeskWork {
	readonly #options: DeskWorkOptions;
	readonly #app: App;
	readonly #keeper: LabKeeper;
	readonly #jobs: JobsDesk;
	#choices: Choices;
	#open: Open | undefined;
	#closing: Promise<unknown> = Promise.resolve();
	#set: ProblemSet | undefined;
	/** The problem that was thought about last: the start page comes back to it. */
	#last: string | undefined;
	/** Counts what is opened: only the last one wished for is shown. */
	#showing = 0;
	#interruptedAt = 0;
	#recent: CommandId[] = [];
	#resume: string | undefined;
	#lost: string | undefined;

	constructor(options: DeskWorkOptions) {
		this.#options = options;
		this.#app = options.app;
		this.#choices = options.choices;
		const { env, cwd } = options;
		const hooks: LabHooks = {
			env,
			cwd,
			onProgress: (says) => this.#open?.python.preparing(says),
			onLibrary: () => this.#app.say("the hints were read anew"),
			onMistakes: ([first]) => {
				if (first)
					this.#app.say(
						`${first.file}:${first.line}: ${first.message} (the last good hints stay in force)`,
						"warning",
					);
			},
			confirmUnisolated: (says) =>
				new Promise((resolve) =>
					confirm({
						desk: this.#app,
						title: "Run the model's code without isolation?",
						says,
						yes: "Run it unprotected",
						no: "Do not run it",
						done: resolve,
					}),
				),
		};
		this.#jobs = new JobsDesk({
			app: options.app,
			env,
			cwd,
			store: options.store,
			nudge: options.nudge,
			talk: (job, gguf) => this.#talk(job, gguf),
		});
		const open = async (settings: LabSettings, hooks: LabHooks): Promise<Lab> =>
			(await import("../reason/lab.ts")).Lab.open(settings, hooks);
		this.#keeper = new LabKeeper(options.labSettings(options.choices), open, hooks, () =>
			this.#app.changed("soon"),
		);
	}

	/** How to take up again what was left unfinished. */
	get resume(): string | undefined {
		return this.#resume;
	}

	/** What could not be kept when it was left. */
	get lost(): string | undefined {
		return this.#lost;
	}

	begin(): void {
		const { beginning } = this.#options;
		if (beginning.at === "session") this.openSession(beginning.id);
		else if (beginning.at === "problem") {
			if (beginning.files) this.#set = new ProblemSet(beginning.files, { map: beginning.map });
			this.beginProblem(beginning.problem, this.#set);
		} else this.#toStart();
		// The model loads behind the first frame.
		setImmediate(() => void this.#keeper.lab.catch(() => {}));
		this.#jobs.begin();
	}

	run(command: CommandId): boolean {
		const app = this.#app;
		switch (command) {
			case "palette": {
				const view = app.top;
				if (!view) return false;
				palette({
					desk: app,
					contexts: view.contexts,
					can: (id) => view.can?.(id) ?? true,
					recent: this.#recent,
					chosen: (id) => {
						this.#recent = [id, ...this.#recent.filter((other) => other !== id)].slice(0, 8);
					},
				});
				return true;
			}
			case "help": {
				const view = app.top;
				help({
					desk: app,
					contexts: view?.contexts ?? [],
					can: (id) => view?.can?.(id) ?? true,
					keysFile: join(homes(this.#options.env).config, "keys.json"),
					docs: "docs/keys.md",
				});
				return true;
			}
			case "theme.pick":
				this.#pickTheme();
				return true;
			case "sessions.open":
				this.#toSessions();
				return true;
			case "jobs.open":
				this.#jobs.show();
				return true;
			case "train.accepted":
				this.#jobs.trainAccepted();
				return true;
			case "session.new":
				this.#leaving(() => this.#toStart());
				return true;
			case "quit":
				this.#leaving(() => this.#quit());
				return true;
			case "interrupt": {
				const now = Date.now();
				if (now - this.#interruptedAt < TWICE_MS) this.#leaving(() => this.#quit());
				else app.say(`once more leaves nudge; everything is kept`);
				this.#interruptedAt = now;
				return true;
			}
			default:
				return false;
		}
	}

	beginProblem(problem: Problem, set?: ProblemSet): void {
		const { newSession } = this.#options;
		this.#set = set ?? this.#set;
		this.#last = problem.id;
		void this.#show({ new: newSession(problem, String(this.#keeper.settings.engine)) }, true);
	}

	openSession(id: string): void {
		void this.#show({ id }, false);
	}

	async #show(session: { readonly new: NewSession } | { readonly id: string }, goOn: boolean): Promise<void> {
		const { store, cwd, env } = this.#options;
		const app = this.#app;
		if ("id" in session && this.#open?.live.id === session.id) {
			app.goTo(this.#open.view);
			return;
		}
		this.#leaveSession();
		const showing = ++this.#showing;
		// Behind the first frame; and a session that was just left lets go of its journal first.
		const [{ openLive }] = await Promise.all([import("../reason/live-session.ts"), this.#closing]);
		if (showing !== this.#showing) return;
		const { mode, rounds, words, vetoMs } = this.#choices;
		const python: PythonPane = new PythonPane({
			paint: app.paint,
			open: async (size) => (await this.#keeper.lab).openInterpreter({ terminal: size }),
			onChange: (when) => app.changed(when),
			depth: depthOf(env),
			keys: () => ({
				leave: app.keymap.keysOf("python.leave")[0],
				restart: app.keymap.keysOf("python.restart")[0],
			}),
		});
		let live: Live;
		try {
			// A session that was kept goes on under the policy that it had.
			const kept = "id" in session ? policySaid(store.summary(session.id)?.policy ?? "") : undefined;
			live = openLive({
				store,
				lab: () => this.#keeper.lab,
				session,
				hints: { mode, rounds, words, vetoMs, ...kept },
				interpreter: () => python.interpreter(),
			});
		} catch (error) {
			app.say(wordsOf(error), "error");
			if (app.views.length === 0) this.#toStart();
			return;
		}
		const view = new SessionView({
			desk: app,
			live,
			python,
			depth: depthOf(env),
			waits: () => this.#waits(),
			next: () => this.#next(),
			engine: () => this.#chooseEngine(live),
			replay: () => this.#replay(live.id),
			cwd,
			journal: this.#journalOf(live.id),
		});
		this.#open = { live, python, view };
		app.goTo(view);
		if (goOn) live.goOn();
	}

	#journalOf(id: string): string {
		return join(this.#options.store.folderOf(id), JOURNAL_FILE);
	}

	/** The session is opened anew with it, and goes on where it did or failed to. */
	#chooseEngine(live: Live): void {
		chooseEngine({
			desk: this.#app,
			engines: this.#options.engines,
			current: this.#choices.engine,
			says: "What samples the tokens. The trace goes on with it from where it stands.",
			cwd: this.#options.cwd,
			change: (engine) => {
				this.#change({ engine });
				const goOn = isGrowing(live) || live.status === "failed";
				this.#leaveSession();
				void this.#show({ id: live.id }, goOn);
			},
		});
	}

	#waits(): string | undefined {
		const engine = this.#keeper.readiness.find(({ what, state }) => what === "engine" && state !== "ready");
		return engine?.says;
	}

	#next(): void {
		const live = this.#open?.live;
		void (async () => {
			const set = this.#set ?? new ProblemSet();
			this.#set = set;
			const problem = await set.next(live?.problem.id);
			if (problem) this.#leaving(() => this.beginProblem(problem, set));
			else this.#app.say("that was the last problem of the set", "warning");
		})().catch((error: unknown) => this.#app.say(wordsOf(error), "error"));
	}

	/** Over whatever is open, from the journal as it stands. */
	#replay(id: string): void {
		const app = this.#app;
		try {
			const { events } = this.#options.store.read(id);
			const view: ReplayView = new ReplayView({
				desk: app,
				id,
				events,
				cwd: this.#options.cwd,
				journal: this.#journalOf(id),
				depth: depthOf(this.#options.env),
				leave: () => app.close(view),
			});
			app.open(view);
		} catch (error) {
			app.say(wordsOf(error), "error");
		}
	}

	#toStart(): void {
		const { env: _, ...options } = this.#options;
		const page = new StartPage({
			desk: this.#app,
			choices: () => this.#choices,
			change: (changes) => this.#change(changes),
			engines: () => options.engines,
			readiness: () => this.#keeper.readiness,
			firstTime: options.firstTime,
			store: options.store,
			cwd: options.cwd,
			...("files" in options.beginning && options.beginning.files
				? { files: options.beginning.files, map: options.beginning.map }
				: {}),
			...(this.#set ? { set: this.#set } : {}),
			...(this.#last ? { selected: this.#last } : {}),
			begin: (problem, set) => this.beginProblem(problem, set),
			openSession: (id) => this.openSession(id),
		});
		this.#showing++;
		this.#leaveSession();
		this.#app.goTo(page);
	}

	/** Throws what is wrong with the changes, for the page to say. */
	#change(changes: Partial<Choices>): void {
		const choices = { ...this.#choices, ...changes };
		this.#keeper.change(this.#options.labSettings(choices));
		this.#choices = choices;
		this.#app.changed("now");
	}

	#toSessions(): void {
		const page = new SessionsPage({
			desk: this.#app,
			store: this.#options.store,
			open: (id) => {
				this.#leaving(() => {
					this.#app.close(page);
					this.openSession(id);
				});
			},
			replay: (id) => this.#replay(id),
		});
		this.#app.open(page);
	}

	/** The start page, with a model that was trained as the engine of what is begun there. */
	#talk(job: string, gguf: string): void {
		this.#leaving(() => {
			try {
				this.#change({ engine: gguf });
			} catch (error) {
				this.#app.say(wordsOf(error), "error");
				return;
			}
			this.#toStart();
			this.#app.say(`what begins here now is with the model of ${job}`);
		});
	}

	#pickTheme(): void {
		const app = this.#app;
		const before = app.paint.theme.id;
		choose({
			desk: app,
			title: "Theme",
			...(depthOf(this.#options.env) === "none"
				? { says: "Colours are switched off (NO_COLOR or the terminal): every theme looks plain." }
				: {}),
			choices: app.themes.map(({ id, name }) => ({ value: id, label: id, says: name })),
			current: before,
			selected: (id) => app.setTheme(id),
			done: (id) => {
				app.setTheme(id);
				app.onTheme?.(id);
			},
			cancelled: () => app.setTheme(before),
		});
	}

	/** What the disk has refused until now is lost when its session is left: that is asked first. */
	#leaving(go: () => void): void {
		const unwritten = this.#open?.live.unwritten;
		if (unwritten === undefined) {
			go();
			return;
		}
		confirm({
			desk: this.#app,
			title: "Leave what is not saved?",
			says: `${unwritten} Make room, or export it to another place; left now, what happened since is lost.`,
			yes: "Leave, and lose it",
			no: "Stay",
			done: (yes) => {
				if (yes) go();
			},
		});
	}

	#quit(): void {
		this.#options.ended();
	}

	/** What is open is ended behind the next view: its journal is closed before it can be opened again. */
	#leaveSession(): void {
		const open = this.#open;
		if (!open) return;
		this.#open = undefined;
		const closed = open.live.close().catch((error: unknown) => {
			this.#lost = `what happened last in session ${open.live.id} is not kept: ${wordsOf(error).replace(/ What is not written yet.*/, "")}`;
			this.#app.say(this.#lost, "error");
		});
		this.#closing = this.#closing.then(() => Promise.allSettled([closed, open.python.close()]));
	}

	async close(): Promise<void> {
		this.#jobs.close();
		const { live } = this.#open ?? {};
		if (live && live.status !== "ended" && existsSync(this.#journalOf(live.id)))
			this.#resume = `nudge open ${live.id}`;
		this.#leaveSession();
		await this.#closing;
		await this.#keeper.close();
	}
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
