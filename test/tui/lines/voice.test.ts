import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sentence, trouble, voiceOf } from "../../../src/tui/lines/voice.ts";

function said(text: string): string {
	let out = "";
	voiceOf((piece) => {
		out += piece;
	}).say(text);
	return out;
}

const nasty = fc.array(
	fc.constantFrom(
		"\x1b[2J",
		"\x1b]52;c;eA==\x07",
		"\r",
		"\r\n",
		"\n",
		"\b",
		"\x9b31m",
		"\u202e",
		"a",
		" ",
		"\t",
		"\x00",
		"\x7f",
	),
);

describe("what goes out", () => {
	test("is lines: no control character but the newline, whatever was to be said", () => {
		fc.assert(
			fc.property(
				fc.oneof(
					fc.string({ unit: "binary" }),
					nasty.map((some) => some.join("")),
				),
				(text) => {
					const out = said(text);
					expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
					expect(out === "" || out.endsWith("\n")).toBe(true);
					expect(out).not.toMatch(/(^|\n)\n/);
				},
			),
		);
	});

	test("keeps the indentation of code and leaves empty lines out", () => {
		expect(said("a:\n\n\tb  \r\nc\n")).toBe("a:\n    b\nc\n");
	});

	test("troubles say what they are, as sentences", () => {
		expect(trouble("warning", "the disk is full")).toBe("Warning: the disk is full.");
		expect(trouble("error", "No such engine.")).toBe("Error: No such engine.");
		expect(sentence("So (it is!)")).toBe("So (it is!)");
	});
});
