import { expect, it } from "vitest";
import { pathOf } from "../../src/engine/spec.ts";

it("takes a path of the configuration from the folder that nudge runs in, and ~ from the home", () => {
	const at = { cwd: "/maths", env: { HOME: "/home/ada" } };
	expect(["m.gguf", "../m.gguf", "/m.gguf", "~/m.gguf", "~m.gguf"].map((path) => pathOf(path, at))).toEqual([
		"/maths/m.gguf",
		"/m.gguf",
		"/m.gguf",
		"/home/ada/m.gguf",
		"/maths/~m.gguf",
	]);
});
