import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { tinyModelPath } from "../../src/engine/open.ts";
import { MINIMAL_CHATML, renderTemplate } from "../../src/engine/template.ts";
import { headerText, readTemplate } from "../../src/engine/template-source.ts";

let folder: string;
beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "nudge-template-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const SYSTEM = { role: "system", content: "Be brief." } as const;
const USER = { role: "user", content: "1+1?" } as const;

it("renders system, user and the opening of the assistant's turn", async () => {
	expect(await renderTemplate(MINIMAL_CHATML, [SYSTEM, USER])).toBe(
		"<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n1+1?<|im_end|>\n<|im_start|>assistant\n",
	);
});

it("puts the system message into the user's where the template knows none", async () => {
	const template = `{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system') }}{% endif %}[{{ m.role }}]{{ m.content }}{% endfor %}[model]`;
	expect(await renderTemplate(template, [SYSTEM, USER])).toBe("[user]Be brief.\n\n1+1?[model]");
});

it("says what to do about a template it cannot render", async () => {
	await expect(renderTemplate("{{ nothing_known() }}", [USER])).rejects.toMatchObject({
		kind: "protocol",
		message: expect.stringContaining('"template" setting'),
	});
});

it("reads a template from a Jinja file, a tokenizer configuration, a folder and a GGUF file", async () => {
	const config = join(folder, "tokenizer_config.json");
	await writeFile(
		config,
		JSON.stringify({
			bos_token: { content: "<s>" },
			eos_token: "</s>",
			chat_template: [
				{ name: "tool_use", template: "no" },
				{ name: "default", template: "{{ bos_token }}Q: {{ messages[0].content }}" },
			],
		}),
	);
	const fromConfig = await readTemplate(config);
	expect(fromConfig).toMatchObject({ bos: "<s>", eos: "</s>" });
	expect(await headerText(fromConfig, [USER], false)).toBe("<s>Q: 1+1?");
	expect(await headerText(fromConfig, [USER], true)).toBe("Q: 1+1?");
	expect((await readTemplate(folder)).template).toBe(fromConfig.template);
	await writeFile(join(folder, "chat_template.jinja"), "{{ bos_token }}J: {{ messages[0].content }}");
	expect(await headerText(await readTemplate(folder), [USER], false)).toBe("<s>J: 1+1?");
	expect(await headerText(await readTemplate(tinyModelPath()), [USER], true)).toContain(
		"<|im_start|>user\n1+1?",
	);
	await expect(readTemplate(join(folder, "none.jinja"))).rejects.toMatchObject({ kind: "missing" });
});
