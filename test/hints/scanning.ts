/** Shorthand for the scanner's tests: the dialects, and what a text holds. */
import type { FenceDialect, ScanEvent } from "../../src/hints/marker.ts";
import { Scanner } from "../../src/hints/scanner.ts";

export const QWEN: FenceDialect = {
	id: "qwen",
	codeOpen: "```python",
	codeClose: "```",
	languages: ["python", "py", "python3"],
	outputOpen: "```output\n",
	outputClose: "```\n",
	callsUsedUp: "[No Python calls are left. Finish in words.]\n",
};

export const NEMOTRON: FenceDialect = {
	...QWEN,
	id: "nemotron",
	codeOpen: "<llm-code>",
	codeClose: "</llm-code>",
	outputOpen: "<llm-code-output>\n",
	outputClose: "</llm-code-output>\n",
};

export const RETOOL: FenceDialect = {
	...QWEN,
	id: "retool",
	codeOpen: "<code>\n```python",
	codeClose: "```\n</code>",
	outputOpen: "<interpreter>\n",
	outputClose: "</interpreter>\n",
};

export const WORDS = ["Wait", "Alternatively", "Hmm", "But", "But wait"];

export function scan(
	text: string,
	dialect: FenceDialect = QWEN,
	words: readonly string[] = WORDS,
): ScanEvent[] {
	const scanner = new Scanner({ words, dialect });
	return [...scanner.push(text), ...scanner.flush()];
}

/** What was found, short: "Wait@4" for a word that ends at 4, "open python! 0-10", "close python! 20-24 [code]"; "!" means it runs. */
export function found(text: string, dialect: FenceDialect = QWEN): string[] {
	return scan(text, dialect).map(say);
}

export function say(event: ScanEvent): string {
	if (event.type === "word") return `${event.word}@${event.at}`;
	const what = `${event.lang}${event.runnable ? "!" : ""} ${event.start}-${event.at}`;
	return event.type === "fence-open" ? `open ${what}` : `close ${what} [${event.code}]`;
}
