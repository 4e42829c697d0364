/** What a job printed, to its end and on from there while it goes on. Scrolled up it stays where it is read. */
import type { CommandId } from "../keys/command-table.ts";
import type { Mouse } from "../term/input.ts";
import type { Desk, Drawing, Size, View } from "../view.ts";
import { type Line, textLines } from "../views/line.ts";
import { Areas, titleLine, tooSmallFor } from "../views/pane.ts";
import { Scroll } from "../views/scroll.ts";
import { keyLine } from "../views/sheet.ts";
import type { JobRow, JobsWatch } from "./jobs-watch.ts";

export type LogPageDeps = {
	readonly desk: Desk;
	readonly watch: JobsWatch;
	readonly row: () => JobRow | undefined;
};

const WHEEL_ROWS = 3;

export class LogPage implements View {
	readonly sheet = false;
	readonly typing = false;
	readonly contexts = ["text", "dialog"] as const;
	readonly #deps: LogPageDeps;
	readonly #areas = new Areas();
	readonly #scroll = new Scroll();
	readonly #unsubscribe: () => void;
	#following = true;
	#wrapped: { readonly of: readonly string[]; readonly columns: number; readonly lines: Line[] } | undefined;

	constructor(deps: LogPageDeps) {
		this.#deps = deps;
		this.#unsubscribe = deps.watch.subscribe(() => deps.desk.changed("soon"));
	}

	draw(size: Size): Drawing {
		const { desk, row } = this.#deps;
		const { paint, keymap } = desk;
		const small = tooSmallFor(size, paint);
		if (small) return small;
		const { columns, rows } = size;
		const now = row();
		const lines = this.#lines(now, columns);
		const height = rows - 2;
		if (this.#following) this.#scroll.fit(lines.length, height);
		if (this.#following) this.#scroll.to(lines.length);
		const top = this.#scroll.fit(lines.length, height);
		const extra = [now?.state.state ?? "gone", this.#following ? "following" : `${this.#scroll.below} below`];
		this.#areas.begin();
		const line = (y: number) => ({ x: 0, y, width: columns, height: 1 });
		const title = titleLine(`Log of ${now?.job.id ?? "?"}`, extra.join(", "), true, columns);
		this.#areas.put("title", line(0), [title], paint);
		const shown: Line[] =
			lines.length === 0 ? [[["dim", "  It has not printed anything yet."]]] : lines.slice(top, top + height);
		this.#areas.put("log", { x: 0, y: 1, width: columns, height }, shown, paint);
		const keys = keyLine(
			keymap,
			[
				[["text.up", "text.down"], "scroll"],
				["text.bottom", "follow"],
				["text.top", "as far back as there is"],
				["text.copy", "copy"],
				["dialog.close", "back"],
			],
			columns - 2,
		);
		this.#areas.put("keys", { ...line(rows - 1), x: 2, width: columns - 2 }, [keys], paint);
		return { areas: this.#areas.drawn };
	}

	#lines(row: JobRow | undefined, columns: number): Line[] {
		const of = row ? this.#deps.watch.tail(row.job) : [];
		if (this.#wrapped?.of !== of || this.#wrapped.columns !== columns)
			this.#wrapped = {
				of,
				columns,
				lines: of.flatMap((text) => {
					const wrapped = textLines(text, columns, text.startsWith("nudge: ") ? "text" : "dim");
					return wrapped.length === 0 ? [""] : wrapped;
				}),
			};
		return this.#wrapped.lines;
	}

	run(command: CommandId): boolean {
		const { desk, row, watch } = this.#deps;
		switch (command) {
			case "text.down":
				return this.#by(1);
			case "text.up":
				return this.#by(-1);
			case "text.page-down":
				return this.#by(this.#scroll.page);
			case "text.page-up":
				return this.#by(-this.#scroll.page);
			case "text.top":
				return this.#by(Number.NEGATIVE_INFINITY);
			case "text.bottom":
				this.#following = true;
				desk.changed("now");
				return true;
			case "text.copy": {
				const now = row();
				if (now) desk.copy(watch.tail(now.job).join("\n"));
				return now !== undefined;
			}
			case "text.close":
			case "dialog.close":
				desk.close(this);
				return true;
			default:
				return false;
		}
	}

	can(command: CommandId): boolean {
		return command !== "dialog.accept";
	}

	mouse({ action }: Mouse): boolean {
		if (action !== "wheel-down" && action !== "wheel-up") return false;
		return this.#by(action === "wheel-down" ? WHEEL_ROWS : -WHEEL_ROWS);
	}

	#by(rows: number): boolean {
		this.#scroll.by(rows);
		this.#following = this.#scroll.below === 0;
		this.#deps.desk.changed("now");
		return true;
	}

	close(): void {
		this.#unsubscribe();
	}
}
