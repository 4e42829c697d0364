import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { clipboardFile, copyText, osc52 } from "../../../src/tui/term/clipboard.ts";

let home: string;
beforeEach(() => {
	home = mkdtempSync(join(tmpdir(), "nudge-clipboard-"));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const copied = (text: string, env: NodeJS.ProcessEnv = {}): [says: string, sent: string] => {
	let sent = "";
	const says = copyText(text, (sequence) => (sent += sequence), { NUDGE_HOME: home, ...env });
	return [says, sent];
};
const base64 = (text: string): string => Buffer.from(text).toString("base64");

test("a text goes to the terminal's clipboard whole, whatever is in it", () => {
	const text = "日本 \x1b]0;x\x07 \u0000\n";
	expect(osc52(text, {})).toBe(`\x1b]52;c;${base64(text)}\x07`);
});

test("in tmux it is sent for tmux itself and for the terminal behind it", () => {
	const plain = `\x1b]52;c;${base64("x")}\x07`;
	expect(osc52("x", { TMUX: "/tmp/t,1,0" })).toBe(`${plain}\x1bPtmux;\x1b${plain}\x1b\\`);
});

test("it is in a file of its owner alone as well, and both are said", () => {
	const file = clipboardFile({ NUDGE_HOME: home });
	const [says, sent] = copied("some words");
	expect(sent).toContain(base64("some words"));
	expect(says).toBe(`Copied 10 characters to the terminal's clipboard; also in ${file}`);
	expect(readFileSync(file, "utf8")).toBe("some words");
	writeFileSync(file, "a file that anyone may read", { mode: 0o644 });
	copied("others");
	expect(readFileSync(file, "utf8")).toBe("others");
	expect(statSync(file).mode & 0o777).toBe(0o600);
});

test("what no terminal takes is in the file only, and that is said", () => {
	expect(osc52("x".repeat(74_994), {})?.length).toBeLessThanOrEqual(100_000);
	const [says, sent] = copied("é".repeat(37_498));
	expect(sent).toBe("");
	expect(says).toBe(
		`37,498 characters are too long for the terminal's clipboard: they are in ${join(home, "cache", "clipboard.txt")}`,
	);
});

test("a file that cannot be written is said, beside what was done", () => {
	writeFileSync(join(home, "cache"), "in the way");
	expect(copied("x")[0]).toMatch(
		/^Copied 1 character to the terminal's clipboard; the file could not be written: E/,
	);
	expect(copied("x".repeat(80_000))[0]).toMatch(
		/^Not copied: 80,000 characters are too long .* could not be written: E/,
	);
});
