/**
 * What all sheets have in common: they are framed, closed with Escape or a click beside them, and made anew only when
 * something in them has changed, so that one lying over a streaming trace costs nothing.
 */
import type { CommandId, KeyContext } from "../keys/command-table.ts";
import type { Mouse } from "../term/input.ts";
import type { Desk, Drawing, Size, View } from "../view.ts";
import type { Line } from "./line.ts";
import {
	type BodyRow,
	type Box,
	boxIn,
	type KeyHint,
	keyLine,
	roomIn,
	sheetArea,
	type Wanted,
} from "./sheet.ts";

export type Room = { readonly columns: number; readonly rows: number };

export type Sheeted = {
	readonly title: string;
	readonly aside?: string;
	readonly rows: readonly BodyRow[];
	readonly keys: readonly KeyHint[];
	/** Instead of the keys: what is wrong with what was typed. */
	readonly message?: Line;
	/** Cells from the body's top left. */
	readonly cursor?: { readonly x: number; readonly y: number };
};

export abstract class Sheet implements View {
	abstract readonly contexts: readonly KeyContext[];
	abstract readonly typing: boolean;
	readonly sheet = true;
	protected readonly desk: Desk;
	#version = 0;
	#box: Box | undefined;
	#drawn: { readonly of: readonly unknown[]; readonly drawing: Drawing } | undefined;

	constructor(desk: Desk) {
		this.desk = desk;
	}

	/** What it would like to have, given the most that there is. */
	protected abstract wants(room: Room): Wanted;
	protected abstract show(room: Room): Sheeted;
	/** What it shows besides its own state: where one of these is another, it is drawn anew. */
	protected depends(): readonly unknown[] {
		return [];
	}
	/** A click or the wheel, in cells of the body; `x` and `y` may lie on its frame. */
	protected pointed(_mouse: Mouse, _x: number, _y: number): boolean {
		return true;
	}
	/** It was closed without a choice. */
	protected cancelled(): void {}

	draw(size: Size): Drawing {
		const of = [size.columns, size.rows, this.desk.paint, this.desk.keymap, this.#version, ...this.depends()];
		if (this.#drawn && of.every((value, index) => value === this.#drawn!.of[index]))
			return this.#drawn.drawing;
		const box = boxIn(size, this.wants(roomIn(size)));
		const { inner } = box;
		const shown = this.show(inner);
		const area = sheetArea({
			key: "sheet",
			paint: this.desk.paint,
			box,
			title: shown.title,
			...(shown.aside === undefined ? {} : { aside: shown.aside }),
			body: shown.rows,
			footer: shown.message ?? keyLine(this.desk.keymap, shown.keys, inner.columns),
		});
		const { cursor } = shown;
		const at = cursor && { x: inner.x + cursor.x, y: inner.y + cursor.y };
		const seen = cursor && cursor.y < inner.rows && at!.x < size.columns && at!.y < size.rows;
		const drawing: Drawing = { areas: [area], ...(seen ? { cursor: at! } : {}) };
		this.#box = box;
		this.#drawn = { of, drawing };
		return drawing;
	}

	run(command: CommandId): boolean {
		if (command !== "dialog.close") return false;
		this.cancel();
		return true;
	}

	mouse(mouse: Mouse): boolean {
		if (!this.#box) return false;
		const { outer, inner } = this.#box;
		const inside =
			mouse.x >= outer.x &&
			mouse.x < outer.x + outer.columns &&
			mouse.y >= outer.y &&
			mouse.y < outer.y + outer.rows;
		if (inside) return this.pointed(mouse, mouse.x - inner.x, mouse.y - inner.y);
		if (mouse.action === "press") this.cancel();
		return true;
	}

	/** Something in it has changed because of what a person did. */
	protected changed(): void {
		this.#version++;
		this.desk.changed("now");
	}

	protected cancel(): void {
		this.dismiss();
		this.cancelled();
	}

	protected dismiss(): void {
		this.desk.close(this);
	}
}
