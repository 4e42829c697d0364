import { describe, expect, it, test } from "vitest";
import { builtInThemes } from "../../../src/tui/theme/built-in.ts";
import { backgroundOf, chooseTheme, depthOf } from "../../../src/tui/theme/choose.ts";

describe("how many colours", () => {
	test.each<[string, NodeJS.ProcessEnv, string]>([
		["nothing said", {}, "none"],
		["a dumb terminal", { TERM: "dumb", COLORTERM: "truecolor" }, "none"],
		["a terminal of letters", { TERM: "vt220" }, "none"],
		["xterm", { TERM: "xterm" }, "16"],
		["the console of Linux", { TERM: "linux" }, "16"],
		["xterm-256color", { TERM: "xterm-256color" }, "256"],
		["tmux", { TERM: "tmux-256color" }, "256"],
		["COLORTERM", { TERM: "xterm-256color", COLORTERM: "truecolor" }, "truecolor"],
		["COLORTERM, the other word", { TERM: "xterm", COLORTERM: "24bit" }, "truecolor"],
		["a COLORTERM that says little", { TERM: "xterm-256color", COLORTERM: "1" }, "256"],
		["a terminal that is known, over ssh", { TERM: "xterm-kitty" }, "truecolor"],
		["a terminal that says so", { TERM: "konsole-direct" }, "truecolor"],
		["NO_COLOR", { TERM: "xterm-256color", COLORTERM: "truecolor", NO_COLOR: "1" }, "none"],
		["NO_COLOR with another value", { TERM: "xterm", NO_COLOR: "0" }, "none"],
		["an empty NO_COLOR", { TERM: "xterm", NO_COLOR: "" }, "16"],
		["FORCE_COLOR 0", { TERM: "xterm-256color", FORCE_COLOR: "0" }, "none"],
		["FORCE_COLOR 1", { TERM: "xterm-256color", FORCE_COLOR: "1" }, "16"],
		["FORCE_COLOR 2", { TERM: "xterm", FORCE_COLOR: "2" }, "256"],
		["FORCE_COLOR 3 against NO_COLOR", { TERM: "xterm", FORCE_COLOR: "3", NO_COLOR: "1" }, "truecolor"],
		["FORCE_COLOR without a number", { FORCE_COLOR: "" }, "16"],
		["FORCE_COLOR true", { TERM: "xterm-256color", FORCE_COLOR: "true", NO_COLOR: "1" }, "256"],
	])("%s", (_, env, depth) => {
		expect(depthOf(env)).toBe(depth);
	});
});

describe("which theme", () => {
	const full = { TERM: "xterm-256color", COLORTERM: "truecolor" };
	const chosen = (
		wanted: string,
		env: NodeJS.ProcessEnv = full,
		background: "dark" | "light" | undefined = undefined,
	): string => {
		const { theme, problem } = chooseTheme({ wanted, env, background, themes: builtInThemes() });
		expect(problem).toBeUndefined();
		return theme.id;
	};

	it("goes by the background where nobody chose", () => {
		expect(chosen("auto", full, "light")).toBe("light");
		expect(chosen("auto", full, "dark")).toBe("dark");
		expect(chosen("auto")).toBe("dark");
	});

	it("goes by COLORFGBG where the terminal did not answer", () => {
		expect(chosen("auto", { ...full, COLORFGBG: "0;15" })).toBe("light");
		expect(chosen("auto", { ...full, COLORFGBG: "0;default;15" })).toBe("light");
		expect(chosen("auto", { ...full, COLORFGBG: "0;15" }, "dark")).toBe("dark");
		expect(
			["15;0", "0;7", "12;8", "0;default", "0;99", ""].map((COLORFGBG) => backgroundOf({ COLORFGBG })),
		).toEqual(["dark", "light", "dark", undefined, undefined, undefined]);
	});

	it("is the user's palette where there are only 16 colours, unless another is wanted", () => {
		expect(chosen("auto", { TERM: "linux" }, "light")).toBe("ansi16");
		expect(chosen("light", { TERM: "linux" })).toBe("light");
	});

	it("is plain without colours, whatever is wanted", () => {
		for (const wanted of ["auto", "dark", "plain"])
			expect(chosen(wanted, { ...full, NO_COLOR: "1" })).toBe("plain");
		expect(chosen("auto", { TERM: "dumb" })).toBe("plain");
		expect(chosen("dark", { ...full, NO_COLOR: "1", FORCE_COLOR: "3" })).toBe("dark");
	});

	it("is the one that is wanted", () => {
		for (const { id } of builtInThemes()) expect(chosen(id)).toBe(id);
	});

	it("says so where there is no such theme, and goes on with another", () => {
		const choice = chooseTheme({ wanted: "ligth", env: full, background: "light", themes: builtInThemes() });
		expect(choice.theme.id).toBe("light");
		expect(choice.problem).toBe(
			'there is no theme "ligth"; there are auto, dark, light, high-contrast, colour-blind, colour-blind-light, ansi16, plain; did you mean light?',
		);
	});
});
