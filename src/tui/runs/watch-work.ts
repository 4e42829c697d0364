/**
 * The screen of runs: the list of them (`nudge runs top`) or one run (`nudge runs watch`), and from a rollout on into a
 * session that takes it up; from there `q` comes back here. A run goes on whatever is done on the screen.
 */
import { join } from "node:path";
import { rolloutAt } from "../../data/run-reader.ts";
import { RunWatch } from "../../data/run-watch.ts";
import { takeUp } from "../../data/take-up.ts";
import { homes } from "../../trace/home.ts";
import type { SessionStore } from "../../trace/store.ts";
import type { App } from "../app.ts";
import type { CommandId } from "../keys/command-table.ts";
import type { ScreenOptions, ScreenWork } from "../program.ts";
import { depthOf } from "../theme/choose.ts";
import { choose } from "../views/choose.ts";
import { help } from "../views/help.ts";
import { palette } from "../views/palette.ts";
import { RunPage } from "./run-page.ts";
import type { RunRow } from "./run-rows.ts";
import { TopPage } from "./top-page.ts";
import type { TopWatch } from "./top-watch.ts";

export type WatchWorkOptions = {
	readonly app: App;
	readonly env: NodeJS.ProcessEnv;
	readonly cwd: string;
	readonly store: SessionStore;
	/** One run, or the list of those under some folders. */
	readonly shows: { readonly run: string } | { readonly top: TopWatch };
	/** What a session needs that begins here. */
	readonly sessions: () => Promise<Omit<ScreenOptions, "stdin" | "stdout">>;
	/** The person wants to leave. */
	readonly ended: () => void;
};

export class WatchWork implements ScreenWork {
	readonly #options: WatchWorkOptions;
	readonly #app: App;
	#watch: RunWatch | undefined;
	/** A session that was taken up has the screen. */
	#session: (ScreenWork & { openSession(id: string): void }) | undefined;
	#closing: Promise<unknown> = Promise.resolve();
	#recent: CommandId[] = [];
	#lost: string | undefined;

	constructor(options: WatchWorkOptions) {
		this.#options = options;
		this.#app = options.app;
	}

	/** A session says this itself when it is left, and comes back here. */
	readonly resume = undefined;

	get lost(): string | undefined {
		return this.#lost ?? this.#session?.lost;
	}

	begin(): void {
		const { shows } = this.#options;
		if ("run" in shows) this.#toRun(shows.run);
		else this.#toTop();
	}

	#toTop(): void {
		const { shows } = this.#options;
		if (!("top" in shows)) return;
		this.#leaveRun();
		shows.top.start();
		this.#app.goTo(new TopPage({ desk: this.#app, top: shows.top, open: (folder) => this.#toRun(folder) }));
	}

	#toRun(folder: string): void {
		if (this.#watch?.folder !== folder) {
			this.#leaveRun();
			this.#watch = new RunWatch(folder);
		}
		const watch = this.#watch as RunWatch;
		const { env, cwd, shows } = this.#options;
		if ("top" in shows) shows.top.pause();
		watch.start();
		this.#app.goTo(
			new RunPage({
				desk: this.#app,
				watch,
				depth: depthOf(env),
				cwd,
				takeUp: (row) => void this.#takeUp(watch, row),
			}),
		);
	}

	#leaveRun(): void {
		this.#watch?.close();
		this.#watch = undefined;
	}

	/** Nothing of the run is changed: the session has a copy. */
	async #takeUp(watch: RunWatch, row: Extract<RunRow, { is: "ended" }>): Promise<void> {
		const { store, sessions } = this.#options;
		const app = this.#app;
		const { sheet, folder } = watch;
		if (!sheet || this.#session) return;
		try {
			const rollout = await rolloutAt(row.entry.place);
			if (typeof rollout === "string") throw new Error(`the rollout cannot be read: ${rollout}`);
			const id = await takeUp(store, folder, sheet, rollout);
			const [{ DeskWork }, world] = await Promise.all([import("../desk-work.ts"), sessions()]);
			const work = new DeskWork({
				...world,
				app,
				beginning: { at: "session", id },
				ended: () => this.#back(),
			});
			this.#session = work;
			work.begin();
			const key = app.keymap.keysOf("quit")[0];
			const how = `insert a hint (${app.keymap.keysOf("hint.pick")[0]}), rewind (${app.keymap.keysOf("rewind")[0]})`;
			app.say(`session ${id} has the rollout: ${how}; ${key} goes back to the run`);
		} catch (error) {
			this.#session = undefined;
			app.say(error instanceof Error ? error.message : String(error), "error");
		}
	}

	/** From a session to the run that it came from. */
	#back(): void {
		const left = this.#session;
		if (!left) return;
		this.#session = undefined;
		this.#toRun(this.#watch?.folder ?? "");
		this.#closing = this.#closing.then(async () => {
			await left.close();
			if (left.lost) {
				this.#lost = left.lost;
				this.#app.say(left.lost, "error");
			} else if (left.resume) this.#app.say(`the session is kept: ${left.resume}`);
		});
	}

	run(command: CommandId): boolean {
		const app = this.#app;
		const { env, shows } = this.#options;
		if (this.#session) return this.#session.run(command);
		const view = app.top;
		switch (command) {
			case "palette":
				if (!view) return false;
				palette({
					desk: app,
					contexts: view.contexts,
					can: (id) => (NOT_HERE.has(id) ? false : (view.can?.(id) ?? true)),
					recent: this.#recent,
					chosen: (id) => {
						this.#recent = [id, ...this.#recent.filter((other) => other !== id)].slice(0, 8);
					},
				});
				return true;
			case "help":
				help({
					desk: app,
					contexts: view?.contexts ?? [],
					can: (id) => (NOT_HERE.has(id) ? false : (view?.can?.(id) ?? true)),
					keysFile: join(homes(env).config, "keys.json"),
					docs: "docs/keys.md",
				});
				return true;
			case "theme.pick":
				this.#pickTheme();
				return true;
			case "quit":
				// From a run that was opened out of the list, back to it.
				if ("top" in shows && this.#watch) this.#toTop();
				else this.#options.ended();
				return true;
			case "interrupt":
				this.#options.ended();
				return true;
			default:
				return false;
		}
	}

	#pickTheme(): void {
		const app = this.#app;
		const before = app.paint.theme.id;
		choose({
			desk: app,
			title: "Theme",
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

	async close(): Promise<void> {
		const { shows } = this.#options;
		this.#leaveRun();
		if ("top" in shows) shows.top.close();
		await this.#session?.close();
		await this.#closing;
	}
}

/** Of sessions alone. */
const NOT_HERE: ReadonlySet<CommandId> = new Set<CommandId>(["sessions.open", "session.new"]);
