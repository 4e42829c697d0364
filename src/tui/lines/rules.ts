/** How the model writes code in a branch, as the files of the library say it: also while no lab is there yet. */
import { type FenceRules, fenceRules } from "../../hints/fences.ts";
import { libraryLayers, loadDialects } from "../../hints/library.ts";
import type { Branch } from "../../trace/fold.ts";
import { MARKDOWN_FENCES } from "../text/fence-lines.ts";

/** Each dialect is read once. One that is gone is read as Markdown, in which nothing runs. */
export function rulesOfFiles(where: Parameters<typeof libraryLayers>[0]): (branch: Branch) => FenceRules {
	const known = new Map<string, FenceRules>();
	return ({ settings }) => {
		let rules = known.get(settings.dialect);
		if (!rules) {
			rules = read(settings.dialect, where);
			known.set(settings.dialect, rules);
		}
		return rules;
	};
}

function read(id: string, where: Parameters<typeof libraryLayers>[0]): FenceRules {
	try {
		const dialect = loadDialects(libraryLayers(where)).get(id);
		return dialect ? fenceRules(dialect) : MARKDOWN_FENCES;
	} catch {
		// Whoever opens the lab is told what is wrong with the files.
		return MARKDOWN_FENCES;
	}
}
