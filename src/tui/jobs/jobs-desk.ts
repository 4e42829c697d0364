/**
 * The jobs beside a session: watched from a moment after the first frame to the end, announced when they end, shown on
 * their page. Nothing of it is loaded before that moment: a person who has no jobs waits for nothing.
 */
import type { SessionStore } from "../../trace/store.ts";
import type { App } from "../app.ts";
import { longTime } from "../runs/standing.ts";
import type { JobDeeds } from "./job-deeds.ts";
import type { JobsPage } from "./jobs-page.ts";
import type { JobRow, JobsWatch } from "./jobs-watch.ts";

export type JobsDeskOptions = {
	readonly app: App;
	readonly env: NodeJS.ProcessEnv;
	readonly cwd: string;
	readonly store: SessionStore;
	readonly nudge: string;
	readonly talk: (job: string, gguf: string) => void;
};

type Parts = { readonly watch: JobsWatch; readonly deeds: JobDeeds; readonly pageOf: typeof JobsPage };

/** Behind the first frame, and what a person does first. */
const BEGIN_MS = 1_500;

export class JobsDesk {
	readonly #options: JobsDeskOptions;
	#parts: Promise<Parts> | undefined;
	#watch: JobsWatch | undefined;
	#page: JobsPage | undefined;
	#timer: NodeJS.Timeout | undefined;
	#closed = false;
	#gathering = false;

	constructor(options: JobsDeskOptions) {
		this.#options = options;
	}

	begin(): void {
		this.#timer = setTimeout(() => void this.#load().catch(() => {}), BEGIN_MS).unref();
	}

	/** The page of jobs; with this one selected. */
	show(id?: string): void {
		void this.#load()
			.then(({ watch, deeds, pageOf }) => {
				const { app, env } = this.#options;
				if (this.#closed) return;
				if (this.#page && app.views.includes(this.#page)) {
					// What lies over it is closed, so that it is seen.
					for (const view of app.views.slice(app.views.indexOf(this.#page) + 1).reverse()) app.close(view);
					if (id !== undefined) this.#page.select(id);
					return;
				}
				this.#page = new pageOf({ desk: app, watch, deeds, select: id, unicode: showsUnicode(env) });
				app.open(this.#page);
			})
			.catch((error: unknown) => this.#options.app.say(wordsOf(error), "error"));
	}

	trainAccepted(): void {
		if (this.#gathering) return;
		this.#gathering = true;
		void (async () => {
			const { app, env, cwd, store, nudge } = this.#options;
			try {
				const { watch } = await this.#load();
				const { trainAccepted } = await import("./train-accepted.ts");
				await trainAccepted({
					desk: app,
					env,
					cwd,
					store,
					nudge,
					watch,
					showJob: (id) => this.show(id),
				});
			} catch (error) {
				if (!this.#closed) app.say(wordsOf(error), "error");
			} finally {
				this.#gathering = false;
			}
		})();
	}

	close(): void {
		this.#closed = true;
		clearTimeout(this.#timer);
		this.#watch?.close();
	}

	#load(): Promise<Parts> {
		this.#parts ??= this.#loaded();
		return this.#parts;
	}

	async #loaded(): Promise<Parts> {
		const { app, env, talk } = this.#options;
		const [{ JobsWatch }, { JobDeeds }, { JobsPage }, { launcherOf }] = await Promise.all([
			import("./jobs-watch.ts"),
			import("./job-deeds.ts"),
			import("./jobs-page.ts"),
			import("../../train/open-launcher.ts"),
		]);
		const watch = new JobsWatch({
			env,
			open: (job) => launcherOf(job, env),
			onEnded: (rows) => this.#announce(rows),
		});
		this.#watch = watch;
		if (this.#closed) watch.close();
		else watch.start();
		return { watch, deeds: new JobDeeds({ desk: app, watch, talk }), pageOf: JobsPage };
	}

	#announce(rows: readonly JobRow[]): void {
		const { app } = this.#options;
		const key = app.keymap.keysOf("jobs.open")[0];
		const said = rows.map(({ job, state }) => {
			const took = longTime(Date.now() - Date.parse(job.handle?.submitted ?? job.sheet.created));
			const why = state.state === "failed" || state.state === "stopped" ? `: ${state.says}` : "";
			return `${job.id} is ${state.state === "done" ? `done, after ${took}` : state.state}${why}`;
		});
		const [first = "", ...more] = said;
		const others = more.length === 0 ? "" : `, and ${more.length} more have ended`;
		const good = rows.every(({ state }) => state.state === "done");
		app.say(
			`${first}${others}${key === undefined ? "" : `; ${key} shows the jobs`}`,
			good ? "info" : "warning",
		);
	}
}

function showsUnicode(env: NodeJS.ProcessEnv): boolean {
	return /utf-?8/i.test(env.LC_ALL || env.LC_CTYPE || env.LANG || "") && env.TERM !== "dumb";
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
