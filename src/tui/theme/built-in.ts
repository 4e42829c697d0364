/**
 * The themes that come with nudge. They are read without the checks that a user's own go through (theme/load.ts), so that
 * the first frame waits for no parser; a test holds them to the schema.
 */
import { readFileSync } from "node:fs";
import type { Theme } from "./theme.ts";

export const BUILT_IN_THEMES = new URL("../../../themes/", import.meta.url);

/** In the order in which lists show them. */
export const BUILT_IN_IDS = [
	"dark",
	"light",
	"high-contrast",
	"colour-blind",
	"colour-blind-light",
	"ansi16",
	"plain",
] as const;

let themes: readonly Theme[] | undefined;

export function builtInThemes(): readonly Theme[] {
	themes ??= BUILT_IN_IDS.map((id) => {
		const text = readFileSync(new URL(`${id}.json`, BUILT_IN_THEMES), "utf8");
		const { name, kind, styles } = JSON.parse(text) as Omit<Theme, "id">;
		return { id, name, kind, styles };
	});
	return themes;
}
