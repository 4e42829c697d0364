/**
 * `nudge doctor`: says in words what works on this machine and with an engine, and what to do about the rest. Exit code 1
 * if something that is needed fails.
 */
import type { Check } from "../engine/conformance.ts";
import type { Command, Context, ExitCode } from "./command.ts";

export const doctor: Command = {
	summary: "say in words what works on this machine and with an engine",
	details: [
		"Checks Node, Python and its isolation, the model that comes with nudge and the data folders; then asks the engine",
		"what it is and tries it live with a few tokens: whether a thought can be paused and continued exactly, whether token",
		"ids, stop strings and the prefix cache work. Each line is ok, note, warn or fail, and says what it means.",
		"Several engines (A,B) are each tried, and then whether they are the same, so that they can share a run.",
		"Without ENGINE, the one of your settings. docs/engines.md lists the forms.",
		"A name from targets.yaml (or local) asks that target instead whether it can run a job: docs/targets.md.",
	].join("\n"),
	positionals: [
		{
			name: "ENGINE",
			optional: true,
			completes: "engine",
			says: "embedded, a GGUF file, llama-server:URL, vllm:URL#MODEL, a URL, or a name of your settings",
		},
	],
	options: [
		{
			name: "recipe",
			short: "r",
			value: "RECIPE",
			completes: "file",
			says: "for a target: the shape of which recipe it is asked for (one GPU)",
		},
		{ name: "json", says: "print one JSON object instead of lines" },
	],
	examples: [
		"nudge doctor",
		"nudge doctor llama-server:http://127.0.0.1:8080",
		"nudge doctor cluster --recipe start-32b",
	],
	run: runDoctor,
};

type Part = { readonly title: string; readonly checks: readonly Check[] };

async function runDoctor(context: Context): Promise<ExitCode> {
	const { io, signal } = context;
	const [
		{ effectiveSettings, namedEngines },
		{ systemChecks },
		{ engineChecks, togetherChecks },
		{ splitSpecs },
	] = await Promise.all([
		import("./settings.ts"),
		import("./doctor/system.ts"),
		import("./doctor/engine.ts"),
		import("../engine/spec.ts"),
	]);
	const json = context.options.json === true;
	const settings = effectiveSettings({ env: io.env, cwd: io.cwd });
	const colour =
		settings.color.value === "always" ||
		(settings.color.value === "auto" &&
			io.stdout.isTTY === true &&
			!io.env.NO_COLOR &&
			io.env.TERM !== "dumb");
	const parts: Part[] = [];
	const section = async (
		title: string,
		work: (add: (check: Check) => void) => Promise<void>,
	): Promise<void> => {
		const checks: Check[] = [];
		if (!json) io.stdout.write(`${title}\n`);
		await work((check) => {
			checks.push(check);
			if (!json) io.stdout.write(line(check, colour));
		});
		parts.push({ title, checks });
	};
	const verdict = (): ExitCode => {
		if (signal.aborted) return 130;
		const failed = parts.flatMap(({ checks }) => checks).filter(({ status }) => status === "fail").length;
		if (json) io.stdout.write(`${JSON.stringify({ ok: failed === 0, parts }, undefined, "\t")}\n`);
		else
			io.stdout.write(
				failed === 0
					? "Nothing stands in the way.\n"
					: `${failed} thing${failed === 1 ? " fails" : "s fail"}.\n`,
			);
		return failed === 0 ? 0 : 1;
	};
	const named = namedEngines(settings, io.env);
	const asked = context.args[0];
	const { isTarget, targetChecks } = await import("./doctor/target.ts");
	if (asked !== undefined && !Object.hasOwn(named, asked) && isTarget(asked, io.env)) {
		const recipe = typeof context.options.recipe === "string" ? context.options.recipe : undefined;
		await section(`Target ${asked}`, (add) =>
			targetChecks({ name: asked, recipe, env: io.env, cwd: io.cwd, add, signal }),
		);
		return verdict();
	}
	const specs = splitSpecs(context.args[0] ?? settings.engine.value, named);
	await section("This machine", (add) =>
		systemChecks({
			env: io.env,
			cwd: io.cwd,
			add,
			signal,
			pythonHost: settings["python-host"].value,
		}),
	);
	for (const spec of specs)
		await section(`Engine ${shown(spec)}`, (add) =>
			engineChecks({ spec, named, env: io.env, cwd: io.cwd, add, signal }),
		);
	if (specs.length > 1)
		await section("All engines together", (add) =>
			togetherChecks({ specs, named, env: io.env, cwd: io.cwd, add }),
		);
	return verdict();
}

const COLOURS: Readonly<Record<Check["status"], string>> = { ok: "32", note: "2", warn: "33", fail: "31" };

function line({ status, name, says }: Check, colour: boolean): string {
	const word = status.padEnd(4);
	return `  ${colour ? `\u001b[${COLOURS[status]}m${word}\u001b[0m` : word}  ${name}: ${says}\n`;
}

/** A URL may carry a password. */
function shown(spec: string): string {
	return spec.replace(/(https?:\/\/)[^/@]*@/, "$1");
}
