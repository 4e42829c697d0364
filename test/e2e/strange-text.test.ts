/** What a model or Python may print: wide and joined characters, formulas, very much of it, and sequences for a terminal. */
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { SessionStore } from "../../src/trace/store.ts";
import { expectAsDrawnAnew, expectComposed, gone, ruleOf } from "./composed.ts";
import { withGraphemes } from "./graphemes.ts";
import { MAKING_TIMEOUT_MS } from "./program.ts";
import { Scene } from "./scene.ts";
import type { Screen } from "./screen.ts";

/** Each would do something to a terminal that obeyed it. */
const EVIL = [
	"\x1b]0;pwned title\x07",
	"\x1b[2J\x1b[3J\x1b[H",
	"\x1b[?1049l\x1b[?25h\x1b[?1000l\x1b[?2004l",
	"\x1b]52;c;cHduZWQ=\x07",
	"\x9b31m\x9d0;pwned too\x9c",
	"\x1b[31;1mred\x1b[6n\x1b[c\x1bc\x07",
	"over\rwritten and \bback",
	"right to left: \u202egnp.exe\u202c.",
];
const WIDE = [
	"日本語の文章がここにある。".repeat(12),
	"Emoji: 🙂 🇫🇷 👍🏽 👩‍👩‍👧 ❤️ and on.",
	"Marks: e\u0301 a\u0308\u0323 \u0915\u094d\u0937 o\u0302\u0301.",
	`\\[ \\sum_{i=1}^{n} \\frac{i^2 + \\alpha_i}{\\sqrt{2\\pi}} \\,\\mathrm{d}x = \\int_0^\\infty ${"x^{2k+1} + ".repeat(20)} 0 \\]`,
	"\ttab\tby\ttab",
];

let scene: Scene;
beforeAll(async () => {
	scene = await Scene.make();
	scene.tell("widths", { thinking: `${WIDE.join("\n")}\nWait, is it?\n`, code: "print('幅 🙂 é')\n```\n" });
	scene.tell("mischief", {
		thinking: `${EVIL.join("\n")}\nWait, is it?\n`,
		code: `print(${JSON.stringify(EVIL.join("\n")).replaceAll(/[\x7f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`)})\n\`\`\`\n`,
	});
}, MAKING_TIMEOUT_MS);
afterEach(() => scene.tidy());
afterAll(() => scene.close());

test("wide, joined and marked characters and long formulas keep every column, at each size", async () => {
	const screen = withGraphemes(scene.open(["--problem", "widths 幅"], { columns: 120, rows: 40 }));
	await screen.until("= unchecked");
	for (const [columns, rows] of [
		[120, 40],
		[80, 24],
		[101, 31],
		[200, 50],
	] as const) {
		screen.resize(columns, rows);
		await screen.until(
			() => /^ = unchecked/.test(screen.row(rows - 2)) && screen.cell(columns - 1, 0).bg !== "default",
			`${columns}x${rows}`,
		);
		screen.press("g");
		await screen.until("日本語");
		expectComposed(screen);
		await expectAsDrawnAnew(screen);
	}
	for (const part of ["👩‍👩‍👧", "🇫🇷", "👍🏽", "❤️", "e\u0301", "\\sum_{i=1}^{n}"])
		expect(screen.text()).toContain(part);
	// A wide character stands in two cells, and the next one behind it.
	const { x, y } = screen.find("🙂 🇫🇷");
	expect(screen.cell(x, y)).toMatchObject({ chars: "🙂", width: 2 });
	expect(screen.cell(x + 3, y)).toMatchObject({ chars: "🇫🇷", width: 2 });
	const family = screen.find("👩‍👩‍👧");
	expect(screen.cell(family.x + 3, y)).toMatchObject({ chars: "❤️" });
	expect(screen.text()).toMatch(/\| 幅 🙂 é$/m);
	// Selected, the whole row is; its rule stays where it is.
	const rule = ruleOf(screen);
	for (let n = 0; n < 8; n++) {
		screen.press("j");
		await screen.until(() => screen.cursor.y === n + 3, `line ${n}`);
		expect(ruleOf(screen)).toBe(rule);
	}
});

/** What a sequence that was obeyed would have changed. */
function watched(screen: Screen): { titles: string[]; bells: number } {
	const seen = { titles: [] as string[], bells: 0 };
	screen.terminal.onTitleChange((title) => seen.titles.push(title));
	screen.terminal.onBell(() => {
		seen.bells++;
	});
	return seen;
}

test("no sequence of a model, of a block, of a problem or of Python reaches the terminal", async () => {
	const screen = scene.open(["--problem", `mischief \x1b]0;pwned\x07\x1b[2J\x1b[31m`], {
		columns: 120,
		rows: 40,
	});
	const seen = watched(screen);
	await screen.until("= unchecked");
	await screen.until("[block 2: ok");
	const modes = { ...screen.modes };
	expectComposed(screen);
	screen.press("g");
	await screen.until("- f follows");
	expect(screen.row(2)).toContain("␛]0;pwned title␇");
	for (const says of [
		"␛[2J␛[3J␛[H",
		"␛[?1049l␛[?25h",
		"\\x9b31m\\x9d0;pwned too\\x9c",
		"over␍written and ␈back",
		"\\u202egnp.exe",
	])
		expect(screen.text()).toContain(says);
	expect(screen.row(0)).toContain("mischief ␛]0;pwned␇␛[2J␛[31m");
	await expectAsDrawnAnew(screen);

	// A person prints it too, and the pane's own emulator is all that obeys.
	screen.press("3");
	await screen.until("> Python");
	screen.type("print('\\x1b]0;pwned\\x07\\x1b[2J\\x1b[?1049l\\x1b]52;c;cHduZWQ=\\x07\\x1b[31mred')\r");
	await screen.until(() => /\| red$/m.test(screen.text()), "what it printed");
	screen.press("ctrl+]");
	await screen.until("> Thinking");
	expectComposed(screen);
	await expectAsDrawnAnew(screen);
	// What a person names so, too.
	screen.press("T");
	await screen.until("Name of the session");
	screen.paste("named \x1b]0;pwned\x07 so");
	screen.press("enter");
	await gone(screen, "Name of the session");
	await screen.until("nudge  named");

	expect(seen.titles.filter((title) => title.includes("pwned"))).toEqual([]);
	expect(seen.bells).toBe(0);
	expect(screen.modes).toEqual(modes);
	expect(screen.clears).toEqual({ screen: 0, scrollback: 0 });
	expect(screen.raw).not.toContain("\x1b]52");
	// What the terminal is, nudge asks once, by itself.
	expect(screen.raw.split("\x1b[c").length).toBeLessThanOrEqual(2);
	expect(screen.raw).not.toMatch(/\x1b\[6n|\x1bc/);
});

/** A session that was kept, whose model said this. */
function kept(text: string): string {
	const session = new SessionStore(join(scene.home.dir, "data")).create({
		problem: { id: "big", domain: "math", problem: "How much?" },
		nudge: "0",
		environment: {},
	});
	const settings = {
		engine: "vllm",
		model: "scripted",
		exact: true,
		dialect: "qwen",
		policy: "off",
		sampling: { temperature: 0, seed: 0 },
		budgets: { maxTokens: 1_000_000, maxCalls: 6, maxRounds: 1 },
	};
	const usage = { sampledTokens: 5, hints: 0, calls: 0, durationMs: 1 };
	const on = { t: 1, branch: "main" } as const;
	session.append({ ...on, type: "branch", settings, by: "person" });
	session.append({ ...on, type: "header", text: "<|im_start|>assistant\n<think>\n" });
	for (let at = 0; at < text.length; at += 60_000)
		session.append({ ...on, type: "tokens", text: text.slice(at, at + 60_000), segment: 0 });
	session.append({ ...on, type: "end", reason: "interrupted", usage });
	session.close();
	return session.id;
}

test.each([
	[
		"ten thousand lines",
		Array.from({ length: 10_000 }, (_, n) => `Line ${n} of many.`).join("\n"),
		"Line 9999 of",
	],
	["a line of 1 MB", `begin ${"0123456789abcdef".repeat(65_536)} finish`, "cdef finish"],
	["a line of 1 MB without a place to break, of wide characters", `始${"漢字".repeat(170_000)}終`, "終"],
])(
	"%s: opened at its end, looked at from both ends, searched; a key writes little",
	async (_, text, last) => {
		const id = kept(text);
		const screen = withGraphemes(scene.open([id], { columns: 200, rows: 50 }));
		await screen.until(last);
		await screen.until("= stopped");
		await gone(screen, "is loading");
		expectComposed(screen);
		await expectAsDrawnAnew(screen);
		screen.press("g");
		await screen.until(text.slice(0, 5));
		screen.press("/");
		screen.type(last);
		await screen.until("hit 1 of 1");
		screen.press("enter");
		await screen.until(last);
		expectComposed(screen);
		screen.press("f");
		await screen.until(() => !screen.cursor.shown, "no line to be selected");

		// Keys that move something on an idle screen of 200 by 50, one after the other.
		screen.press("k");
		await screen.until(() => screen.cursor.shown, "a selected line");
		const spent: number[] = [];
		const spend = async (key: string, effect: () => boolean): Promise<void> => {
			const before = screen.bytes;
			screen.press(key);
			await screen.until(effect, `what ${key} does`);
			spent.push(screen.bytes - before);
		};
		for (const key of ["k", "k", "j", "up", "down", "k"]) {
			const { y } = screen.cursor;
			await spend(key, () => screen.cursor.y === y + (/j|down/.test(key) ? 1 : -1));
		}
		await spend("2", () => /> Hints/.test(screen.row(1)));
		await spend("tab", () => screen.text().includes("> Python"));
		await spend("ctrl+]", () => /^> Thinking/.test(screen.row(1)));
		await spend("/", () => screen.row(49).includes("text to find"));
		for (const letter of ["z", "q", "x"]) await spend(letter, () => screen.row(49).includes(`${letter} `));
		expect(Math.max(...spent), `bytes of each key: ${spent}`).toBeLessThan(2_000);
	},
);
