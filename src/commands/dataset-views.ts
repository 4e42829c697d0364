/** `nudge dataset stats | diff | why`: nothing here writes to a dataset. */
import { resolve } from "node:path";
import type { DatasetDiff } from "../data/dataset/diff.ts";
import { CommandError, type Context, type ExitCode } from "./command.ts";
import { diffLines, statsLines, whyLines } from "./dataset-words.ts";

const folder = ({ io, args }: Context, index: number): string => resolve(io.cwd, args[index] as string);

export async function stats(context: Context): Promise<ExitCode> {
	const { io, args, options, signal } = context;
	const { statsOf } = await import("../data/dataset/stats.ts");
	const found = await statsOf(folder(context, 0), signal);
	if (options.json) {
		const { sheet, ...numbers } = found;
		io.stdout.write(
			`${JSON.stringify({ folder: folder(context, 0), ...numbers, ...sheet, samples: numbers.samples })}\n`,
		);
	} else io.stdout.write(`${statsLines(found, args[0] as string).join("\n")}\n`);
	return 0;
}

export async function diff(context: Context): Promise<ExitCode> {
	const { io, args, options, signal } = context;
	const { diffOf } = await import("../data/dataset/diff.ts");
	const found: DatasetDiff = await diffOf(folder(context, 0), folder(context, 1), signal);
	const [a, b] = args as [string, string];
	if (options.json) io.stdout.write(`${JSON.stringify(found)}\n`);
	else io.stdout.write(`${diffLines(found, a, b, options.all === true).join("\n")}\n`);
	return 0;
}

export async function why(context: Context): Promise<ExitCode> {
	const { io, args, options, signal } = context;
	const { whyOf } = await import("../data/dataset/why.ts");
	const [name, id] = args as [string, string];
	const found = await whyOf(folder(context, 0), id, signal);
	if (!found) {
		const { readDatasetSheet } = await import("../data/dataset/dataset.ts");
		const { sources, waterfall } = readDatasetSheet(folder(context, 0));
		throw new CommandError(
			`${id} is none of the ${waterfall.rollouts} rollouts of ${waterfall.problems} problems that ${name} was made of (${sources.map(({ path }) => path).join(", ")}): it was not there, not whole, or has another name. Ids are those of the problems, or keys like problem#settings#sample`,
		);
	}
	if (options.json) io.stdout.write(`${JSON.stringify(found)}\n`);
	else io.stdout.write(`${whyLines(found, name).join("\n")}\n`);
	return 0;
}
