/**
 * The page of sessions: what was kept, newest first, with a filter and a preview; open, replay, delete. Nothing here
 * changes a session but deleting it, which asks.
 */
import { heldBy } from "../../trace/lock.ts";
import type { Shelved } from "../../trace/shelf.ts";
import type { SessionStore } from "../../trace/store.ts";
import { visibleLine } from "../../trace/visible.ts";
import type { CommandId } from "../keys/command-table.ts";
import type { Key, Mouse } from "../term/input.ts";
import type { Desk, Drawing, Size, View } from "../view.ts";
import { instant } from "./ago.ts";
import { confirm } from "./confirm.ts";
import { Areas, type Rect, titleLine, tooSmallFor, whileTyping, windowed, within } from "./pane.ts";
import { Scroll } from "./scroll.ts";
import { SessionList } from "./sessions/list.ts";
import { SessionPreviews } from "./sessions/preview.ts";
import { keyLine } from "./sheet.ts";

export type SessionsDeps = {
	readonly desk: Desk;
	readonly store: SessionStore;
	readonly open: (id: string) => void;
	readonly replay: (id: string) => void;
	readonly now?: () => number;
	/** How long a session stays selected before its journal is read for the preview. */
	readonly restMs?: number;
};

const WHEEL_ROWS = 3;

export class SessionsPage implements View {
	readonly contexts = ["sessions", "list", "dialog"] as const;
	readonly typing = true;
	readonly sheet = false;
	readonly #deps: SessionsDeps;
	readonly #sessions: SessionList;
	readonly #previews: SessionPreviews;
	readonly #areas = new Areas();
	readonly #preview = new Scroll();
	#previewOf: string | undefined;
	#previewAt: Rect | undefined;

	constructor(deps: SessionsDeps) {
		const { desk, store, now, restMs } = deps;
		this.#deps = deps;
		this.#sessions = new SessionList({
			desk,
			store,
			...(now ? { now } : {}),
			empty: "There are no sessions yet. Whatever you begin is kept by itself, and stands here.",
		});
		this.#previews = new SessionPreviews({
			store,
			changed: () => desk.changed("now"),
			...(restMs === undefined ? {} : { restMs }),
		});
		this.#sessions.refresh();
	}

	/** Looks for sessions that are new, changed or gone. It does so by itself when it is drawn after a while. */
	refresh(): void {
		this.#sessions.refresh();
	}

	draw(size: Size): Drawing {
		const small = tooSmallFor(size, this.#deps.desk.paint);
		if (small) return small;
		this.#sessions.refreshIfStale();
		const { desk } = this.#deps;
		const { paint } = desk;
		const where = layout(size);
		const sessions = this.#sessions;
		this.#areas.begin();
		const title = sessions.finder.title(where.title, "Sessions", sessions.count, true);
		this.#areas.put("title", where.title, [title.row], paint);
		const rows = sessions.rows(where.list, true);
		this.#areas.put("header", where.header, [sessions.header(where.header.width)], paint);
		this.#areas.put("list", where.list, rows, paint);
		this.#drawPreview(where);
		if (where.rule) {
			this.#areas.put(
				"rule",
				where.rule,
				Array.from({ length: where.rule.height }, () => [["rule", "|"]]),
				paint,
			);
		}
		const keys = keyLine(
			whileTyping(desk.keymap),
			[
				["sessions.resume", "open"],
				["sessions.replay", "replay"],
				["sessions.delete", "remove"],
				[["list.up", "list.down"], "move"],
				["dialog.close", sessions.finder.query === "" ? "back" : "clear the filter"],
				["palette", "commands"],
				["help", "help"],
			],
			where.keys.width,
		);
		this.#areas.put("keys", where.keys, [keys], paint);
		return { areas: this.#areas.drawn, ...(title.cursor ? { cursor: title.cursor } : {}) };
	}

	#drawPreview({ previewTitle, preview }: Layout): void {
		this.#previewAt = preview;
		if (!preview || !previewTitle) return;
		const { desk } = this.#deps;
		const { selected } = this.#sessions;
		if (selected?.id !== this.#previewOf) this.#preview.to(0);
		this.#previewOf = selected?.id;
		const extra = selected?.summary ? instant(selected.summary.created) : "";
		const title = titleLine(selected?.id ?? "Nothing selected", extra, false, previewTitle.width);
		const lines = selected ? this.#previews.lines(selected, preview.width, preview.height) : [];
		const top = this.#preview.fit(lines.length, preview.height - 1);
		const key = desk.keymap.keysOf("list.preview-down")[0];
		this.#areas.put("preview title", previewTitle, [title], desk.paint);
		this.#areas.put("preview", preview, windowed(lines, preview.height, top, key), desk.paint);
	}

	can(command: CommandId): boolean {
		if (command.startsWith("sessions.")) return this.#sessions.selected !== undefined;
		return command !== "dialog.accept";
	}

	run(command: CommandId): boolean {
		const { selected } = this.#sessions;
		switch (command) {
			case "sessions.resume":
			case "list.choose":
				return selected !== undefined && this.#open(selected, this.#deps.open);
			case "sessions.replay":
				return selected !== undefined && this.#open(selected, this.#deps.replay);
			case "sessions.delete":
				if (selected) this.#askDelete(selected);
				return selected !== undefined;
			case "list.preview-down":
				return this.#scrollPreview(1);
			case "list.preview-up":
				return this.#scrollPreview(-1);
			case "dialog.close":
				if (!this.#sessions.finder.clear()) this.#deps.desk.close(this);
				this.#deps.desk.changed("now");
				return true;
			default:
				if (!command.startsWith("list.")) return false;
				this.#sessions.finder.run(command);
				this.#deps.desk.changed("now");
				return true;
		}
	}

	key(key: Key): boolean {
		if (!this.#sessions.finder.key(key)) return false;
		this.#deps.desk.changed("now");
		return true;
	}

	paste(text: string): void {
		this.#sessions.finder.paste(text);
		this.#deps.desk.changed("now");
	}

	mouse(mouse: Mouse): boolean {
		const wheel = mouse.action === "wheel-down" ? 1 : mouse.action === "wheel-up" ? -1 : 0;
		if (wheel !== 0 && within(this.#previewAt, mouse.x, mouse.y))
			return this.#scrollPreview(wheel * WHEEL_ROWS);
		const did = this.#sessions.finder.mouse(mouse);
		if (did === "chosen") return this.run("sessions.resume");
		if (did === "selected") this.#deps.desk.changed("now");
		return did !== "nothing";
	}

	close(): void {
		this.#sessions.close();
		this.#previews.close();
	}

	#scrollPreview(rows: number): boolean {
		if (this.#preview.by(rows)) this.#deps.desk.changed("now");
		return true;
	}

	#open({ id, trouble }: Shelved, open: (id: string) => void): true {
		if (trouble === undefined) open(id);
		else this.#deps.desk.say(`session ${id} cannot be read: ${trouble}`, "error");
		return true;
	}

	#askDelete(entry: Shelved): void {
		const { desk, store } = this.#deps;
		const { id } = entry;
		const holder = heldBy(store.folderOf(id));
		if (holder !== undefined) {
			const own = holder.includes(`(pid ${process.pid})`);
			desk.say(`session ${id} is open in ${own ? "this nudge" : holder}: close it there first`, "warning");
			return;
		}
		confirm({
			desk,
			title: `Delete session ${id}?`,
			says: `${inWords(entry)}\n\nIt is removed with everything in it. There is no way back.`,
			yes: "Delete it",
			no: "Keep it",
			done: (yes) => {
				if (yes) this.#delete(id);
			},
		});
	}

	#delete(id: string): void {
		const { desk, store } = this.#deps;
		try {
			store.remove(id);
			this.#sessions.drop(id);
			desk.say(`session ${id} is deleted`);
		} catch (error) {
			this.#sessions.refresh();
			desk.say((error as Error).message, "error");
		}
	}
}

/** What would be lost. */
function inWords({ summary, trouble }: Shelved): string {
	if (!summary) return `It cannot be read: ${trouble}`;
	const { name, tags, problem, verdict, open, mark, branches, hints, calls, created } = summary;
	const many = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;
	const facts = [
		verdict ?? (open ? "open" : "ended"),
		...(mark ? [mark] : []),
		`${branches} ${branches === 1 ? "branch" : "branches"}`,
		many(hints, "hint"),
		many(calls, "call"),
		...tags.map((tag) => `#${tag}`),
	];
	return [
		...(name === undefined ? [] : [visibleLine(name)]),
		visibleLine(problem ?? "Its problem is not known."),
		`${instant(created)}: ${facts.join(", ")}`,
	].join("\n");
}

type Layout = {
	readonly title: Rect;
	readonly header: Rect;
	readonly list: Rect;
	readonly rule?: Rect;
	readonly previewTitle?: Rect;
	readonly preview?: Rect;
	readonly keys: Rect;
};

const BESIDE_COLUMNS = 150;
const LIST_SHARE = 0.58;
const PREVIEW_SHARE = 0.42;
const ROWS_FOR_PREVIEW = 14;
const MOST_PREVIEW_ROWS = 22;
/** A space, the rule, a space. */
const BETWEEN = 3;

function layout({ columns, rows }: Size): Layout {
	const line = (y: number): Rect => ({ x: 0, y, width: columns, height: y < rows ? 1 : 0 });
	const body = Math.max(0, rows - 3);
	const lines = { header: line(1), keys: { ...line(rows - 1), x: 2, width: Math.max(0, columns - 2) } };
	if (columns >= BESIDE_COLUMNS && rows >= ROWS_FOR_PREVIEW) {
		const width = Math.floor(columns * LIST_SHARE);
		const right = { x: width + BETWEEN, width: columns - width - BETWEEN };
		return {
			...lines,
			title: { ...line(0), width },
			header: { ...line(1), width },
			list: { x: 0, y: 2, width, height: body },
			rule: { x: width + 1, y: 0, width: 1, height: rows - 1 },
			previewTitle: { ...line(0), ...right },
			preview: { x: right.x + 2, y: 1, width: right.width - 2, height: rows - 2 },
		};
	}
	const list: Rect = { x: 0, y: 2, width: columns, height: body };
	if (rows < ROWS_FOR_PREVIEW) return { ...lines, title: line(0), list };
	const height = Math.min(MOST_PREVIEW_ROWS, Math.floor(body * PREVIEW_SHARE));
	const y = rows - 1 - height;
	return {
		...lines,
		title: line(0),
		list: { ...list, height: body - height - 1 },
		previewTitle: line(y - 1),
		preview: { x: 2, y, width: columns - 3, height },
	};
}
