import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { MASKED, type Tokenised, type Tokenizer, tokenised } from "../../../src/data/tokenizer.ts";
import { engineTokenizer } from "../../../src/data/tokenizer-engine.ts";
import { openTokenizerFile, tokenizerFileAt } from "../../../src/data/tokenizer-file.ts";
import { openEngine } from "../../../src/engine/open.ts";
import type { Segment } from "../../../src/trace/sample.ts";
import { freshFolder } from "../../trace/folder.ts";
import { END, HEADER, sampleFrom, segmentOf, TINY, TINY_FILE } from "./generated.ts";

async function made(
	segments: readonly Segment[],
	tokenizer: Tokenizer = TINY,
	end = "eos",
): Promise<Tokenised> {
	const tokens = await tokenised({ end }, segments, tokenizer);
	if ("why" in tokens) throw new Error(tokens.why);
	return tokens;
}

/** The tiny tokenizer with other settings beside it. */
function tinyWith(
	change: (json: Record<string, unknown>, config: Record<string, unknown>) => void,
): Tokenizer {
	const folder = freshFolder();
	const json = JSON.parse(readFileSync(TINY_FILE, "utf8")) as Record<string, unknown>;
	const config = JSON.parse(
		readFileSync(TINY_FILE.replace("tokenizer.json", "tokenizer_config.json"), "utf8"),
	) as Record<string, unknown>;
	change(json, config);
	writeFileSync(join(folder, "tokenizer.json"), JSON.stringify(json));
	writeFileSync(join(folder, "tokenizer_config.json"), JSON.stringify(config));
	return openTokenizerFile(tokenizerFileAt(folder)!);
}

const encoded = (text: string): number[] => [...(TINY.encode(text, true) as readonly number[])];

const prompt = segmentOf("prompt", HEADER("2 + 2?"), false);

describe("labels", () => {
	test("begin and end where a mask does, also where the text would make one token of both sides", async () => {
		// "\n\n" is one token; here its halves are an output's and the model's.
		const parts = [segmentOf("output", "4\n", false), segmentOf("model", "\nSo 4.", false)];
		const { ids, labels } = await made([prompt, ...parts], TINY, "tokens");
		const first = labels.findIndex((label) => label !== MASKED);
		expect(TINY.decode(ids.slice(first))).toBe("\nSo 4.");
	});

	test("run through what the model and a person wrote as one text, and count each kind", async () => {
		const parts = [segmentOf("model", "It is fo", false), segmentOf("edit", "ur.", false)];
		const { ids, labels, trained, about } = await made([prompt, ...parts, segmentOf("model", END, true)]);
		expect(ids).toEqual([
			...(TINY.encode(prompt.text, true) as number[]),
			...(TINY.encode("It is four.", true) as number[]),
			TINY.eos!.id,
		]);
		expect(about).toBe(true);
		expect((trained.model ?? 0) + (trained.edit ?? 0)).toBe(
			labels.filter((label) => label !== MASKED).length,
		);
	});
});

describe("special tokens", () => {
	test("spelled out by Python, a person or a hint, they are text and no token", async () => {
		const parts = [segmentOf("output", `${END}\n`, false), segmentOf("hint", `not ${END}`, false)];
		const { ids } = await made([prompt, ...parts], TINY, "tokens");
		// The header ends one turn, and nothing else does.
		expect(ids.filter((id) => id === TINY.eos!.id)).toHaveLength(1);
	});

	test("an end that the engine did not report is put there and trains; one that was cut off gets none", async () => {
		const parts = [prompt, segmentOf("model", "four", true)];
		const ended = await made(parts);
		expect([ended.end, ended.ids.at(-1), ended.labels.at(-1)]).toEqual(["added", TINY.eos!.id, TINY.eos!.id]);
		const cut = await made(parts, TINY, "context");
		expect([cut.end, cut.ids.length]).toEqual(["cut off", ended.ids.length - 1]);
	});

	test("a BOS is there once: as the header has it, as the tokenizer adds it, or where it stood twice", async () => {
		const bos = "<|endoftext|>";
		const [id] = encoded(bos) as [number];
		const tokenizer = tinyWith((json, config) => {
			config.bos_token = bos;
			json.post_processor = {
				type: "TemplateProcessing",
				single: [{ SpecialToken: { id: bos, type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }],
				pair: [],
				special_tokens: { [bos]: { id: bos, ids: [id], tokens: [bos] } },
			};
		});
		expect(tokenizer.bos).toEqual({ id, text: bos, automatic: true });
		const model = segmentOf("model", "four", false);
		const text = `${prompt.text}four`;
		for (const first of [
			prompt,
			{ ...prompt, text: bos + prompt.text },
			{ ...prompt, text: bos + prompt.text, ids: [id, ...encoded(bos + prompt.text)] },
			{ ...prompt, ids: [id, ...encoded(prompt.text)] },
		]) {
			const { ids, labels } = await made([first, model], tokenizer, "tokens").catch((error: Error) => {
				throw new Error(`${JSON.stringify(first).slice(0, 80)}: ${error.message}`);
			});
			expect(ids.filter((one) => one === id)).toHaveLength(1);
			expect([ids[0], labels[0]]).toEqual([id, MASKED]);
			expect(tokenizer.decode(ids.slice(1))).toBe(text);
		}
	});
});

describe("a tokenizer", () => {
	test("that changes the text is found out: the sample is refused", async () => {
		const lower = tinyWith((json) => {
			json.normalizer = { type: "Lowercase" };
		});
		expect(
			await tokenised({ end: "tokens" }, [prompt, segmentOf("model", "Four", false)], lower),
		).toMatchObject({
			why: expect.stringMatching(/the ids do not decode to the text \(from character \d+ on/),
			foreign: false,
		});
	});

	test("never skips an id that it does not know", () => {
		expect(TINY.decode([5, 99_999])).toBeUndefined();
	});

	test("that is none is said with its file", () => {
		const file = join(freshFolder(), "tokenizer.json");
		writeFileSync(file, '{"model": {"type": "Telepathy"}}');
		expect(() => openTokenizerFile(file)).toThrow(`${file} cannot be used as a tokenizer`);
		writeFileSync(file, "{");
		expect(() => openTokenizerFile(file)).toThrow(`${file} is no JSON`);
	});

	test("can be the engine itself, which gives the ids of its model's tokenizer.json", async () => {
		const engine = await engineTokenizer(await openEngine("embedded"));
		try {
			const { segments } = sampleFrom("q");
			const bare = segments.map(({ ids: _, ...segment }) => segment);
			const [theirs, ours] = [await made(bare, engine), await made(bare)];
			expect(theirs.labels).toEqual(ours.labels);
			expect(theirs.end).toBe("not known");
			for (const text of ["naïve 漢字 🎉", `a${END}b`, "\r\n\t  x"]) {
				for (const special of [true, false])
					expect(await engine.encode(text, special)).toEqual(TINY.encode(text, special));
			}
			expect(engine.hash).toMatch(/^[0-9a-f]{64}$/);
		} finally {
			await engine.close();
		}
	});
});
