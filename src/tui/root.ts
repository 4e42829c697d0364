/**
 * The only place that knows Ink and React: lays the rectangles of a drawing on the screen, each as one block of finished
 * rows. Ink finds out what changed and writes that; who draws decides when there is something new (app.ts).
 */
import { Readable } from "node:stream";
import { Box, type Instance, render, Text, useCursor } from "ink";
import { createElement, memo, type ReactElement, useSyncExternalStore } from "react";
import { Outflow } from "./term/outflow.ts";
import type { Area, Drawing, Size } from "./view.ts";

/** Keys are painted at once: what is thinned out is the data, before it comes here. */
const MOST_FRAMES_PER_SECOND = 250;

const HOME_AND_ERASE = "\x1b[H\x1b[J";

/** What the terminal shows of nudge; the terminal itself (term/terminal.ts) hides and ends it. */
export interface Root {
	show(drawing: Drawing, size: Size): void;
	/** Everything is written anew. */
	redraw(): void;
	/** The terminal's size changed, and what was on it went where it pleased: the next drawing is written whole. */
	moved(): void;
	/** Off the terminal, the alternate screen too, at once. */
	hide(): void;
	/** Back, with what was shown last. */
	unhide(): void;
	/** Resolves when what was drawn is with the terminal. */
	flushed(): Promise<void>;
}

type Frame = { readonly drawing: Drawing; readonly size: Size };

export function openRoot(stdout: NodeJS.WriteStream, size: Size, outflow = new Outflow(stdout)): Root {
	let frame: Frame = { drawing: { areas: [] }, size };
	const listeners = new Set<() => void>();
	const subscribe = (listener: () => void): (() => void) => {
		listeners.add(listener);
		return () => listeners.delete(listener);
	};
	const Page = (): ReactElement => {
		const { drawing, size } = useSyncExternalStore(subscribe, () => frame);
		useCursor().setCursorPosition(drawing.cursor);
		return createElement(
			Box,
			{ width: size.columns, height: size.rows, overflow: "hidden" },
			drawing.areas.map((area) => createElement(Rectangle, { ...area, key: area.key })),
		);
	};
	const mount = (): Instance => {
		const others = stdout.listeners("resize");
		const mounted = render(createElement(Page), {
			stdout,
			stdin: new NoKeys(),
			alternateScreen: true,
			incrementalRendering: true,
			interactive: true,
			maxFps: MOST_FRAMES_PER_SECOND,
			exitOnCtrlC: false,
			patchConsole: false,
			isScreenReaderEnabled: false,
		});
		// Ink would draw the old picture into the new size at once, and from where it left the cursor: terminals move
		// that and the rows around it, each in its own way. `moved` does it from the corner.
		for (const listener of stdout.listeners("resize"))
			if (!others.includes(listener)) stdout.off("resize", listener as () => void);
		return mounted;
	};
	/** Nobody knows what stands on the terminal, nor where its cursor is. */
	let displaced = true;
	/** A terminal that is behind gets the latest picture once it has taken the one before, and none in between. */
	let waits = false;
	const show = (drawing: Drawing, size: Size): void => {
		frame = { drawing, size };
		if (waits) return;
		if (!outflow.behind) {
			draw();
			return;
		}
		waits = true;
		void outflow.through().then(() => {
			waits = false;
			draw();
		});
	};
	const draw = (): void => {
		if (!instance) return;
		if (displaced) {
			displaced = false;
			instance.clear();
			stdout.write(HOME_AND_ERASE);
		}
		for (const listener of listeners) listener();
	};
	let instance: Instance | undefined = mount();
	const hide = (): void => {
		instance?.unmount();
		instance?.cleanup();
		instance = undefined;
	};
	const unhide = (): void => {
		if (instance) return;
		const { drawing, size } = frame;
		// Entering the alternate screen leaves the cursor in whatever column the shell had it: nothing is drawn from there.
		frame = { drawing: { areas: [] }, size };
		instance = mount();
		displaced = true;
		show(drawing, size);
	};
	return {
		show,
		redraw: () => {
			hide();
			unhide();
		},
		moved: () => {
			displaced = true;
		},
		hide,
		unhide,
		flushed: async () => {
			await instance?.waitUntilRenderFlush();
		},
	};
}

/** Keys never go through Ink: it gets an input on which nothing comes. */
class NoKeys extends Readable {
	readonly isTTY = true;

	override _read(): void {}

	setRawMode(): this {
		return this;
	}

	ref(): this {
		return this;
	}

	unref(): this {
		return this;
	}
}

const Rectangle = memo(function Rectangle({ x, y, width, rows }: Omit<Area, "key">): ReactElement {
	return createElement(
		Box,
		{ position: "absolute", left: x, top: y, width, height: rows.length, overflow: "hidden" },
		// A row without text would be left out by Ink, and with it its place.
		createElement(Text, { wrap: "truncate" }, rows.map((row) => row || " ").join("\n")),
	);
});
