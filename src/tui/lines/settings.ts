/** The settings of a run in words: told, and changed one by one within the same limits as anywhere. */
import { mistakeInValue, RUN_SPECS, type RunSpec } from "../views/run-settings.ts";
import type { Choices } from "../views/start/choices.ts";

/** However short a moment for a veto is set: what is proposed has to be heard first. */
export const LEAST_VETO_MS = 10_000;

/** None stays none. */
export function heardVetoMs(vetoMs: number): number {
	return vetoMs > 0 ? Math.max(vetoMs, LEAST_VETO_MS) : 0;
}

const nameOf = ({ label }: RunSpec): string => label.replace(/ \(.*/, "").toLowerCase();
const shownOf = ({ key }: RunSpec, choices: Choices): string => String(choices[key] ?? "none");

export function settingsSay(choices: Choices): string {
	return [
		...RUN_SPECS.map((spec) => settingSays(spec, choices)),
		"settings with a name and a value changes one, from the next trace on: settings seed 7.",
	].join("\n");
}

function settingSays(spec: RunSpec, choices: Choices): string {
	return `${nameOf(spec)} ${shownOf(spec, choices)}: ${spec.says}.`;
}

/** Of those that were changed alone. */
export function changedSays(changes: Partial<Choices>, choices: Choices): string {
	return RUN_SPECS.filter(({ key }) => key in changes)
		.map((spec) => settingSays(spec, choices))
		.join("\n");
}

/** "seed 7". What it changes, or what is wrong with it. */
export function settingBy(
	said: string,
): { readonly changes: Partial<Choices> } | { readonly mistake: string } {
	const [, name = "", value = ""] = /^(\S+|python calls)\s*(.*)$/i.exec(said.trim()) ?? [];
	const spec = RUN_SPECS.find((one) => nameOf(one) === name.toLowerCase() || one.key === name);
	if (!spec) {
		return { mistake: `there is no setting "${name}": there are ${RUN_SPECS.map(nameOf).join(", ")}` };
	}
	const text = /^none$/i.test(value) && spec.optional ? "" : value;
	if (text === "" && value === "") return { mistake: `say settings ${nameOf(spec)} and a value` };
	const mistake = mistakeInValue(spec, text);
	if (mistake !== undefined) return { mistake };
	return { changes: { [spec.key]: text === "" ? undefined : Number(text) } };
}
