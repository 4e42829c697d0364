/**
 * Makes the pictures of README and docs: runs the real program in a real pty, reads its screen through an emulator and
 * draws the emulator's cells as SVG. `npm run screenshots` makes them all.
 */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import xterm from "@xterm/headless";
import { homes } from "../src/trace/home.ts";

/** What is used of node-pty; its own types name it by the package that the alias stands for. */
const pty = createRequire(import.meta.url)("node-pty") as {
	spawn(
		file: string,
		args: readonly string[],
		options: { cols: number; rows: number; cwd: string; env: Record<string, string> },
	): { onData(listener: (data: string) => void): void; onExit(listener: () => void): void };
};

const root = fileURLToPath(new URL("..", import.meta.url));
const PALETTE = ["#1d1f28", "#ff6b6b", "#7bd88f", "#ffd166", "#6cb6ff", "#c792ea", "#5fd7d7", "#d8dee9"];
const BRIGHT = ["#6b7089", "#ff8f8f", "#a5e8b5", "#ffe29a", "#9ccfff", "#dcb8f5", "#90e9e9", "#ffffff"];
const PAPER = "#16181f";
const INK = "#d8dee9";
const CELL = { width: 8.4, height: 18, margin: 14 };

type Picture = {
	readonly name: string;
	readonly args: readonly string[];
	readonly columns: number;
	readonly rows: number;
};

const PICTURES: readonly Picture[] = [
	{
		name: "run",
		args: [],
		columns: 100,
		rows: 60,
	},
];

async function screenOf(picture: Picture): Promise<xterm.Terminal> {
	const home = mkdtempSync(join(tmpdir(), "nudge-picture-"));
	mkdirSync(join(home, "data"));
	symlinkSync(join(homes().data, "python"), join(home, "data", "python"));
	const screen = new xterm.Terminal({ cols: picture.columns, rows: picture.rows, allowProposedApi: true });
	const { CI: _, NO_COLOR: __, ...env } = process.env;
	const child = pty.spawn(process.execPath, [join(root, "bin", "nudge.cjs"), ...picture.args], {
		cols: picture.columns,
		rows: picture.rows,
		cwd: home,
		env: { ...env, TERM: "xterm-256color", NUDGE_HOME: home } as Record<string, string>,
	});
	let written = Promise.resolve();
	child.onData((data) => {
		written = written.then(() => new Promise<void>((resolve) => screen.write(data, resolve)));
	});
	await new Promise<void>((resolve) => child.onExit(() => resolve()));
	await written;
	rmSync(home, { recursive: true, force: true });
	return screen;
}

function colour(
	cell: NonNullable<ReturnType<xterm.IBufferLine["getCell"]>>,
	which: "fg" | "bg",
): string | undefined {
	const value = which === "fg" ? cell.getFgColor() : cell.getBgColor();
	if (which === "fg" ? cell.isFgDefault() : cell.isBgDefault()) return undefined;
	if (which === "fg" ? cell.isFgRGB() : cell.isBgRGB()) return `#${value.toString(16).padStart(6, "0")}`;
	if (value < 8) return PALETTE[value];
	if (value < 16) return BRIGHT[value - 8];
	if (value >= 232) return `#${(8 + (value - 232) * 10).toString(16).padStart(2, "0").repeat(3)}`;
	const level = (step: number): string => (step === 0 ? 0 : 55 + step * 40).toString(16).padStart(2, "0");
	const index = value - 16;
	return `#${level(Math.floor(index / 36))}${level(Math.floor(index / 6) % 6)}${level(index % 6)}`;
}

function svg(screen: xterm.Terminal): string {
	const buffer = screen.buffer.active;
	const out: string[] = [];
	let last = buffer.length - 1;
	while (last > 0 && buffer.getLine(last)?.translateToString(true) === "") last--;
	const first = Math.max(0, last + 1 - screen.rows);
	for (let row = first; row <= last; row++) {
		const line = buffer.getLine(row);
		if (!line) continue;
		const y = CELL.margin + (row - first + 1) * CELL.height - 5;
		let run = { text: "", x: CELL.margin, style: "" };
		const end = (): void => {
			if (run.text.trim())
				out.push(
					`<text x="${run.x.toFixed(1)}" y="${y}" textLength="${(run.text.length * CELL.width).toFixed(1)}"${run.style}>${xmlText(run.text)}</text>`,
				);
		};
		for (let column = 0; column < screen.cols; column++) {
			const cell = line.getCell(column);
			if (!cell || cell.getWidth() === 0) continue;
			const x = CELL.margin + column * CELL.width;
			const back = cell.isInverse() ? (colour(cell, "fg") ?? INK) : colour(cell, "bg");
			if (back)
				out.push(
					`<rect x="${x.toFixed(1)}" y="${y - 13}" width="${(cell.getWidth() * CELL.width).toFixed(1)}" height="${CELL.height}" fill="${back}"/>`,
				);
			const front = cell.isInverse() ? PAPER : colour(cell, "fg");
			const style = `${front ? ` fill="${front}"` : ""}${cell.isBold() ? ' font-weight="bold"' : ""}${cell.isItalic() ? ' font-style="italic"' : ""}${cell.isDim() ? ' opacity="0.6"' : ""}`;
			if (style !== run.style) {
				end();
				run = { text: "", x, style };
			}
			run.text += cell.getChars() || " ";
		}
		end();
	}
	const width = Math.ceil(CELL.margin * 2 + screen.cols * CELL.width);
	const height = CELL.margin * 2 + (last - first + 1) * CELL.height;
	return [
		`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`,
		`<rect width="100%" height="100%" rx="8" fill="${PAPER}"/>`,
		`<g font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="14" fill="${INK}" xml:space="preserve">`,
		...out,
		"</g></svg>",
		"",
	].join("\n");
}

const xmlText = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

for (const picture of PICTURES) {
	const file = join(root, "docs", "img", `${picture.name}.svg`);
	writeFileSync(file, svg(await screenOf(picture)));
	process.stdout.write(`docs/img/${picture.name}.svg\n`);
}
