/** The timeline drawn: two lines an entry where it led to something, else one; the selected one always in sight. */
import { visibleLine } from "../../trace/visible.ts";
import { fit, pad, widthOf } from "../text/cells.ts";
import type { Paint } from "../theme/theme.ts";
import { sayLed } from "./led-to.ts";
import type { Entry } from "./timeline.ts";

export type TimelineLook = { readonly paint: Paint; readonly focused: boolean; readonly now: number };

/** A row and the entry that it belongs to. */
type Row = { readonly entry: number; readonly text: string };

export class TimelinePane {
	/** Key of the selected entry. Undefined: the last one, followed. */
	#selected: string | undefined;
	#first = 0;
	/** Scrolled by hand: the selected entry may be out of sight until it moves. */
	#free = false;
	#rows: readonly Row[] = [];
	#height = 1;

	reset(): void {
		this.#selected = undefined;
		this.#free = false;
		this.#first = 0;
	}

	selected(entries: readonly Entry[]): Entry | undefined {
		return entries.find(({ key }) => key === this.#selected);
	}

	move(entries: readonly Entry[], by: number): Entry | undefined {
		const at = entries.findIndex(({ key }) => key === this.#selected);
		const from = at < 0 ? (by < 0 ? entries.length : entries.length - 1 - by) : at;
		return this.select(entries, from + by);
	}

	select(entries: readonly Entry[], index: number): Entry | undefined {
		const entry = entries[Math.max(0, Math.min(entries.length - 1, index))];
		this.#selected = entry?.key;
		this.#free = false;
		return entry;
	}

	/** The entry at a row of the window. */
	at(row: number): number | undefined {
		return this.#rows[this.#first + row]?.entry;
	}

	scroll(by: number): void {
		const most = Math.max(0, this.#rows.length - this.#height);
		this.#first = Math.max(0, Math.min(most, this.#first + by));
		this.#free = this.#first < most;
	}

	draw(entries: readonly Entry[], columns: number, height: number, look: TimelineLook): readonly string[] {
		const { paint } = look;
		const selected = entries.findIndex(({ key }) => key === this.#selected);
		if (entries.length === 0) {
			return [paint("dim", fit("  No marker yet: places for a hint show up here.", columns))];
		}
		const wide = Math.min(
			Math.max(14, Math.floor(columns * 0.42)),
			Math.max(...entries.map(({ place }) => widthOf(visibleLine(place)))),
		);
		const rows: Row[] = [];
		for (const [index, entry] of entries.entries()) {
			for (const text of rowsOf(entry, wide, columns, paint, index === selected ? look : undefined))
				rows.push({ entry: index, text });
		}
		this.#rows = rows;
		this.#height = height;
		this.#keepInSight(selected, height);
		return rows.slice(this.#first, this.#first + height).map(({ text }) => text);
	}

	#keepInSight(selected: number, height: number): void {
		const rows = this.#rows;
		if (this.#free) {
			this.#first = Math.max(0, Math.min(this.#first, rows.length - height));
			return;
		}
		if (selected < 0) {
			this.#first = Math.max(0, rows.length - height);
			return;
		}
		const from = rows.findIndex(({ entry }) => entry === selected);
		const to = rows.findLastIndex(({ entry }) => entry === selected);
		if (from < this.#first) this.#first = from;
		else if (to >= this.#first + height) this.#first = to - height + 1;
		this.#first = Math.max(0, Math.min(this.#first, rows.length - height));
	}
}

function rowsOf(
	entry: Entry,
	wide: number,
	columns: number,
	paint: Paint,
	selected: TimelineLook | undefined,
): string[] {
	const who = entry.who === "person" ? "you" : entry.who === "policy" ? "policy" : "";
	const end = who === "" ? "" : ` ${who}`;
	const room = Math.max(0, columns - widthOf(end));
	const said = `${pad(visibleLine(entry.place), wide)}  ${visibleLine(entry.what)}`;
	const text = fit(`${entry.mark} ${said}`.trimEnd(), room);
	const gap = pad("", room - widthOf(text));
	const led = entry.led ? visibleLine(sayLed(entry.led)) : "";
	const second = led === "" ? [] : [fit(`  ${" ".repeat(wide)}  -> ${led}`, columns)];
	if (selected) {
		const token = selected.focused ? "selected" : "selected-dim";
		return [paint(token, text + gap + end), ...second.map((row) => paint(token, pad(row, columns)))];
	}
	return [
		paint(entry.token, text) + gap + paint(who === "you" ? "by-person" : "dim", end),
		...second.map((row) => paint("dim", row)),
	];
}
