import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_FENCE_LINE } from "../../src/hints/fences.ts";
import type { FenceDialect, ScanEvent, ScanState } from "../../src/hints/marker.ts";
import { Scanner } from "../../src/hints/scanner.ts";
import { NEMOTRON, QWEN, RETOOL, scan, WORDS } from "./scanning.ts";

const dialects = fc.constantFrom(QWEN, NEMOTRON, RETOOL);

const fragment = fc.oneof(
	{
		weight: 12,
		arbitrary: fc.constantFrom(
			..."Wait|Wa|it|Hmm|But|But wait|But wa|ing|-|list|'|s|, |. |.|? |!|…|。|\n|\n\n|\r\n| |  |\t|    |**|\"|“|- |2. |1) ".split(
				"|",
			),
			"|",
			..."$|$$|$5|5$|\\|\\\\|\\(|\\)|\\[|\\]|\\$|`|``|```|````|~~~|~|x|é|́|🤔|\ud83e|0".split("|"),
			..."```python\n|```py|\n```\n|\n```|```output\n|\n   ```|\n    ```|{python}|\n~~~\n|print(1)\n".split(
				"|",
			),
			..."<llm-code>\n|</llm-code>|\n</llm-code>\n|<llm|<code>\n|</code>|</|<interpreter>\n|</interpreter>\n|<".split(
				"|",
			),
			" ".repeat(MAX_FENCE_LINE - 3),
			"x".repeat(MAX_FENCE_LINE - 2),
		),
	},
	{ weight: 1, arbitrary: fc.string({ maxLength: 6, unit: "binary" }) },
);
const text = fc.array(fragment, { maxLength: 40 }).map((parts) => parts.join(""));

function pieces(whole: string, cuts: readonly number[]): string[] {
	const at = [...new Set(cuts.map((cut) => cut % (whole.length + 1)))].sort((a, b) => a - b);
	return [0, ...at].map((from, i) => whole.slice(from, at[i] ?? whole.length));
}

function scanPieces(
	parts: readonly string[],
	dialect: FenceDialect,
	resume: boolean,
): [ScanEvent[], Scanner] {
	const config = { words: WORDS, dialect };
	let scanner = new Scanner(config);
	const events: ScanEvent[] = [];
	for (const part of parts) {
		events.push(...scanner.push(part));
		if (resume) scanner = new Scanner(config, JSON.parse(JSON.stringify(scanner.state())) as ScanState);
	}
	events.push(...scanner.flush());
	return [events, scanner];
}

describe("whatever the text", () => {
	it("the same is found however it is cut, also when every piece is read by a scanner taken up from JSON", () => {
		fc.assert(
			fc.property(text, fc.array(fc.nat(), { maxLength: 12 }), dialects, (whole, cuts, dialect) => {
				const [atOnce, one] = scanPieces([whole], dialect, false);
				const [cut, two] = scanPieces(pieces(whole, cuts), dialect, false);
				const [resumed, three] = scanPieces(pieces(whole, cuts), dialect, true);
				expect(cut).toEqual(atOnce);
				expect(resumed).toEqual(atOnce);
				expect(two.state()).toEqual(one.state());
				expect(three.state()).toEqual(one.state());
			}),
			{ numRuns: 1500 },
		);
	});

	it("the same is found unit by unit", () => {
		fc.assert(
			fc.property(text, dialects, (whole, dialect) => {
				const [units] = scanPieces(whole.split(""), dialect, false);
				expect(units).toEqual(scan(whole, dialect));
			}),
			{ numRuns: 400 },
		);
	});

	it("an event never reaches back behind what was settled, and little is held back", () => {
		fc.assert(
			fc.property(text, dialects, (whole, dialect) => {
				const scanner = new Scanner({ words: WORDS, dialect });
				let offset = 0;
				let settled = 0;
				for (const unit of whole.split("")) {
					for (const event of scanner.push(unit)) expect(event.start).toBeGreaterThanOrEqual(settled);
					offset += 1;
					expect(scanner.settled).toBeGreaterThanOrEqual(settled);
					expect(scanner.settled).toBeLessThanOrEqual(offset);
					expect(offset - scanner.settled).toBeLessThanOrEqual(MAX_FENCE_LINE);
					settled = scanner.settled;
				}
				scanner.flush();
				expect(scanner.settled).toBe(offset);
			}),
			{ numRuns: 400 },
		);
	});

	it("events come in the order of the text, blocks open and close in turn, and words are what stands there", () => {
		fc.assert(
			fc.property(text, dialects, (whole, dialect) => {
				let at = 0;
				let open = false;
				for (const event of scan(whole, dialect)) {
					expect(event.start).toBeGreaterThanOrEqual(at);
					at = event.at;
					if (event.type === "word") {
						expect(open).toBe(false);
						expect(whole.slice(event.start, event.at)).toBe(event.word);
					} else {
						expect(event.type).toBe(open ? "fence-close" : "fence-open");
						open = !open;
					}
				}
			}),
			{ numRuns: 800 },
		);
	});

	it("nothing inside a fenced block is found, and its code comes back unchanged", () => {
		const line = text.map((one) => one.replaceAll("\n", " ").replaceAll("`", ""));
		fc.assert(
			fc.property(fc.array(line, { maxLength: 6 }), (lines) => {
				const code = lines.map((one) => `${one}\n`).join("");
				expect(scan(`\`\`\`python\n${code}\`\`\`\n`)).toEqual([
					{ type: "fence-open", start: 0, at: 10, lang: "python", runnable: true },
					{
						type: "fence-close",
						start: 10 + code.length,
						at: 14 + code.length,
						lang: "python",
						runnable: true,
						code,
					},
				]);
			}),
			{ numRuns: 500 },
		);
	});
});

describe("long texts", () => {
	it.each([
		["a line without an end", "x".repeat(2_000_000)],
		["a word in it again and again", "Wa".repeat(1_000_000)],
		["spaces", " ".repeat(2_000_000)],
		["backticks", "`".repeat(2_000_000)],
		["dollar signs", "$".repeat(2_000_000)],
		["an open block with one long line", `\`\`\`python\n${" `".repeat(1_000_000)}`],
		["an open tag with one long line", `<llm-code>\n${"</llm-code".repeat(200_000)}`],
	])("are read in small pieces and at once: %s", (_, whole) => {
		const dialect = whole.startsWith("<") ? NEMOTRON : QWEN;
		const parts: string[] = [];
		for (let i = 0; i < whole.length; i += 7) parts.push(whole.slice(i, i + 7));
		expect(scanPieces(parts, dialect, false)[0]).toEqual(scanPieces([whole], dialect, false)[0]);
	});
});
