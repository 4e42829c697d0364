/**
 * All that a trace needs, opened together and closed together: the engine, the library with its watcher, the Python and
 * the verifier. What is slow to make is begun at once and waited for only where it is needed: Python starts while the
 * model loads and thinks. Whatever was opened is closed, also when opening the rest fails. A Python that could not be
 * made is tried again when it is next asked for.
 */
import type { Engine } from "../engine/engine.ts";
import { type EngineSpec, type OpenOptions, openEngine } from "../engine/open.ts";
import { type Ask, AskPolicy } from "../hints/ask.ts";
import type { Diagnostic, Layer, Library } from "../hints/hint.ts";
import { dialectNamed, libraryLayers, openLibrary, soleLayers } from "../hints/library.ts";
import type { FenceDialect } from "../hints/marker.ts";
import { AutoPolicy, off, type Policy } from "../hints/policy.ts";
import { type LibraryWatch, watchLibrary } from "../hints/watch.ts";
import { NotIsolatedError, type PythonHost } from "../python/host.ts";
import type { Interpreter, InterpreterHost } from "../python/interpreter.ts";
import { openPtyInterpreter, type PtyInterpreter } from "../python/pty.ts";
import { loadPlugin } from "../score/load-plugin.ts";
import type { ScorePlugin } from "../score/plugin.ts";
import { createVerifier, type Verifier } from "../score/verifier.ts";
import type { Problem, Sampling, TraceSettings } from "../trace/events.ts";
import { isRemote, onThisMachine, type Python, type PythonSettings, startPython } from "./lab-python.ts";
import type { ReasonDeps } from "./request.ts";

export type LabSettings = {
	readonly engine: EngineSpec;
	/** Engines that the user gave names. */
	readonly named?: NonNullable<OpenOptions["named"]>;
	readonly dialect: string;
	readonly hints: {
		readonly mode: "auto" | "ask" | "off";
		readonly rounds: number;
		readonly words: number;
		/** A file or folder whose hints are the only ones; without, those of nudge, the user and the project. */
		readonly library?: string;
	};
	readonly sampling: Sampling;
	readonly budgets: TraceSettings["budgets"];
	readonly system?: string;
	/** What follows the problem; `auto` asks every model but nudge's own for a boxed answer, `none` adds nothing. */
	readonly instruction: string;
	/** How answers are judged: a user's verifiers, and processes at once. */
	readonly score?: { readonly plugins: readonly string[]; readonly workers: number };
	readonly python: PythonSettings;
};

export type LabHooks = {
	readonly env: NodeJS.ProcessEnv;
	readonly cwd: string;
	/** What is being made the first time, in words. */
	readonly onProgress?: (says: string) => void;
	readonly onLibrary?: (library: Library) => void;
	/** A broken edit: the last good library stays in force. */
	readonly onMistakes?: (mistakes: readonly Diagnostic[]) => void;
	/** Asked once, before the first block, where this machine cannot isolate. */
	readonly confirmUnisolated: (says: string) => Promise<boolean>;
	/** A person's answers, for the policy `ask`. */
	readonly ask?: Ask;
	readonly signal?: AbortSignal;
};

/** It was trained on bare problems and boxes its answers anyway. */
const TINY_MODEL = "nudge-tiny";
/** As the field asks (MATH and AIME prompts of Qwen and DeepSeek). */
const BOXED = "Please reason step by step, and put your final answer within \\boxed{}.";

/** Code must not run here, since nothing keeps it in and the user did not agree. */
export class IsolationError extends Error {
	override readonly name = "IsolationError";
}

export class Lab {
	readonly engine: Engine;
	#settings: LabSettings;
	readonly dialect: FenceDialect;
	readonly #hooks: LabHooks;
	readonly #watch: LibraryWatch;
	readonly #verifier: Verifier;
	#python: Python;
	/** This machine's, for terminals, where the blocks run elsewhere. */
	#local: Python | undefined;
	#agreeing: Promise<boolean> | undefined;
	readonly #opened = new Set<Interpreter>();
	#closed = false;

	private constructor(
		engine: Engine,
		settings: LabSettings,
		hooks: LabHooks,
		library: Library,
		python: Python,
		plugins: readonly ScorePlugin[],
	) {
		this.engine = engine;
		this.#settings = settings;
		this.#hooks = hooks;
		this.dialect = dialectNamed(library.dialects, settings.dialect);
		this.#python = python;
		this.#watch = watchLibrary({
			layers: layersOf(settings, hooks),
			library,
			onChange: hooks.onLibrary ?? (() => {}),
			onMistakes: hooks.onMistakes ?? (() => {}),
		});
		this.#verifier = createVerifier({
			python: async () => (await this.#mended().environment).python,
			interpreters: () => this.#agreedHost(false),
			dialect: this.dialect,
			limits: settings.python.limits,
			plugins,
			...(settings.score ? { workers: settings.score.workers } : {}),
		});
	}

	/** Resolves when the engine is there; `pythonReady` says when the Python is. */
	static async open(settings: LabSettings, hooks: LabHooks): Promise<Lab> {
		const library = openLibrary(layersOf(settings, hooks));
		dialectNamed(library.dialects, settings.dialect);
		const plugins = await Promise.all((settings.score?.plugins ?? []).map(loadPlugin));
		const python = startPython(settings.python, hooks, settings.python.allowUnisolated);
		const opening = openEngine(settings.engine, {
			env: hooks.env,
			cwd: hooks.cwd,
			...(settings.named ? { named: settings.named } : {}),
		});
		try {
			// A cluster that does not answer is said before the model has thought at all.
			if (isRemote(settings.python))
				await python.host.catch((error: unknown) => {
					if (!(error instanceof NotIsolatedError)) throw error;
				});
			return new Lab(await opening, settings, hooks, library, python, plugins);
		} catch (error) {
			python.stop();
			await python.host.then((host) => host.close()).catch(() => {});
			await opening.then((engine) => engine.close()).catch(() => {});
			throw error;
		}
	}

	get settings(): LabSettings {
		return this.#settings;
	}

	/** What traces are made with from here on. Engine, dialect and Python are those that the lab was opened with. */
	change({ hints, sampling, budgets, system, instruction }: LabSettings): void {
		const { system: _, ...kept } = this.#settings;
		this.#settings = {
			...kept,
			hints,
			sampling,
			budgets,
			instruction,
			...(system === undefined ? {} : { system }),
		};
	}

	/** The library in force. */
	get library(): Library {
		return this.#watch.library;
	}

	/** Resolves when Python's environment is there; what is being made meanwhile is said by `onProgress`. Rejects where it cannot be made. */
	get pythonReady(): Promise<void> {
		return this.#python.environment.then(() => {});
	}

	/** What a trace made here is made with, to be kept with it. */
	traceSettings(policy = this.policy()): TraceSettings {
		const { info } = this.engine;
		const { sampling, budgets, system, instruction } = this.settings;
		// What was trained from it is named after it (guest/train.py).
		const auto = info.model.startsWith(TINY_MODEL) ? "" : BOXED;
		const said = instruction === "auto" ? auto : instruction === "none" ? "" : instruction;
		return {
			engine: info.id,
			model: info.model,
			exact: info.caps.exact,
			dialect: this.dialect.id,
			policy: policy.says,
			sampling,
			budgets,
			...(system === undefined ? {} : { system }),
			...(said === "" ? {} : { instruction: said }),
		};
	}

	/** A policy for one trace: it remembers what a person vetoed. */
	policy(hints = this.settings.hints, ask = this.#hooks.ask): Policy {
		if (hints.mode === "off") return off;
		const { seed } = this.settings.sampling;
		const shelf = (): Library => this.library;
		const auto = new AutoPolicy(shelf, { rounds: hints.rounds, words: hints.words, seed });
		if (hints.mode === "auto") return auto;
		if (!ask) throw new Error("the policy ask needs somebody to ask");
		return new AskPolicy(auto, shelf, ask);
	}

	/** What `reason` needs for one trace. Its interpreter is opened when the first block runs. */
	deps(signal?: AbortSignal, policy = this.policy()): ReasonDeps {
		return {
			engine: this.engine,
			dialect: this.dialect,
			policy,
			interpreter: () => this.openInterpreter(),
			score: (problem: Problem, text: string) => this.#verifier.verify(problem, text, signal),
			...(signal ? { signal } : {}),
		};
	}

	/** A namespace of its own; with a terminal, one that a person sees and types into. */
	openInterpreter(): Promise<Interpreter>;
	openInterpreter(options: {
		readonly terminal: { readonly cols: number; readonly rows: number };
	}): Promise<PtyInterpreter>;
	async openInterpreter(options?: {
		readonly terminal: { readonly cols: number; readonly rows: number };
	}): Promise<Interpreter> {
		const { limits, host } = this.settings.python;
		const notice = `This is this machine's Python: a pane cannot be on ${host}.`;
		const interpreter = options
			? await openPtyInterpreter(await this.#localHost(), {
					...options.terminal,
					limits,
					...(isRemote(this.settings.python) ? { notice } : {}),
				})
			: await (await this.#agreedHost(false)).open({ limits });
		this.#opened.add(interpreter);
		return interpreter;
	}

	/** For whoever opens many: one that is done with goes before the lab does. */
	async closeInterpreter(interpreter: Interpreter): Promise<void> {
		this.#opened.delete(interpreter);
		await interpreter.close();
	}

	/** The version of Python that the blocks run in. */
	get pythonVersion(): Promise<string> {
		return this.#python.environment.then(({ version }) => version);
	}

	async close(): Promise<void> {
		this.#closed = true;
		this.#python.stop();
		const host = await this.#python.host.catch(() => undefined);
		await Promise.allSettled([
			...[...this.#opened].map((interpreter) => interpreter.close()),
			this.#watch.close(),
			this.#verifier.close(),
			this.engine.close(),
			host?.close(),
			this.#local?.host.then((local) => local.close()),
		]);
	}

	/** What failed is begun again. */
	#mended(): Python {
		if (this.#python.failed && !this.#closed)
			this.#python = startPython(this.settings.python, this.#hooks, this.#python.allowUnisolated);
		return this.#python;
	}

	/** A terminal is always on this machine. Where the blocks run elsewhere, its fork server starts when it is asked for. */
	async #localHost(): Promise<PythonHost> {
		return (await this.#agreedHost(isRemote(this.settings.python))) as PythonHost;
	}

	/** What blocks run in, or this machine's: begun where it is not there, and begun again where it failed. */
	#begun(local: boolean): Python {
		if (!local) return this.#mended();
		if (!this.#local || (this.#local.failed && !this.#closed))
			this.#local = startPython(
				onThisMachine(this.settings.python),
				this.#hooks,
				this.settings.python.allowUnisolated,
			);
		return this.#local;
	}

	/** The host, once it is known that it isolates or that the user agreed to do without. */
	async #agreedHost(local: boolean): Promise<InterpreterHost> {
		const begun = this.#begun(local);
		try {
			return await begun.host;
		} catch (error) {
			if (!(error instanceof NotIsolatedError)) throw error;
			// Two may ask for a Python at once, the person is asked once.
			this.#agreeing ??= this.#hooks.confirmUnisolated(error.message).finally(() => {
				this.#agreeing = undefined;
			});
			if (!(await this.#agreeing))
				throw new IsolationError(
					`${error.message} It was not agreed to, so the trace stops before its first block.`,
				);
			const now = this.#begun(local);
			if (now.allowUnisolated) return await now.host;
			const agreed = startPython(
				local ? onThisMachine(this.settings.python) : this.settings.python,
				this.#hooks,
				true,
			);
			if (local) this.#local = agreed;
			else this.#python = agreed;
			return await agreed.host;
		}
	}
}

function layersOf({ hints }: LabSettings, hooks: LabHooks): Layer[] {
	return hints.library === undefined ? libraryLayers(hooks) : soleLayers(hints.library);
}
