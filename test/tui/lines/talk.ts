/** A conversation in lines with a toy engine: what is typed, what is told, and ways to wait for it. */
import type { Engine } from "../../../src/engine/engine.ts";
import type { Interpreter } from "../../../src/python/interpreter.ts";
import type { Lab, LabSettings } from "../../../src/reason/lab.ts";
import { SessionStore } from "../../../src/trace/store.ts";
import { LineDesk, type LineDeskOptions } from "../../../src/tui/lines/desk.ts";
import { voiceOf } from "../../../src/tui/lines/voice.ts";
import type { Choices } from "../../../src/tui/views/start/choices.ts";
import { ToyEngine } from "../../reason/toy-engine.ts";
import { liveModel, toyLab } from "../../reason/toy-live.ts";
import { problem } from "../../reason/toy-trace.ts";
import { freshFolder } from "../../trace/folder.ts";

const PATIENCE_MS = 15_000;

export type Talk = {
	readonly desk: LineDesk;
	readonly folder: string;
	/** Everything that was told, in lines. */
	readonly told: readonly string[];
	/** Enters lines. */
	type(...lines: readonly string[]): void;
	/** The next line that holds the text, behind the last one that was waited for. */
	until(text: string): Promise<string>;
	/** Resolves when the person has left and all is closed. */
	readonly over: Promise<void>;
};

const CHOICES: Choices = {
	engine: "toy",
	mode: "auto",
	rounds: 0,
	words: 1,
	vetoMs: 0,
	seed: 1,
	temperature: 0,
	topP: 1,
	maxTokens: 10_000,
	maxCalls: 6,
};

export function talk(
	options: Omit<Partial<LineDeskOptions>, "choices"> & {
		readonly engine?: Engine;
		readonly python?: () => Interpreter;
		readonly choices?: Partial<Choices>;
	} = {},
): Talk {
	const told: string[] = [];
	let heard = (): void => {};
	const voice = voiceOf((text) => {
		if (!text.endsWith("\n")) throw new Error(`not a line: ${JSON.stringify(text)}`);
		told.push(...text.slice(0, -1).split("\n"));
		heard();
	});
	const folder = freshFolder();
	const { engine = new ToyEngine(liveModel), python, choices, ...rest } = options;
	const lab = toyLab(engine, python);
	const desk = new LineDesk({
		env: { NUDGE_HOME: folder },
		cwd: folder,
		store: new SessionStore(folder),
		beginning: { at: "problem", problem },
		labSettings: () => lab.settings as LabSettings,
		engines: [{ name: "toy", says: "a toy" }],
		newSession: (one) => ({ problem: one, nudge: "0", environment: { engine: "toy" } }),
		firstTime: false,
		nudge: "0.0.0",
		silenceMs: 5,
		pasteMs: 0,
		...rest,
		choices: { ...CHOICES, ...choices },
		voice,
		openLab: async () =>
			({ ...lab, pythonReady: Promise.resolve(), change: () => {}, close: async () => {} }) as unknown as Lab,
	});
	const over = desk.run().then(() => desk.close());
	let at = 0;
	const until = async (text: string): Promise<string> => {
		const deadline = Date.now() + PATIENCE_MS;
		for (;;) {
			const found = told.findIndex((line, index) => index >= at && line.includes(text));
			if (found >= 0) {
				at = found + 1;
				return told[found]!;
			}
			const left = deadline - Date.now();
			if (left <= 0) throw new Error(`"${text}" was not told behind line ${at} of:\n${told.join("\n")}`);
			await new Promise<void>((resolve) => {
				const late = setTimeout(resolve, left);
				heard = () => {
					clearTimeout(late);
					resolve();
				};
			});
		}
	};
	return {
		desk,
		folder,
		told,
		type: (...lines) => {
			for (const line of lines) desk.dialogue.line(line);
		},
		until,
		over,
	};
}
