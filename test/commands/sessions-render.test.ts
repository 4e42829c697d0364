import { PassThrough } from "node:stream";
import fc from "fast-check";
import { expect, test } from "vitest";
import { lookOf, TraceRenderer } from "../../src/commands/render.ts";
import type { TraceEvent } from "../../src/trace/events.ts";
import { fold } from "../../src/trace/fold.ts";
import { retell } from "../../src/trace/retell.ts";
import { visible } from "../../src/trace/visible.ts";
import { SETTINGS, USAGE } from "../trace/tree.ts";

const on = { branch: "b0", t: 1 } as const;
const HINTED: TraceEvent[] = [
	{ type: "branch", ...on, settings: SETTINGS, by: "person" },
	{ type: "tokens", ...on, text: "Hm.\nWait", segment: 0 },
	{ type: "marker", ...on, marker: "after-word", at: 8, word: "Wait", index: 0 },
	{
		type: "hint",
		...on,
		at: 8,
		text: ", Python can do it.\n\n```python\n",
		hint: "calc",
		kind: "complex-calculation",
		wording: "1",
		marker: "after-word",
		by: "policy",
	},
	{ type: "tokens", ...on, text: "print(6*7)\n```\n", segment: 1 },
	{ type: "call", ...on, block: 1, code: "print(6*7)" },
	{
		type: "output",
		...on,
		block: 1,
		text: "```output\n42\x1b[2J\n```\n",
		output: "42\x1b[2J",
		verdict: "ok",
		durationMs: 12,
	},
	{ type: "tokens", ...on, text: "So 42.", segment: 2 },
	{ type: "end", ...on, reason: "eos", usage: USAGE },
	{ type: "outcome", ...on, verdict: "correct", answer: "42", usage: USAGE, session: "s" },
];

const SHOWN = `Hm.
Wait
[hint after Wait · complex-calculation]
» , Python can do it.
» 
» \`\`\`python
print(6*7)
\`\`\`
[python 1 runs]
[output 1 · ok · 12 ms]
│ \`\`\`output
│ 42␛[2J
│ \`\`\`
So 42.
[end · the model ended its turn]
[outcome · correct · answer 42]
`;

function shown(events: Iterable<TraceEvent>, colour = false): string {
	const renderer = new TraceRenderer({ colour });
	let text = "";
	for (const event of events) text += renderer.render(event);
	return text + renderer.end();
}

test("hints, code and outputs stand apart without colour", () => {
	expect(shown(HINTED)).toBe(SHOWN);
});

test("colour adds nothing but colour, and is off at the end of every line", () => {
	const coloured = shown(HINTED, true);
	expect(coloured).toContain("\x1b[36m» , Python can do it.\x1b[0m\n");
	expect(coloured.replace(/\x1b\[\d+m/g, "")).toBe(SHOWN);
	for (const line of coloured.split("\n")) {
		expect(line.split("\x1b[0m").length).toBe(line.replace(/\x1b\[0m/g, "").split("\x1b[").length);
	}
});

test("a branch that was kept is shown as it was when it grew", () => {
	const branch = fold(HINTED).branches.get("b0")!;
	expect(shown(retell(branch))).toBe(SHOWN);
});

test("where model text is cut into pieces does not show, not even inside a character", () => {
	fc.assert(
		fc.property(fc.string({ unit: "binary" }), fc.array(fc.nat({ max: 20 })), (text, cuts) => {
			const pieces: TraceEvent[] = [];
			let rest = text;
			for (const cut of cuts) {
				pieces.push({ type: "tokens", ...on, text: rest.slice(0, cut), segment: 0 });
				rest = rest.slice(cut);
			}
			pieces.push({ type: "tokens", ...on, text: rest, segment: 0 });
			const renderer = new TraceRenderer({ colour: true });
			const bytes = Buffer.concat(pieces.map((event) => Buffer.from(renderer.render(event))));
			expect(bytes.toString()).toBe(Buffer.from(visible(text)).toString());
			expect(renderer.end()).toBe(text === "" || text.endsWith("\n") ? "" : "\n");
		}),
	);
});

test("it is said when the text goes on in another branch", () => {
	const other = { branch: "b1", t: 2 } as const;
	expect(
		shown([
			HINTED[0]!,
			{ type: "tokens", ...on, text: "Hm", segment: 0 },
			{ type: "branch", ...other, parent: { branch: "b0", at: 1 }, settings: SETTINGS, by: "person" },
			{ type: "tokens", ...other, text: "o", segment: 0 },
			{ type: "tokens", ...on, text: "m", segment: 0 },
		]),
	).toBe("Hm\n[branch b1 · grows out of b0 at 1]\no\n[branch b0]\nm\n");
});

test("colour is for a terminal that wants it", () => {
	const look = (isTTY: boolean, env: NodeJS.ProcessEnv) => {
		const stdout = Object.assign(new PassThrough(), { isTTY });
		return lookOf({ stdout, env: { NUDGE_HOME: "/nowhere", ...env }, cwd: "/" }).colour;
	};
	expect(look(true, {})).toBe(true);
	expect(look(false, {})).toBe(false);
	expect(look(true, { NO_COLOR: "1" })).toBe(false);
	expect(look(true, { TERM: "dumb" })).toBe(false);
	expect(look(true, { NUDGE_COLOR: "never" })).toBe(false);
	expect(look(false, { NUDGE_COLOR: "always", NO_COLOR: "1" })).toBe(true);
});
