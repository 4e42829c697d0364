/**
 * The program around the views: the stack of them, where a key goes, when something is drawn, the message line. What
 * people do is drawn at once; data waits for the next commit, so that a stream of any speed costs the same.
 */
import { visibleLine } from "../trace/visible.ts";
import { commandAt } from "./keys/bindings.ts";
import { COMMANDS, type CommandId } from "./keys/command-table.ts";
import type { Keymap } from "./keys/keymap.ts";
import type { Input, Key } from "./term/input.ts";
import { fit, pad, wrapText } from "./text/cells.ts";
import type { Paint, Theme } from "./theme/theme.ts";
import type { Desk, Drawing, Level, Size, View } from "./view.ts";

/** Between two drawings of data, in milliseconds: 12 a second; 10 over a long line or while the terminal has not the focus. */
const COMMIT_MS = 80;
const SLOW_COMMIT_MS = 100;
/** A message stays for at least this long, whatever is typed; and one that asks for nothing goes by itself after a while. */
const MESSAGE_MS = 1_000;
const INFO_MS = 6_000;
/** A long message, a path with what is wrong with it, takes more than the last row. */
const MESSAGE_ROWS = 3;

/** What the app needs of the terminal and of the person's machine. */
export type Surface = {
	show(drawing: Drawing, size: Size): void;
	redraw(): void;
	edit(text: string, extension: string): Promise<{ readonly text?: string; readonly says?: string }>;
	copy(text: string): string;
	print(text: string): Promise<void>;
	suspend(): void;
	mouse(on: boolean): void;
};

export type AppOptions = {
	readonly surface: Surface;
	readonly size: Size;
	readonly paint: Paint;
	readonly keymap: Keymap;
	readonly themes: readonly Theme[];
	readonly paintOf: (theme: Theme) => Paint;
	readonly mouse: boolean;
	/** The terminal is at the end of a long line (ssh). */
	readonly far?: boolean;
	/** Commands that are not of one view: sessions, a new session, quitting. */
	readonly run: (command: CommandId) => boolean;
	/** Keeps what a mistake inside a view was, for whoever mends it. */
	readonly failed?: (error: unknown) => void;
	readonly now?: () => number;
};

export class App implements Desk {
	readonly #surface: Surface;
	readonly #options: AppOptions;
	readonly #views: View[] = [];
	readonly #now: () => number;
	#paint: Paint;
	#keymap: Keymap;
	#themes: readonly Theme[];
	#size: Size;
	#message: { readonly text: string; readonly level: Level; readonly at: number } | undefined;
	#timer: NodeJS.Timeout | undefined;
	#drawnAt = 0;
	#focused = true;
	#mouse: boolean;
	/** The terminal is somebody else's: nothing is drawn. */
	#away = false;
	#queued = false;

	constructor(options: AppOptions) {
		this.#options = options;
		this.#surface = options.surface;
		this.#size = options.size;
		this.#paint = options.paint;
		this.#keymap = options.keymap;
		this.#themes = options.themes;
		this.#mouse = options.mouse;
		this.#now = options.now ?? Date.now;
	}

	get paint(): Paint {
		return this.#paint;
	}
	get keymap(): Keymap {
		return this.#keymap;
	}
	get size(): Size {
		return this.#size;
	}
	get themes(): readonly Theme[] {
		return this.#themes;
	}
	get top(): View | undefined {
		return this.#views.at(-1);
	}
	/** Bottom first. */
	get views(): readonly View[] {
		return this.#views;
	}

	open(view: View): void {
		this.#views.push(view);
		this.changed("now");
	}

	close(view: View): void {
		const at = this.#views.lastIndexOf(view);
		if (at < 0) return;
		this.#views.splice(at, 1);
		view.close?.();
		this.changed("now");
	}

	/** Takes everything away and begins with this page. */
	goTo(view: View): void {
		for (const old of this.#views.splice(0).reverse()) if (old !== view) old.close?.();
		this.open(view);
	}

	/** Also where it is the same again: what was on the terminal is not. Many in a row are drawn as data are. */
	resize(size: Size): void {
		this.#size = size;
		this.changed("soon");
	}

	setKeymap(keymap: Keymap): void {
		this.#keymap = keymap;
		this.changed("now");
	}

	setThemes(themes: readonly Theme[]): void {
		this.#themes = themes;
		const same = themes.find(({ id }) => id === this.#paint.theme.id);
		if (same) this.#paint = this.#options.paintOf(same);
		this.changed("now");
	}

	/** Told when a person has chosen a theme. */
	onTheme: ((id: string) => void) | undefined;

	setTheme(id: string): void {
		const theme = this.#themes.find((one) => one.id === id);
		if (!theme) return;
		this.#paint = this.#options.paintOf(theme);
		this.changed("now");
	}

	changed(when: "now" | "soon" = "soon"): void {
		if (this.#away) return;
		if (when === "now") {
			// Several changes of one key are one drawing, and so is what follows from them without waiting: an answer to a
			// proposal and the next one.
			if (this.#queued) return;
			this.#queued = true;
			setImmediate(() => {
				this.#queued = false;
				this.#draw();
			});
			return;
		}
		if (this.#timer) return;
		const wait = this.#focused && !this.#options.far ? COMMIT_MS : SLOW_COMMIT_MS;
		this.#timer = setTimeout(() => this.#draw(), Math.max(0, this.#drawnAt + wait - this.#now()));
	}

	say(text: string, level: Level = "info"): void {
		const message = { text: visibleLine(text), level, at: this.#now() };
		this.#message = message;
		if (level === "info") {
			setTimeout(() => {
				if (this.#message !== message) return;
				this.#message = undefined;
				this.changed("soon");
			}, INFO_MS).unref();
		}
		this.changed("now");
	}

	async edit(text: string, extension: string): Promise<string | undefined> {
		const { text: edited, says } = await this.#elsewhere(() => this.#surface.edit(text, extension));
		if (says) this.say(says, edited === undefined ? "warning" : "info");
		return edited;
	}

	copy(text: string): void {
		this.say(this.#surface.copy(text));
	}

	print(text: string): Promise<void> {
		return this.#elsewhere(() => this.#surface.print(text));
	}

	/** Runs something that has the terminal to itself. */
	async #elsewhere<Value>(work: () => Promise<Value>): Promise<Value> {
		this.#away = true;
		clearTimeout(this.#timer);
		this.#timer = undefined;
		try {
			return await work();
		} finally {
			this.#away = false;
			this.#surface.redraw();
			this.changed("now");
		}
	}

	input(input: Input): void {
		this.#safely(() => this.#input(input));
	}

	/** A mistake inside a view costs what was asked of it then, and neither the session nor the screen. */
	#safely(work: () => void): void {
		try {
			work();
		} catch (error) {
			this.#options.failed?.(error);
			this.say(`a mistake inside nudge, this was not done: ${wordsOf(error)}`, "error");
		}
	}

	#input(input: Input): void {
		switch (input.type) {
			case "focus":
				this.#focused = input.on;
				return;
			case "reply":
				return;
			case "paste":
				this.top?.paste?.(input.text);
				this.changed("now");
				return;
			case "mouse":
				if (this.top?.mouse?.(input.mouse)) this.changed("now");
				return;
			case "key":
				this.#key(input.key, input.bytes);
		}
	}

	#key(key: Key, bytes: string): void {
		if (this.#message && this.#now() - this.#message.at > MESSAGE_MS) this.#message = undefined;
		const view = this.top;
		if (!view) return;
		this.changed("now");
		const found = commandAt(this.#keymap, key, view);
		// A letter that leaves the program from a page only closes a sheet that lies over it.
		const command = found === "quit" && view.sheet && !key.ctrl ? "dialog.close" : found;
		if (command && this.#do(view, command)) return;
		view.key?.(key, bytes);
	}

	run(command: CommandId): void {
		this.#safely(() => {
			const view = this.top;
			if (view && !this.#do(view, command)) this.say(`${COMMANDS[command].title}: not now`, "warning");
		});
		this.changed("now");
	}

	#do(view: View, command: CommandId): boolean {
		if (view.run(command)) return true;
		switch (command) {
			case "suspend":
				this.#surface.suspend();
				return true;
			case "redraw":
				this.#surface.redraw();
				return true;
			case "mouse.toggle":
				this.#mouse = !this.#mouse;
				this.#surface.mouse(this.#mouse);
				this.say(this.#mouse ? "the mouse is nudge's" : "the mouse is the terminal's: select with it");
				return true;
			default:
				return this.#options.run(command);
		}
	}

	/** Draws at once, for the first frame and after the terminal was elsewhere. */
	#draw(): void {
		clearTimeout(this.#timer);
		this.#timer = undefined;
		if (this.#away) return;
		this.#drawnAt = this.#now();
		const first = this.#views.findLastIndex(({ sheet }) => !sheet);
		const areas: Drawing["areas"][number][] = [];
		let cursor: Drawing["cursor"];
		for (const [level, view] of this.#views.slice(Math.max(0, first)).entries()) {
			const drawing = this.#drawn(view);
			for (const area of drawing.areas) areas.push({ ...area, key: `${level} ${area.key}` });
			cursor = drawing.cursor;
		}
		const { columns, rows } = this.#size;
		// What is being typed at the foot goes before what is said there.
		const free = Math.min(MESSAGE_ROWS, rows - 1 - (cursor?.y ?? -1));
		const message = this.#messageRows(free);
		if (message.length > 0)
			areas.push({ key: "message", x: 0, y: rows - message.length, width: columns, rows: message });
		this.#surface.show(cursor ? { areas, cursor } : { areas }, this.#size);
	}

	/** What a view shows; where it cannot, that, and its keys go on working. */
	#drawn(view: View): Drawing {
		try {
			return view.draw(this.#size);
		} catch (error) {
			this.#options.failed?.(error);
			const { columns } = this.#size;
			const quit = this.#keymap.keysOf("quit").at(-1);
			const says = `a mistake inside nudge: this cannot be drawn: ${wordsOf(error)}`;
			const rows = [says, `The session goes on and is kept.${quit ? ` ${quit} leaves nudge.` : ""}`].map(
				(text) => this.#paint("error", pad(visibleLine(text), columns)),
			);
			return {
				areas: [{ key: "mistake", x: 0, y: 0, width: columns, rows: rows.slice(0, this.#size.rows) }],
			};
		}
	}

	/** As many rows as it needs and there are. */
	#messageRows(most: number): string[] {
		if (!this.#message || most <= 0) return [];
		const { text, level } = this.#message;
		const mark = level === "error" ? "!! " : level === "warning" ? "! " : "";
		const { columns } = this.#size;
		const rows = wrapText(`${mark}${text}`, columns);
		const shown = [...rows.slice(0, most - 1), rows.slice(most - 1).join(" ")];
		return shown
			.filter((row) => row !== "")
			.map((row) => this.#paint(level, pad(fit(row, columns), columns)));
	}

	/** Ends all views, the topmost first. */
	end(): void {
		clearTimeout(this.#timer);
		this.#timer = undefined;
		this.#away = true;
		for (const view of this.#views.splice(0).reverse()) view.close?.();
	}
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
