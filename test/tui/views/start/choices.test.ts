import { expect, test } from "vitest";
import { lineWidth, plainLine } from "../../../../src/tui/views/line.ts";
import { type Choices, settingsLine } from "../../../../src/tui/views/start/choices.ts";
import { FakeDesk } from "../../desk.ts";

const { keymap } = new FakeDesk();
const CHOICES: Choices = {
	engine: "embedded",
	mode: "auto",
	rounds: 1,
	words: 2,
	vetoMs: 1500,
	seed: 7,
	temperature: 0.6,
	topP: 0.95,
	maxTokens: 2048,
	maxCalls: 6,
	maxSeconds: 60,
};

const said = (choices: Choices, columns: number): string =>
	plainLine(settingsLine(choices, keymap, columns, undefined).line).trimEnd();

test("with room for it, all that a run is made with is said, with the keys that change it", () => {
	expect(said(CHOICES, 200)).toBe(
		"  F6 engine embedded   F7 policy auto, 1 round, 2 words, 1.5 s to veto" +
			"   F8 seed 7, temperature 0.6, top-p 0.95, 2048 tokens, 6 calls, 60 s",
	);
	const { maxSeconds: _, ...unlimited } = CHOICES;
	expect(said(unlimited, 200)).toMatch(/no time limit$/);
	expect(said({ ...CHOICES, mode: "off" }, 200)).toContain("policy off   F8");
});

test("it fits 80 columns, however long the engine's name is, and never shows a password", () => {
	const engine = `vllm:http://user:secret@gpu.example:8000#${"long/".repeat(20)}`;
	for (let columns = 80; columns < 240; columns += 7) {
		const { line, segments } = settingsLine({ ...CHOICES, engine }, keymap, columns, "start.policy");
		expect(lineWidth(line)).toBeLessThanOrEqual(columns);
		expect(plainLine(line)).not.toContain("secret");
		expect(plainLine(line)).toContain("> F7");
		expect(segments.map(({ command }) => command)).toEqual([
			"start.engine",
			"start.policy",
			"start.settings",
		]);
		for (const { x, width } of segments) expect(x + width).toBeLessThanOrEqual(columns);
	}
});
