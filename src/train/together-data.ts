/**
 * The samples of a job as Together takes them with exact masks: Parquet with input_ids, attention_mask and labels and nothing
 * else (https://docs.together.ai/docs/fine-tuning-data-preparation), made as `nudge dataset export --format tokens` makes it.
 *
 * What always holds: the ids are of the base model's own tokenizer, at the base's revision: each sample decodes to its text, or
 * all is refused; what is longer than tokens.most is left out and counted, never cut; an empty set is refused.
 */
import { createReadStream, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { downloadFile } from "@huggingface/hub";
import { Shards } from "../data/formats/shards.ts";
import { tokens } from "../data/formats/tokens.ts";
import { HUB } from "../data/hub-token.ts";
import { MASKED, type Tokenizer, tokenised } from "../data/tokenizer.ts";
import { openTokenizerFile, tokenizerFileAt } from "../data/tokenizer-file.ts";
import { homes } from "../trace/home.ts";
import type { Sample } from "../trace/sample.ts";
import { type Job, LaunchError } from "./launcher.ts";
import { networkCode } from "./network.ts";
import { SAMPLES_FILE } from "./run-folder.ts";

export type Prepared = { readonly file: string; readonly samples: number; readonly tooLong: number };

/** Of a file that is said, else of the base on the hub at its revision (kept in nudge's cache). */
export async function baseTokenizer(
	{ model, revision }: { readonly model: string; readonly revision?: string },
	said: string | undefined,
	env: NodeJS.ProcessEnv,
	signal?: AbortSignal,
): Promise<Tokenizer> {
	if (said !== undefined) {
		const file = tokenizerFileAt(said);
		if (file === undefined)
			throw new LaunchError(
				`the target's tokenizer ${said} is none: name the base's tokenizer.json, or its folder`,
			);
		return openTokenizerFile(file);
	}
	const folder = join(homes(env).cache, "tokenizers", `${model.replace("/", "--")}@${revision}`);
	const whole = join(folder, "tokenizer.json");
	if (!existsSync(whole)) {
		mkdirSync(folder, { recursive: true });
		// tokenizer.json last: where it is, the rest is.
		for (const name of ["tokenizer_config.json", "generation_config.json", "tokenizer.json"]) {
			const text = await fromHub(model, revision ?? "main", name, env, signal);
			if (text !== undefined) writeFileSync(join(folder, name), text);
			else if (name === "tokenizer.json")
				throw new LaunchError(
					`${model} has no tokenizer.json at ${revision}: name one that fits as the target's tokenizer`,
				);
		}
	}
	return openTokenizerFile(whole);
}

async function fromHub(
	model: string,
	revision: string,
	path: string,
	env: NodeJS.ProcessEnv,
	signal?: AbortSignal,
): Promise<string | undefined> {
	const token = env.HF_TOKEN?.trim();
	try {
		const blob = await downloadFile({
			repo: { type: "model", name: model },
			path,
			revision,
			hubUrl: env.HF_ENDPOINT?.trim() || HUB,
			...(token && { accessToken: token }),
			fetch: (input, init) => fetch(input, signal && !init?.signal ? { ...init, signal } : init),
		});
		return await blob?.text();
	} catch (error) {
		signal?.throwIfAborted();
		const code = networkCode(error);
		const says = token ? (error as Error).message.replaceAll(token, "hf_***") : (error as Error).message;
		throw new LaunchError(
			`the tokenizer of ${model} cannot be had from the hub (${code === undefined ? says : `no network ${code}`}): try again, or name its tokenizer.json as the target's tokenizer`,
		);
	}
}

export async function prepared(
	{ folder, sheet }: Job,
	tokenizer: Tokenizer,
	to: string,
	signal?: AbortSignal,
): Promise<Prepared> {
	const { most, "most-dropped": share } = sheet.recipe.tokens;
	const shards = new Shards({
		root: to,
		folder: "tokens",
		split: "train",
		parquet: true,
		columns: tokens.columns,
		shardBytes: Number.POSITIVE_INFINITY,
	});
	let [samples, tooLong, trained] = [0, 0, 0];
	const lines = createInterface({ input: createReadStream(join(folder, SAMPLES_FILE)), crlfDelay: Infinity });
	try {
		for await (const line of lines) {
			if (line === "") continue;
			signal?.throwIfAborted();
			const sample = JSON.parse(line) as Pick<Sample, "id" | "segments">;
			// A trace whose last words do not train was cut off; the trainer reads it in the same way.
			const made = await tokenised({ end: "length" }, sample.segments, tokenizer);
			if ("why" in made)
				throw new LaunchError(
					`sample ${sample.id} cannot be sent: ${made.why}. Its ids must be of the base's tokenizer (${tokenizer.says}): train the model that was sampled, or export the dataset with --retokenize`,
				);
			if (made.ids.length > most) {
				tooLong++;
				continue;
			}
			trained += made.labels.filter((label) => label !== MASKED).length;
			samples++;
			shards.add({ input_ids: made.ids, attention_mask: made.ids.map(() => 1), labels: made.labels });
		}
		if (samples === 0 || trained === 0)
			throw new LaunchError(
				samples === 0
					? `no sample is left: all are longer than ${most} tokens`
					: "nothing in these samples would train",
			);
		if (tooLong > share * (samples + tooLong))
			throw new LaunchError(
				`${tooLong} of ${samples + tooLong} samples are longer than ${most} tokens, more than tokens.most-dropped allows (${share})`,
			);
		const { files } = shards.finish();
		return { file: join(to, files[0]!.path), samples, tooLong };
	} catch (error) {
		shards.abandon();
		throw error;
	} finally {
		lines.close();
	}
}
