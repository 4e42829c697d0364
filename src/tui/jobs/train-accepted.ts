/**
 * "Train on what I have accepted": a dataset of the accepted branches of all sessions (as `nudge dataset from-sessions --mark
 * accepted` makes it), the plan of a job on it (as `nudge train` makes it) shown in a sheet where target and recipe are
 * chosen, and after a yes the job. What was chosen is remembered for the next time.
 *
 * What always holds: nothing is sent or started before the yes; where there is none, the dataset is taken away again.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeFromSessions } from "../../data/dataset/from-sessions.ts";
import { readRecipe as readRules } from "../../data/recipe.ts";
import { ruleContext } from "../../data/rules/context.ts";
import { homes } from "../../trace/home.ts";
import type { SessionStore } from "../../trace/store.ts";
import { jobsHome } from "../../train/job.ts";
import { builtInRecipes, readRecipe, recipeFile } from "../../train/recipe.ts";
import { readTargets, targetNamed } from "../../train/targets.ts";
import { planTraining, startTraining, type Training } from "../../train/training.ts";
import type { CommandId, KeyContext } from "../keys/command-table.ts";
import type { Desk } from "../view.ts";
import { askLine } from "../views/ask-line.ts";
import { choose } from "../views/choose.ts";
import { Confirm, type ConfirmOptions } from "../views/confirm.ts";
import type { Room, Sheeted } from "../views/sheet-view.ts";
import type { JobsWatch } from "./jobs-watch.ts";

export type TrainAcceptedDeps = {
	readonly desk: Desk;
	readonly env: NodeJS.ProcessEnv;
	readonly cwd: string;
	readonly store: SessionStore;
	readonly nudge: string;
	readonly watch: JobsWatch;
	/** Shows the page of jobs, with this one selected. */
	readonly showJob: (id: string) => void;
	readonly now?: () => Date;
};

type Choice = { readonly target: string; readonly recipe: string };

const FIRST: Choice = { target: "local", recipe: "tiny" };
/** As `nudge dataset from-sessions` has it. */
const RULES = "start";
const OTHER = "another file ...";

/** Gathers, plans, asks, starts. Resolves when the sheet is open, or it was said why there is none. */
export async function trainAccepted(deps: TrainAcceptedDeps): Promise<void> {
	const { desk, env, cwd, store, nudge, watch } = deps;
	const now = deps.now?.() ?? new Date();
	const folder = join(homes(env).data, "datasets");
	mkdirSync(folder, { recursive: true });
	const dataset = freeName(folder, "accepted");
	desk.say("gathering what is accepted ...");
	const none = (): void => {
		rmSync(dataset, { recursive: true, force: true });
		const key = desk.keymap.keysOf("mark.accept")[0];
		desk.say(
			`nothing is accepted yet${key === undefined ? "" : `: ${key} in a session accepts its branch`}`,
			"warning",
		);
	};
	if (!store.ids().some((id) => isAccepted(store, id))) {
		none();
		return;
	}
	const sheet = await makeFromSessions({
		store,
		wanted: { ids: [], accepted: true },
		recipe: readRules(RULES, cwd),
		context: ruleContext({ env, cwd, signal: watch.signal }),
		// What a person accepted is in, whatever the rules say, and nothing else is asked for here.
		rules: "none",
		onePerQuestion: false,
		out: dataset,
		nudge,
		now: () => now,
		signal: watch.signal,
		onWarning: (says) => desk.say(says, "warning"),
	});
	const { samples } = sheet.waterfall;
	if (samples === 0) {
		none();
		return;
	}
	desk.open(new TrainSheet(deps, dataset, samples));
}

class TrainSheet extends Confirm {
	override readonly contexts: readonly KeyContext[] = ["training", "confirm", "dialog"];
	readonly #deps: TrainAcceptedDeps;
	readonly #dataset: string;
	readonly #gathered: string;
	#choice: Choice;
	#training: Training | undefined;
	#trouble: string | undefined;
	#answered = false;
	/** Counts plans: only the last one wished for counts. */
	#planning = 0;

	constructor(deps: TrainAcceptedDeps, dataset: string, samples: number) {
		const options: ConfirmOptions & { says: string } = {
			desk: deps.desk,
			title: "Train on what I have accepted",
			says: "",
			yes: "Start it",
			no: "Do not",
			columns: 100,
			done: (yes) => {
				if (yes && this.#training) this.#start(this.#training);
			},
		};
		Object.defineProperty(options, "says", { get: () => this.#words() });
		super(options);
		this.#deps = deps;
		this.#dataset = dataset;
		this.#gathered = `${samples} ${samples === 1 ? "branch is" : "branches are"} accepted`;
		this.#choice = remembered(deps.env);
		void this.#plan();
	}

	#words(): string {
		const { target, recipe } = this.#choice;
		const chosen = `${this.#gathered}. Recipe ${recipe}, on ${target}.`;
		if (this.#trouble !== undefined) return `${chosen}\n\n! ${this.#trouble}`;
		const { says, estimate } = this.#training ?? {};
		if (!says || !estimate) return `${chosen}\n\nwhat it will take is being counted ...`;
		return `${chosen}\n\n${[...says, ...estimate].join("\n")}`;
	}

	async #plan(): Promise<void> {
		const planning = ++this.#planning;
		this.#training = undefined;
		this.#trouble = undefined;
		this.changed();
		const { env, cwd, nudge, watch } = this.#deps;
		const { target, recipe } = this.#choice;
		try {
			const training = await planTraining({
				dataset: this.#dataset,
				recipe: readRecipe(recipeFile(recipe, cwd), []),
				target: targetNamed(target, env),
				nudge,
				cwd,
				env,
				signal: watch.signal,
			});
			if (planning === this.#planning) this.#training = training;
		} catch (error) {
			if (planning === this.#planning) this.#trouble = wordsOf(error);
		}
		if (planning === this.#planning) this.changed();
	}

	protected override show(room: Room): Sheeted {
		const shown = super.show(room);
		return { ...shown, keys: [["training.target", "target"], ["training.recipe", "recipe"], ...shown.keys] };
	}

	can(command: CommandId): boolean {
		return command !== "confirm.yes" || this.#training !== undefined;
	}

	override run(command: CommandId): boolean {
		switch (command) {
			case "training.target":
				this.#chooseTarget();
				return true;
			case "training.recipe":
				this.#chooseRecipe();
				return true;
			default:
				return super.run(command);
		}
	}

	/** Yes means nothing while there is no plan. */
	protected override mayAnswer(yes: boolean): boolean {
		if (!yes) return true;
		if (this.#training) {
			this.#answered = true;
			return true;
		}
		this.desk.say(this.#trouble ?? "what it will take is still being counted", "warning");
		return false;
	}

	/** However it is left without a yes. */
	close(): void {
		if (!this.#answered) rmSync(this.#dataset, { recursive: true, force: true });
	}

	#change(choice: Partial<Choice>): void {
		this.#choice = { ...this.#choice, ...choice };
		void this.#plan();
	}

	#chooseTarget(): void {
		const { env } = this.#deps;
		try {
			choose({
				desk: this.desk,
				title: "Where it runs",
				says: "Targets are named in targets.yaml (docs/targets.md).",
				choices: [...readTargets(env)].map(([name, target]) => ({
					value: name,
					label: name,
					says:
						name === "local"
							? "this machine"
							: "host" in target && target.host
								? `${target.kind}, ${target.host}`
								: target.kind,
				})),
				current: this.#choice.target,
				done: (target) => this.#change({ target }),
			});
		} catch (error) {
			this.desk.say(wordsOf(error), "error");
		}
	}

	#chooseRecipe(): void {
		const known = builtInRecipes();
		const { recipe: current } = this.#choice;
		const names = known.includes(current) ? known : [...known, current];
		choose({
			desk: this.desk,
			title: "Recipe",
			choices: [...names, OTHER].map((value) => ({ value, label: value })),
			current,
			done: (recipe) => {
				if (recipe !== OTHER) this.#change({ recipe });
				else
					askLine({
						desk: this.desk,
						title: "Recipe from a file",
						label: "file",
						check: (text) => {
							try {
								recipeFile(text.trim(), this.#deps.cwd);
								return undefined;
							} catch (error) {
								return wordsOf(error);
							}
						},
						done: (text) => this.#change({ recipe: text.trim() }),
					});
			},
		});
	}

	#start(training: Training): void {
		const { desk, env, watch, showJob } = this.#deps;
		remember(env, this.#choice);
		let made: string | undefined;
		void startTraining(training, {
			env,
			signal: watch.signal,
			onMade: ({ sheet }) => {
				made = sheet.id;
				watch.doing(made, "being started");
				watch.refresh();
				showJob(made);
			},
			onProgress: (says) => {
				if (made !== undefined) watch.doing(made, says);
			},
		})
			.then(
				({ job }) => desk.say(`${job.sheet.id} is started; it goes on when nudge is closed`),
				(error: unknown) => {
					if (!watch.signal.aborted)
						desk.say(
							`${made === undefined ? "no job was made" : `${made} was made and not started`}: ${wordsOf(error)}`,
							"error",
						);
				},
			)
			.finally(() => {
				if (watch.signal.aborted) return;
				if (made !== undefined) watch.doing(made, undefined);
				watch.refresh();
			});
	}
}

/** Whether a person accepted a branch of it; one that cannot be read is told of where sessions are listed. */
function isAccepted(store: SessionStore, id: string): boolean {
	try {
		return store.summary(id)?.mark === "accepted";
	} catch {
		return false;
	}
}

function freeName(folder: string, name: string): string {
	for (let count = 1; ; count++) {
		const free = join(folder, `${name}-${count}`);
		if (!existsSync(free)) return free;
	}
}

const fileOf = (env: NodeJS.ProcessEnv): string => join(jobsHome(env), ".last-choice.json");

function remembered(env: NodeJS.ProcessEnv): Choice {
	try {
		const { target, recipe } = JSON.parse(readFileSync(fileOf(env), "utf8")) as Partial<Choice>;
		return { target: target ?? FIRST.target, recipe: recipe ?? FIRST.recipe };
	} catch {
		return FIRST;
	}
}

function remember(env: NodeJS.ProcessEnv, choice: Choice): void {
	const file = fileOf(env);
	mkdirSync(jobsHome(env), { recursive: true });
	writeFileSync(`${file}.${process.pid}`, `${JSON.stringify(choice)}\n`);
	renameSync(`${file}.${process.pid}`, file);
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
