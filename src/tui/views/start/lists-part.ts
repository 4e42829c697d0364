/** The middle of the start page: the problem set and the sessions, and the preview of what is selected in the one looked at. */
import type { ProblemSet } from "../../../data/problem-set.ts";
import type { SessionStore } from "../../../trace/store.ts";
import type { Mouse } from "../../term/input.ts";
import type { Desk, Drawing } from "../../view.ts";
import { instant } from "../ago.ts";
import type { Line } from "../line.ts";
import type { Did } from "../list.ts";
import { type Areas, titleLine, windowed, within } from "../pane.ts";
import { Scroll } from "../scroll.ts";
import { SessionList } from "../sessions/list.ts";
import { SessionPreviews } from "../sessions/preview.ts";
import type { StartLayout } from "./layout.ts";
import type { ListPart, Part } from "./parts.ts";
import { SetList } from "./set-list.ts";

export type ListsOptions = {
	readonly desk: Desk;
	readonly store: SessionStore;
	readonly set: ProblemSet;
	/** The id of the problem that is selected at first. */
	readonly selected?: string | undefined;
	readonly now?: (() => number) | undefined;
	readonly restMs?: number | undefined;
};

const WHEEL_ROWS = 3;

export class ListsPart {
	readonly set: SetList;
	readonly sessions: SessionList;
	/** The one that is looked at, or was last. */
	tab: ListPart = "set";
	readonly #desk: Desk;
	readonly #previews: SessionPreviews;
	readonly #preview = new Scroll();
	#previewOf: unknown;

	constructor({ desk, store, set, selected, now, restMs }: ListsOptions) {
		this.#desk = desk;
		this.sessions = new SessionList({
			desk,
			store,
			...(now ? { now } : {}),
			empty: "None yet. What you begin is kept.",
		});
		this.set = new SetList({ desk, set, shelved: () => this.sessions.shelved, first: selected });
		this.#previews = new SessionPreviews({
			store,
			changed: () => desk.changed("now"),
			...(restMs === undefined ? {} : { restMs }),
		});
		this.sessions.refresh();
	}

	of(part: ListPart): SetList["finder"] | SessionList["finder"] {
		return part === "set" ? this.set.finder : this.sessions.finder;
	}

	draw(areas: Areas, where: StartLayout, focus: Part): Drawing["cursor"] {
		this.sessions.refreshIfStale();
		const { paint } = this.#desk;
		const set = this.#drawList(areas, where, "set", focus);
		const sessions = this.#drawList(areas, where, "sessions", focus);
		this.#drawPreview(areas, where);
		for (const [i, rule] of where.rules.entries()) {
			const rows = Array.from({ length: rule.height }, (): Line => [["rule", "|"]]);
			areas.put(`rule ${i}`, rule, rows, paint);
		}
		return set ?? sessions;
	}

	#drawList(areas: Areas, where: StartLayout, part: ListPart, focus: Part): Drawing["cursor"] {
		const at = where[part];
		const titleAt = where[`${part}Title`];
		if (!at || !titleAt) {
			this.of(part).hide();
			return undefined;
		}
		const focused = focus === part;
		// The rows come first: making them counts what the title says.
		const rows = part === "set" ? this.set.rows(at, focused) : this.sessions.rows(at, focused);
		const says = part === "set" ? this.set.says : this.sessions.count;
		const other = part === "set" ? `Sessions - ${this.sessions.total}` : `Problems - ${this.set.says}`;
		const extra = where.tabs && !focused ? `${says}   ${other}` : says;
		const title = this.of(part).title(titleAt, part === "set" ? "Problems" : "Sessions", extra, focused);
		areas.put(`${part} title`, titleAt, [title.row], this.#desk.paint);
		areas.put(part, at, rows, this.#desk.paint);
		return title.cursor;
	}

	#drawPreview(areas: Areas, { preview, previewTitle }: StartLayout): void {
		if (!preview || !previewTitle) return;
		const { paint, keymap } = this.#desk;
		const session = this.tab === "sessions" ? this.sessions.selected : undefined;
		const of = this.tab === "sessions" ? session?.id : this.set.selected;
		if (of !== this.#previewOf) this.#preview.to(0);
		this.#previewOf = of;
		let name = this.set.selectedName;
		let extra = "";
		let lines: readonly Line[] = [];
		if (this.tab === "sessions") {
			name = session?.id ?? "";
			extra = session?.summary ? instant(session.summary.created) : "";
			if (session) lines = this.#previews.lines(session, preview.width, preview.height);
		} else lines = this.set.preview(preview.width, preview.height);
		const title = titleLine(name === "" ? "Preview" : name, extra, false, previewTitle.width);
		const top = this.#preview.fit(lines.length, preview.height - 1);
		const key = keymap.keysOf("list.preview-down")[0];
		areas.put("preview title", previewTitle, [title], paint);
		areas.put("preview", preview, windowed(lines, preview.height, top, key), paint);
	}

	/** A press or the wheel; undefined where it was beside all of this. `part`: the list that it was on. */
	mouse(mouse: Mouse, where: StartLayout): { readonly did: Did; readonly part?: ListPart } | undefined {
		const { x, y, action } = mouse;
		const wheel = action === "wheel-down" ? 1 : action === "wheel-up" ? -1 : 0;
		if (wheel !== 0 && within(where.preview, x, y)) {
			this.scrollPreview(wheel * WHEEL_ROWS);
			return { did: "selected" };
		}
		for (const part of ["set", "sessions"] as const) {
			const onTitle = within(where[`${part}Title`], x, y);
			if (onTitle || within(where[part], x, y)) return { did: this.of(part).mouse(mouse), part };
		}
		return undefined;
	}

	scrollPreview(rows: number): void {
		this.#preview.by(rows);
	}

	close(): void {
		this.set.close();
		this.sessions.close();
		this.#previews.close();
	}
}
