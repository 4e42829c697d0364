/** What the hint picker needs of a session: the library that comes with nudge, over a text. */
import { libraryLayers, openLibrary } from "../../../src/hints/library.ts";
import type { Proposal } from "../../../src/hints/policy.ts";
import { render } from "../../../src/hints/render.ts";
import type { Domain, TraceEvent } from "../../../src/trace/events.ts";
import { fold } from "../../../src/trace/fold.ts";
import type { HintPickerOptions } from "../../../src/tui/views/hint-picker.ts";

const library = openLibrary(libraryLayers({ env: { NUDGE_HOME: "/nowhere" }, cwd: "/nowhere" }));

export function fakeLive(text: string, domain: Domain = "math", skips?: string): HintPickerOptions["live"] {
	const problem = { id: "p", domain, problem: "Add it all up." };
	const settings = {
		engine: "toy",
		model: "toy",
		exact: true,
		dialect: "qwen",
		policy: "off",
		sampling: { temperature: 0, seed: 0 },
		budgets: { maxTokens: 10, maxCalls: 1, maxRounds: 1 },
	};
	const events: TraceEvent[] = [
		{ type: "session", t: 0, version: 1, id: "s", problem, nudge: "0", environment: {} },
		{ type: "branch", t: 0, branch: "b0", settings, by: "person" },
		{ type: "tokens", t: 0, branch: "b0", text, segment: 0 },
	];
	return {
		library: () => library.hints.filter((hint) => hint.domain === domain || hint.domain === "any"),
		preview: (id, wordingIndex): Proposal | { readonly skip: string } => {
			const hint = library.hints.find((one) => one.id === id)!;
			const dialect = library.dialects.get("qwen")!;
			const made =
				skips === undefined &&
				render(hint, {
					marker: hint.markers[0]!,
					before: text,
					wordingIndex,
					dialect,
					problem,
					frames: library.frames,
				});
			if (!made) return { skip: skips ?? `the template of ${id} asks for what this problem does not have` };
			return { hint: id, kind: hint.kind, wordingIndex, reason: "chosen by hand", ...made };
		},
		state: fold(events),
		branch: "b0",
		status: "paused",
	};
}
