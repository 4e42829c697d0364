/**
 * A session into a file: the form, then where. Nothing that is there is replaced without asking; what was written is said,
 * with how much of it trains.
 */
import { existsSync } from "node:fs";
import { basename } from "node:path";
import type { Desk } from "../view.ts";
import { askLine } from "./ask-line.ts";
import { type Choice, choose } from "./choose.ts";
import {
	EXPORT_FORMS,
	type ExportForm,
	type ExportOf,
	type ExportWay,
	exportName,
	mistakeInPlace,
	PlaceError,
	writeExport,
} from "./export-file.ts";
import { completePath, placeOfPath } from "./paths.ts";

export type ExportSheetOptions = ExportOf & { readonly desk: Desk };

export function exportSheet(options: ExportSheetOptions): void {
	const { desk, journal } = options;
	choose({
		desk,
		title: "Export",
		choices: EXPORT_FORMS.filter(({ value }) => value.format !== "journal" || journal !== undefined),
		done: (form) => askWhere(options, form, exportName(options, form)),
	});
}

function askWhere(options: ExportSheetOptions, form: ExportForm, text: string): void {
	const { desk, cwd } = options;
	askLine({
		desk,
		title: `Export as ${EXPORT_FORMS.find(({ value }) => value === form)?.label.toLowerCase() ?? form.format}`,
		label: "file",
		text,
		complete: (written) => completePath(written, cwd),
		check: (written) => mistakeInPlace(written, cwd),
		accepts: "write it",
		done: (written) => {
			const file = placeOfPath(written.trim(), cwd);
			if (existsSync(file)) askOver(options, form, written, file);
			else write(options, form, written, file, "new");
		},
	});
}

/** Samples are one a line: a file of them can take one more. */
function askOver(options: ExportSheetOptions, form: ExportForm, written: string, file: string): void {
	const { desk } = options;
	type Way = Exclude<ExportWay, "new"> | "other";
	const add: Choice<Way> = { value: "add", label: "Add to it", says: "as one more line at its end" };
	choose<Way>({
		desk,
		title: `${basename(file)} is there already`,
		choices: [
			...(form.format === "sample" ? [add] : []),
			{ value: "other", label: "Another name", says: "leave it as it is" },
			{ value: "replace", label: "Replace it", says: "what is in it now is lost" },
		],
		done: (way) => {
			if (way === "other") askWhere(options, form, written);
			else write(options, form, written, file, way);
		},
		cancelled: () => askWhere(options, form, written),
	});
}

function write(
	options: ExportSheetOptions,
	form: ExportForm,
	written: string,
	file: string,
	way: ExportWay,
): void {
	const { desk } = options;
	try {
		desk.say(writeExport(options, form, file, way));
	} catch (error) {
		desk.say((error as Error).message, "error");
		if (error instanceof PlaceError) askWhere(options, form, written);
	}
}
