/** A real shell in a real terminal, with nudge in its PATH: what a person gets who types and presses Tab. */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { World } from "./world.ts";

const main = new URL("../../src/commands/main.ts", import.meta.url);

/** What is used of node-pty here; its own types name it by the package that the alias stands for. */
type Terminal = {
	onData(listener: (data: string) => void): void;
	write(data: string): void;
	kill(signal: string): void;
};
const pty = createRequire(import.meta.url)("node-pty") as {
	spawn(program: string, args: string[], options: object): Terminal;
};

export class Shell {
	readonly #terminal: Terminal;
	#screen = "";
	#heard: (() => void) | undefined;
	#count = 0;

	/** `begin` is typed first. */
	constructor(world: World, program: string, args: readonly string[], begin: readonly string[]) {
		const bin = join(world.folder, "bin");
		mkdirSync(bin, { recursive: true });
		const script = `import(${JSON.stringify(main.href)}).then((m) => m.main(process.argv.slice(1)))`;
		writeFileSync(
			join(bin, "nudge"),
			`#!/bin/sh\nexec '${process.execPath}' --experimental-strip-types --no-warnings -e '${script}' -- "$@"\n`,
		);
		chmodSync(join(bin, "nudge"), 0o755);
		this.#terminal = pty.spawn(program, [...args], {
			cols: 200,
			rows: 50,
			cwd: world.cwd,
			env: {
				...world.env,
				HOME: world.folder,
				PATH: `${bin}:${world.env.PATH}`,
				TERM: "dumb",
				PS1: "$ ",
			},
		});
		this.#terminal.onData((data) => {
			this.#screen += data;
			this.#heard?.();
		});
		for (const line of begin) this.#terminal.write(`${line}\r`);
	}

	/** The words of the command line after `typed` and Tab. */
	async tab(typed: string): Promise<readonly string[]> {
		// The shell reads on only when its completion is done: Ctrl+A then goes to the beginning of the completed line.
		const end = `end${++this.#count}end`;
		this.#terminal.write(`${typed}\t\x01printf '<%s>' start \x05 '${end.slice(0, 3)}''${end.slice(3)}'\r`);
		await this.#until(`<${end}>`);
		const said = this.#screen;
		this.#screen = "";
		const printed = said.slice(said.lastIndexOf("<start>"), said.lastIndexOf(`<${end}>`));
		return [...printed.matchAll(/<([^>]*)>/g)].map((found) => found[1] as string).slice(1);
	}

	async #until(text: string): Promise<void> {
		while (!this.#screen.includes(text)) {
			await new Promise<void>((resolve, reject) => {
				const late = setTimeout(
					() => reject(new Error(`the shell never printed ${text}; its screen:\n${this.#screen}`)),
					30_000,
				);
				this.#heard = () => {
					clearTimeout(late);
					resolve();
				};
			});
		}
	}

	close(): void {
		this.#terminal.kill("SIGKILL");
	}
}
