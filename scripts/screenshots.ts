/**
 * Makes the pictures of README and docs: runs the real program in a real pty, reads its screen through an emulator and
 * draws the emulator's cells as SVG (svg.ts). `npm run screenshots` makes them all.
 */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import xterm from "@xterm/headless";
import { homes } from "../src/trace/home.ts";
import { svgOf } from "./svg.ts";

/** What is used of node-pty; its own types name it by the package that the alias stands for. */
const pty = createRequire(import.meta.url)("node-pty") as {
	spawn(
		file: string,
		args: readonly string[],
		options: { cols: number; rows: number; cwd: string; env: Record<string, string> },
	): { onData(listener: (data: string) => void): void; onExit(listener: () => void): void };
};

const root = fileURLToPath(new URL("..", import.meta.url));

type Picture = {
	readonly name: string;
	readonly args: readonly string[];
	readonly columns: number;
	readonly rows: number;
};

const PICTURES: readonly Picture[] = [
	{
		name: "run",
		args: ["run"],
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

for (const picture of PICTURES) {
	const file = join(root, "docs", "img", `${picture.name}.svg`);
	writeFileSync(file, svgOf(await screenOf(picture), { trimmed: true }));
	process.stdout.write(`docs/img/${picture.name}.svg\n`);
}
