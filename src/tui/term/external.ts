/**
 * What has the terminal to itself for a while: the person's editor on a text of ours, and a text printed plainly, so
 * that the terminal's own selection and scrollback work on it.
 */
import { spawn } from "node:child_process";
import { accessSync, constants, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { visible } from "../../trace/visible.ts";
import type { Screen, Terminal } from "./terminal.ts";

/** `text` is absent where it was left as it was, or could not be had; `says` says so. */
export type Edited = { readonly text?: string; readonly says?: string };

/** Where nothing is set: what the machine calls its editor, then what it has. */
const EDITORS = ["editor", "vi", "nano"];

export async function editText(
	terminal: Pick<Terminal, "away">,
	text: string,
	extension: string,
	env: NodeJS.ProcessEnv,
): Promise<Edited> {
	const editor = editorOf(env);
	if (editor === undefined)
		return { says: "There is no editor: set EDITOR to the one you want, as in EDITOR=nano" };
	let folder: string | undefined;
	try {
		// For its owner alone, as mkdtemp makes it.
		folder = mkdtempSync(join(tmpdir(), "nudge-edit-"));
		const file = join(folder, `text.${extension.replace(/^\./, "")}`);
		writeFileSync(file, text, { mode: 0o600 });
		const failed = await terminal.away(() => run(editor, file, env));
		if (failed) return { says: failed };
		const edited = withoutAddedEnd(readFileSync(file, "utf8"), text);
		return edited === text ? { says: "Nothing was changed in the editor" } : { text: edited };
	} catch (error) {
		return {
			says: `The text could not be edited: ${error instanceof Error ? error.message : String(error)}`,
		};
	} finally {
		if (folder) rmSync(folder, { recursive: true, force: true });
	}
}

/** Words for the shell, as in `code --wait` or `"/opt/my editor" -f`. */
function editorOf(env: NodeJS.ProcessEnv): string | undefined {
	const visual = env.TERM === "dumb" ? undefined : env.VISUAL;
	const named = visual?.trim() || env.EDITOR?.trim();
	return named || EDITORS.find((name) => isThere(name, env));
}

function isThere(name: string, env: NodeJS.ProcessEnv): boolean {
	return (env.PATH ?? "").split(delimiter).some((folder) => {
		try {
			accessSync(join(folder, name), constants.X_OK);
			return true;
		} catch {
			return false;
		}
	});
}

/** What to say where it failed. */
function run(editor: string, file: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
	return new Promise((resolve) => {
		// The shell reads the words as it would have read them typed; the file is handed over untouched. Ctrl+C is the
		// editor's: the shell outlives it.
		const words = `trap : INT QUIT; ${editor} "$@"`;
		const child = spawn("/bin/sh", ["-c", words, editor, file], { stdio: "inherit", env });
		child.on("error", (error) => resolve(`The editor ${editor} could not be started: ${error.message}`));
		child.on("exit", (code, signal) => {
			if (code === 0) resolve(undefined);
			else if (code === 127)
				resolve(`There is no editor ${editor}: set EDITOR to the one you want, as in EDITOR=nano`);
			else resolve(`The editor ${editor} ended with ${signal ?? `code ${code}`}: the text is left as it was`);
		});
	});
}

/** Most editors end a file with a newline, whether its writer wanted one or not. */
function withoutAddedEnd(text: string, before: string): string {
	return text.endsWith("\n") && !before.endsWith("\n") ? text.slice(0, -1) : text;
}

/** Enter, or what a person may press who wants to go back. */
const BACK = /[\r\n\x03\x04]|^[q\x1b]$/;

export async function printPlain(terminal: Terminal, text: string, stdout: Screen): Promise<void> {
	await terminal.away(async () => {
		stdout.write(`${visible(text).trimEnd()}\n\n[Enter goes back to nudge]`);
		await terminal.untilKey(BACK);
		stdout.write("\r\n");
	});
}
