/**
 * A branch as it stands, told as the events that would make it in one go: what a screen shows of a trace that was kept.
 * What was cut away, vetoed or skipped is not told; the journal has it.
 */
import type { TraceEvent } from "./events.ts";
import type { Branch } from "./fold.ts";

export function* retell(branch: Branch): Generator<TraceEvent, void> {
	const on = { branch: branch.id, t: branch.t };
	const hints = new Map(branch.hints.map((hint) => [hint.at, hint]));
	const calls = new Map(branch.calls.map((call) => [call.at, call]));
	let at = 0;
	for (const { kind, text } of branch.spans) {
		const hint = hints.get(at);
		const call = calls.get(at);
		if (kind === "model") {
			yield { type: "tokens", ...on, text, segment: 0 };
		} else if (kind === "edit") {
			yield { type: "edit", ...on, at, text };
		} else if (kind === "hint") {
			yield* branch.markers.filter((marker) => marker.at === at);
			const unknown = { hint: "", kind: "", wording: "", marker: "", by: "person" } as const;
			yield { ...unknown, ...hint, ...on, type: "hint", at, text };
		} else if (call?.output) {
			const { block, code, output } = call;
			yield { type: "call", ...on, block, code };
			const { verdict, durationMs, stateLost } = output;
			yield { type: "output", ...on, block, text, output: output.text, verdict, durationMs, stateLost };
		} else {
			yield { type: "limit", ...on, block: call?.block ?? 0, text };
		}
		at += text.length;
	}
	// A block that was running when the program ended.
	const running = branch.calls.at(-1);
	if (running && !running.output && running.at === at) {
		yield { type: "call", ...on, block: running.block, code: running.code };
	}
	if (branch.end) yield branch.end;
	if (branch.outcome) yield branch.outcome;
}
