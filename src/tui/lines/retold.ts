/** A unit of a trace in words: what was told in other words when it came is told in the same again. */
import type { Branch } from "../../trace/fold.ts";
import { hintSays, outputSays } from "./says.ts";
import type { Unit } from "./units.ts";

export function retold(unit: Unit, branch: Branch | undefined): string {
	if (unit.kind === "edit") return `Edited by you: ${unit.text}`;
	if (unit.kind === "output") {
		const call = branch?.calls.find(({ at, output }) => output && at === unit.from);
		if (!call?.output) return unit.text;
		const { text: output, ...result } = call.output;
		return outputSays({ ...result, output, block: call.block });
	}
	const hint = unit.kind === "hint" ? branch?.hints.find(({ at }) => at === unit.from) : undefined;
	if (!hint) return spoken(unit.text, 0);
	return hintSays(hint, branch?.markers.findLast(({ at }) => at === hint.at)?.word);
}

export function numbered({ number }: Unit, text: string, on: boolean): string {
	return on ? `${number}: ${text}` : text;
}

/** Text of the model from a place in its unit on. The tag that ends the thinking would be read letter by letter. */
export function spoken(text: string, from: number): string {
	if (/^\s*<\/think>\s*$/.test(text)) return "The thinking ends.";
	return from > 0 ? text.trim() : text.trimEnd();
}
