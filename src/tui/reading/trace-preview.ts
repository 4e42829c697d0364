/** A trace in few rows: its text with its hints, code and outputs, from the end while it grows, else from wherever one scrolled. */
import type { Branch } from "../../trace/fold.ts";
import { ThinkingPane } from "../session/thinking-pane.ts";
import { TraceModel } from "../session/trace-model.ts";
import { widthOf } from "../text/cells.ts";
import type { Paint } from "../theme/theme.ts";

const SGR = /\x1b\[[\d;:]*m/g;

export class TracePreview {
	readonly #model = new TraceModel(80);
	readonly #pane = new ThinkingPane(this.#model.lines);
	#branch: Branch | undefined;
	#length = -1;
	#columns = 0;

	/** What is said of text that a person changed, by where it stands. */
	set editSays(says: (at: number) => string) {
		this.#model.editSays = says;
	}

	/** The same branch again costs nothing unless it grew. */
	show(branch: Branch | undefined): void {
		const same = branch !== undefined && branch === this.#branch;
		if (same && branch.length === this.#length) return;
		this.#length = branch?.length ?? -1;
		if (!same) this.#pane.reset();
		this.#branch = branch;
		if (branch) this.#model.show(branch);
		else this.#model.lines.cut(0);
	}

	scroll(rows: number): void {
		this.#pane.scroll(rows);
	}

	/** Each as wide as was asked. */
	rows(columns: number, height: number, paint: Paint): readonly string[] {
		if (columns !== this.#columns) {
			this.#columns = columns;
			this.#pane.resize(columns);
		}
		const drawn = this.#pane.draw(columns, height, { paint, focused: false, hits: () => [], hitsVersion: 0 });
		return drawn.map((row) => row + " ".repeat(Math.max(0, columns - widthOf(row.replace(SGR, "")))));
	}
}
