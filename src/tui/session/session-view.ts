/**
 * The session on the screen: thinking, hint timeline and Python, with status and keys below. It shows what `Live` says and
 * hands on what a person does; nothing of the loop is decided here.
 */
import type { Live, LiveChange } from "../../reason/live.ts";
import type { TraceEvent } from "../../trace/events.ts";
import type { Branch } from "../../trace/fold.ts";
import { visibleLine } from "../../trace/visible.ts";
import type { CommandId, KeyContext } from "../keys/command-table.ts";
import type { PythonPane } from "../python/pane.ts";
import type { Key, Mouse } from "../term/input.ts";
import { fit, pad, widthOf, wrapText } from "../text/cells.ts";
import { Field } from "../text/field.ts";
import type { Line } from "../text/line-index.ts";
import type { Depth } from "../theme/colour.ts";
import type { Area, Desk, Drawing, Size, View } from "../view.ts";
import { type Actions, actionsOf } from "./actions.ts";
import { arranged } from "./arrange.ts";
import { isGrowing } from "./deeds.ts";
import { footKeys, type Named, REPLAY_KEYS } from "./foot.ts";
import {
	ARRANGEMENT,
	type Arrangement,
	type Layout,
	layout,
	PANES,
	type PaneName,
	paneAt,
	type Rect,
	SMALLEST,
	tooSmall,
} from "./layout.ts";
import { endPanel, keyLine, paneTitle, proposalPanel, ruleWith, troublePanel } from "./panels.ts";
import { Searching } from "./searching.ts";
import { statusRow } from "./status.ts";
import { GUTTER, ThinkingPane } from "./thinking-pane.ts";
import { TimelinePane } from "./timeline-pane.ts";
import { TraceModel } from "./trace-model.ts";

/** What the session needs of its Python pane. */
export type PythonLike = Pick<
	PythonPane,
	| "start"
	| "title"
	| "rows"
	| "cursor"
	| "resize"
	| "key"
	| "paste"
	| "scroll"
	| "wheel"
	| "restart"
	| "interrupt"
	| "dress"
> &
	Partial<Pick<PythonPane, "failed">>;

export type SessionDeps = {
	readonly desk: Desk;
	readonly live: Live;
	readonly python: PythonLike;
	readonly depth: Depth;
	/** What the trace waits for, in words: a model that loads. */
	readonly waits: () => string | undefined;
	/** The next problem of the set. */
	readonly next: () => void;
	/** Chooses another engine to go on with. */
	readonly engine?: () => void;
	readonly replay: (branch: string) => void;
	readonly cwd: string;
	/** The session's journal, a file; absent where it has none. */
	readonly journal?: string;
	/** It is a replay: nothing is asked for at its end. */
	readonly replays?: boolean;
	readonly now?: () => number;
};

/** Rows over the foot of the thinking. */
export type Panel = {
	readonly rows: readonly string[];
	readonly cursor?: { readonly x: number; readonly y: number };
};

const WHEEL_LINES = 3;
/** Columns or rows by which a pane grows at a key. */
const SHARE_STEP = 0.05;
const PROMPT_ROWS = 6;
const TAB_GAP = 3;

export class SessionView implements View {
	readonly sheet = false;
	readonly #deps: SessionDeps;
	readonly #now: () => number;
	readonly model: TraceModel;
	readonly thinking: ThinkingPane;
	readonly timeline = new TimelinePane();
	readonly searching: Searching;
	readonly #actions: Actions;
	readonly #unsubscribe: () => void;
	readonly #prompt: Field;
	#focus: PaneName = "thinking";
	/** A hint is being written. */
	#writing = false;
	#arrangement: Arrangement = ARRANGEMENT;
	#layout: Layout | undefined;
	#columns = 0;
	/** What broke last, until the trace grows again. */
	#broke: string | undefined;
	/** The engine is waited for, and that was said. */
	#warned = false;
	/** Where each tab ends. */
	#tabs: number[] = [];
	#ticking: NodeJS.Timeout | undefined;

	constructor(deps: SessionDeps) {
		this.#deps = deps;
		this.#now = deps.now ?? Date.now;
		this.model = new TraceModel(80, this.#now);
		this.thinking = new ThinkingPane(this.model.lines);
		this.searching = new Searching(deps.desk, this.model.lines, this.thinking);
		this.#prompt = new Field({ paint: deps.desk.paint, multiline: true, placeholder: "your own words" });
		this.#actions = actionsOf({ ...deps, view: this });
		this.#showBranch();
		this.#unsubscribe = deps.live.subscribe((change) => this.#changed(change));
	}

	get live(): Live {
		return this.#deps.live;
	}

	get branch(): Branch | undefined {
		return this.live.state.branches.get(this.live.branch);
	}

	get focus(): PaneName {
		return this.#focus;
	}

	get typing(): boolean {
		return this.#writing || this.searching.typing;
	}

	get raw(): boolean {
		return this.#focus === "python" && !this.typing && !this.#deps.python.failed;
	}

	get contexts(): readonly KeyContext[] {
		if (this.searching.typing) return ["search", "field"];
		if (this.#writing) return ["prompt", "field"];
		if (this.#focus === "python") return this.#deps.python.failed ? ["python", "session"] : ["python"];
		const inner: KeyContext[] = [];
		if (this.live.pending) inner.push("proposal");
		if (this.live.status === "ended") inner.push("ended");
		return [...(this.#focus === "timeline" ? ["timeline" as const] : []), ...inner, "thinking", "session"];
	}

	#changed(change: LiveChange): void {
		switch (change.type) {
			case "event":
				// The branch may only now be there: it begins when the engine does.
				if (this.model.branch !== this.branch) this.#showBranch();
				else if ("branch" in change.event && change.event.branch === this.live.branch)
					this.model.event(change.event);
				this.#told(change.event);
				this.#deps.desk.changed(change.event.type === "tokens" ? "soon" : "now");
				return;
			case "status":
				this.model.setPending(this.live.pending);
				if (isGrowing(this.live)) this.#broke = undefined;
				this.#tick();
				this.#deps.desk.changed("now");
				return;
			case "branch":
				this.#showBranch();
				this.#deps.desk.changed("now");
				return;
			case "trouble":
				if (change.level === "error") {
					this.#broke = change.text;
					// What stands in a panel in full need not be said as well; its state comes right behind it.
					setImmediate(() => {
						if (!this.#panelTells) this.#deps.desk.say(change.text, "error");
						else if (this.#warned) this.#deps.desk.say("that was the last try");
						this.#warned = false;
					});
					return;
				}
				// The status line says already what is waited for.
				if (change.level === "info" && this.#deps.waits() !== undefined) return;
				this.#deps.desk.say(change.text, change.level);
		}
	}

	/** Warnings of the loop, and that it goes on after one. */
	#told(event: TraceEvent): void {
		const { desk, replays } = this.#deps;
		if (replays) return;
		if (event.type === "notice" && event.level !== "info") {
			this.#warned = true;
			desk.say(event.text, "warning");
		} else if (event.type === "tokens" && this.#warned) {
			this.#warned = false;
			desk.say("it goes on");
		}
	}

	/** Whether what went wrong stands at the foot of the thinking. */
	get #panelTells(): boolean {
		const { live } = this;
		if (this.#writing || live.pending || this.#layout?.panes.thinking === undefined) return false;
		return live.unwritten !== undefined || live.status === "failed";
	}

	#showBranch(): void {
		const { branch } = this;
		if (branch) this.model.show(branch);
		this.model.setPending(this.live.pending);
		this.thinking.reset();
		this.timeline.reset();
		this.searching.anew();
	}

	/** Figures that change though nothing comes: the seconds of a proposal run down, the speed of a stalled stream falls. */
	#tick(): void {
		clearInterval(this.#ticking);
		const { pending, status } = this.live;
		const everyMs = pending?.until !== undefined ? 100 : status === "thinking" ? 1_000 : undefined;
		this.#ticking =
			everyMs === undefined ? undefined : setInterval(() => this.#deps.desk.changed("soon"), everyMs).unref();
	}

	// What a person does.

	run(command: CommandId): boolean {
		switch (command) {
			case "focus.thinking":
				return this.focusOn("thinking");
			case "focus.timeline":
				return this.focusOn("timeline");
			case "focus.python":
				return this.focusOn("python");
			case "focus.next":
			case "focus.previous": {
				const step = command === "focus.next" ? 1 : PANES.length - 1;
				return this.focusOn(PANES[(PANES.indexOf(this.#focus) + step) % PANES.length] ?? "thinking");
			}
			case "python.up":
			case "python.down": {
				const page = Math.max(1, (this.#layout?.panes.python?.height ?? 10) - 2);
				this.#deps.python.scroll(command === "python.up" ? -page : page);
				return true;
			}
			case "python.leave":
				return this.focusOn("thinking");
			case "hint.write":
				this.#actions.hold();
				this.#writing = true;
				if (this.#focus === "python") this.#focus = "thinking";
				return true;
			case "prompt.leave":
				this.#writing = false;
				this.#actions.release();
				return true;
			case "prompt.insert": {
				const text = this.#prompt.text;
				this.#writing = false;
				if (text.trim() === "") this.#actions.release();
				else {
					this.#prompt.text = "";
					this.#actions.inject({ text: text.endsWith("\n") ? text : `${text}\n` });
				}
				return true;
			}
			case "field.newline":
				if (!this.#writing) return false;
				this.#prompt.paste("\n");
				return true;
			case "field.editor":
				if (!this.#writing) return false;
				void this.#deps.desk.edit(this.#prompt.text, "md").then((text) => {
					if (text !== undefined) this.#prompt.text = text.replace(/\n$/, "");
					this.#deps.desk.changed("now");
				});
				return true;
			case "pane.wider":
				return this.#arrange({ split: this.#arrangement.split + SHARE_STEP });
			case "pane.narrower":
				return this.#arrange({ split: this.#arrangement.split - SHARE_STEP });
			case "pane.taller":
				return this.#arrange({ upper: this.#arrangement.upper + SHARE_STEP });
			case "pane.shorter":
				return this.#arrange({ upper: this.#arrangement.upper - SHARE_STEP });
			case "pane.zoom":
				return this.#arrange({ zoomed: !this.#arrangement.zoomed });
			case "pane.hide":
				if (!this.#arrangement.hidden) this.#focus = "thinking";
				return this.#arrange({ hidden: !this.#arrangement.hidden });
			default:
				return this.searching.run(command) || this.#moves(command) || this.#actions.run(command);
		}
	}

	can(command: CommandId): boolean {
		return this.#actions.can(command);
	}

	#moves(command: CommandId): boolean {
		const { thinking, timeline, model } = this;
		switch (command) {
			case "line.down":
				thinking.move(1);
				return true;
			case "line.up":
				thinking.move(-1);
				return true;
			case "half.down":
				thinking.page(0.5);
				return true;
			case "half.up":
				thinking.page(-0.5);
				return true;
			case "page.down":
				thinking.page(1);
				return true;
			case "page.up":
				thinking.page(-1);
				return true;
			case "top":
				thinking.toTop();
				return true;
			case "follow":
				thinking.follow();
				return true;
			case "event.next":
			case "event.previous":
				if (!thinking.toEvent(command === "event.next" ? 1 : -1))
					this.#deps.desk.say("no further hint, block or output");
				return true;
			case "item.down":
				return this.#toEntry(timeline.move(model.entries, 1)?.at);
			case "item.up":
				return this.#toEntry(timeline.move(model.entries, -1)?.at);
			case "item.first":
				return this.#toEntry(timeline.select(model.entries, 0)?.at);
			case "item.last":
				return this.#toEntry(timeline.select(model.entries, model.entries.length - 1)?.at);
			default:
				return false;
		}
	}

	#toEntry(at: number | undefined): boolean {
		if (at !== undefined) this.thinking.show(this.model.lines.lineAt(at));
		return true;
	}

	focusOn(pane: PaneName): boolean {
		this.#focus = pane;
		if (pane !== "thinking" && this.#arrangement.hidden) this.#arrange({ hidden: false });
		if (pane === "python") this.#deps.python.start();
		return true;
	}

	#arrange(change: Partial<Arrangement>): boolean {
		this.#arrangement = arranged(this.#arrangement, change);
		return true;
	}

	key(key: Key, bytes: string): boolean {
		if (this.searching.typing) return this.searching.key(key);
		if (this.#writing) return this.#prompt.key(key);
		if (this.#focus === "python") {
			this.#deps.python.key(key, bytes);
			return true;
		}
		return false;
	}

	paste(text: string): void {
		if (this.searching.typing) this.searching.paste(text);
		else if (this.#writing) this.#prompt.paste(text);
		else if (this.#focus === "python") this.#deps.python.paste(text);
		else this.#deps.desk.say("nothing here takes a text: write a hint first, or go to Python", "warning");
	}

	mouse(mouse: Mouse): boolean {
		const where = this.#layout;
		if (!where) return false;
		const pane = paneAt(where, mouse.x, mouse.y);
		const rect = pane && where.panes[pane];
		if (!pane || !rect) return false;
		const row = mouse.y - rect.y - 1;
		if (mouse.action === "wheel-up" || mouse.action === "wheel-down") {
			const by = mouse.action === "wheel-up" ? -WHEEL_LINES : WHEEL_LINES;
			if (pane === "thinking") this.thinking.scroll(by);
			else if (pane === "timeline") this.timeline.scroll(by);
			else this.#deps.python.wheel(by);
			return true;
		}
		if (mouse.action !== "press" || mouse.button !== "left") return false;
		if (where.tabs && row < 0) {
			const tab = PANES[this.#tabs.findIndex((end) => mouse.x < end)];
			return tab !== undefined && this.focusOn(tab);
		}
		this.focusOn(pane);
		if (row < 0) return true;
		if (pane === "thinking") {
			const line = this.thinking.lineAtRow(row);
			if (line !== undefined) this.thinking.select(line);
		} else if (pane === "timeline") {
			const entry = this.timeline.at(row);
			if (entry !== undefined) this.#toEntry(this.timeline.select(this.model.entries, entry)?.at);
		}
		return true;
	}

	/** What the thinking's selection or the timeline's stands for: where a rewind goes to. */
	get here(): number | undefined {
		if (this.#focus === "timeline") {
			const entry = this.timeline.selected(this.model.entries);
			if (entry) return entry.at;
		}
		const { cursor } = this.thinking;
		if (cursor === undefined) return undefined;
		const line = this.model.lines.line(cursor);
		// A hint is rewound to before it, an output to before its block ran; a line of the model stays whole.
		return line.kind === "model" || line.kind === "code" ? line.to : line.from;
	}

	// What is shown.

	draw(size: Size): Drawing {
		const { desk } = this.#deps;
		const { paint } = desk;
		if (tooSmall(size)) {
			const says = `${size.columns}x${size.rows} is too small: nudge needs ${SMALLEST.columns}x${SMALLEST.rows}. The session goes on.`;
			return {
				areas: [
					{
						key: "small",
						x: 0,
						y: 0,
						width: size.columns,
						rows: [paint("warning", fit(says, size.columns))],
					},
				],
			};
		}
		const where = layout(size, this.#arrangement, this.#focus);
		this.#layout = where;
		const areas: Area[] = [{ key: "head", x: 0, y: 0, width: size.columns, rows: [this.head(size.columns)] }];
		let cursor: Drawing["cursor"];
		const { thinking, timeline, python } = where.panes;
		if (thinking) cursor = this.#drawThinking(thinking, where.tabs, areas);
		if (timeline) this.#drawTimeline(timeline, where.tabs, areas);
		if (python) cursor = this.#drawPython(python, where.tabs, areas) ?? cursor;
		if (where.rule)
			areas.push({ key: "rule", ...where.rule, rows: rule(where.rule.height, paint("rule", "|")) });
		const foot = this.searching.foot(size.columns);
		if (foot?.cursor !== undefined) cursor = { x: foot.cursor, y: where.prompt };
		const keys = foot?.row ?? keyLine(this.keysNamed, desk.keymap, size.columns - 1, paint);
		const rows = [this.status(size.columns), keys];
		areas.push({ key: "foot", x: 0, y: where.status, width: size.columns, rows });
		return cursor ? { areas, cursor } : { areas };
	}

	/** The keys that the last row names. */
	protected get keysNamed(): Named {
		return this.#deps.replays ? REPLAY_KEYS : footKeys(this);
	}

	/** The row above the keys. */
	protected status(columns: number): string {
		const { live, desk } = this.#deps;
		const { branch } = this;
		const waits = this.#deps.waits();
		return statusRow(
			{
				status: this.#deps.replays ? "replay" : live.status,
				unwritten: live.unwritten !== undefined,
				branch,
				settings: branch?.settings,
				hints: live.hints,
				tokens: this.model.sampledTokens,
				perSecond:
					live.status === "thinking" || live.status === "running" ? this.model.rate.perSecond : undefined,
				// What failed stands in a panel, in full.
				...(waits === undefined || live.status === "failed" ? {} : { waits }),
			},
			columns,
			desk.paint,
		);
	}

	/** The first row. */
	protected head(columns: number): string {
		const { live, desk } = this.#deps;
		const { state } = live;
		const names = [...state.branches.keys()];
		const mark = state.marks.get(live.branch);
		const right = [
			...(mark ? [`[${mark}]`] : []),
			...[...state.tags].map((tag) => `#${visibleLine(tag)}`),
			...(names.length > 1
				? [`branch ${live.branch} ${names.indexOf(live.branch) + 1}/${names.length}`]
				: []),
			live.id,
		].join("  ");
		const said = fit(right, Math.floor(columns / 2));
		const name = state.name === undefined ? live.problem.id : state.name;
		const left = pad(
			` nudge  ${visibleLine(name)}: ${visibleLine(live.problem.problem)}`,
			columns - widthOf(said) - 2,
		);
		return desk.paint("status", `${left} ${said} `);
	}

	#title(pane: PaneName, extra: string, rect: Rect, tabs: boolean): string {
		const { paint } = this.#deps.desk;
		if (!tabs) return paneTitle(NAMES[pane], extra, this.#focus === pane, rect.width, paint);
		const labels = PANES.map((name, index) => {
			const here = name === this.#focus;
			return `${here ? ">" : " "}${index + 1} ${NAMES[name]}${here && extra ? ` - ${extra}` : this.#count(name)}`;
		});
		// The tab that is looked at has what the others leave, at most.
		const others = labels.filter((_, index) => PANES[index] !== this.#focus);
		const left = Math.max(8, rect.width - others.reduce((sum, label) => sum + widthOf(label) + TAB_GAP, 0));
		this.#tabs = [];
		let x = rect.x;
		return PANES.map((name, index) => {
			const here = name === this.#focus;
			const label = labels[index] ?? "";
			const width = Math.min(widthOf(label) + TAB_GAP, here ? left : rect.width);
			x += width;
			this.#tabs.push(x);
			return paint(here ? "title-focus" : "title", pad(label, width));
		}).join("");
	}

	/** What a tab that is not looked at says of itself. */
	#count(pane: PaneName): string {
		if (pane === "timeline") return ` ${this.model.entries.length}`;
		if (pane === "python" && this.live.status === "running") return " runs";
		if (pane === "thinking" && this.live.status === "thinking") return " ...";
		return "";
	}

	#drawThinking(rect: Rect, tabs: boolean, areas: Area[]): Drawing["cursor"] {
		const { desk } = this.#deps;
		const { paint } = desk;
		if (this.#columns !== rect.width) {
			this.#columns = rect.width;
			this.thinking.resize(rect.width);
		}
		const panel = this.panel(rect);
		const height = Math.max(1, rect.height - 1 - (panel?.rows.length ?? 0));
		const rows = this.thinking.draw(rect.width, height, {
			paint,
			focused: this.#focus === "thinking",
			hits: (line) => this.searching.hitsOf(line),
			hitsVersion: this.searching.version,
			mask: this.mask,
		});
		const { unseen, atEnd } = this.thinking;
		const key = desk.keymap.keysOf("follow")[0];
		const extra = atEnd ? "" : unseen > 0 ? `${unseen} new lines, ${key} follows` : `${key} follows`;
		const title = this.#title(
			"thinking",
			[this.searching.says, extra].filter(Boolean).join(" - "),
			rect,
			tabs,
		);
		areas.push({ key: "thinking title", x: rect.x, y: rect.y, width: rect.width, rows: [title] });
		areas.push({ key: "thinking", x: rect.x, y: rect.y + 1, width: rect.width, rows });
		const foot = rect.y + 1 + height;
		if (panel) {
			areas.push({ key: "panel", x: rect.x, y: foot, width: rect.width, rows: panel.rows });
			if (panel.cursor) return { x: rect.x + panel.cursor.x, y: foot + panel.cursor.y };
		}
		const row = this.thinking.cursorRow;
		return row === undefined || this.#focus !== "thinking"
			? undefined
			: { x: rect.x + GUTTER, y: rect.y + 1 + row };
	}

	/** Whether a line trains, while that is to be seen. */
	protected get mask(): ((line: Line) => boolean) | undefined {
		return undefined;
	}

	/** What stands at the foot of the thinking now. */
	protected panel(rect: Rect): Panel | undefined {
		const { desk, live } = this.#deps;
		const { paint, keymap } = desk;
		const most = Math.max(3, Math.floor(rect.height / 2));
		if (this.#writing) {
			const wanted = wrapText(this.#prompt.text, rect.width - 1).length + 1;
			const rows = Math.max(2, Math.min(wanted, PROMPT_ROWS, most - 2));
			this.#prompt.paint = paint;
			const field = this.#prompt.draw(rect.width, rows);
			const keys = keyLine(
				[
					["prompt.insert", "insert"],
					["field.newline", "new line"],
					["field.editor", "$EDITOR"],
					["prompt.leave", "leave"],
				],
				keymap,
				rect.width,
				paint,
			);
			return {
				rows: [
					ruleWith("+ your hint: goes in where the trace stands", rect.width, paint, "hint"),
					...field.rows,
					keys,
				],
				...(field.cursor ? { cursor: { x: field.cursor.x, y: field.cursor.y + 1 } } : {}),
			};
		}
		const { pending } = live;
		if (pending) return { rows: proposalPanel(pending, rect.width, most, keymap, paint, this.#now()) };
		if (live.unwritten !== undefined) {
			const says = `${live.unwritten} It is tried again every second.`;
			const keys = [["export", "keep it elsewhere"]] as const;
			return { rows: troublePanel("! not saved", says, keys, rect.width, most, keymap, paint) };
		}
		if (live.status === "failed") {
			const keys = [
				["trace.pause", "try again"],
				["session.engine", "another engine"],
			] as const;
			const says = this.#broke ?? "it could not go on";
			return { rows: troublePanel("! it failed", says, keys, rect.width, most, keymap, paint) };
		}
		const { branch } = this;
		if (live.status !== "ended" || !branch || this.#deps.replays) return undefined;
		return {
			rows: endPanel(branch, live.problem, live.state.marks.get(live.branch), rect.width, keymap, paint),
		};
	}

	#drawTimeline(rect: Rect, tabs: boolean, areas: Area[]): void {
		const { paint } = this.#deps.desk;
		const { entries } = this.model;
		const title = this.#title("timeline", entries.length === 0 ? "" : String(entries.length), rect, tabs);
		const rows = this.timeline.draw(entries, rect.width, rect.height - 1, {
			paint,
			focused: this.#focus === "timeline",
			now: this.#now(),
		});
		areas.push({ key: "timeline title", x: rect.x, y: rect.y, width: rect.width, rows: [title] });
		areas.push({ key: "timeline", x: rect.x, y: rect.y + 1, width: rect.width, rows });
	}

	#drawPython(rect: Rect, tabs: boolean, areas: Area[]): Drawing["cursor"] {
		const { python, desk, depth } = this.#deps;
		const focused = this.#focus === "python";
		// A theme without colours has none in Python either.
		python.dress(desk.paint, desk.paint.theme.id === "plain" ? "none" : depth);
		const mark = desk.paint(focused ? "title-focus" : "title", focused ? "> " : "  ");
		const title = mark + python.title(rect.width - 2, focused);
		const titles = tabs ? [this.#title("python", "", rect, tabs), title] : [title];
		const top = rect.y + titles.length;
		const height = rect.height - titles.length;
		python.resize(rect.width, height);
		areas.push({ key: "python title", x: rect.x, y: rect.y, width: rect.width, rows: titles });
		areas.push({
			key: "python",
			x: rect.x,
			y: top,
			width: rect.width,
			rows: python.rows(rect.width, height),
		});
		const at = focused ? python.cursor() : undefined;
		return at && { x: rect.x + at.x, y: top + at.y };
	}

	close(): void {
		clearInterval(this.#ticking);
		this.#unsubscribe();
	}
}

const NAMES: Readonly<Record<PaneName, string>> = {
	thinking: "Thinking",
	timeline: "Hints",
	python: "Python",
};

const rules = new Map<string, readonly string[]>();
/** The same array for the same height, so that it is not drawn anew. */
function rule(height: number, cell: string): readonly string[] {
	const key = `${height} ${cell}`;
	let rows = rules.get(key);
	if (!rows) {
		rows = Array.from({ length: height }, () => cell);
		rules.set(key, rows);
	}
	return rows;
}
