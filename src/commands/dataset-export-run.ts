/** The work of `nudge dataset export`. */
import { basename, relative, resolve } from "node:path";
import { exportDataset } from "../data/formats/export.ts";
import { checkPlace } from "../data/formats/place.ts";
import { formatOf } from "../data/formats/table.ts";
import { type Context, type ExitCode, text, UsageError } from "./command.ts";
import {
	clearProgress,
	datasetAt,
	exportedJson,
	exportedLines,
	sharedOptions,
	tokenizerOf,
} from "./dataset-exporting.ts";

export async function datasetExportRun(context: Context): Promise<ExitCode> {
	const { io, options } = context;
	const format = formatOf(text(context, "format") ?? "");
	if (!format)
		throw new UsageError("nudge dataset export needs --format: nudge dataset export --help shows them");
	const said = text(context, "to");
	if (said === undefined)
		throw new UsageError("nudge dataset export needs --to DIR: the folder that is written");
	const to = resolve(io.cwd, said);
	const beside = `./${basename(to)}`;
	const shared = sharedOptions(context);
	const dataset = datasetAt(context);
	const replace = options.replace === true;
	checkPlace(to, replace);
	const parquet = options.parquet === true || format.parquetOnly === true;
	const tokenizer = await tokenizerOf(context, dataset, format.needsTokens);
	try {
		const exported = await exportDataset({
			...shared,
			dataset,
			to,
			where: beside,
			parts: [{ format, folder: "data", parquet, config: "default" }],
			withIds: options.ids === true,
			replace,
			...(tokenizer && { tokenizer }),
		});
		clearProgress(context);
		const where = relative(io.cwd, to) || ".";
		const load = format.python({ where: beside, config: "default", parquet });
		if (options.json) io.stdout.write(`${JSON.stringify({ ...exportedJson(exported, to), load })}\n`);
		else
			io.stdout.write(
				`${[
					...exportedLines(exported),
					`to        ${where}; README.md says where it comes from. To load it, from beside it:`,
					...load.map((line) => `  ${line}`),
				].join("\n")}\n`,
			);
		return 0;
	} finally {
		clearProgress(context);
		await tokenizer?.close();
	}
}
