import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { type MARKER_KINDS, sayDiagnostic } from "../../src/hints/hint.ts";
import { hintFiles, readLayer } from "../../src/hints/layer.ts";
import {
	builtInLayer,
	dialectNamed,
	libraryLayers,
	loadDialects,
	loadLibrary,
	openLibrary,
	soleLayers,
} from "../../src/hints/library.ts";
import { render } from "../../src/hints/render.ts";
import { Scanner } from "../../src/hints/scanner.ts";
import type { Problem } from "../../src/trace/events.ts";
import { folder, hintFile } from "./folders.ts";

/** What is wrong with one file, as `line:column: what`. */
function wrong(text: string, name = "a.yaml"): string[] {
	const dir = folder({ [name]: text });
	return readLayer("project", [join(dir, name)])
		.problems.map(sayDiagnostic)
		.map((line) => line.slice(join(dir, name).length + 1));
}

describe("a mistake is told with its line and column:", () => {
	it("a misspelt field, with those that there are", () => {
		expect(
			wrong(
				"hints:\n  - id: a\n    kind: b\n    domain: math\n    marker: [after-word]\n    wordings: [x]\n",
			),
		).toEqual([
			`2:5: the field "markers" is missing`,
			`5:5: unknown field "marker"; allowed are id, kind, domain, markers, weight, opens, wordings, template, frames, note; did you mean markers?`,
		]);
	});

	it("a marker that is none", () => {
		expect(
			wrong(
				"hints:\n  - id: a\n    kind: b\n    domain: math\n    markers:\n      - after-word\n      - at-end\n    wordings: [x]\n",
			),
		).toEqual([`7:9: "at-end" is not allowed in markers; allowed are after-word, before-code, before-end`]);
	});

	it.each([
		["an id with a capital", hintFile("Check"), /^2:9: "Check" is no id\. .*lower case letters/],
		[
			"no wordings",
			"hints:\n  - id: a\n    kind: b\n    domain: math\n    markers: [after-word]\n    wordings: []\n",
			/^6:15: wordings is empty; it takes at least 1$/,
		],
		["an empty wording", hintFile("a", '      - ""\n'), /^8:9: an empty text in wordings$/],
		[
			"a wording that is a number",
			hintFile("a", "      - 5\n"),
			/^8:9: wordings takes a text, not a number$/,
		],
		[
			"a wording with a full stop",
			hintFile("a", "      - let me check this.\n"),
			/^8:9: the wording ends in "\."; the frame brings the full stop/,
		],
		[
			"a wording with a capital",
			hintFile("a", "      - Let me check this\n"),
			/^8:9: warning: the wording begins with a capital/,
		],
		["a wording of two lines", hintFile("a", '      - "let me\\ncheck"\n'), /^8:9: a wording is one line/],
		[
			"a wording twice",
			hintFile("a", "      - maybe I can use Python to check this\n"),
			/^8:9: warning: this wording stands here twice/,
		],
		[
			"a weight below nothing",
			hintFile("a", "    weight: -1\n"),
			/^8:13: weight takes a number of at least 0, not -1$/,
		],
		["a weight in words", hintFile("a", "    weight: much\n"), /^8:13: weight takes a number, not a text$/],
		[
			"an unknown domain",
			hintFile("a").replace("math", "maths"),
			/^4:13: "maths" is not allowed in domain; allowed are math, code, science, any$/,
		],
		["hints that are no list", "hints:\n  id: a\n", /^2:3: hints takes a list, not a group of fields$/],
		["a file that is a list", "- id: a\n", /^1:1: the file takes a group of fields, not a list$/],
		[
			"an unknown field of the file",
			"hint: []\n",
			/^1:1: unknown field "hint"; allowed are frames, hints; did you mean hints\?$/,
		],
		[
			"a template without a block",
			hintFile("a", '    opens: none\n    template: "x\\n"\n'),
			/^9:15: a template is the beginning of code, and this hint opens none/,
		],
		[
			"a template without a newline",
			hintFile("a", "    template: x\n"),
			/^8:15: a template has to end in a newline/,
		],
		[
			"a template that closes its block",
			hintFile("a", "    template: |\n      x\n      ```\n"),
			/^8:15: a line of the template is a fence/,
		],
		[
			"a template that asks for what is not there",
			hintFile("a", "    template: |\n      {{tests}}\n"),
			/^8:15: unknown \{\{tests\}\}; a template has \{\{program_examples\}\}/,
		],
		["a frame without its wording", "frames:\n  after-word: no\n", /^2:15: a frame needs \{\{wording\}\}/],
		[
			"a frame with an unknown field",
			"frames:\n  after-word: '{{wording}} {{word}}'\n",
			/^2:15: unknown \{\{word\}\}; a frame has/,
		],
		[
			"a frame that opens code in a line",
			"frames:\n  after-word: '{{wording}}: {{open}}'\n",
			/^2:15: \{\{open\}\} has to begin a line/,
		],
		[
			"disabled: false",
			"hints:\n  - id: a\n    disabled: false\n",
			/^3:15: disabled can only be true, not false$/,
		],
		["YAML that does not parse", "hints:\n  - id: [a\n", /^\d+:\d+: /],
		["a tab as indentation", "hints:\n\t- id: a\n", /^2:1: /],
		["a key twice", "hints: []\nhints: []\n", /^2:1: Map keys must be unique/],
	])("%s", (_, text, expected) => {
		const found = wrong(text);
		expect(found[0]).toMatch(expected);
		expect(found).toHaveLength(1);
	});

	it("an id a second time, with the place of the first", () => {
		const dir = folder({
			"a.yaml": hintFile("one"),
			"b.yaml": hintFile("two") + hintFile("one").replace("hints:\n", ""),
		});
		expect(readLayer("project", hintFiles(dir)).problems.map(sayDiagnostic)).toEqual([
			`${join(dir, "b.yaml")}:8:9: the hint "one" is here a second time; the first is at ${join(dir, "a.yaml")}:2`,
		]);
	});

	it("a file that cannot be read", () => {
		expect(readLayer("project", ["/nowhere/a.yaml"]).problems[0]?.message).toMatch(/cannot be read: ENOENT/);
	});

	it("a dialect that the scanner cannot follow", () => {
		const good = `dialects:\n  - {id: a, codeOpen: "<code>", codeClose: "</code>", languages: [], outputOpen: "<o>\\n", outputClose: "</o>\\n", callsUsedUp: ""}\n`;
		expect(wrong(good, "dialects.yaml")).toEqual([]);
		expect(wrong(good.replace("</code>", "<<"), "dialects.yaml")[0]).toMatch(
			/^2:5: fence dialect a: .* neither a run/,
		);
		expect(wrong(good.replace('"<code>"', "code"), "dialects.yaml")[0]).toMatch(
			/^2:23: "code" is no codeOpen\. The line that opens/,
		);
	});
});

it("a broken hint is left out, its neighbours are not", () => {
	const dir = folder({
		"a.yaml": hintFile("good") + hintFile("bad", "    wieght: 2\n").replace("hints:\n", ""),
		"b.yaml": "hints: [\n",
		"c.yaml": hintFile("other"),
	});
	const read = readLayer("user", hintFiles(dir));
	expect(read.hints.map((hint) => hint.id)).toEqual(["good", "other"]);
	expect(read.problems).toHaveLength(2);
});

it("a hint that is there twice counts once", () => {
	const dir = folder({ "a.yaml": hintFile("one"), "b.yaml": hintFile("one") });
	expect(readLayer("user", hintFiles(dir)).hints).toHaveLength(1);
});

it("the schemas are schemas", () => {
	for (const name of ["hints", "dialects"]) {
		const schema = JSON.parse(readFileSync(join(builtInLayer.dir, `${name}.schema.json`), "utf8"));
		expect(new Ajv2020().validateSchema(schema)).toBe(true);
		expect(schema.$id).toBe(`${name}.schema.json`);
	}
});

describe("layers", () => {
	const layer = (dir: string, name: "user" | "project" = "user") => ({ name, dir });

	it("override hint by hint, the hint as a whole", () => {
		const user = folder({ "mine.yaml": hintFile("logic-check") });
		const library = loadLibrary([builtInLayer, layer(user)]);
		const hint = library.hints.find((one) => one.id === "logic-check");
		expect(hint?.origin).toEqual({ layer: "user", file: join(user, "mine.yaml"), line: 2 });
		expect(hint?.kind).toBe("check");
		expect(hint?.note).toBeUndefined();
		expect(library.hints).toHaveLength(loadLibrary([builtInLayer]).hints.length);
		expect(library.problems).toEqual([]);
	});

	it("disable hints, and say so where there is nothing to disable", () => {
		const project = folder({
			"a.yaml": "hints:\n  - {id: logic-check, disabled: true}\n  - {id: logik, disabled: true}\n",
		});
		const library = loadLibrary([builtInLayer, layer(project, "project")]);
		expect(library.hints.map((hint) => hint.id)).not.toContain("logic-check");
		expect(library.problems.map(sayDiagnostic)).toEqual([
			`${join(project, "a.yaml")}:3:1: warning: no earlier layer has a hint "logik": there is nothing to disable`,
		]);
	});

	it("replace a frame and a dialect one by one", () => {
		const user = folder({
			"frames.yaml": 'frames:\n  before-end: "{{newline}}Hmm. {{wording}}.\\n{{open}}"\n',
			"dialects.yaml": `dialects:\n  - {id: mine, codeOpen: "~~~py", codeClose: "~~~", languages: [], outputOpen: "~~~out\\n", outputClose: "~~~\\n", callsUsedUp: ""}\n`,
		});
		const library = loadLibrary([builtInLayer, layer(user)]);
		expect(library.frames["before-end"]).toMatch(/Hmm/);
		expect(library.frames["after-word"]).toBe(loadLibrary([builtInLayer]).frames["after-word"]);
		expect([...library.dialects.keys()]).toContain("mine");
		expect([...library.dialects.keys()]).toContain("qwen");
	});

	it("are nudge's, the user's, and the project's of the nearest folder upward", () => {
		const root = folder({ ".nudge/hints/a.yaml": hintFile("a"), "deep/er/x": "" });
		const layers = libraryLayers({ env: { NUDGE_HOME: join(root, "home") }, cwd: join(root, "deep/er") });
		expect(layers.map((one) => [one.name, one.dir])).toEqual([
			["built-in", builtInLayer.dir],
			["user", join(root, "home/config/hints")],
			["project", join(root, ".nudge/hints")],
		]);
		expect(loadLibrary(layers).hints.at(-1)?.id).toBe("a");
	});

	it("with mistakes are refused where a run begins, every mistake named", () => {
		const user = folder({ "a.yaml": hintFile("a", "    weight: -1\n") });
		expect(() => openLibrary([builtInLayer, layer(user)])).toThrow(/a\.yaml:8:13: weight takes/);
		expect(openLibrary([builtInLayer, layer(folder())]).problems).toEqual([]);
	});

	it("without any frame are refused", () => {
		expect(() => loadLibrary([layer(folder({ "a.yaml": hintFile("a") }))])).toThrow(
			/no layer .* frame for after-word/,
		);
	});
});

describe("a library by itself", () => {
	it("has the hints of one folder or file and no others, with nudge's frames and dialects", () => {
		const dir = folder({ "mine.yaml": hintFile("mine"), "more.yaml": hintFile("more") });
		const whole = openLibrary(soleLayers(dir));
		expect(whole.hints.map(({ id }) => id)).toEqual(["mine", "more"]);
		const own = openLibrary([builtInLayer]);
		expect(whole.frames).toEqual(own.frames);
		expect([...whole.dialects.keys()]).toEqual([...own.dialects.keys()]);
		expect(openLibrary(soleLayers(join(dir, "more.yaml"))).hints.map(({ id }) => id)).toEqual(["more"]);
	});

	it("says what is no library", () => {
		const dir = folder({ "notes.txt": "hints:", "frames.yaml": "frames:\n  before-end: x\n" });
		expect(() => soleLayers(join(dir, "nowhere"))).toThrow("there is no hint library");
		expect(() => soleLayers(join(dir, "notes.txt"))).toThrow("their names end in .yaml");
		expect(() => soleLayers(folder())).toThrow("holds no .yaml files");
		expect(() => soleLayers(folder({ "none.yaml": "hints: []\n" }))).toThrow("holds no hint");
		const wrong = soleLayers(folder({ "wrong.yaml": "hints: [{ id: 3 }]\n" }));
		expect(() => openLibrary(wrong)).toThrow("the hints have mistakes");
	});
});

describe("dialects", () => {
	it("are found by id, and what is asked for in vain is told with those there are", () => {
		const dialects = loadDialects();
		expect(dialectNamed(dialects).id).toBe("qwen");
		expect(dialectNamed(dialects, "retool").codeOpen).toBe("<code>\n```python");
		expect(() => dialectNamed(dialects, "quen")).toThrow(/there is no dialect "quen"; there are qwen, tora/);
	});

	it("have the notice that nudge-tiny knows", () => {
		expect(dialectNamed(loadDialects()).callsUsedUp).toBe("[No Python calls are left. Finish in words.]\n");
	});

	it("all read back: code opened, run and answered leaves prose", () => {
		for (const dialect of loadDialects().values()) {
			const scanner = new Scanner({ words: ["Wait"], dialect });
			const text = `So.\n${dialect.codeOpen}\nprint(1)\n${dialect.codeClose}\n${dialect.outputOpen}Wait\n${dialect.outputClose}${dialect.callsUsedUp}Wait, no`;
			const events = scanner.push(text);
			expect(events.filter((event) => event.type === "word").map((event) => event.at)).toEqual([
				text.length - 4,
			]);
			expect(events.filter((event) => event.type === "fence-close" && event.runnable)).toMatchObject([
				{ code: "print(1)\n" },
			]);
			expect(scanner.open).toBeUndefined();
		}
	});
});

describe("nudge's own hints", () => {
	const library = loadLibrary([builtInLayer]);
	const examples: Problem = {
		id: "p",
		domain: "code",
		problem: "The input 2 3 gives 5.\n>>> add(2, 3)\n5\n",
		tests: [{ input: "2 3\n", output: "5\n" }],
	};

	it("have no mistakes, and name their schema in their first line", () => {
		expect(library.problems).toEqual([]);
		for (const file of hintFiles(builtInLayer.dir)) {
			const schema = file.endsWith("dialects.yaml") ? "dialects" : "hints";
			expect(readFileSync(file, "utf8").split("\n")[0]).toBe(
				`# yaml-language-server: $schema=./${schema}.schema.json`,
			);
		}
	});

	it("have the six functions of the paper for mathematics, each opening code", () => {
		const math = library.hints.filter((hint) => hint.domain === "math");
		expect(math.map((hint) => hint.id)).toEqual([
			"complex-calculation",
			"self-reflection",
			"logic-check",
			"alternative-method",
			"general-tool-use",
			"deep-thinking",
		]);
		expect(math.every((hint) => hint.opens === "code")).toBe(true);
	});

	it("have eight wordings and more, and none of them twice in a domain", () => {
		for (const hint of library.hints) expect(hint.wordings.length, hint.id).toBeGreaterThanOrEqual(8);
		const all = library.hints
			.filter((hint) => hint.id !== "debug-functions")
			.flatMap((hint) => hint.wordings.map((wording) => `${hint.domain} ${wording}`));
		expect(all).toHaveLength(new Set(all).size);
	});

	it("follow the frame contract that nudge-tiny was trained on", () => {
		const dialect = dialectNamed(library.dialects);
		const hint = library.hints.find((one) => one.id === "self-reflection")!;
		const text = (marker: (typeof MARKER_KINDS)[number], before: string) =>
			render(hint, { marker, before, wordingIndex: 0, dialect, frames: library.frames })?.text;
		const says = "maybe I can use Python to check this";
		expect(text("after-word", "So 5. Wait")).toBe(`, ${says}.\n\`\`\`python\n`);
		expect(text("before-end", "So 5.\n")).toBe(`Wait, ${says}.\n\`\`\`python\n`);
		expect(text("before-end", "So 5.")).toBe(`\nWait, ${says}.\n\`\`\`python\n`);
		expect(text("before-end", "")).toBe(`Wait, ${says}.\n\`\`\`python\n`);
		const words = library.hints.find((one) => one.opens === "none")!;
		expect(
			render(words, {
				marker: "before-end",
				before: "So.\n",
				wordingIndex: 1,
				dialect,
				frames: library.frames,
			}),
		).toEqual({ wording: words.wordings[1], text: `Wait, ${words.wordings[1]}.\n` });
	});

	it("leave the scanner where they should, in every wording at every marker in every dialect", () => {
		let rendered = 0;
		for (const dialect of library.dialects.values()) {
			for (const hint of library.hints) {
				for (const marker of hint.markers) {
					for (const [wordingIndex, wording] of hint.wordings.entries()) {
						const before = marker === "after-word" ? "So 5. Wait" : "So 5.";
						const made = render(hint, {
							marker,
							before,
							wordingIndex,
							dialect,
							problem: examples,
							frames: library.frames,
						});
						expect(made?.wording).toBe(wording);
						const scanner = new Scanner({ words: [], dialect });
						scanner.push(before + made!.text);
						expect(scanner.settled).toBe(before.length + made!.text.length);
						expect(scanner.open?.runnable, `${dialect.id} ${hint.id} ${marker}`).toBe(
							hint.opens === "code" ? true : undefined,
						);
						rendered++;
					}
				}
			}
		}
		expect(rendered).toBeGreaterThan(1000);
	});
});
