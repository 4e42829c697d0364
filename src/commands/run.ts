/**
 * `nudge run`: one problem, one trace, live. Parses, opens the lab, lets `reason()` run and prints its events as they
 * come: as text on a terminal, or one JSON object a line. An event is in the journal before it is on the screen.
 */
import type { Lab } from "../reason/lab.ts";
import type { Problem, TraceEvent } from "../trace/events.ts";
import type { Session } from "../trace/store.ts";
import { type Command, type Context, type ExitCode, text, UsageError } from "./command.ts";
import type { Printer } from "./printer.ts";

export const run: Command = {
	summary: "let a model think about one problem, with hints and Python, and keep the trace",
	details: [
		"The model thinks token by token. At a marker (after a reflection word, before code, before the end of thinking) the",
		"policy may put a hint of the library into the stream; code that the model writes runs, its output goes back into",
		"the same turn, and the answer is checked. Without a problem, one of the bundled set is taken.",
		"Everything is kept as a session: nudge sessions show last.",
	].join("\n"),
	options: [
		{ name: "problem", short: "p", value: "TEXT", says: "the problem, in words" },
		{
			name: "file",
			short: "f",
			value: "FILE",
			completes: "file",
			says: "a file that holds the problem; - reads standard input",
		},
		{ name: "id", value: "ID", completes: "problem", says: "a problem of the bundled set, or of --from" },
		{
			name: "from",
			value: "FILE",
			completes: "file",
			says: "problems in which --id is looked up: JSON Lines, CSV, Parquet, or a dataset folder",
		},
		{
			name: "map",
			value: "MAP",
			says: "which field of --from is what, where the names do not say it: problem=question,answer=final",
		},
		{ name: "answer", short: "a", value: "ANSWER", says: "the gold answer, to check against" },
		{
			name: "domain",
			value: "DOMAIN",
			choices: ["math", "code", "science"],
			says: "what kind of problem it is (math)",
		},
		{
			name: "hints",
			value: "POLICY",
			choices: ["auto", "ask", "off"],
			says: "whether hints go in by themselves, after asking you, or not at all",
		},
		{ name: "rounds", value: "N", says: "hints before the end of thinking, 0 to many" },
		{ name: "words", value: "N", says: "hints after reflection words, at most" },
		{
			name: "engine",
			short: "e",
			value: "ENGINE",
			completes: "engine",
			says: "what samples: embedded, a GGUF file, llama-server:URL, vllm:URL#MODEL, ...",
		},
		{ name: "seed", value: "N", says: "for sampling and for the draw of hints" },
		{ name: "temperature", value: "T", says: "0 takes the likeliest token always" },
		{ name: "top-p", value: "P", says: "sample from the likeliest tokens that make up P" },
		{ name: "top-k", value: "N", says: "sample from the N likeliest tokens; 0 is all" },
		{
			name: "min-p",
			value: "P",
			says: "leave out tokens with less than this share of the likeliest one's probability",
		},
		{ name: "max-tokens", value: "N", says: "tokens the model may sample in all" },
		{ name: "max-calls", value: "N", says: "blocks of Python the model may run" },
		{ name: "max-seconds", value: "S", says: "wall time of the trace" },
		{
			name: "dialect",
			value: "ID",
			says: "how the model writes code and is shown output (hints/dialects.yaml)",
		},
		{ name: "system", value: "TEXT", says: "a system message before the problem" },
		{
			name: "instruction",
			value: "TEXT",
			says: "what follows the problem; auto asks every model but nudge's own for a boxed answer, none adds nothing",
		},
		{ name: "resume", value: "SESSION", completes: "session", says: "take up a session that was broken off" },
		{
			name: "python-host",
			value: "HOST",
			says: "where the model's code runs: local, nemo-skills:URL or sandbox-fusion:URL (docs/python.md)",
		},
		{ name: "allow-unisolated", says: "run the model's code even where this machine cannot isolate it" },
		{ name: "json", says: "each event as a JSON line, the outcome last" },
	],
	examples: [
		'nudge run --problem "What is 347 * 286?" --answer 99242 --hints off',
		'nudge run --problem "What is 347 * 286?" --answer 99242 --hints auto',
		"nudge run --id paper --rounds 3 --json",
		"nudge run --resume last",
	],
	run: runCommand,
};

async function runCommand(context: Context): Promise<ExitCode> {
	const { io, signal } = context;
	const [{ Lab }, { SessionStore }, { homes }, { printerFor }, setup] = await Promise.all([
		import("../reason/lab.ts"),
		import("../trace/store.ts"),
		import("../trace/home.ts"),
		import("./printer.ts"),
		import("./run-setup.ts"),
	]);
	const store = new SessionStore(homes(io.env).data);
	const resumed = text(context, "resume");
	const kept = resumed === undefined ? undefined : setup.keptTrace(store.read(store.find(resumed)), context);
	const settings = setup.labSettings(context, kept?.branch);
	if (settings.hints.mode === "ask" && !(io.stdin.isTTY && io.stdout.isTTY))
		throw new UsageError("the policy ask needs a terminal; say --hints auto or --hints off");
	const problem = kept?.problem ?? (await setup.problemOf(context));
	const show = printerFor(context);

	const lab = await Lab.open(settings, {
		env: io.env,
		cwd: io.cwd,
		signal,
		onProgress: (says) => show.aside(says),
		onMistakes: (mistakes) => {
			show.aside("the edited hints have mistakes; the last good ones stay in force");
			for (const { file, line, column, message } of mistakes)
				show.aside(`${file}:${line}:${column}: ${message}`);
		},
		onLibrary: () => show.aside("the hints were read anew"),
		confirmUnisolated: async (says) => (await import("./ask.ts")).confirm(io, says),
		ask: async (proposal, marker, _context, note) =>
			(await import("./ask.ts")).askAboutHint(io, show, proposal, marker, note, signal),
	});
	let session: Session | undefined;
	try {
		// A Python that cannot be made is said before the thinking, not in the middle of it.
		await lab.pythonReady;
		for (const says of await knownFaults(lab, homes(io.env).cache)) show.aside(says);
		const onError = (error: Error): void => show.aside(error.message);
		session = kept
			? store.open(kept.id, { onError }).session
			: store.create(setup.newSession(problem, lab.engine.info.server), { onError });
		return await think(session, problem, lab, kept?.branch.id, show, signal);
	} finally {
		show.end();
		try {
			session?.close();
		} finally {
			await lab.close();
		}
	}
}

/** What `nudge doctor` found wrong with a server when it was last asked, since the trace will suffer from it. */
async function knownFaults({ engine }: Lab, cacheFolder: string): Promise<readonly string[]> {
	if (engine.info.caps.scan) return [];
	const { knownConformance } = await import("../engine/conformance.ts");
	const report = await knownConformance(engine, cacheFolder);
	const faults = report?.checks.filter(({ status }) => status === "fail") ?? [];
	return faults.map(({ name, says }) => `nudge doctor found of this engine: ${name}: ${says}`);
}

/** Lets the trace grow to its end; every event goes to the journal first. */
async function think(
	session: Session,
	problem: Problem,
	lab: Lab,
	resumed: string | undefined,
	show: Printer,
	signal: AbortSignal,
): Promise<ExitCode> {
	const [{ reason }, { standingOf }, { Keeper }] = await Promise.all([
		import("../reason/reason.ts"),
		import("../reason/standing.ts"),
		import("../reason/keeper.ts"),
	]);
	const name = resumed ?? "main";
	if (resumed === undefined) {
		const opened: TraceEvent = {
			type: "branch",
			t: Date.now(),
			branch: name,
			settings: lab.traceSettings(),
			by: "person",
		};
		session.append(opened);
		show.begin(session.id, problem, lab.engine.info);
		show.event(session.state.session as TraceEvent);
		show.event(opened);
	} else show.resume(session.id, session.state, name);
	const branch = session.state.branches.get(name);
	if (!branch) throw new Error(`branch ${name} is gone`);
	const standing = standingOf(branch, lab.engine.info);
	const stream = reason(
		{
			session: session.id,
			branch: name,
			problem,
			settings: branch.settings,
			...(standing ? { from: standing } : {}),
		},
		lab.deps(signal),
	);
	const keeper = new Keeper(session, (says) => show.aside(says));
	let end: Extract<TraceEvent, { type: "end" }> | undefined;
	for await (const event of stream) {
		keeper.append(event);
		show.event(event);
		if (event.type === "end") end = event;
	}
	session.flush();
	show.kept(session.id, end);
	if (end?.reason === "interrupted") return 130;
	return end === undefined || end.reason === "engine" ? 1 : 0;
}
