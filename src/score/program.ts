/** The program that an answer hands in. */
import type { FenceDialect } from "../hints/marker.ts";
import { Scanner } from "../hints/scanner.ts";

export type ProgramOptions = {
	readonly thinkClose?: string;
	/** How this model writes code; Markdown fences by default. */
	readonly dialect?: FenceDialect;
};

const MARKDOWN: FenceDialect = {
	id: "markdown",
	codeOpen: "```python",
	codeClose: "```",
	languages: ["python", "py", "python3"],
	outputOpen: "```output\n",
	outputClose: "```\n",
	callsUsedUp: "",
};

/**
 * The last whole block after the thinking, else the last one in it. Where the tests call a function, the last block that
 * defines it goes before an example of its use.
 */
export function program(
	text: string,
	entryPoint: string | undefined,
	options: ProgramOptions = {},
): string | undefined {
	const close = options.thinkClose ? text.lastIndexOf(options.thinkClose) : -1;
	const scanner = new Scanner({ words: [], dialect: options.dialect ?? MARKDOWN });
	const blocks = [...scanner.push(text), ...scanner.flush()].flatMap((event) =>
		event.type === "fence-close" && event.runnable && event.code.trim() !== "" ? [event] : [],
	);
	const name = entryPoint && /^[A-Za-z_]\w*/.exec(entryPoint)?.[0];
	const defines = name
		? new RegExp(`^[ \\t]*(?:async +def|def|class) +${name}\\b|^${name} *=`, "m")
		: undefined;
	for (const part of [blocks.filter((block) => block.start > close), blocks]) {
		const found = part.findLast((block) => defines?.test(block.code)) ?? part.at(-1);
		if (found) return found.code;
	}
	return undefined;
}
