/** The screen of a review, from its first frame to its last: palette, help, theme, and leaving with everything on the disk. */
import { join } from "node:path";
import type { ReviewBook } from "../../data/dataset/review-book.ts";
import { homes } from "../../trace/home.ts";
import type { App } from "../app.ts";
import type { CommandId } from "../keys/command-table.ts";
import type { ScreenWork } from "../program.ts";
import { depthOf } from "../theme/choose.ts";
import { choose } from "../views/choose.ts";
import { confirm } from "../views/confirm.ts";
import { help } from "../views/help.ts";
import { palette } from "../views/palette.ts";
import { ReviewPage } from "./review-page.ts";

export type ReviewWorkOptions = {
	readonly app: App;
	readonly book: ReviewBook;
	readonly env: NodeJS.ProcessEnv;
	readonly cwd: string;
	/** The person wants to leave. */
	readonly ended: () => void;
};

/** Of sessions alone. */
const NOT_HERE: ReadonlySet<CommandId> = new Set<CommandId>(["sessions.open", "session.new"]);

export class ReviewWork implements ScreenWork {
	readonly #options: ReviewWorkOptions;
	#recent: CommandId[] = [];
	#lost: string | undefined;

	constructor(options: ReviewWorkOptions) {
		this.#options = options;
	}

	readonly resume = undefined;

	get lost(): string | undefined {
		return this.#lost;
	}

	begin(): void {
		const { app, book, env, cwd } = this.#options;
		try {
			book.log.take();
		} catch {
			// Who has it is said below; here it is read.
		}
		const page = new ReviewPage({ desk: app, book, depth: depthOf(env), cwd });
		app.goTo(page);
		page.greet();
		book
			.read()
			.catch((error: unknown) => app.say(error instanceof Error ? error.message : String(error), "error"));
	}

	run(command: CommandId): boolean {
		const { app, env } = this.#options;
		const view = app.top;
		const can = (id: CommandId): boolean => (NOT_HERE.has(id) ? false : (view?.can?.(id) ?? true));
		switch (command) {
			case "palette":
				if (!view) return false;
				palette({
					desk: app,
					contexts: view.contexts,
					can,
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
					can,
					keysFile: join(homes(env).config, "keys.json"),
					docs: "docs/keys.md",
				});
				return true;
			case "theme.pick":
				this.#pickTheme();
				return true;
			case "quit":
			case "interrupt":
				this.#leave();
				return true;
			default:
				return false;
		}
	}

	#leave(): void {
		const { app, book, ended } = this.#options;
		const { unwritten } = book.log;
		if (unwritten === undefined) {
			ended();
			return;
		}
		confirm({
			desk: app,
			title: "Leave and lose what is not saved?",
			says: `${unwritten}. What was decided since is in memory alone; it is tried again every second.`,
			yes: "Leave",
			no: "Stay",
			done: (yes) => {
				if (yes) ended();
			},
		});
	}

	#pickTheme(): void {
		const { app } = this.#options;
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
		this.#lost ??= this.#options.book.close();
	}
}
