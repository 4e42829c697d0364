/** Keeps the user's themes up with their files while nudge runs: an edit with a mistake leaves the theme as it was. */
import type { Diagnostic } from "../../hints/hint.ts";
import { type FolderWatch, watchFolders } from "../../hints/watch-folders.ts";
import { isThemeFile, readUserThemes, userThemes, withBuiltIn } from "./load.ts";
import type { Theme } from "./theme.ts";

export type ThemeWatch = FolderWatch & {
	/** What is there now: each theme as it was when it was last good. */
	readonly themes: readonly Theme[];
	/** What is wrong with the files now. */
	readonly problems: readonly Diagnostic[];
};

export function watchThemes(options: {
	readonly env: NodeJS.ProcessEnv;
	/** Themes came, went or look otherwise. */
	readonly onChange: (themes: readonly Theme[]) => void;
	/** What is wrong with the files now; empty once all is mended. */
	readonly onMistakes: (problems: readonly Diagnostic[]) => void;
	readonly debounceMs?: number;
}): ThemeWatch {
	const { env, onChange, onMistakes, debounceMs } = options;
	const dir = userThemes(env);
	let last = readUserThemes(dir);
	let good = last.themes;
	const read = (): void => {
		const next = readUserThemes(dir);
		const kept = [...good].filter(([id]) => next.broken.has(id));
		const now = new Map([...next.themes, ...kept]);
		const [before, after] = [withBuiltIn(good), withBuiltIn(now)];
		good = now;
		if (JSON.stringify(after) !== JSON.stringify(before)) onChange(after);
		if (JSON.stringify(next.problems) !== JSON.stringify(last.problems)) onMistakes(next.problems);
		last = next;
	};
	const watch = watchFolders({
		dirs: [dir],
		wanted: isThemeFile,
		...(debounceMs !== undefined && { debounceMs }),
		onChange: read,
		onError: (error) => {
			const message = `edits of the themes are not seen any more: ${error.message}`;
			onMistakes([{ file: dir, line: 1, column: 1, severity: "warning", message }]);
		},
	});
	return {
		get themes() {
			return withBuiltIn(good);
		},
		get problems() {
			return last.problems;
		},
		...watch,
	};
}
