/**
 * Whether engines are the same for a trace that may go on at any of them: the same model, the same way to continue it,
 * the same header and the same token ids for one message. What differs is said, one line each.
 */
import type { Engine, EngineInfo } from "./engine.ts";

/** Digits, code and characters of several tokens: where templates and tokenizers differ. */
const MESSAGE = "What is 37*48?\n\u65e5\u672c\u8a9e \u00e9\u{1f642}  \n```python\nprint(37*48)\n```\n";
const SHOWN = 80;

/** What must be the same, in the words of a message. */
export type Identity = ReadonlyMap<string, string>;

export async function identityOf(engine: Engine): Promise<Identity> {
	const header = await engine.renderHeader([{ role: "user", content: MESSAGE }]);
	const { model, caps } = engine.info;
	return new Map([
		["model", model],
		["exact", caps.exact ? "yes" : "no"],
		["token ids", { "in+out": "both ways", in: "only taken", none: "none" }[caps.ids]],
		["context", `${caps.contextTokens} tokens`],
		["stop strings", caps.stop === "reason" ? "said which one" : "not said which one"],
		["scanner", caps.scan ? "its own" : "none"],
		["seeds", caps.seeds ?? "request"],
		["header", JSON.stringify(header.text)],
		["token ids of a header", header.ids ? header.ids.join(" ") : "none"],
	]);
}

/** One line for each thing that differs; ids of a header that is another itself say nothing more. */
export function unlike(one: Identity, other: Identity): string[] {
	const lines: string[] = [];
	for (const [name, value] of one) {
		const there = other.get(name) ?? "";
		if (value === there || (name === "token ids of a header" && lines.some(isOfHeader))) continue;
		const [a, b] = apart(value, there);
		lines.push(`${name}: ${a}, and ${b}`);
	}
	return lines;
}

const isOfHeader = (line: string): boolean => line.startsWith("header:") || line.startsWith("token ids:");

/** Long texts are shown from a little before where they part. */
function apart(one: string, other: string): [string, string] {
	let same = 0;
	while (same < one.length && one[same] === other[same]) same++;
	const from = Math.max(0, same - SHOWN / 4);
	const show = (text: string): string =>
		text.length <= SHOWN
			? text
			: `${from > 0 ? "..." : ""}${text.slice(from, from + SHOWN)}${from + SHOWN < text.length ? "..." : ""}`;
	return [show(one), show(other)];
}

/** What several engines are together: what they have in common. */
export function infoOf(ids: readonly string[], infos: readonly EngineInfo[]): EngineInfo {
	const [first] = infos as [EngineInfo, ...EngineInfo[]];
	const { cancel } = first.caps;
	return {
		id: ids.join(","),
		model: first.model,
		server: [...new Set(infos.map(({ server }) => server))].sort().join(", "),
		caps: {
			...first.caps,
			cancel: infos.every(({ caps }) => caps.cancel === cancel) ? cancel : "socket",
			logprobs: Math.min(...infos.map(({ caps }) => caps.logprobs)),
		},
	};
}
