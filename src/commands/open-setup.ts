/** From settings, flags and files to what the screen begins with. */
import { resolve } from "node:path";
import { homes } from "../trace/home.ts";
import { SessionStore } from "../trace/store.ts";
import type { ScreenOptions } from "../tui/program.ts";
import type { Choices } from "../tui/views/start-page.ts";
import { type Context, text, UsageError } from "./command.ts";
import { labSettings, newSession, problemOf } from "./run-setup.ts";
import { effectiveSettings, namedEngines } from "./settings.ts";
import { version } from "./version.ts";

export type ScreenWorld = {
	readonly options: ScreenOptions;
	/** Lines instead of a screen. */
	readonly linear: boolean;
};

const WITH_PROBLEM = ["problem", "file", "id"];

export async function screenWorld(context: Context, session: string | undefined): Promise<ScreenWorld> {
	const { io } = context;
	const settings = effectiveSettings({ env: io.env, cwd: io.cwd, flags: context.options });
	const base = labSettings(context);
	const choices: Choices = {
		engine: settings.engine.value,
		mode: settings.hints.value,
		rounds: settings.rounds.value,
		words: settings.words.value,
		vetoMs: settings["veto-ms"].value,
		seed: settings.seed.value,
		temperature: settings.temperature.value,
		topP: settings["top-p"].value,
		maxTokens: settings["max-tokens"].value,
		maxCalls: settings["max-calls"].value,
		...(settings["max-seconds"].value === undefined ? {} : { maxSeconds: settings["max-seconds"].value }),
	};
	const store = new SessionStore(homes(io.env).data);
	const from = text(context, "from");
	const map = text(context, "map");
	if (map !== undefined && from === undefined)
		throw new UsageError("--map says what the fields of a file are: it needs --from FILE");
	const set = from === undefined ? {} : { files: [resolve(io.cwd, from)], map };
	const given = WITH_PROBLEM.some((name) => context.options[name] !== undefined);
	const beginning: ScreenOptions["beginning"] =
		session !== undefined
			? { at: "session", id: store.find(session) }
			: given
				? { at: "problem", problem: await problemOf(context), ...set }
				: { at: "start", ...set };
	return {
		linear: settings["screen-reader"].value || io.env.TERM === "dumb",
		options: {
			env: io.env,
			cwd: io.cwd,
			stdin: io.stdin,
			stdout: io.stdout as NodeJS.WriteStream,
			store,
			beginning,
			choices,
			theme: settings.theme.value,
			mouse: settings.mouse.value,
			labSettings: (wanted) => ({
				...base,
				engine: wanted.engine,
				hints: { mode: wanted.mode, rounds: wanted.rounds, words: wanted.words },
				sampling: {
					...base.sampling,
					temperature: wanted.temperature,
					seed: wanted.seed,
					...(wanted.topP < 1 ? { topP: wanted.topP } : {}),
				},
				budgets: {
					maxTokens: wanted.maxTokens,
					maxCalls: wanted.maxCalls,
					maxRounds: wanted.rounds,
					...(wanted.maxSeconds === undefined ? {} : { maxMs: wanted.maxSeconds * 1000 }),
				},
			}),
			engines: enginesOf(namedEngines(settings, io.env)),
			newSession,
			firstTime: store.ids().length === 0,
			nudge: version(),
		},
	};
}

/** What the start page offers: the model that comes with nudge, and engines that the user has named. */
function enginesOf(
	named: Readonly<Record<string, { readonly type?: string; readonly url?: string }>>,
): ScreenOptions["engines"] {
	return [
		{ name: "embedded", says: "nudge-tiny, the small model that comes with nudge" },
		...Object.entries(named).map(([name, { type, url }]) => ({
			name,
			says: [type, url].filter(Boolean).join(" "),
		})),
	];
}
