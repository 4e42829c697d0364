/**
 * The real program in tmux: a second terminal emulator, by other people. A server of its own on a socket of its own,
 * without anybody's configuration. tmux is not a dependency: `hasTmux` says whether it is there.
 */
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { terminalEnv } from "./screen.ts";

const PATIENCE_MS = 45_000;
const LOOK_AGAIN_MS = 50;

export const hasTmux = (): boolean => spawnSync("tmux", ["-V"]).status === 0;

/** How tmux names keys that `press` names otherwise. */
const NAMES: Readonly<Record<string, string>> = {
	enter: "Enter",
	escape: "Escape",
	tab: "Tab",
	backspace: "BSpace",
	space: "Space",
	up: "Up",
	down: "Down",
	left: "Left",
	right: "Right",
	home: "Home",
	end: "End",
	insert: "IC",
	delete: "DC",
	pageup: "PPage",
	pagedown: "NPage",
};

export class Tmux {
	readonly #socket = join(tmpdir(), `nudge-tmux-${process.pid}-${Math.random().toString(36).slice(2)}`);
	readonly #env: NodeJS.ProcessEnv;

	/** Starts a command in a window of that size. */
	constructor(
		command: readonly string[],
		{
			columns = 80,
			rows = 24,
			cwd,
			env,
		}: { columns?: number; rows?: number; cwd: string; env: NodeJS.ProcessEnv },
	) {
		this.#env = terminalEnv(env);
		const quoted = command.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
		this.#tmux(
			...["-f", "/dev/null", "new-session", "-d", "-x", `${columns}`, "-y", `${rows}`, "-c", cwd, quoted],
			// The window stays when the program has ended, and with it what it left.
			...[";", "set-option", "-g", "remain-on-exit", "on", ";", "set-option", "-g", "status", "off"],
		);
		this.#tmux("resize-window", "-x", `${columns}`, "-y", `${rows}`);
	}

	/** All rows as one reads them. */
	text(): string {
		return this.#tmux("capture-pane", "-p");
	}

	/** With colours and styles, as SGR. */
	styled(): string {
		return this.#tmux("capture-pane", "-p", "-e");
	}

	async until(wanted: string | (() => boolean), what = String(wanted)): Promise<void> {
		const isTrue = typeof wanted === "string" ? () => this.text().includes(wanted) : wanted;
		const deadline = Date.now() + PATIENCE_MS;
		while (!isTrue()) {
			if (Date.now() > deadline)
				throw new Error(`${what} did not come within ${PATIENCE_MS / 1000} s in tmux:\n${this.text()}`);
			await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
		}
	}

	/** Keys as bindings name them: "ctrl+p", "enter", "shift+tab", "G". */
	press(...chords: readonly string[]): void {
		for (const chord of chords) this.#tmux("send-keys", keyOf(chord));
	}

	type(text: string): void {
		this.#tmux("send-keys", "-l", text);
	}

	paste(text: string): void {
		this.#tmux("set-buffer", "--", text);
		this.#tmux("paste-buffer", "-p", "-r");
	}

	resize(columns: number, rows: number): void {
		this.#tmux("resize-window", "-x", `${columns}`, "-y", `${rows}`);
	}

	/** Of the pane: "alternate_on", "mouse_any_flag", "cursor_flag", "pane_dead", "pane_dead_status", "cursor_x" and more (tmux(1), FORMATS). */
	is(format: string): string {
		return this.#tmux("display-message", "-p", `#{${format}}`).trim();
	}

	close(): void {
		spawnSync("tmux", ["-S", this.#socket, "kill-server"]);
		rmSync(this.#socket, { force: true });
	}

	#tmux(...words: readonly string[]): string {
		const { status, stdout, stderr } = spawnSync("tmux", ["-S", this.#socket, ...words], {
			encoding: "utf8",
			env: this.#env,
		});
		if (status !== 0) throw new Error(`tmux ${words.join(" ")}: ${stderr}`);
		return stdout;
	}
}

function keyOf(chord: string): string {
	const [, words = "", name = ""] = /^((?:ctrl\+|alt\+|shift\+)*)(.+)$/s.exec(chord) ?? [];
	if (name === "tab" && words === "shift+") return "BTab";
	const held = `${words.includes("ctrl+") ? "C-" : ""}${words.includes("alt+") ? "M-" : ""}${words.includes("shift+") ? "S-" : ""}`;
	const named = NAMES[name] ?? (/^f\d+$/.test(name) ? name.toUpperCase() : name);
	// A semicolon at the end of a word would end tmux's command.
	return `${held}${named === ";" ? "\\;" : named}`;
}
