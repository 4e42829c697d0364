/** Questions on a terminal: whether a hint may go in, and whether code may run where nothing keeps it in. */
import { createInterface } from "node:readline/promises";
import type { Answer } from "../hints/ask.ts";
import type { Marker } from "../hints/marker.ts";
import type { Proposal } from "../hints/policy.ts";
import { visible } from "../trace/visible.ts";
import type { Io } from "./command.ts";
import type { Printer } from "./printer.ts";

async function question(io: Io, asks: string, signal?: AbortSignal): Promise<string> {
	const lines = createInterface({ input: io.stdin, output: io.stdout, terminal: true });
	try {
		// readline takes Ctrl+C for itself while it reads: it is handed on to the program.
		lines.on("SIGINT", () => process.kill(process.pid, "SIGINT"));
		return (await lines.question(asks, signal ? { signal } : {})).trim();
	} finally {
		lines.close();
	}
}

/** No without a terminal: nobody could have read the question. */
export async function confirm(io: Io, says: string): Promise<boolean> {
	if (!io.stdin.isTTY || !io.stdout.isTTY) return false;
	return /^y(es)?$/i.test(
		await question(io, `\n${visible(says)}\nRun the model's code without isolation? [y/N] `),
	);
}

/** No without a terminal, as above. */
export async function yesNo(io: Io, asks: string): Promise<boolean> {
	if (!io.stdin.isTTY || !io.stdout.isTTY) return false;
	return /^y(es)?$/i.test(await question(io, `${asks} [y/N] `));
}

const KEYS = "[i]nsert  [o]ther wording  [e]dit  [h]int by id  [v]eto  [k] veto every hint of this kind";

/** A proposal waits here with its reason and wording until a person decides. */
export async function askAboutHint(
	io: Io,
	show: Printer,
	proposal: Proposal,
	marker: Marker,
	note: string | undefined,
	signal: AbortSignal,
): Promise<Answer> {
	show.end();
	const place = marker.word === undefined ? marker.kind : `${marker.kind} "${marker.word}"`;
	const shown = proposal.text.replace(/\n$/, "").split("\n");
	io.stdout.write(`[proposed at ${visible(place)} · ${proposal.hint} · ${visible(proposal.reason)}]\n`);
	for (const line of shown) io.stdout.write(`? ${visible(line)}\n`);
	if (note) io.stdout.write(`  ${visible(note)}\n`);
	for (;;) {
		switch ((await question(io, `${KEYS} `, signal)).toLowerCase()) {
			case "i":
			case "":
				return { do: "insert" };
			case "o":
				return { do: "other-wording" };
			case "e": {
				const text = await question(io, "your words (\\n begins a new line): ", signal);
				return {
					do: "edit",
					text: text === "" ? "" : `${text.replaceAll("\\n", "\n").replace(/\n?$/, "\n")}`,
				};
			}
			case "h":
				return { do: "other-hint", hint: await question(io, "which hint (nudge hints list): ", signal) };
			case "v":
				return { do: "veto" };
			case "k":
				return { do: "veto-kind" };
		}
	}
}
