/**
 * The header of a trace as chat messages: for readers that render the conversation themselves.
 *
 * What always holds: a header is taken apart only where its template is known and the parts put together again are the
 * header, byte for byte; else the question is the user's turn and nothing is claimed. The assistant's turn begins with
 * what the template had written of it already ("<think>\n"), so that the reader's text is the one that was sampled from.
 * The token that ended the turn is left to the reader's template.
 */
import type { Sample } from "../../trace/sample.ts";

export type ChatMessage = { readonly role: "system" | "user" | "assistant"; readonly content: string };

export type Conversation = {
	readonly messages: readonly ChatMessage[];
	/** The header's template is not known: the user's turn is the question alone. */
	readonly guessed: boolean;
	/** Something of the model ended the turn, which the reader's template writes again. */
	readonly ended: boolean;
};

type Template = {
	/** What stands before the first turn. */
	readonly start: string;
	readonly open: (role: string) => string;
	readonly close: string;
	/** What ends the assistant's turn. */
	readonly end: string;
	readonly roles: Readonly<Record<string, "system" | "user">>;
	readonly assistant: string;
};

const USUAL = { system: "system", user: "user" } as const;

/** As the models' own templates write them (tokenizer_config.json of Qwen2.5, Llama 3, Gemma 2, Phi 3.5). */
const TEMPLATES: readonly Template[] = [
	{
		start: "",
		open: (role) => `<|im_start|>${role}\n`,
		close: "<|im_end|>\n",
		end: "<|im_end|>",
		roles: USUAL,
		assistant: "assistant",
	},
	{
		start: "<|begin_of_text|>",
		open: (role) => `<|start_header_id|>${role}<|end_header_id|>\n\n`,
		close: "<|eot_id|>",
		end: "<|eot_id|>",
		roles: USUAL,
		assistant: "assistant",
	},
	{
		start: "<bos>",
		open: (role) => `<start_of_turn>${role}\n`,
		close: "<end_of_turn>\n",
		end: "<end_of_turn>",
		roles: USUAL,
		assistant: "model",
	},
	{
		start: "",
		open: (role) => `<|${role}|>\n`,
		close: "<|end|>\n",
		end: "<|end|>",
		roles: USUAL,
		assistant: "assistant",
	},
];

/** DeepSeek-R1 and its distillations: the roles stand without their ends, the system's text before them. */
const DEEPSEEK = /^<｜begin▁of▁sentence｜>([\s\S]*?)<｜User｜>([\s\S]*)<｜Assistant｜>([\s\S]*)$/;
const DEEPSEEK_END = "<｜end▁of▁sentence｜>";

/** What ends a turn where the header does not tell. */
const ENDS: readonly string[] = [
	...TEMPLATES.map(({ end }) => end),
	DEEPSEEK_END,
	"<|endoftext|>",
	"<|return|>",
	"</s>",
	"<eos>",
];

type Taken = { readonly messages: ChatMessage[]; readonly opening: string; readonly end: string };

export function conversationOf({ segments, problem, end }: Sample): Conversation {
	let header = "";
	let said = "";
	for (const { kind, text } of segments) {
		if (kind === "prompt") header += text;
		else said += text;
	}
	const taken = takenApart(header, problem);
	const ends = taken ? [taken.end] : ENDS;
	const ending = end === "eos" ? ends.find((text) => said.endsWith(text)) : undefined;
	const content = (taken?.opening ?? "") + said.slice(0, said.length - (ending?.length ?? 0));
	return {
		messages: [...(taken?.messages ?? [{ role: "user", content: problem }]), { role: "assistant", content }],
		guessed: taken === undefined,
		ended: ending !== undefined,
	};
}

function takenApart(header: string, problem: string): Taken | undefined {
	const found = deepSeek(header) ?? TEMPLATES.map((template) => apart(header, template)).find(Boolean);
	// A template that rewrites what it is given (trims it, say) is fine as long as the question is in there.
	return found?.messages.some(({ role, content }) => role === "user" && content.includes(problem.trim()))
		? found
		: undefined;
}

function deepSeek(header: string): Taken | undefined {
	const parts = DEEPSEEK.exec(header);
	if (!parts) return undefined;
	const [, system, user, opening] = parts as unknown as [string, string, string, string];
	return {
		messages: [
			...(system === "" ? [] : [{ role: "system", content: system } as const]),
			{ role: "user", content: user },
		],
		opening,
		end: DEEPSEEK_END,
	};
}

function apart(header: string, { start, open, close, end, roles, assistant }: Template): Taken | undefined {
	if (!header.startsWith(start)) return undefined;
	let rest = header.slice(start.length);
	const messages: ChatMessage[] = [];
	for (;;) {
		const last = open(assistant);
		if (rest.startsWith(last)) return { messages, opening: rest.slice(last.length), end };
		const role = Object.keys(roles).find((name) => rest.startsWith(open(name)));
		if (role === undefined) return undefined;
		const from = open(role).length;
		// A turn ends where another one begins: an end alone may be a part of what was said.
		const next = [...Object.keys(roles), assistant]
			.map((name) => rest.indexOf(close + open(name), from))
			.filter((at) => at >= 0);
		if (next.length === 0) return undefined;
		const to = Math.min(...next);
		messages.push({ role: roles[role]!, content: rest.slice(from, to) });
		rest = rest.slice(to + close.length);
	}
}
