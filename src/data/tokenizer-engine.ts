/**
 * An engine as a tokenizer: whatever sampled the model is asked, so that nothing but the engine needs to be there.
 *
 * What always holds: the hash is of what it makes of a fixed text, as no server tells a hash of its tokenizer. What ends
 * a turn is not known here: the caller says so.
 */
import { createHash } from "node:crypto";
import type { Engine } from "../engine/engine.ts";
import { DatasetError } from "./dataset/dataset.ts";
import type { Tokenizer } from "./tokenizer.ts";

const PROBE =
	"Wait, maybe I can use Python: 1234567890.\n\n```python\nprint('naïve 漢字 🎉')\n```\n\t\\boxed{x^2}</think>";

export async function engineTokenizer(engine: Engine): Promise<Tokenizer> {
	const { id, model } = engine.info;
	if (!engine.tokenize || !engine.detokenize)
		throw new DatasetError(
			`the engine ${id} does not tokenise: give the folder of the model's tokenizer (--tokenizer FOLDER)`,
		);
	const probe = await engine.tokenize(PROBE, false);
	return {
		says: `${model} (${id})`,
		hash: createHash("sha256").update(JSON.stringify(probe)).digest("hex"),
		encode: (text, special) => engine.tokenize!(text, special),
		decode: (ids) => engine.detokenize!(ids),
		ends: new Set(),
		close: () => engine.close(),
	};
}
