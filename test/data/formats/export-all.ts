/** Exports a dataset in both forms, in a process of its own: for the test of how much memory that takes. */
import { exportDataset } from "../../../src/data/formats/export.ts";
import { formatOf } from "../../../src/data/formats/table.ts";

const [dataset, to] = process.argv.slice(2) as [string, string];
const { tally } = await exportDataset({
	dataset,
	to,
	where: "./out",
	parts: [
		{ format: formatOf("axolotl")!, folder: "data", parquet: true, config: "default" },
		{ format: formatOf("messages")!, folder: "messages", parquet: false, config: "messages" },
	],
	nudge: "0",
	now: () => new Date(0),
});
process.stdout.write(`${tally.samples}\n`);
