import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { COMMANDS, type CommandId } from "../../../src/tui/keys/command-table.ts";
import { LINE_WORDS, type LineWord, meantBy, usageOf, wordOf } from "../../../src/tui/lines/words.ts";

const SESSION = LINE_WORDS.filter((word) => !word.startsWith("replay."));
const meant = (line: string, now: (word: LineWord) => boolean = () => true, among = SESSION): string => {
	const found = meantBy(line, among, now);
	return "unknown" in found ? found.unknown : `${found.word} <${found.said}>`;
};
/** Nothing is proposed. */
const unasked = (word: LineWord): boolean => !word.startsWith("proposal.");

describe("what a line means", () => {
	test.each([
		["pause", "trace.pause <>"],
		["Go On", "trace.pause <>"],
		["write Stop here, and think.", "hint.write <Stop here, and think.>"],
		["rewind 12", "rewind <12>"],
		["rewind to line 12", "rewind <to line 12>"],
		["undo", "undo <>"],
		["undo hint", "hint.undo <>"],
		["branches", "branch.list <>"],
		["branch b2", "branch.list <b2>"],
		["next", "problem.next <>"],
		["next branch", "branch.next <>"],
		["mark accepted", "mark.accept <>"],
		["tag x", "tag <x>"],
		["open 20261122-p9gm", "sessions.resume <20261122-p9gm>"],
		["policy ask", "policy.pick <ask>"],
		["engine llama-server:http://127.0.0.1:1", "start.engine <llama-server:http://127.0.0.1:1>"],
		["python", "focus.python <>"],
		["> 1+1", "focus.python <1+1>"],
		[">1+1", "focus.python <1+1>"],
		["hint.write  spaced   out", "hint.write <spaced   out>"],
		["hint write", "hint.write <>"],
		["Insert a hint from the library", "hint.pick <>"],
		["rew 3", "rewind <3>"],
		["quit", "quit <>"],
	])("%s", (line, means) => {
		expect(meant(line, unasked)).toBe(means);
	});

	test("while a hint waits its words go before those of the session", () => {
		expect(meant("insert")).toBe("proposal.insert <>");
		expect(meant("hint check")).toBe("proposal.other <check>");
		expect(meant("edit let me see")).toBe("proposal.edit <let me see>");
		expect(meant("hint check", unasked)).toBe("hint.pick <check>");
	});

	test("a word that means nothing now is known all the same", () => {
		expect(meant("veto", unasked)).toBe("proposal.veto <>");
	});

	test("half a word that could be several says which", () => {
		expect(meant("mark")).toBe('"mark" could be mark accepted, mark rejected: say more of it.');
	});

	test("an unknown word gets the nearest one", () => {
		expect(meant("puase")).toBe('There is no word "puase"; did you mean pause?');
		expect(meant("undo hnt")).toBe('"undo" takes nothing behind it; did you mean undo hint?');
		expect(meant("stop now")).toBe('"stop" takes nothing behind it; say it alone.');
		expect(meant("xyzzy")).toBe('There is no word "xyzzy"; help lists them.');
	});

	test("what only a screen has says so", () => {
		expect(meant("pane.zoom")).toBe("Zoom the pane means something on a screen only.");
		expect(meant("zoom the pane")).toBe("Zoom the pane means something on a screen only.");
	});
});

test("every command of the table that changes something can be said, or belongs to a screen", () => {
	const onScreen =
		/^(palette|interrupt|suspend|redraw|theme|mouse|focus|pane|search|follow|copy|line|half|page|top|event|item|python\.(leave|up|down)|prompt|ended|list|dialog|library|text|form|confirm|field|start|reading|rollouts?|runs|rows|review|samples?|select|jobs|train|training|sessions\.replay|session\.engine|hint\.editor)/;
	const silent = (Object.keys(COMMANDS) as CommandId[]).filter(
		(id) => !LINE_WORDS.includes(id as LineWord) && !onScreen.test(id),
	);
	expect(silent).toEqual([]);
});

test("each word is its own: nothing that help names means something else", () => {
	for (const word of SESSION) {
		const inner = word.startsWith("proposal.") ? () => true : unasked;
		expect(meant(wordOf(word), inner)).toBe(`${word} <>`);
	}
});

test("help is a sentence a word, without keys", () => {
	for (const word of LINE_WORDS) {
		expect(usageOf(word)).toMatch(/^[^\n]+: [^\n]+\.$/);
		expect(usageOf(word)).not.toMatch(/Ctrl|F\d|pane\b/);
	}
});

test("every word that docs/screen-reader.md tells can be said", () => {
	const page = readFileSync(new URL("../../../docs/screen-reader.md", import.meta.url), "utf8");
	const rows = page.split("\n").filter((line) => line.startsWith("| ") && line.includes("`"));
	const words = rows.flatMap((row) => [...row.matchAll(/`([^`]+)`/g)].map(([, word]) => word!));
	expect(words.length).toBeGreaterThan(40);
	expect(words.filter((word) => "unknown" in meantBy(word, LINE_WORDS, () => true))).toEqual([]);
});
