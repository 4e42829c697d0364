/** Which theme is drawn, and in how many colours, where the user, the environment and the terminal each have a say. */
import { nearest } from "../../hints/nearest.ts";
import type { Depth } from "./colour.ts";
import type { Theme } from "./theme.ts";

/**
 * How many colours the terminal shows. FORCE_COLOR (0 to 3) decides before NO_COLOR (https://no-color.org: any value
 * that is not empty), and that before what COLORTERM and TERM say of the terminal.
 */
export function depthOf(env: NodeJS.ProcessEnv): Depth {
	const told = TOLD[env.FORCE_COLOR ?? "unset"];
	if (told === "none") return told;
	if (told === undefined && env.FORCE_COLOR === undefined && env.NO_COLOR) return "none";
	const found = depthOfTerminal(env);
	// FORCE_COLOR without a number, or with another word, only says that there shall be some.
	if (env.FORCE_COLOR !== undefined) return told ?? (found === "none" ? "16" : found);
	return found;
}

const TOLD: Readonly<Record<string, Depth>> = {
	"0": "none",
	false: "none",
	"1": "16",
	"2": "256",
	"3": "truecolor",
};

function depthOfTerminal(env: NodeJS.ProcessEnv): Depth {
	const term = env.TERM ?? "";
	if (term === "" || term === "dumb" || /^vt\d/.test(term)) return "none";
	if (/^(truecolor|24bit)$/i.test(env.COLORTERM ?? "")) return "truecolor";
	// Over ssh COLORTERM stays behind, TERM does not.
	if (/-(direct|truecolor)$|^(xterm-kitty|xterm-ghostty|alacritty|wezterm|foot)(-|$)/.test(term))
		return "truecolor";
	return /-256(color)?$/.test(term) ? "256" : "16";
}

export type Choice = {
	readonly theme: Theme;
	/** Why it is another than the one that was wanted. */
	readonly problem?: string;
};

/**
 * The theme that is wanted by its id; "auto": by what the terminal shows. Without colours it is always `plain`: a theme
 * says which colours, NO_COLOR says whether. `background` is what the terminal answered, where it did.
 */
export function chooseTheme(options: {
	readonly wanted: string;
	readonly env: NodeJS.ProcessEnv;
	readonly background: "dark" | "light" | undefined;
	readonly themes: readonly Theme[];
}): Choice {
	const { wanted, env, themes } = options;
	const depth = depthOf(env);
	const byItself = (): Theme => {
		const background = options.background ?? backgroundOf(env) ?? "dark";
		const id = depth === "none" ? "plain" : depth === "16" ? "ansi16" : background;
		return themes.find((theme) => theme.id === id) ?? { id, name: id, kind: "any", styles: {} };
	};
	if (wanted === "auto") return { theme: byItself() };
	const theme = themes.find(({ id }) => id === wanted);
	if (theme) return { theme: depth === "none" ? byItself() : theme };
	const ids = themes.map(({ id }) => id);
	return {
		theme: byItself(),
		problem: `there is no theme "${wanted}"; there are auto, ${ids.join(", ")}${nearest(wanted, ["auto", ...ids])}`,
	};
}

/** COLORFGBG as rxvt, Konsole and others set it: "15;0", with the background last; 7 and 9 to 15 are light. */
export function backgroundOf(env: NodeJS.ProcessEnv): "dark" | "light" | undefined {
	const last = env.COLORFGBG?.split(";").at(-1);
	if (last === undefined || !/^\d{1,2}$/.test(last)) return undefined;
	const index = Number(last);
	return index > 15 ? undefined : index === 7 || index > 8 ? "light" : "dark";
}
