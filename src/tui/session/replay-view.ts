/** A replay on the session's screen: the same panes, and keys for the speed instead of those that change something. */
import { Replay } from "../../reason/replay.ts";
import type { TraceEvent } from "../../trace/events.ts";
import type { CommandId, KeyContext } from "../keys/command-table.ts";
import type { Depth } from "../theme/colour.ts";
import type { Desk } from "../view.ts";
import { BlocksPane } from "./blocks-pane.ts";
import { SessionView } from "./session-view.ts";

export type ReplayOptions = {
	readonly desk: Desk;
	readonly id: string;
	readonly events: readonly TraceEvent[];
	readonly cwd: string;
	readonly journal: string;
	readonly depth: Depth;
	readonly leave: () => void;
};

/** What only a live session can do. */
const NOT_HERE: ReadonlySet<CommandId> = new Set<CommandId>([
	"trace.pause",
	"trace.stop",
	"hint.pick",
	"hint.write",
	"hint.editor",
	"hint.undo",
	"policy.pick",
	"session.engine",
	"rewind",
	"undo",
	"mark.accept",
	"mark.reject",
	"name",
	"tag",
	"note",
	"replay",
	"problem.next",
	"ended.next",
	"python.restart",
	"python.interrupt",
	"branch.list",
	"branch.next",
	"branch.previous",
]);

export class ReplayView extends SessionView {
	readonly #replay: Replay;
	readonly #leave: () => void;

	constructor({ desk, id, events, cwd, journal, depth, leave }: ReplayOptions) {
		const replay = new Replay({ id, events });
		super({
			desk,
			live: replay,
			python: new BlocksPane({ desk, live: replay }),
			depth,
			waits: () => {
				const { done, total } = replay.progress;
				return `${replay.speed}x, event ${done} of ${total}`;
			},
			next: () => {},
			replay: () => {},
			cwd,
			journal,
			replays: true,
		});
		this.#replay = replay;
		this.#leave = leave;
		replay.goOn();
	}

	override get contexts(): readonly KeyContext[] {
		const contexts = super.contexts;
		return contexts.includes("session")
			? ["replay", ...contexts.filter((context) => context !== "ended")]
			: contexts;
	}

	override run(command: CommandId): boolean {
		switch (command) {
			case "replay.pause":
				if (this.#replay.status === "thinking") this.#replay.pause();
				else this.#replay.goOn();
				return true;
			case "replay.faster":
				this.#replay.faster(1);
				return true;
			case "replay.slower":
				this.#replay.faster(-1);
				return true;
			case "replay.forward":
				this.#replay.skip(1);
				return true;
			case "replay.back":
				this.#replay.skip(-1);
				return true;
			case "replay.end":
				this.#replay.toEnd();
				return true;
			case "replay.leave":
				this.#leave();
				return true;
			default:
				return NOT_HERE.has(command) ? false : super.run(command);
		}
	}

	override can(command: CommandId): boolean {
		return !NOT_HERE.has(command) && super.can(command);
	}

	override close(): void {
		super.close();
		void this.#replay.close();
	}
}
