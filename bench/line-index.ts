/**
 * What it costs to show one more token: ours puts it at the end of the lines and reads the 50 that are seen; the baseline
 * wraps the whole text again, as a text in one Ink element is (with the wrap-ansi that Ink brings). In turns, at three
 * lengths, with plain text and with the signs of mathematics.
 */
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { LineIndex } from "../src/tui/text/line-index.ts";
import { heading, inTurns, line, show, spread } from "./measure.ts";

type Wrap = (text: string, columns: number, options: { hard: boolean; trim: boolean }) => string;
const ofInk = createRequire(fileURLToPath(import.meta.resolve("ink"))).resolve("wrap-ansi");
const wrapAnsi = ((await import(pathToFileURL(ofInk).href)) as { default: Wrap }).default;

const COLUMNS = 118;
const SEEN = 50;
/** Ours is over before the clock can tell: so many tokens are timed together. */
const TOKENS = 200;

const tokens = {
	ascii: "Wait, let me check that again: x^2 + y^2 = 25, so x = 3 and y = 4.\n".split(/(?<= )/),
	mathematics: "Wait, let me check: ∀x ∈ ℝ, x² ≥ 0, so α ≤ β → ∑ aᵢ ≥ 0.\n".split(/(?<= )/),
};

heading("one more token in a text on the screen, 118 columns, 50 lines read");
for (const [name, words] of Object.entries(tokens)) {
	for (const characters of [10_000, 100_000, 1_000_000]) {
		const index = new LineIndex(COLUMNS);
		let next = 0;
		const token = (): string => words[next++ % words.length]!;
		let text = "";
		while (text.length < characters) {
			const piece = token();
			text += piece;
			index.append("model", piece);
		}
		let read = 0;
		const ours = (): number => {
			const begin = performance.now();
			for (let i = 0; i < TOKENS; i++) {
				index.append("model", token());
				read += index.lines(index.length - SEEN, SEEN).length;
			}
			return (performance.now() - begin) / TOKENS;
		};
		const whole = (): number => {
			text += token();
			const begin = performance.now();
			read += wrapAnsi(text, COLUMNS, { hard: true, trim: false }).split("\n").slice(-SEEN).length;
			return performance.now() - begin;
		};
		ours();
		whole();
		const times = characters > 100_000 ? 12 : 40;
		const { ratio, ...each } = await inTurns(times, ours, whole);
		if (read === 0) throw new Error("nothing was read");
		process.stdout.write(`${name}, ${characters.toLocaleString("en")} characters, ${times} times\n`);
		line("ours", show(each.ours, " ms", 4));
		line("the whole text wrapped again", show(each.baseline, " ms", 2));
		line("ratio", show(ratio, "", 6));
		const resized: number[] = [];
		const searched: number[] = [];
		for (let i = 0; i < times; i++) {
			let begin = performance.now();
			index.resize(COLUMNS - 1 - (i % 2));
			resized.push(performance.now() - begin);
			begin = performance.now();
			if (index.search("check").count === 0) throw new Error("nothing was found");
			searched.push(performance.now() - begin);
		}
		line("all lines for another width", show(spread(resized), " ms"));
		line("a search in all of it", show(spread(searched), " ms"));
	}
}
