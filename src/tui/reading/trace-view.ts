/**
 * A trace that is only read, in the panes of a session: the thinking with its hints, code and outputs, the timeline, the
 * blocks as they ran, and at the foot what it came to. Rollouts of a run and samples of a dataset are looked at with it.
 *
 *     const live = new Still(id, events, growing);             // src/reason/still.ts; `live.show`, `live.add` change it
 *     desk.open(new TraceView({ desk, depth, cwd, live, head, status, leave, step }));
 *
 * `events` are those of a session: `session`, `branch`, then what is in it (src/data/rollout-events.ts makes them of a
 * rollout). Commands of whoever opens it go in by `contexts` (looked up before those of reading), `commands` and `keys`;
 * search, copying, print, export, the panes and their sizes are those of the session. `panel` stands at the foot of the
 * thinking in place of the end that a session shows.
 */

import type { Still } from "../../reason/still.ts";
import { visibleLine } from "../../trace/visible.ts";
import type { CommandId, KeyContext } from "../keys/command-table.ts";
import { BlocksPane } from "../session/blocks-pane.ts";
import type { Named } from "../session/foot.ts";
import type { Rect } from "../session/layout.ts";
import { endPanel } from "../session/panels.ts";
import { type Panel, SessionView } from "../session/session-view.ts";
import { fit, pad, widthOf } from "../text/cells.ts";
import type { Depth } from "../theme/colour.ts";
import type { Paint } from "../theme/theme.ts";
import type { Desk } from "../view.ts";

export type TraceViewOptions = {
	readonly desk: Desk;
	readonly depth: Depth;
	readonly cwd: string;
	readonly live: Still;
	/** What stands in the first row: to the left what it is, to the right where it stands among others. */
	readonly head: () => { readonly left: string; readonly right: string };
	/** What is known of it, for the row above the keys: what does not fit is left out from the end. */
	readonly status: () => readonly string[];
	/** Over the foot of the thinking; absent: the verdict with what it took, as a session shows it. */
	readonly panel?: (rect: Rect, paint: Paint) => Panel | undefined;
	readonly leave: () => void;
	/** To the trace before or behind it; false where there is none. */
	readonly step?: (by: 1 | -1) => boolean;
	/** Where keys are looked up before those of reading, and what they do. */
	readonly contexts?: readonly KeyContext[];
	readonly commands?: Partial<Record<CommandId, () => boolean>>;
	readonly can?: (command: CommandId) => boolean | undefined;
	/** Keys to be named first. */
	readonly keys?: Named;
	readonly closed?: () => void;
};

/** What means something where nothing can be changed. */
const HERE: ReadonlySet<CommandId> = new Set<CommandId>([
	"focus.next",
	"focus.previous",
	"focus.thinking",
	"focus.timeline",
	"focus.python",
	"pane.zoom",
	"pane.hide",
	"pane.wider",
	"pane.narrower",
	"pane.taller",
	"pane.shorter",
	"search",
	"search.next",
	"search.previous",
	"follow",
	"copy",
	"copy.all",
	"print",
	"problem.show",
	"export",
]);

const MOVES = /^(?:line|half|page|event|item|python|search)\.|^top$/;

const KEYS: Named = [
	["reading.leave", "back"],
	["reading.next", "next"],
	["reading.previous", "before"],
	["search", "search"],
	["follow", "to the end"],
	["focus.next", "next pane"],
	["problem.show", "problem"],
	["palette", "commands"],
	["help", "help"],
];

export class TraceView extends SessionView {
	readonly #options: TraceViewOptions;

	constructor(options: TraceViewOptions) {
		const { desk, live, depth, cwd } = options;
		super({
			desk,
			live,
			python: new BlocksPane({ desk, live }),
			depth,
			waits: () => undefined,
			next: () => {},
			replay: () => {},
			cwd,
			replays: true,
		});
		this.#options = options;
	}

	override get contexts(): readonly KeyContext[] {
		const contexts = super.contexts.filter((context) => context !== "ended");
		return contexts.includes("session")
			? [...(this.#options.contexts ?? []), "reading", ...contexts]
			: contexts;
	}

	override run(command: CommandId): boolean {
		const { commands, leave, step, desk } = this.#options;
		const own = commands?.[command];
		if (own) return own();
		switch (command) {
			case "reading.leave":
				leave();
				return true;
			case "reading.next":
			case "reading.previous":
				if (!step) return false;
				if (!step(command === "reading.next" ? 1 : -1)) desk.say("there is no other");
				return true;
			default:
				return (HERE.has(command) || MOVES.test(command)) && super.run(command);
		}
	}

	override can(command: CommandId): boolean {
		const { can, commands, step } = this.#options;
		const own = can?.(command);
		if (own !== undefined) return own;
		if (commands?.[command]) return true;
		if (command === "reading.next" || command === "reading.previous") return step !== undefined;
		if (command.startsWith("reading.")) return true;
		return (HERE.has(command) || MOVES.test(command)) && super.can(command);
	}

	protected override head(columns: number): string {
		const { head, desk } = this.#options;
		const { left, right } = head();
		const said = fit(visibleLine(right), Math.floor(columns / 2));
		const name = pad(` ${visibleLine(left)}`, columns - widthOf(said) - 2);
		return desk.paint("status", `${name} ${said} `);
	}

	protected override status(columns: number): string {
		const { paint } = this.#options.desk;
		return paint("status", pad(joined(this.#options.status().map(visibleLine), columns - 1), columns));
	}

	protected override get keysNamed(): Named {
		return [...(this.#options.keys ?? []), ...KEYS];
	}

	protected override panel(rect: Rect): Panel | undefined {
		const { panel, desk } = this.#options;
		if (panel) return panel(rect, desk.paint);
		const { branch } = this;
		if (!branch?.outcome || rect.height < 8) return undefined;
		// Its keys are those of a session that can be gone on with.
		return {
			rows: endPanel(branch, this.live.problem, undefined, rect.width, desk.keymap, desk.paint).slice(0, 2),
		};
	}

	override close(): void {
		super.close();
		this.#options.closed?.();
	}
}

/** As many of the facts as fit, one behind the other. */
export function joined(facts: readonly string[], columns: number): string {
	let row = "";
	for (const fact of facts) {
		if (fact === "") continue;
		const next = row === "" ? ` ${fact}` : `${row}  ${fact}`;
		if (widthOf(next) > columns) return row === "" ? fit(next, columns) : row;
		row = next;
	}
	return row;
}
