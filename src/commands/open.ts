/**
 * `nudge open`, and `nudge` alone: the screen. Parses, finds where to begin, and hands over to src/tui. Where there is no
 * screen to draw on, the same run is told as lines: for a screen reader, on a terminal that knows no sequences, or, without
 * a terminal, as the JSON Lines of `nudge run --json`.
 */
import { type Command, type Context, type ExitCode, text, UsageError } from "./command.ts";
import { run } from "./run.ts";

/** Of `nudge run`, what a session on the screen begins with too. */
const SHARED = new Set([
	"problem",
	"file",
	"id",
	"from",
	"map",
	"answer",
	"domain",
	"hints",
	"rounds",
	"words",
	"engine",
	"seed",
	"temperature",
	"top-p",
	"top-k",
	"min-p",
	"max-tokens",
	"max-calls",
	"max-seconds",
	"dialect",
	"system",
	"instruction",
	"python-host",
	"allow-unisolated",
]);

export const open: Command = {
	summary: "the screen: think with a model, put hints in, type into its Python, rewind and branch",
	details: [
		"Without a problem it opens on its start page; with one, or with a session that was kept, right there. Everything is",
		"kept as it happens. ? shows the keys, Ctrl+P finds any command by its name; docs/screen.md tells more.",
		"Without a terminal the problem (or the first bundled one) runs through and its events are printed as JSON Lines.",
	].join("\n"),
	positionals: [
		{
			name: "session",
			optional: true,
			completes: "session",
			says: "a session to open again; last is the latest",
		},
	],
	options: [
		...(run.options ?? []).filter(({ name }) => SHARED.has(name)),
		{
			name: "theme",
			value: "ID",
			says: "dark, light, high-contrast, colour-blind, ansi16, plain, or one of your own",
		},
		{ name: "mouse", value: "YES", choices: ["true", "false"], says: "whether the screen takes the mouse" },
		{ name: "veto-ms", value: "N", says: "how long a hint of the policy auto is shown before it goes in" },
		{ name: "screen-reader", says: "lines of text in their order instead of a screen" },
	],
	examples: [
		"nudge",
		"nudge open last",
		'nudge open --problem "What is 347 * 286?" --answer 99242 --hints ask',
		"nudge open --from my-problems.jsonl --id p17 --engine llama-server:http://127.0.0.1:8080",
	],
	run: openCommand,
};

const BEGINS = ["problem", "file", "id", "from", "map"];

async function openCommand(context: Context): Promise<ExitCode> {
	const { io, options, args } = context;
	const session = args[0];
	const begins = BEGINS.find((name) => options[name] !== undefined);
	if (session !== undefined && begins !== undefined)
		throw new UsageError(`a session has its problem: --${begins} cannot be given with ${session}`);
	if (!io.stdin.isTTY || !io.stdout.isTTY) {
		if (text(context, "hints") === "ask")
			throw new UsageError("the policy ask needs a terminal; say --hints auto or --hints off");
		return await asRun(context, session, { json: true });
	}
	const { screenWorld } = await import("./open-setup.ts");
	const world = await screenWorld(context, session);
	if (world.linear) {
		const { runLines } = await import("../tui/lines/program.ts");
		return (await runLines(world.options)) as ExitCode;
	}
	// React is quicker in the form that is meant for use; it looks at this when it is loaded.
	process.env.NODE_ENV ??= "production";
	const { runScreen } = await import("../tui/program.ts");
	return (await runScreen(world.options)) as ExitCode;
}

/** The same trace as `nudge run` tells it. */
async function asRun(
	context: Context,
	session: string | undefined,
	how: { readonly json?: true },
): Promise<ExitCode> {
	const { theme: _, mouse: __, "veto-ms": ___, "screen-reader": ____, ...options } = context.options;
	const resume = session === undefined ? {} : { resume: session };
	return (await run.run?.({ ...context, args: [], options: { ...options, ...resume, ...how } })) ?? 1;
}
