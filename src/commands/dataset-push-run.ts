/** The work of `nudge dataset push`: makes the files, says who will see what, asks, and sends. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { canonical } from "../data/formats/canonical.ts";
import { type Exported, exportDataset } from "../data/formats/export.ts";
import { messages } from "../data/formats/messages.ts";
import { EXPORT_FILE } from "../data/formats/place.ts";
import { Hub, type Seen } from "../data/hub.ts";
import { hubAccess } from "../data/hub-token.ts";
import { homes } from "../trace/home.ts";
import { visibleLine } from "../trace/visible.ts";
import { yesNo } from "./ask.ts";
import { CommandError, type Context, type ExitCode, text, UsageError } from "./command.ts";
import {
	clearProgress,
	datasetAt,
	exportedJson,
	exportedLines,
	sharedOptions,
	tokenizerOf,
} from "./dataset-exporting.ts";

const NAME = /^[\w.-]{1,96}\/[\w.-]{1,96}$/;

export async function datasetPushRun(context: Context): Promise<ExitCode> {
	const { io, options, args, signal } = context;
	const repo = args[1] as string;
	if (!NAME.test(repo) || repo.includes("..") || repo.includes("--"))
		throw new UsageError(`a repository is named OWNER/NAME, not "${repo}"`);
	const branch = text(context, "branch") ?? "main";
	const wantsPrivate = options.private === true;
	const shared = sharedOptions(context);
	const dataset = datasetAt(context);
	const access = hubAccess(io.env);
	const tokenizer = await tokenizerOf(context, dataset, false);
	const { cache } = homes(io.env);
	mkdirSync(cache, { recursive: true });
	const scratch = mkdtempSync(join(cache, "push-"));
	try {
		const folder = join(scratch, "repo");
		const exported = await exportDataset({
			...shared,
			dataset,
			to: folder,
			where: repo,
			parts: [
				{ format: canonical, folder: "data", parquet: true, config: "default" },
				{ format: messages, folder: "messages", parquet: false, config: "messages" },
			],
			...(tokenizer && { tokenizer }),
		});
		clearProgress(context);
		if (!options.json) io.stdout.write(`${exportedLines(exported).join("\n")}\n`);
		const hub = new Hub({
			...access,
			repo,
			folder,
			leaveOut: [EXPORT_FILE],
			private: wantsPrivate,
			branch,
			message: text(context, "message") ?? messageOf(exported),
			signal,
			onProgress: (says) => progress(context, says),
		});
		const seen = await hub.seen();
		if (seen === "public" && wantsPrivate)
			throw new CommandError(
				`${repo} is there and public, so --private cannot hold: nothing was sent. Make it private on the Hub first, or name another repository`,
			);
		const says = publicity(seen, wantsPrivate, repo, exported, access.endpoint);
		if (!options.json) io.stdout.write(`${says}\n`);
		if (!options.yes && !(await yesNo(io, "Send it?"))) {
			if (!io.stdin.isTTY || !io.stdout.isTTY)
				throw new UsageError("this publishes, and nobody can be asked here: say --yes");
			io.stderr.write("nudge: nothing was sent\n");
			return 1;
		}
		const pushed = await hub.push(seen);
		clearProgress(context);
		if (options.json)
			io.stdout.write(`${JSON.stringify({ ...exportedJson(exported, pushed.url), ...pushed })}\n`);
		else
			io.stdout.write(
				pushed.commit === undefined
					? `nothing to send: all ${pushed.unchanged} files are there already\n${pushed.url}\n`
					: `${pushed.created ? "repository made; " : ""}${pushed.sent} files sent, ${pushed.unchanged} unchanged, ${pushed.removed} of an earlier push taken away: commit ${pushed.commit.slice(0, 10)}\n${pushed.url}\n`,
			);
		return 0;
	} finally {
		clearProgress(context);
		rmSync(scratch, { recursive: true, force: true });
		await tokenizer?.close();
	}
}

function messageOf({ tally, sheet }: Exported): string {
	return `${sheet.name}: ${tally.samples} samples (nudge)`;
}

/** Who will see what. */
function publicity(
	seen: Seen,
	wantsPrivate: boolean,
	repo: string,
	{ tally }: Exported,
	endpoint: string,
): string {
	const people = [...new Set([...tally.reviewers.counts.keys(), ...tally.editors.counts.keys()])];
	const what = `problems, gold answers, the model's texts, hints, outputs of Python, names of models, engines and runs${
		people.length > 0 ? `, and who reviewed (${people.slice(0, 5).join(", ")})` : ""
	}`;
	const where = `${endpoint}/datasets/${repo}`;
	const who =
		seen === "private"
			? "which is there and private: those with access see"
			: seen === "missing" && wantsPrivate
				? "which is made now and private: only its owner sees"
				: `which is ${seen === "missing" ? "made now and " : "there and "}PUBLIC: everybody sees`;
	return visibleLine(`This sends ${tally.samples} samples to ${where}, ${who} ${what}.`);
}

function progress({ io, options }: Context, says: string): void {
	if (options.json) return;
	if (io.stderr.isTTY) io.stderr.write(`\r\u001b[K${visibleLine(says)}`);
}
