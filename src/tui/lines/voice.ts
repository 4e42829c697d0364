/**
 * What goes out: lines in their order, and nothing but lines.
 *
 * What always holds: only here is anything written; every line passes `visible`, so no control character but the newline
 * at its end reaches the terminal, whatever a model, Python or a file brought in; nothing that was written is touched again.
 */
import { visible } from "../../trace/visible.ts";

export type Voice = {
	/** One line, or several; empty ones are left out. */
	say(text: string): void;
};

const TAB = "    ";

export function voiceOf(write: (text: string) => void): Voice {
	return {
		say(text) {
			const lines = visible(text.replace(/\r\n/g, "\n").replaceAll("\t", TAB))
				.split("\n")
				.map((line) => line.trimEnd())
				.filter((line) => line !== "");
			if (lines.length > 0) write(`${lines.join("\n")}\n`);
		},
	};
}

/** With the full stop that makes a screen reader pause, where it has no end of its own. */
export function sentence(text: string): string {
	const said = text.trim();
	return /[.!?:]["')\]]*$/.test(said) ? said : `${said}.`;
}

const LEVELS = { info: "Note: ", warning: "Warning: ", error: "Error: " } as const;

export function trouble(level: keyof typeof LEVELS, text: string): string {
	return LEVELS[level] + sentence(text);
}
