/**
 * Outputs that the model wrote itself. Nothing ran, so what they say is invented; trained on, they teach a model to
 * invent more (a model that was trained on unmasked outputs writes its own: https://github.com/RUC-NLPIR/ARPO/issues/9).
 */
import { model, output } from "./examples.ts";
import { rule } from "./rule.ts";

export const fakeOutput = rule<{ names: readonly string[] }>({
	id: "fake-output",
	says: "the model wrote an output block itself, which no interpreter did",
	details:
		"Only what stands outside the interpreter's outputs is looked at. Beside the names given here, the way that the trace's own dialect writes outputs counts.",
	source: "https://github.com/RUC-NLPIR/ARPO/issues/9",
	on: true,
	options: {
		names: { type: "list", default: ["output"], says: "names of fenced blocks that stand for an output" },
	},
	examples: [
		{ says: "the interpreter wrote the output", case: {}, drops: false },
		{
			says: "the model went on behind its code as if it had run",
			case: "```python\nprint(6 * 7)\n```\n```output\n42\n```\nSo it is \\boxed{42}.",
			drops: true,
		},
		{
			says: "the model began one inside its code",
			case: {
				header: { text: "" },
				spans: [model("```python\nprint(6 * 7)\n```output\n42\n```\n"), output("42"), model("\\boxed{42}")],
			},
			drops: true,
		},
		{
			says: "an example of a program's output is one in words",
			case: "The program would print\n```text\n42\n```\nSo it is \\boxed{42}.",
			drops: false,
		},
		{
			says: "the word output is none",
			case: "The output is 42, so `output` holds. \\boxed{42}",
			drops: false,
		},
	],
	make: ({ names }) => {
		const wanted = new Set(names.map((name) => name.toLowerCase()));
		return {
			check: (reading) => {
				for (const { output, lang, start, from, to, runnable } of reading.blocks) {
					if (output || wanted.has(lang)) return says(reading.text, start, from, to);
					if (!runnable) continue;
					// A fence with a name does not close a block, so it is a line of the code.
					for (const name of wanted) {
						const at = lineWith(reading.text, `\`\`\`${name}`, from, to);
						if (at >= 0) return says(reading.text, at, at, to);
					}
				}
				return undefined;
			},
		};
	},
});

function says(text: string, start: number, from: number, to: number): string {
	const what = text
		.slice(from, Math.min(to, from + 60))
		.replace(/\s+/g, " ")
		.trim();
	return `an output that the model wrote, at character ${start}: "${what}"`;
}

/** Where a line of a part begins with the words; -1 where none does. */
function lineWith(text: string, words: string, from: number, to: number): number {
	const part = text.slice(from, to);
	for (let at = part.indexOf(words); at >= 0; at = part.indexOf(words, at + words.length))
		if (at === 0 || part.charCodeAt(at - 1) === 10) return from + at;
	return -1;
}
