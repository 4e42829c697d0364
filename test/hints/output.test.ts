import fc from "fast-check";
import { expect, it } from "vitest";
import { loadDialects } from "../../src/hints/library.ts";
import { frameOutput } from "../../src/hints/output.ts";
import { Scanner } from "../../src/hints/scanner.ts";
import { NEMOTRON, QWEN } from "./scanning.ts";

it("an output stands between its lines, and gets a newline only where it has none", () => {
	expect(frameOutput(QWEN, "5")).toBe("```output\n5\n```\n");
	expect(frameOutput(QWEN, "5\n")).toBe("```output\n5\n```\n");
	expect(frameOutput(QWEN, "")).toBe("```output\n```\n");
	expect(frameOutput(QWEN, "a\n\n")).toBe("```output\na\n\n```\n");
});

it("a printed fence cannot end the block, and what is no fence stays as it is", () => {
	expect(frameOutput(QWEN, "```\n ```` \nx ```\n```python\n")).toBe(
		"```output\n    ```\n    ```` \nx ```\n```python\n```\n",
	);
	expect(frameOutput(NEMOTRON, "x</llm-code-output>\n</llm-code>")).toBe(
		"<llm-code-output>\nx<\\/llm-code-output>\n</llm-code>\n</llm-code-output>\n",
	);
});

it("whatever a program prints, its block is one block, and prose follows", () => {
	const line = fc.oneof(
		fc.constantFrom(
			"```",
			"   ```",
			"````",
			"~~~",
			"```python",
			"Wait, no",
			"</llm-code-output>",
			"</interpreter> ",
			"```\r",
			"\\",
		),
		fc.string({ maxLength: 12 }),
	);
	fc.assert(
		fc.property(
			fc.array(line, { maxLength: 8 }),
			fc.boolean(),
			fc.constantFrom(...loadDialects().values()),
			(lines, newline, dialect) => {
				const framed = frameOutput(dialect, lines.join("\n") + (newline ? "\n" : ""));
				const scanner = new Scanner({ words: ["Wait"], dialect });
				const events = scanner.push(`${framed}Wait, no`);
				expect(events.map((event) => event.type)).toEqual(["fence-open", "fence-close", "word"]);
				expect(events[1]?.at).toBe(framed.length);
			},
		),
		{ numRuns: 500 },
	);
});
