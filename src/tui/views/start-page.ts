/**
 * The start page: a problem of one's own or one of a set, the sessions that were kept, and what the run is made with.
 *
 * What always holds: letters go to the part that has the focus; nothing begins but by Enter or a second click (a paste
 * never does); what is still being made ready is no obstacle.
 */
import { ProblemSet } from "../../data/problem-set.ts";
import { BUNDLED } from "../../data/problems.ts";
import type { Problem } from "../../trace/events.ts";
import type { SessionStore } from "../../trace/store.ts";
import type { CommandId, KeyContext } from "../keys/command-table.ts";
import type { Key, Mouse } from "../term/input.ts";
import type { Desk, Drawing, Size, View } from "../view.ts";
import { type Line, spread } from "./line.ts";
import { Areas, type Rect, tooSmallFor, whileTyping, within } from "./pane.ts";
import { type KeyHint, keyLine } from "./sheet.ts";
import { changeSettings } from "./start/change-settings.ts";
import {
	type Choices,
	SETTINGS_COMMANDS,
	type Segment,
	type SettingsCommand,
	settingsLine,
} from "./start/choices.ts";
import type { EngineChoice } from "./start/choose-engine.ts";
import { askProblemFile, askSetFile } from "./start/from-file.ts";
import { introLines } from "./start/intro.ts";
import { type StartLayout, startLayout } from "./start/layout.ts";
import { ListsPart } from "./start/lists-part.ts";
import { OwnPart } from "./start/own-part.ts";
import { isListPart, PART_NAMES, PARTS, type Part } from "./start/parts.ts";
import { type Readiness, readinessLines } from "./start/readiness.ts";
import { isMistake, placeOf } from "./start/set-list.ts";

export type { Choices } from "./start/choices.ts";
export type { Readiness } from "./start/readiness.ts";

export type StartDeps = {
	readonly desk: Desk;
	choices(): Choices;
	/** Throws what is wrong with the changes. */
	change(changes: Partial<Choices>): void;
	engines(): readonly EngineChoice[];
	readiness(): readonly Readiness[];
	readonly firstTime: boolean;
	readonly store: SessionStore;
	readonly cwd: string;
	/** Problem files at start; the bundled ones by default. */
	readonly files?: readonly string[];
	/** What was said of the fields of `files`. */
	readonly map?: string | undefined;
	/** The set that is in use already, instead of `files`; it is not closed with the page. */
	readonly set?: ProblemSet;
	/** The id of the problem that is selected at first. */
	readonly selected?: string;
	/** `set` is where the next problem comes from. */
	begin(problem: Problem, set?: ProblemSet): void;
	openSession(id: string): void;
	readonly now?: () => number;
	/** How long a session stays selected before its journal is read for the preview. */
	readonly restMs?: number;
};

const CONTEXTS: Readonly<Record<Part, readonly KeyContext[]>> = {
	problem: ["start", "field", "dialog"],
	answer: ["start", "field", "dialog"],
	domain: ["start", "dialog"],
	set: ["list", "start", "dialog"],
	sessions: ["list", "start", "dialog"],
	settings: ["start", "dialog"],
};
/** Pasted where a list has the focus, a longer text is a problem and no filter. */
const LONG_PASTE = 60;

export class StartPage implements View {
	readonly typing = true;
	readonly sheet = false;
	readonly #deps: StartDeps;
	readonly #upper: OwnPart;
	readonly #lists: ListsPart;
	readonly #areas = new Areas();
	#focus: Part = "problem";
	#setting: SettingsCommand = "start.engine";
	#segments: readonly Segment[] = [];
	#where: StartLayout | undefined;
	#beginning = false;
	/** The set that was made here, until it is handed over. */
	#ownSet: ProblemSet | undefined;

	constructor(deps: StartDeps) {
		const { desk, store, now, restMs, files = BUNDLED, map, set, selected } = deps;
		this.#deps = deps;
		this.#upper = new OwnPart(desk.paint);
		if (!set) this.#ownSet = new ProblemSet(files, { map });
		this.#lists = new ListsPart({ desk, store, set: set ?? this.#ownSet!, selected, now, restMs });
	}

	get contexts(): readonly KeyContext[] {
		return CONTEXTS[this.#focus];
	}

	draw(size: Size): Drawing {
		const small = tooSmallFor(size, this.#deps.desk.paint);
		if (small) return small;
		const { desk, firstTime } = this.#deps;
		const { paint } = desk;
		const keymap = whileTyping(desk.keymap);
		// Whoever has a session needs no introduction any more.
		const intro = firstTime && this.#lists.sessions.total === 0 ? introLines(keymap) : [];
		const readiness = readinessLines(this.#deps.readiness(), size.columns - 2);
		const where = startLayout(size, {
			intro: intro.length,
			readiness: readiness.length,
			tab: this.#lists.tab,
			problemRows: this.#own.text.height(Math.max(1, size.columns - 34), size.rows),
		});
		this.#where = where;
		const areas = this.#areas;
		const put = (key: string, at: Rect, rows: readonly Line[]): void => areas.put(key, at, rows, paint);
		areas.begin();
		const keys = keyLine(keymap, [["sessions.open"], ["palette", "commands"], ["help"]], 50);
		const name: Line = [
			["title", "  nudge"],
			["dim", " - a new session"],
		];
		put("header", where.header, [spread(name, [...keys, ["sheet", " "]], where.header.width)]);
		put("intro", where.intro, intro);
		const upper = this.#upper.draw(areas, where, this.#focus, paint);
		const lists = this.#lists.draw(areas, where, this.#focus);
		const selected = this.#focus === "settings" ? this.#setting : undefined;
		const settings = settingsLine(this.#deps.choices(), desk.keymap, where.settings.width, selected);
		this.#segments = settings.segments;
		put("settings", where.settings, [settings.line]);
		put("readiness", where.readiness, readiness);
		put("keys", where.keys, [keyLine(keymap, this.#keys(), where.keys.width)]);
		const cursor = upper ?? lists;
		return { areas: areas.drawn, ...(cursor ? { cursor } : {}) };
	}

	#keys(): readonly KeyHint[] {
		const failed = this.#deps.readiness().some(({ what, state }) => what === "engine" && state === "failed");
		return [...(failed ? [["start.engine", "another engine"] as const] : []), ...this.#keysHere()];
	}

	#keysHere(): readonly KeyHint[] {
		const next: KeyHint = ["start.next", `to the ${PART_NAMES[this.#after(1)]}`];
		const move: KeyHint = [["list.up", "list.down"], "move"];
		const file: KeyHint = ["start.file", "from a file"];
		const editor: KeyHint = ["start.editor", "$EDITOR"];
		switch (this.#focus) {
			case "problem":
				if (this.#own.empty) return [["start.begin", "choose one"], file, editor, next];
				return [["start.begin"], ["field.newline", "new line"], editor, file, next];
			case "answer":
			case "domain":
				return [["start.begin"], next];
			case "set":
				return [["list.choose", "begin with it"], move, ["start.set", "another set"], next];
			case "sessions":
				return [["list.choose", "open"], move, next];
			case "settings":
				return [["start.begin", "change"], next];
		}
	}

	can(command: CommandId): boolean {
		switch (command) {
			case "dialog.accept":
			case "field.complete":
				return false;
			case "dialog.close":
				return (this.#finder?.query ?? "") !== "";
			case "field.newline":
			case "field.editor":
				return this.#focus === "problem";
			default:
				return true;
		}
	}

	run(command: CommandId): boolean {
		const did = this.#run(command);
		if (did) this.#deps.desk.changed("now");
		return did;
	}

	#run(command: CommandId): boolean {
		const { desk, cwd } = this.#deps;
		switch (command) {
			case "start.next":
				return this.#go(this.#after(1));
			case "start.previous":
				return this.#go(this.#after(-1));
			case "start.begin":
				return this.#begin();
			case "start.engine":
			case "start.policy":
			case "start.settings":
				changeSettings(command, this.#deps);
				return true;
			case "start.file":
				askProblemFile({ desk, cwd }, (text) => this.#write(text));
				return true;
			case "start.set":
				askSetFile({ desk, cwd }, (file) => this.#load(file === undefined ? BUNDLED : [file]));
				return true;
			case "start.editor":
			case "field.editor":
				void this.#openEditor();
				return true;
			case "field.newline":
				return this.#focus === "problem" && this.#own.text.do("newline");
			case "list.choose":
				return this.#choose();
			case "list.preview-down":
			case "list.preview-up":
				this.#lists.scrollPreview(command === "list.preview-down" ? 1 : -1);
				return true;
			case "list.up":
				if (this.#finder?.run(command) === "nothing" && this.#focus === "set") this.#go("problem");
				return true;
			case "dialog.close":
				return this.#finder?.clear() ?? false;
			default:
				if (!command.startsWith("list.") || !this.#finder) return false;
				this.#finder.run(command);
				return true;
		}
	}

	key(key: Key): boolean {
		const did = this.#key(key);
		if (did) this.#deps.desk.changed("now");
		return did;
	}

	#key(key: Key): boolean {
		const focus = this.#focus;
		if (isListPart(focus)) return this.#lists.of(focus).key(key);
		if (focus !== "settings") {
			const did = this.#upper.key(focus, key);
			return typeof did === "string" ? this.#go(did) : did;
		}
		const { name } = key;
		if (name === "up") return this.#go(this.#lists.tab);
		if (name !== "left" && name !== "right") return false;
		const index = SETTINGS_COMMANDS.indexOf(this.#setting) + (name === "left" ? -1 : 1);
		this.#setting = SETTINGS_COMMANDS[Math.max(0, Math.min(index, SETTINGS_COMMANDS.length - 1))]!;
		return true;
	}

	/** Written into the part that has the focus; nothing begins by itself, however many lines it has. */
	paste(text: string): void {
		const short = text.length <= LONG_PASTE && !/[\r\n]/.test(text.trim());
		if (this.#focus === "answer") this.#own.answer.paste(text);
		else if (this.#finder && short) this.#finder.paste(text.trim());
		else {
			this.#go("problem");
			this.#own.text.paste(text);
		}
		this.#deps.desk.changed("now");
	}

	mouse(mouse: Mouse): boolean {
		const did = this.#where !== undefined && this.#pointed(mouse, this.#where);
		if (did) this.#deps.desk.changed("now");
		return did;
	}

	#pointed(mouse: Mouse, where: StartLayout): boolean {
		const { x, y, action } = mouse;
		const inLists = this.#lists.mouse(mouse, where);
		if (inLists) {
			const { did, part } = inLists;
			if (action === "press" && part) {
				// Pressed once more, the title of the tab in front changes to the other one.
				const turn =
					where.tabs && did === "nothing" && this.#focus === part && y === where[`${part}Title`]?.y;
				this.#go(turn ? (part === "set" ? "sessions" : "set") : part);
			}
			return did === "chosen" ? this.#choose() : true;
		}
		if (action === "wheel-up" || action === "wheel-down") {
			return within(where.problem, x, y) && this.#own.text.do(action === "wheel-up" ? "up" : "down");
		}
		if (action !== "press") return false;
		const part = this.#upper.press(where, x, y);
		if (part) return this.#go(part);
		if (!within(where.settings, x, y)) return false;
		const segment = this.#segments.find((one) => x >= one.x && x < one.x + one.width);
		return segment !== undefined && this.#run(segment.command);
	}

	close(): void {
		this.#lists.close();
		this.#ownSet?.close();
	}

	get #own(): OwnPart["own"] {
		return this.#upper.own;
	}

	/** Of the list that has the focus. */
	get #finder(): ReturnType<ListsPart["of"]> | undefined {
		return isListPart(this.#focus) ? this.#lists.of(this.#focus) : undefined;
	}

	#go(part: Part): true {
		this.#focus = part;
		if (isListPart(part)) this.#lists.tab = part;
		return true;
	}

	/** Answer and domain are of the written problem: they are passed over while there is none. */
	#after(by: 1 | -1): Part {
		const parts = PARTS.filter((part) => !this.#own.empty || (part !== "answer" && part !== "domain"));
		return parts[(parts.indexOf(this.#focus) + by + parts.length) % parts.length] ?? "problem";
	}

	#begin(): boolean {
		if (this.#focus === "settings") return this.#run(this.#setting);
		const { problem } = this.#own;
		if (!problem) return this.#go("set");
		this.#deps.begin(problem);
		return true;
	}

	/** Enter, or a second click, in the list that has the focus. */
	#choose(): boolean {
		const { desk } = this.#deps;
		if (this.#focus === "sessions") {
			const entry = this.#lists.sessions.selected;
			if (entry?.trouble !== undefined)
				desk.say(`session ${entry.id} cannot be read: ${entry.trouble}`, "error");
			else if (entry) this.#deps.openSession(entry.id);
			return entry !== undefined;
		}
		const { set, selected: row } = this.#lists.set;
		if (!row || this.#beginning) return false;
		if (isMistake(row)) {
			desk.say(`${placeOf(row)} is no problem: ${row.says}`, "warning");
			return true;
		}
		this.#beginning = true;
		void set
			.whole(row)
			.then((problem) => {
				if (set === this.#ownSet) this.#ownSet = undefined;
				this.#deps.begin(problem, set);
			})
			.catch((error: unknown) => desk.say((error as Error).message, "error"))
			.finally(() => {
				this.#beginning = false;
			});
		return true;
	}

	#write(text: string): void {
		this.#own.text.text = text;
		this.#go("problem");
		this.#deps.desk.changed("now");
	}

	#load(files: readonly string[]): void {
		this.#ownSet?.close();
		this.#ownSet = new ProblemSet(files);
		this.#lists.set.use(this.#ownSet);
		this.#go("set");
		this.#deps.desk.changed("now");
	}

	async #openEditor(): Promise<void> {
		const text = await this.#deps.desk.edit(this.#own.text.text, ".md");
		if (text !== undefined) this.#write(text.replace(/\s+$/, ""));
	}
}
