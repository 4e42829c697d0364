/**
 * The data card of an export: README.md with YAML at its head, as the Hub reads it
 * (https://huggingface.co/docs/hub/datasets-cards, .../datasets-manual-configuration).
 *
 * What always holds: what is not known is said to be unknown; no path of the machine gets into it, only names; figures
 * are those that were counted while the files were written.
 */
import { stringify } from "yaml";
import { bodyOf } from "./card-body.ts";
import { featuresOf } from "./columns.ts";
import type { Exported, ExportOptions, WrittenPart } from "./export.ts";

const TAGS = ["reasoning", "tool-use", "rejection-sampling", "start-hint-rft", "nudge"];

export function cardOf(exported: Exported, options: ExportOptions): string {
	return `---\n${stringify(frontMatter(exported, options))}---\n\n${bodyOf(exported, options)}`;
}

export function frontMatter({ sheet, parts, tally }: Exported, { license }: ExportOptions): object {
	const loaded = parts.filter(({ config }) => config !== "ids");
	const described = loaded.filter(({ format, parquet }) => format.features && !parquet);
	return {
		pretty_name: sheet.name,
		license: license ?? "unknown",
		task_categories: ["text-generation"],
		tags: TAGS,
		size_categories: [sizeOf(tally.samples)],
		configs: loaded.map((part, i) => ({
			config_name: part.config,
			...(loaded.length > 1 && i === 0 && { default: true }),
			data_files: dataFilesOf(part),
		})),
		...(described.length > 0 && {
			dataset_info: described.map(({ config, format, written }) => ({
				config_name: config,
				features: featuresOf(format.features!(written)),
			})),
		}),
	};
}

function dataFilesOf({ folder, parquet, written }: WrittenPart): object[] {
	return written.splits.map(({ split }) => ({
		split,
		path: `${folder}/${split}-*.${parquet ? "parquet" : "jsonl"}`,
	}));
}

/** The Hub's size categories. */
export function sizeOf(samples: number): string {
	const bounds = [
		[1e3, "n<1K"],
		[1e4, "1K<n<10K"],
		[1e5, "10K<n<100K"],
		[1e6, "100K<n<1M"],
		[1e7, "1M<n<10M"],
	] as const;
	return bounds.find(([below]) => samples < below)?.[1] ?? "10M<n<100M";
}
