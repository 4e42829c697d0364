/** What changes the settings of a run from the start page: the engine, the policy, the numbers. */
import type { Desk } from "../../view.ts";
import { choose } from "../choose.ts";
import { runSettings } from "../run-settings.ts";
import type { Choices, SettingsCommand } from "./choices.ts";
import { chooseEngine, type EngineChoice } from "./choose-engine.ts";

export type SettingsDeps = {
	readonly desk: Desk;
	readonly cwd: string;
	choices(): Choices;
	/** Throws what is wrong with the changes. */
	change(changes: Partial<Choices>): void;
	engines(): readonly EngineChoice[];
};

const POLICIES = [
	{ value: "auto", label: "auto", says: "they go in where the library says; you can veto or undo each" },
	{ value: "ask", label: "ask", says: "each one waits until you insert, change or veto it" },
	{ value: "off", label: "off", says: "the model thinks alone; you can still insert hints by hand" },
] as const;

export function changeSettings(command: SettingsCommand, deps: SettingsDeps): void {
	const { desk, cwd } = deps;
	const choices = deps.choices();
	switch (command) {
		case "start.engine":
			chooseEngine({
				desk,
				engines: deps.engines(),
				current: choices.engine,
				cwd,
				change: (engine) => deps.change({ engine }),
			});
			return;
		case "start.policy":
			choose<Choices["mode"]>({
				desk,
				title: "Policy",
				says: "Whether hints go into the thinking by themselves.",
				choices: POLICIES,
				current: choices.mode,
				done: (mode) => {
					try {
						deps.change({ mode });
					} catch (error) {
						desk.say((error as Error).message, "error");
					}
				},
			});
			return;
		case "start.settings": {
			const { maxSeconds, ...values } = choices;
			runSettings({
				desk,
				values: { ...values, ...(maxSeconds === undefined ? {} : { maxSeconds }) },
				// Left empty, the limit goes.
				done: (changed) => deps.change({ ...changed, maxSeconds: changed.maxSeconds }),
			});
		}
	}
}
