import xterm from "@xterm/headless";
import { expect, test } from "vitest";
import { DARK, LIGHT, type SvgOptions, svgOf } from "../../scripts/svg.ts";

async function drawn(text: string, options: SvgOptions = {}): Promise<string> {
	const screen = new xterm.Terminal({ cols: 20, rows: 3, allowProposedApi: true });
	await new Promise<void>((resolve) => screen.write(text, resolve));
	return svgOf(screen, options);
}

const textsOf = (svg: string): string[] =>
	[...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text ?? "");
/** Where the piece with this text begins, in cells. */
const columnOf = (svg: string, text: string): number =>
	Math.round((Number(new RegExp(`<text x="([\\d.]+)"[^>]*>${text}`).exec(svg)?.[1]) - 14) / 8.4);

test("a wide character has two cells, and what follows stands where the terminal has it", async () => {
	const svg = await drawn("a日b \x1b[1mc\x1b[0m");
	expect(textsOf(svg)).toEqual(["a", "日", "b", "c"]);
	expect(["a", "日", "b", "c"].map((text) => columnOf(svg, text))).toEqual([0, 1, 3, 5]);
	expect(svg).toContain('textLength="16.8">日');
});

test("styles are drawn, each of them, and end where they end", async () => {
	const svg = await drawn("\x1b[1mb\x1b[0m\x1b[2md\x1b[0m\x1b[3mi\x1b[0m\x1b[4mu\x1b[0m\x1b[9ms\x1b[0mn");
	expect(svg).toMatch(/font-weight="bold">b</);
	expect(svg).toMatch(/opacity="0.6">d</);
	expect(svg).toMatch(/font-style="italic">i</);
	expect(svg.match(/height="1" /g)).toHaveLength(2);
	expect(svg).toMatch(/textLength="8.4">n</);
});

test("inverse and the cursor turn the colours round, and back where both are", async () => {
	const look = DARK;
	expect(await drawn("\x1b[7mx")).toContain(`fill="${look.paper}">x`);
	const cursor = { x: 0, y: 0, shown: true };
	expect(await drawn("x", { cursor })).toContain(`fill="${look.paper}">x`);
	expect(await drawn("\x1b[7mx", { cursor })).toMatch(/textLength="8.4">x/);
	expect(await drawn("x", { cursor: { ...cursor, shown: false } })).not.toContain(`fill="${look.paper}">x`);
});

test("colours are the palette's, of the cube, or as they are; the rest is the terminal's own", async () => {
	const svg = await drawn("\x1b[31ma\x1b[38;5;24mb\x1b[38;2;1;2;3mc\x1b[48;5;232m d", { look: LIGHT });
	expect(svg).toContain(`fill="${LIGHT.palette[1]}">a`);
	expect(svg).toContain('fill="#005f87">b');
	expect(svg).toContain('fill="#010203">c');
	expect(svg).toContain('fill="#080808"');
	expect(svg).toContain(`fill="${LIGHT.paper}"/>`);
});

test("what is text stays text in XML", async () => {
	expect(textsOf(await drawn("<a> & b"))).toEqual(["&lt;a&gt; &amp; b"]);
});
