/**
 * A lab as a run uses it: of several engines, each rollout is on one. The hints are those of when the run began: a library
 * that is edited meanwhile would make two runs of one. Nobody is asked anything.
 */
import { ManyEngines } from "../engine/many.ts";
import { TraceEngine } from "../engine/many-trace.ts";
import { AutoPolicy, off, type Policy } from "../hints/policy.ts";
import { parsePythonHost } from "../python/remote-spec.ts";
import type { Lab } from "../reason/lab.ts";
import { hashOf, type RunSettings } from "./run-sheet.ts";
import type { Bench } from "./sampling.ts";

/** What kind of Python ran the blocks: outputs differ. Its address is this machine's business. */
function hostOf(said = "local"): Pick<RunSettings, "pythonHost"> {
	const spec = parsePythonHost(said);
	return typeof spec === "string" || spec.kind === "local" ? {} : { pythonHost: spec.kind };
}

/** A trace's time is taken by a clock that nobody sets: a correction of the time is no time that it took. */
const steadyNow = (): number => Math.floor(performance.timeOrigin + performance.now());

export function benchOf(lab: Lab): { readonly bench: Bench; readonly settings: RunSettings } {
	const { library, engine } = lab;
	const { hints } = lab.settings;
	const frozen = { hints: library.hints, frames: library.frames };
	const policy = (seed: number): Policy =>
		hints.mode === "off"
			? off
			: new AutoPolicy(() => frozen, { rounds: hints.rounds, words: hints.words, seed });
	const { seed } = lab.settings.sampling;
	const { engine: _, ...of } = lab.traceSettings(policy(seed));
	return {
		settings: {
			...of,
			// Where a hint's file lies is this machine's alone.
			...(hints.mode === "off"
				? {}
				: { library: hashOf([frozen.frames, frozen.hints.map(({ origin, note, ...hint }) => hint)]) }),
			python: { ...(lab.settings.python.limits as Record<string, number>) },
			...hostOf(lab.settings.python.host),
		},
		bench: {
			settings: (seed) => {
				const made = lab.traceSettings(policy(seed));
				return { ...made, sampling: { ...made.sampling, seed } };
			},
			deps: ({ seed, problem }, signal) => ({
				...lab.deps(signal, policy(seed)),
				now: steadyNow,
				...(engine instanceof ManyEngines ? { engine: engine.forTrace(problem.id).enter() } : {}),
			}),
			release: (interpreter) => lab.closeInterpreter(interpreter),
			over: (used) => {
				if (used instanceof TraceEngine) used.leave();
			},
		},
	};
}
