/** Which engine does how much of a run, in words: while it runs, and at its end. */
import type { EngineNow } from "../data/run-now.ts";
import type { ManyEngines, MemberNow } from "../engine/many.ts";
import { visibleLine } from "../trace/visible.ts";

/** What one engine did in this start. */
export type EngineShare = {
	readonly engine: string;
	readonly tokens: number;
	/** Of the tokens of all. */
	readonly share: number;
	readonly out?: { readonly since: string; readonly why: string };
};

export function sharesOf({ members }: Pick<ManyEngines, "members">): EngineShare[] {
	const all = members.reduce((sum, { tokens }) => sum + tokens, 0);
	return members.map(({ id, tokens, out }) => ({
		engine: id,
		tokens,
		share: all === 0 ? 0 : tokens / all,
		...(out ? { out: { since: new Date(out.since).toISOString(), why: out.why } } : {}),
	}));
}

/** For the line of progress; nothing to say of one engine that is well. */
export function enginesNow({ members }: Pick<ManyEngines, "members">): string | undefined {
	const out = members.filter((member) => member.out);
	if (members.length === 1 && out.length === 0) return undefined;
	const each = members.length > 1 ? `${members.length} engines` : "";
	const gone = out.map((member) => `${short(member)} out since ${clock(member.out!.since)}`);
	return [each, ...gone].filter(Boolean).join(", ");
}

/** For whoever watches from elsewhere (run-now.ts). */
export function engineStates({ members }: Pick<ManyEngines, "members">): EngineNow[] {
	return members.map(({ id, traces, out }) => ({
		name: id,
		state: out ? `left out since ${clock(out.since)}: ${out.why}`.slice(0, MOST_WHY) : "well",
		running: traces,
	}));
}

const MOST_WHY = 300;

/** For the end; one engine alone did all. */
export function shareLines(shares: readonly EngineShare[]): string[] {
	if (shares.length < 2) return [];
	return shares.map(({ engine, share, out }, i) => {
		const says = `${(100 * share).toFixed(1).padStart(5)} % of the tokens  ${engine}`;
		const gone = out ? `, out since ${clock(Date.parse(out.since))}: ${out.why}` : "";
		return `${(i === 0 ? "engines" : "").padEnd(12)}${visibleLine(says + gone)}`;
	});
}

/** The place of a server says which one it is. */
const short = ({ id }: MemberNow): string => /https?:\/\/([^/#]+)/.exec(id)?.[1] ?? id;

/** Hours and minutes here, as on the clock of whoever looks. */
const clock = (ms: number): string => new Date(ms).toTimeString().slice(0, 5);
