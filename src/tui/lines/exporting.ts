/** A session into a file, asked for in words: the form, then the file. Nothing that is there is replaced without asking. */
import { existsSync } from "node:fs";
import { basename } from "node:path";
import {
	EXPORT_FORMS,
	type ExportForm,
	type ExportOf,
	type ExportWay,
	exportName,
	mistakeInPlace,
	PlaceError,
	writeExport,
} from "../views/export-file.ts";
import { placeOfPath } from "../views/paths.ts";
import type { Dialogue } from "./dialogue.ts";
import { sentence, trouble, type Voice } from "./voice.ts";

/** "", "sample", "markdown notes.md". */
export async function exportBy(said: string, of: ExportOf, dialogue: Dialogue, voice: Voice): Promise<void> {
	const [named = "", ...rest] = said.split(/\s+/);
	const form = named === "" ? await askForm(of, dialogue) : formOf(named, of);
	if (form === undefined) {
		if (named !== "") voice.say(`There is no form "${named}": there are ${formNames(of)}.`);
		return;
	}
	await writeWhere(rest.join(" "), form, of, dialogue, voice);
}

const offered = (of: ExportOf): typeof EXPORT_FORMS =>
	EXPORT_FORMS.filter(({ value }) => value.format !== "journal" || of.journal !== undefined);

const formNames = (of: ExportOf): string =>
	offered(of)
		.map(({ label }) => label.toLowerCase())
		.join("; ");

/** By its number, or by a word of its name. */
function formOf(said: string, of: ExportOf): ExportForm | undefined {
	const word = said.toLowerCase();
	const forms = offered(of);
	return (forms[Number(word) - 1] ?? forms.find(({ label }) => label.toLowerCase().includes(word)))?.value;
}

async function askForm(of: ExportOf, dialogue: Dialogue): Promise<ExportForm | undefined> {
	const list = offered(of).map(({ label, says }, index) => `${index + 1}: ${label}: ${says}.`);
	const said = await dialogue.ask(
		[...list, "Which form? Its number or a word of it; an empty line leaves it."].join("\n"),
	);
	return said === undefined ? undefined : formOf(said, of);
}

async function writeWhere(
	named: string,
	form: ExportForm,
	of: ExportOf,
	dialogue: Dialogue,
	voice: Voice,
): Promise<void> {
	for (let text = named; ; text = "") {
		const suggested = exportName(of, form);
		const said =
			text !== ""
				? text
				: await dialogue.ask(`Which file? Empty is ${suggested} in this folder.`, { empty: true });
		if (said === undefined) return;
		const written = said === "" ? suggested : said;
		const mistake = mistakeInPlace(written, of.cwd);
		if (mistake !== undefined) {
			voice.say(trouble("error", mistake));
			continue;
		}
		const file = placeOfPath(written, of.cwd);
		const way = existsSync(file) ? await askOver(file, form, dialogue) : "new";
		if (way === undefined) return;
		try {
			const says = writeExport(of, form, file, way);
			voice.say(sentence(says.charAt(0).toUpperCase() + says.slice(1)));
			return;
		} catch (error) {
			voice.say(trouble("error", (error as Error).message));
			if (!(error instanceof PlaceError)) return;
		}
	}
}

async function askOver(file: string, form: ExportForm, dialogue: Dialogue): Promise<ExportWay | undefined> {
	const add = form.format === "sample" ? "add puts it at its end, " : "";
	const question = `${basename(file)} is there already: ${add}replace loses what is in it, an empty line leaves it.`;
	const said = (await dialogue.ask(question))?.toLowerCase();
	if (said === "add" && form.format === "sample") return "add";
	return said === "replace" ? "replace" : undefined;
}
