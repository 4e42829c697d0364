import { expect, test } from "vitest";
import { type Command, UsageError } from "../../src/commands/command.ts";
import { commandHelp } from "../../src/commands/help.ts";
import { descend, parse } from "../../src/commands/parse.ts";
import { nearest } from "../../src/hints/nearest.ts";

const command: Command = {
	summary: "a command",
	positionals: [
		{ name: "ID", says: "which one" },
		{ name: "MORE", says: "others", optional: true, many: true },
	],
	options: [
		{ name: "format", value: "FORMAT", choices: ["sample", "markdown"], says: "how" },
		{ name: "json", says: "as JSON" },
		{ name: "tag", value: "TAG", many: true, says: "which tags" },
	],
};
const group: Command = { summary: "a group", subcommands: { show: command } };

test("words become arguments and options", () => {
	const { args, options } = parse("show", command, [
		"a",
		"--format",
		"sample",
		"b",
		"--json",
		"--tag=x",
		"--tag",
		"y",
	]);
	expect(args).toEqual(["a", "b"]);
	expect({ ...options }).toEqual({ format: "sample", json: true, tag: ["x", "y"] });
});

test.each([
	[["--jsn", "a"], "no option --jsn; did you mean --json?"],
	[["a", "--format"], "--format needs a value: --format FORMAT"],
	[["a", "--format", "smaple"], 'takes sample, markdown, not "smaple"; did you mean sample?'],
	[["a", "--json=1"], "--json takes no value"],
	[[], "needs ID: which one"],
])("%j is refused in words that help", (words, says) => {
	expect(() => parse("show", command, words as string[])).toThrow(says as string);
	expect(() => parse("show", command, words as string[])).toThrow(UsageError);
});

test("a subcommand is found by name, and a wrong one is answered with those there are", () => {
	expect(descend("group", group, ["show", "a"])).toMatchObject({ path: "group show", rest: ["a"] });
	expect(() => descend("group", group, ["shwo"])).toThrow("it has show; did you mean show?");
	expect(() => descend("group", group, ["__proto__"])).toThrow(UsageError);
});

test("the nearest name is offered only when it is near", () => {
	expect(nearest("sesions", ["sessions", "run"])).toBe("; did you mean sessions?");
	expect(nearest("ru", ["sessions", "run"])).toBe("; did you mean run?");
	expect(nearest("entirely", ["sessions", "run"])).toBe("");
});

test("help names every option and argument", () => {
	const help = commandHelp("show", command);
	for (const word of ["ID", "[MORE...]", "--format sample|markdown", "--json", "--tag TAG", "--help, -h"])
		expect(help).toContain(word);
});
