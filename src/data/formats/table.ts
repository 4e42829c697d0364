/** Every format by its name. */
import { axolotl } from "./axolotl.ts";
import { canonical } from "./canonical.ts";
import type { Format } from "./format.ts";
import { messages } from "./messages.ts";
import { openai } from "./openai.ts";
import { sharegpt } from "./sharegpt.ts";
import { tokens } from "./tokens.ts";
import { trl } from "./trl.ts";
import { verl } from "./verl.ts";

export const FORMATS: readonly Format[] = [canonical, tokens, trl, axolotl, messages, sharegpt, openai, verl];

export function formatOf(id: string): Format | undefined {
	return FORMATS.find((format) => format.id === id);
}
