/**
 * Where the chat template comes from when the server does not give one: a file that the user names. A server without any
 * gets minimal ChatML, and doctor says so.
 */
import { readFile, stat } from "node:fs/promises";
import { dirname, extname, join } from "node:path";
import { EngineError, type Message } from "./engine.ts";
import { MINIMAL_CHATML, renderTemplate } from "./template.ts";

export type TemplateSource = {
	readonly template: string;
	readonly bos: string;
	readonly eos: string;
	/** In words, for doctor. */
	readonly says: string;
	/** False for the built-in ChatML: whether the model was trained on it is not known. */
	readonly known: boolean;
};

export const BUILT_IN: TemplateSource = {
	template: MINIMAL_CHATML,
	bos: "",
	eos: "<|im_end|>",
	says: 'built-in minimal ChatML (the server gives no template; set one with the engine\'s "template" setting if the model was trained on another)',
	known: false,
};

/** What is said of the end of a turn: the text of the token that ends it, where the template's own tokens are known. */
export function eosOf({ known, eos }: TemplateSource): { readonly eosText?: string } {
	return known && eos !== "" ? { eosText: eos } : {};
}

/** Reads a chat_template.jinja, a tokenizer_config.json, a GGUF file, or a folder that holds one of the first two. */
export async function readTemplate(path: string): Promise<TemplateSource> {
	const info = await stat(path).catch(() => undefined);
	if (info === undefined)
		throw new EngineError("missing", `There is no template at ${path} (the engine's "template" setting).`);
	if (info.isDirectory()) {
		for (const name of ["chat_template.jinja", "tokenizer_config.json"]) {
			const file = join(path, name);
			if (
				await stat(file).then(
					() => true,
					() => false,
				)
			)
				return readTemplate(file);
		}
		throw new EngineError(
			"missing",
			`The folder ${path} holds neither chat_template.jinja nor tokenizer_config.json.`,
		);
	}
	const says = `the template of ${path}`;
	switch (extname(path).toLowerCase()) {
		case ".gguf": {
			const { readGgufFileInfo } = await import("node-llama-cpp");
			const { metadata } = await readGgufFileInfo(path, { logWarnings: false });
			const { chat_template: template, ggml } = metadata.tokenizer;
			if (template === undefined) throw without(path);
			const token = (id: number | undefined): string =>
				id === undefined ? "" : ((ggml.tokens as readonly string[] | undefined)?.[id] ?? "");
			return {
				template,
				bos: token(ggml.bos_token_id),
				eos: token(ggml.eos_token_id),
				says,
				known: true,
			};
		}
		case ".json": {
			const config = await tokenizerConfig(path);
			if (config.template === undefined) throw without(path);
			return { template: config.template, bos: config.bos, eos: config.eos, says, known: true };
		}
		default: {
			const beside = await tokenizerConfig(join(dirname(path), "tokenizer_config.json")).catch(
				() => undefined,
			);
			return {
				template: await readFile(path, "utf8"),
				bos: beside?.bos ?? "",
				eos: beside?.eos ?? "",
				says,
				known: true,
			};
		}
	}
}

type TokenizerConfig = { readonly template: string | undefined; readonly bos: string; readonly eos: string };

/** Hugging Face's file: the template is a string or a list of named ones, a token a string or an object. */
async function tokenizerConfig(path: string): Promise<TokenizerConfig> {
	let data: Record<string, unknown>;
	try {
		data = JSON.parse(await readFile(path, "utf8")) as Record<string, unknown>;
	} catch (error) {
		throw new EngineError("missing", `${path} is not the JSON of a tokenizer configuration.`, {
			cause: error,
		});
	}
	const token = (value: unknown): string => {
		if (typeof value === "string") return value;
		const content = (value as { content?: unknown } | null | undefined)?.content;
		return typeof content === "string" ? content : "";
	};
	const { chat_template: template } = data;
	const named = Array.isArray(template)
		? (template as { name?: string; template?: string }[]).find(({ name }) => name === "default")?.template
		: template;
	return {
		template: typeof named === "string" ? named : undefined,
		bos: token(data.bos_token),
		eos: token(data.eos_token),
	};
}

function without(path: string): EngineError {
	return new EngineError(
		"missing",
		`${path} holds no chat template. Name another file in the engine's "template" setting.`,
	);
}

/**
 * The header for a server that puts a BOS in front of every text by itself: the template's own is left out, or the model
 * would see two.
 */
export async function headerText(
	source: TemplateSource,
	messages: readonly Message[],
	serverAddsBos: boolean,
): Promise<string> {
	const text = await renderTemplate(source.template, messages, source);
	return serverAddsBos && source.bos !== "" && text.startsWith(source.bos)
		? text.slice(source.bos.length)
		: text;
}
