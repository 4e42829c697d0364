/**
 * The only place where a chat template runs, and it renders [system?, user] and the opening of the assistant's turn,
 * nothing else: of 70 real templates more than half spoil a partial assistant turn (serving reference section 1).
 */
import { EngineError, type Message } from "./engine.ts";

/** For servers that give no template: the turns of ChatML (https://github.com/openai/openai-python/blob/v0.28.1/chatml.md). */
export const MINIMAL_CHATML = `{%- for message in messages -%}
{{- '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' -}}
{%- endfor -%}
{{- '<|im_start|>assistant\\n' -}}`;

export type TemplateTokens = { readonly bos?: string; readonly eos?: string };

/** Renders the header. A template that knows no system message gets its text at the beginning of the user's. */
export async function renderTemplate(
	template: string,
	messages: readonly Message[],
	tokens: TemplateTokens = {},
): Promise<string> {
	const { Template } = await import("@huggingface/jinja");
	const render = (list: readonly Message[]): string =>
		new Template(template).render({
			messages: list.map((message) => ({ ...message })),
			add_generation_prompt: true,
			bos_token: tokens.bos ?? "",
			eos_token: tokens.eos ?? "",
		});
	try {
		return render(messages);
	} catch (error) {
		const merged = mergeSystem(messages);
		if (merged !== undefined) {
			try {
				return render(merged);
			} catch {
				// The first error says more.
			}
		}
		throw new EngineError(
			"protocol",
			`The chat template of the model could not be rendered (${error instanceof Error ? error.message : String(error)}). Give another one with the engine's "template" setting: a chat_template.jinja, a tokenizer_config.json or a GGUF file.`,
			{ cause: error },
		);
	}
}

function mergeSystem(messages: readonly Message[]): Message[] | undefined {
	const [system, user, ...rest] = messages;
	if (system?.role !== "system" || user?.role !== "user") return undefined;
	return [{ role: "user", content: `${system.content}\n\n${user.content}` }, ...rest];
}
