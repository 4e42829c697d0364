/** The Python of a replay: the blocks that had run and what they printed, as text. Nothing runs here. */
import type { Live } from "../../reason/live.ts";
import { fit, widthOf } from "../text/cells.ts";
import { LineIndex } from "../text/line-index.ts";
import type { Desk } from "../view.ts";
import type { PythonLike } from "./session-view.ts";
import { duration } from "./timeline.ts";

export class BlocksPane implements PythonLike {
	readonly #desk: Desk;
	readonly #live: Live;
	#lines = new LineIndex(80);
	#key = "";
	/** Of which trace the lines are. */
	#state: unknown;
	#back = 0;

	constructor({ desk, live }: { readonly desk: Desk; readonly live: Live }) {
		this.#desk = desk;
		this.#live = live;
	}

	start(): void {}
	key(): void {}
	paste(): void {}
	resize(): void {}
	dress(): void {}
	async restart(): Promise<void> {}
	interrupt(): boolean {
		return false;
	}
	cursor(): undefined {
		return undefined;
	}

	wheel(lines: number): void {
		this.scroll(lines);
	}

	scroll(by: number): void {
		this.#back = Math.max(0, this.#back - by);
	}

	title(columns: number, focused: boolean): string {
		const { paint } = this.#desk;
		const back = this.#back > 0 ? ` - ${this.#back} lines back` : "";
		const said = fit(`Python, as it ran${back} `, columns);
		return (
			paint(focused ? "title-focus" : "title", said) + paint("rule", "-".repeat(columns - widthOf(said)))
		);
	}

	rows(columns: number, height: number): readonly string[] {
		const calls = this.#live.state.branches.get(this.#live.branch)?.calls ?? [];
		const key = `${columns} ${this.#live.branch} ${calls.length} ${calls.filter(({ output }) => output).length}`;
		if (key !== this.#key || this.#state !== this.#live.state) {
			this.#key = key;
			this.#state = this.#live.state;
			this.#lines = new LineIndex(columns);
			for (const { block, code, output } of calls) {
				this.#lines.append("hint", prompted(code));
				if (!output) continue;
				this.#lines.append(
					output.verdict === "ok" ? "output" : "failure",
					output.text === "" || output.text.endsWith("\n") ? output.text : `${output.text}\n`,
				);
				const took = duration(output.durationMs);
				this.#lines.title(`[block ${block}: ${output.verdict}${took === "" ? "" : `, ${took}`}]`, "dim");
			}
		}
		const lines = this.#lines;
		this.#back = Math.min(this.#back, Math.max(0, lines.length - height));
		const from = Math.max(0, lines.length - height - this.#back);
		const { paint } = this.#desk;
		return lines.lines(from, Math.min(height, lines.length - from)).map((line) => {
			const token = line.kind === "title" ? (line.token ?? "dim") : line.kind === "hint" ? "code" : line.kind;
			return paint(token === "model" ? "text" : token, line.text);
		});
	}
}

/** As a person would see it typed. */
function prompted(code: string): string {
	return `${code
		.replace(/\n$/, "")
		.split("\n")
		.map((line, index) => `${index === 0 ? ">>>" : "..."} ${line}`)
		.join("\n")}\n`;
}
