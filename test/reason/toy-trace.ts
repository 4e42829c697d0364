/** What traces of the toy engine are made of: a problem, a model that fails by itself and computes when a hint wakes it, a Python. */
import type { FenceDialect, Marker } from "../../src/hints/marker.ts";
import type { Decision, Policy } from "../../src/hints/policy.ts";
import type { BlockResult, Interpreter } from "../../src/python/interpreter.ts";
import type { Problem, TraceSettings } from "../../src/trace/events.ts";

export const dialect: FenceDialect = {
	id: "qwen",
	codeOpen: "```python",
	codeClose: "```",
	languages: ["python"],
	outputOpen: "```output\n",
	outputClose: "```\n",
	callsUsedUp: "[No Python calls are left. Finish in words.]\n",
};

export const problem: Problem = { id: "p", domain: "math", problem: "What is 6 * 7?", answer: "42" };

export function settings(changes: Partial<TraceSettings["budgets"]> = {}): TraceSettings {
	return {
		engine: "toy",
		model: "toy",
		exact: true,
		dialect: "qwen",
		policy: "test",
		sampling: { temperature: 0, seed: 1 },
		budgets: { maxTokens: 10_000, maxCalls: 6, maxRounds: 3, ...changes },
	};
}

/** Remembers what it ran; `2+2`-like sums are all it can do. */
export class ToyPython implements Interpreter {
	readonly isolation = { kind: "userns", says: "" } as const;
	readonly ran: string[] = [];
	async run(code: string): Promise<BlockResult> {
		this.ran.push(code);
		const sum = /^print\((\d+)\*(\d+)\)\s*$/.exec(code);
		const text = sum ? `${Number(sum[1]) * Number(sum[2])}\n` : "";
		return { verdict: "ok", text, outputBytes: text.length, durationMs: 1, stateLost: false };
	}
	async interrupt(): Promise<void> {}
	async restart(): Promise<void> {}
	async close(): Promise<void> {}
}

export const HINT = ", maybe I can use Python.\n```python\n";
export const END_HINT = "Wait, let me check with Python.\n```python\n";

/** Inserts the hint wherever `wants` says so. */
export function policy(wants: (marker: Marker) => boolean): Policy {
	return {
		mode: "auto",
		says: "test",
		decide: async (marker): Promise<Decision> => {
			if (!wants(marker)) return { skip: { by: "policy", reason: "not here" } };
			const text = marker.kind === "after-word" ? HINT : END_HINT;
			const insert = {
				hint: "check",
				kind: "general-tool-use",
				wording: text,
				text,
				by: "policy" as const,
				reason: "test",
			};
			return { insert, proposal: insert };
		},
	};
}
export const PLAIN =
	"6*7 is 41.\nWait, `Wait` is a word. Wait-list.\nSo 41.\n</think>\n\nThe answer is \\boxed{41}.";

export const OUTPUT = "```output\n42\n```\n";

/** Fails by itself; computes when a hint has opened a fence; believes what Python says. */
export function model(assistant: string): string {
	const answer = `\n\nThe answer is \\boxed{${assistant.includes(OUTPUT) ? 42 : 41}}.`;
	if (assistant.includes("</think>")) return rest(answer, after(assistant, "</think>"));
	const [latest] = [HINT, END_HINT, OUTPUT, dialect.callsUsedUp]
		.filter((mark) => assistant.includes(mark))
		.sort((a, b) => assistant.lastIndexOf(b) - assistant.lastIndexOf(a));
	if (latest === undefined) return rest(PLAIN, assistant);
	if (latest === HINT || latest === END_HINT) return rest("print(6*7)\n```\n", after(assistant, latest));
	return rest(`Python says 42.\n</think>${answer}`, after(assistant, latest));
}
export const after = (text: string, what: string): string => text.slice(text.lastIndexOf(what) + what.length);
export const rest = (whole: string, begun: string): string => {
	if (!whole.startsWith(begun))
		throw new Error(`the toy model was led off its path: ${JSON.stringify(begun)}`);
	return whole.slice(begun.length);
};

export const HINTED = `6*7 is 41.\nWait${HINT}print(6*7)\n\`\`\`\n\`\`\`output\n42\n\`\`\`\nPython says 42.\n</think>\n\nThe answer is \\boxed{42}.`;
