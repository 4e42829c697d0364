/**
 * The user's own keys: `keys.json` in the folder of settings, checked, with the place of every mistake. What is good of it
 * holds; while nudge runs an edit counts at once, unless the file cannot be read as JSON at all.
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Diagnostic } from "../../hints/hint.ts";
import { type FolderWatch, watchFolders } from "../../hints/watch-folders.ts";
import { YamlFile } from "../../hints/yaml.ts";
import { homes } from "../../trace/home.ts";
import type { Bindings } from "./bindings.ts";
import { checkBindings } from "./check.ts";
import { COMMANDS } from "./command-table.ts";

const NAME = "keys.json";

/** Where the file is, whether or not there is one. */
export function keysFile(env: NodeJS.ProcessEnv): string {
	return join(homes(env).config, NAME);
}

export type UserKeys = { readonly bindings: Bindings; readonly problems: readonly Diagnostic[] };

export function loadKeys(options: { readonly env: NodeJS.ProcessEnv }): UserKeys {
	return { bindings: {}, ...read(keysFile(options.env)) };
}

/** Without bindings where nothing of the file can be read. */
function read(name: string): { readonly bindings?: Bindings; readonly problems: readonly Diagnostic[] } {
	if (!existsSync(name)) return { bindings: {}, problems: [] };
	let text: string;
	try {
		text = readFileSync(name, "utf8");
	} catch (error) {
		const message = `cannot be read: ${(error as Error).message}`;
		return { problems: [{ file: name, line: 1, column: 1, severity: "error", message }] };
	}
	const file = new YamlFile(name, text);
	const data = file.data();
	if (data === undefined) return { problems: file.problems };
	const { bindings, mistakes } = checkBindings(data, COMMANDS);
	for (const { path, key, severity = "error", message } of mistakes)
		file.report(path, severity, message, key);
	const problems = [...file.problems].sort((a, b) => a.line - b.line || a.column - b.column);
	return { bindings, problems };
}

export function watchKeys(options: {
	readonly env: NodeJS.ProcessEnv;
	readonly onChange: (bindings: Bindings) => void;
	/** What is wrong with the file now; empty once all is mended. */
	readonly onMistakes: (problems: readonly Diagnostic[]) => void;
	readonly debounceMs?: number;
}): FolderWatch {
	const { env, onChange, onMistakes, debounceMs } = options;
	const file = keysFile(env);
	let last = loadKeys({ env });
	return watchFolders({
		dirs: [dirname(file)],
		wanted: (name) => name === NAME,
		...(debounceMs !== undefined && { debounceMs }),
		onChange: () => {
			const { bindings = last.bindings, problems } = read(file);
			const before = last;
			last = { bindings, problems };
			if (JSON.stringify(bindings) !== JSON.stringify(before.bindings)) onChange(bindings);
			if (JSON.stringify(problems) !== JSON.stringify(before.problems)) onMistakes(problems);
		},
		onError: (error) => {
			const message = `edits of the keys are not seen any more: ${error.message}`;
			onMistakes([{ file, line: 1, column: 1, severity: "warning", message }]);
		},
	});
}
