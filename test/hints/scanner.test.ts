import { describe, expect, it } from "vitest";
import { Scanner } from "../../src/hints/scanner.ts";
import { found, NEMOTRON, QWEN, RETOOL, scan, WORDS } from "./scanning.ts";

const words = (text: string): string[] => found(text).filter((one) => one.includes("@"));

describe("reflection words", () => {
	it.each([
		["at the start of the turn", "Wait, no", ["Wait@4"]],
		["at a line start", "So 5.\nWait, no", ["Wait@10"]],
		["at a line start without a full stop before it", "so x = 5\n\nWait", ["Wait@14"]],
		["at a sentence start", "So 5. Wait, no", ["Wait@10"]],
		["behind ? and !", "5? Wait! Alternatively, 6", ["Wait@7", "Alternatively@22"]],
		["behind an ellipsis", "So... Wait", ["Wait@10"]],
		["behind a closing quote", 'He said "no." Wait', ["Wait@18"]],
		["in bold", "**Wait**, no", ["Wait@6"]],
		["in quotes", "“Wait”, he said", ["Wait@5"]],
		["in a bullet", "- Wait, no", ["Wait@6"]],
		["in a numbered item", "2) Wait, no", ["Wait@7"]],
		["in a quotation", "> Wait, no", ["Wait@6"]],
		["behind white space at a line start", "\n  \t Wait, no", ["Wait@9"]],
		["at the end of the text", "So. Wait", ["Wait@8"]],
		[
			"before a dash with no word behind it",
			"Wait - no. Wait-\nno. Wait—no",
			["Wait@4", "Wait@15", "Wait@25"],
		],
		["before dots", "Wait... what", ["Wait@4"]],
		["before a colon and a newline", "Wait:\nHmm\n", ["Wait@4", "Hmm@9"]],
		["before an emoji", "Wait🤔", ["Wait@4"]],
		["behind a full-width full stop", "是五。Wait, no", ["Wait@7"]],
		["of two words, the longest", "But wait, no. But no", ["But wait@8", "But@17"]],
		["the shorter where the longer does not come", "But wa. But", ["But@3", "But@11"]],
		["behind a formula that ends the sentence", "so $x=2.$ Wait", ["Wait@14"]],
		["behind inline maths and a full stop", "so $x=2$. Wait", ["Wait@14"]],
		["behind \\( \\) that ends the sentence", "so \\(x = 2.\\) Wait", ["Wait@18"]],
		["behind a display formula", "\\[x = 2\\] Wait", ["Wait@14"]],
		["behind a display formula in dollars", "$$x\n= 2$$ Wait", ["Wait@14"]],
		["behind inline code", "so `x`. Wait", ["Wait@12"]],
	])("fire %s", (_, text, expected) => {
		expect(words(text)).toEqual(expected);
	});

	it.each([
		["inside a sentence", "so Wait, no"],
		["in lower case", "wait. wait"],
		["as the beginning of a longer word", "Waiting. Waits. Wait2. Wait_for"],
		["as the beginning of a joined word", "Wait-list. Wait's. Wait’s"],
		["as the end of a longer word", "await. Await"],
		["behind a full stop without a space", "x.Wait"],
		["behind a decimal point", "3.5 Wait"],
		["with letters of other scripts behind them", "Waitе. Waité. Wait́"],
		["in inline code", "`Wait, x`. ``a ` Wait``"],
		["in inline code at a line start", "`Wait`"],
		["in maths", "$Wait$ and \\(Wait\\) and $$\nWait\n$$\n\\[\nWait\n\\]"],
		["in a fenced block", "```text\nWait\n\nWait. Wait\n```"],
		["in a block of tildes", "~~~\nWait\n```\nWait\n~~~"],
		["in a block that is never closed", "```\nWait\n"],
		["in an output", "```output\nWait\n```"],
	])("stay silent %s", (_, text) => {
		expect(words(text)).toEqual([]);
	});

	it.each([
		["a sum of money", "It costs $5. Wait, no", ["Wait@17"]],
		["two sums of money", "From $5 to $10. Wait, no", ["Wait@20"]],
		["money and a formula", "With $5 and $x = 2$. Wait, no", ["Wait@25"]],
		["an escaped dollar", "It is \\$5. Wait", ["Wait@15"]],
		["a dollar before a space", "In $ it is 5. Wait", ["Wait@18"]],
		["a dollar at the line's end", "in US$\nWait", ["Wait@11"]],
		["a formula that its line does not close", "so $x\nWait", ["Wait@10"]],
		["a backtick that its line does not close", "so `x\nWait", ["Wait@10"]],
		["a display formula that a blank line ends", "$$\nx\n\nWait", ["Wait@10"]],
		["an opened bracket that a blank line ends", "\\[ x\n \nWait", ["Wait@11"]],
		["an escaped backslash before a bracket", "a \\\\[2pt]. Wait", ["Wait@15"]],
		["a row end inside a formula", "\\[a \\\\] b\n\\] Wait", ["Wait@17"]],
	])("are not lost behind %s", (_, text, expected) => {
		expect(words(text)).toEqual(expected);
	});

	it("are held back until they are decided, and no longer", () => {
		const scanner = new Scanner({ words: WORDS, dialect: QWEN });
		const settled = [..."So. Wait, no"].map((char) => {
			const events = scanner.push(char);
			return `${scanner.settled}${events.length ? "!" : ""}`;
		});
		expect(settled).toEqual(["1", "2", "3", "4", "4", "4", "4", "4", "9!", "10", "11", "12"]);
	});

	it("fire once when the text goes on after a flush", () => {
		const scanner = new Scanner({ words: WORDS, dialect: QWEN });
		expect(scanner.push("Wait")).toEqual([]);
		expect(scanner.settled).toBe(0);
		expect(scanner.flush()).toEqual([{ type: "word", word: "Wait", start: 0, at: 4 }]);
		expect(scanner.settled).toBe(4);
		expect(scanner.flush()).toEqual([]);
		expect(scanner.push(", no. Hm")).toEqual([]);
		expect(scanner.flush()).toEqual([]);
		expect(scanner.push("m. ")).toEqual([{ type: "word", word: "Hmm", start: 10, at: 13 }]);
	});

	it("must be words", () => {
		expect(() => new Scanner({ words: [""], dialect: QWEN })).toThrow(/reflection word/);
		expect(() => new Scanner({ words: ["Wait\n"], dialect: QWEN })).toThrow(/newline/);
		expect(found("Wait, no").length).toBe(1);
		expect(scan("Wait, no", QWEN, [])).toEqual([]);
	});
});

describe("fences", () => {
	it.each([
		["a block", "```python\nx\n```\n", ["open python! 0-10", "close python! 12-16 [x\n]"]],
		["an empty block", "```python\n```\n", ["open python! 0-10", "close python! 10-14 []"]],
		[
			"a closing fence at the end of the text",
			"```python\nx\n```",
			["open python! 0-10", "close python! 12-15 [x\n]"],
		],
		["a closing fence with spaces behind it", "```py\nx\n```  \n", ["open py! 0-6", "close py! 8-14 [x\n]"]],
		["carriage returns", "```python\r\nx\r\n```\r\n", ["open python! 0-11", "close python! 14-19 [x\r\n]"]],
		[
			"an output written by the model",
			"```output\n5\n```\n",
			["open output 0-10", "close output 12-16 [5\n]"],
		],
		["another language", "```cpp\nx\n```\n", ["open cpp 0-7", "close cpp 9-13 [x\n]"]],
		["no language", "```\nx\n```\n", ["open  0-4", "close  6-10 [x\n]"]],
		["tildes, which do not run", "~~~python\nx\n~~~\n", ["open python 0-10", "close python 12-16 [x\n]"]],
		["a longer fence around a shorter", "````md\n```\n````\n", ["open md 0-7", "close md 11-16 [```\n]"]],
		[
			"a closing fence longer than the opening",
			"```py\nx\n`````\n",
			["open py! 0-6", "close py! 8-14 [x\n]"],
		],
		[
			"a fence with an info string inside a block",
			"```py\n```python\n```\n",
			["open py! 0-6", "close py! 16-20 [```python\n]"],
		],
		[
			"an indented block, its code moved left",
			" ```py\n if x:\n   y\nz\n ```\n",
			["open py! 0-7", "close py! 21-26 [if x:\n  y\nz\n]"],
		],
		[
			"a block behind an unclosed formula",
			"$$ x\n```py\nx\n```\n",
			["open py! 5-11", "close py! 13-17 [x\n]"],
		],
		["a backtick fence inside tildes", "~~~\n```\n~~~\n", ["open  0-4", "close  8-12 [```\n]"]],
	])("are found: %s", (_, text, expected) => {
		expect(found(text)).toEqual(expected);
	});

	it.each([
		"python",
		"py",
		"Python3",
		"{python}",
		"{.python .numberLines}",
		"python title=x",
		" python",
		"python:a.py",
	])("run with the info string %s", (info) => {
		expect(found(`\`\`\`${info}\n`)[0]).toMatch(/^open (python|py|python3)! /);
	});

	it.each(["pythonic", "pycon", "ipython", "text python", "output", ""])("do not run with %j", (info) => {
		expect(found(`\`\`\`${info}\n`)[0]).toMatch(/^open [a-z]* \d/);
	});

	it.each([
		["four spaces before it", "    ```python\n"],
		["text before it", "so ```python\n"],
		["a backtick in its info string", "```python `x`\n"],
		["two backticks", "``python\n"],
		["no newline yet", "```python"],
		["a line that is too long", `\`\`\`python ${"x".repeat(300)}\n`],
	])("are none with %s", (_, text) => {
		expect(found(text)).toEqual([]);
	});

	it.each([
		["four spaces before it", "    ```\n"],
		["text behind it", "``` x\n"],
		["too few backticks", "``\n"],
		["the other character", "~~~\n"],
		["text before it", "print('''```\n"],
		["too many spaces behind it", `\`\`\`${" ".repeat(300)}\n`],
	])("are not closed by a line with %s", (_, line) => {
		expect(found(`\`\`\`python\n${line}`)).toEqual(["open python! 0-10"]);
	});

	it("leave prose behind them, at a line start", () => {
		expect(found("```py\nx\n```\nWait, no")).toContain("Wait@16");
	});

	it("closed at the end of a segment leave the middle of a line behind them", () => {
		const scanner = new Scanner({ words: WORDS, dialect: QWEN });
		scanner.push("```py\nx\n```");
		expect(scanner.flush()).toHaveLength(1);
		expect(scanner.open).toBeUndefined();
		expect(scanner.push("Wait, \n```output\n")).toMatchObject([
			{ type: "fence-open", lang: "output", start: 18 },
		]);
	});

	it("are held back from the start of their line, and no longer", () => {
		const scanner = new Scanner({ words: WORDS, dialect: QWEN });
		scanner.push("so\n ``");
		expect(scanner.settled).toBe(3);
		scanner.push("x");
		expect(scanner.settled).toBe(7);
		scanner.push("\n```py");
		expect(scanner.settled).toBe(8);
		scanner.push("\ncode ```");
		expect(scanner.settled).toBe(22);
		scanner.push("\n``");
		expect(scanner.settled).toBe(23);
	});

	it("opened are told until they are closed", () => {
		const scanner = new Scanner({ words: WORDS, dialect: QWEN });
		expect(scanner.open).toBeUndefined();
		scanner.push("```python\n");
		expect(scanner.open).toEqual({ lang: "python", runnable: true });
		scanner.push("x\n```\n");
		expect(scanner.open).toBeUndefined();
	});

	it("left open by a flush are opened by the newline that comes later", () => {
		const scanner = new Scanner({ words: WORDS, dialect: QWEN });
		scanner.push("```python");
		expect(scanner.flush()).toEqual([]);
		expect(scanner.settled).toBe(9);
		expect(scanner.push("\n")).toEqual([
			{ type: "fence-open", start: 0, at: 10, lang: "python", runnable: true },
		]);
	});
});

describe("tags as fences", () => {
	it("open and close blocks", () => {
		expect(found("So:\n<llm-code>\nx\n</llm-code>\n", NEMOTRON)).toEqual([
			"open python! 4-15",
			"close python! 17-29 [x\n]",
		]);
	});

	it("close at the end of a line of code, too, and at the end of the text", () => {
		expect(found("<llm-code>\nx = '</'</llm-code>", NEMOTRON)).toEqual([
			"open python! 0-11",
			"close python! 19-30 [x = '</']",
		]);
		expect(found("<llm-code>\nx\n  </llm-code> \n", NEMOTRON).at(-1)).toBe("close python! 15-28 [x\n]");
	});

	it("do not close in the midst of a line", () => {
		expect(found("<llm-code>\nx = '</llm-code>'\n", NEMOTRON)).toEqual(["open python! 0-11"]);
	});

	it("make outputs data", () => {
		expect(found("<llm-code-output>\nWait\n</llm-code-output>\nWait, no", NEMOTRON)).toEqual([
			"open output 0-18",
			"close output 23-42 [Wait\n]",
			"Wait@46",
		]);
	});

	it("run alone in their dialect: a backtick fence there is text", () => {
		expect(found("```python\nx\n```\n", NEMOTRON)).toEqual(["open python 0-10", "close python 12-16 [x\n]"]);
	});

	it("may hold a fenced block, which is not code", () => {
		expect(found("<code>\n```python\nx\n```\n</code>\n", RETOOL)).toEqual([
			"open python! 0-7",
			"close python! 23-31 [x\n]",
		]);
		expect(found("<code>\nx\n</code>\n", RETOOL).at(-1)).toMatch(/\[x\n\]$/);
	});

	it("are text behind a tab or four spaces", () => {
		expect(found("\t<llm-code>\n    <llm-code>\nWait, no", NEMOTRON)).toEqual(["Wait@31"]);
	});

	it("are text in a dialect that has none", () => {
		expect(found("<llm-code>\nWait, no", QWEN)).toEqual(["Wait@15"]);
	});

	it("must be a pair that stands on lines of its own", () => {
		const dialect = { ...NEMOTRON, codeOpen: "python", codeClose: "end" };
		expect(() => new Scanner({ words: WORDS, dialect })).toThrow(/neither a run/);
	});
});
