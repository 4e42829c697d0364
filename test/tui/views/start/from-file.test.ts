import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { mistakeIn } from "../../../../src/tui/views/start/choose-engine.ts";
import { problemText } from "../../../../src/tui/views/start/from-file.ts";

let cwd: string;
beforeAll(() => {
	cwd = mkdtempSync(join(tmpdir(), "nudge-from-"));
	writeFileSync(join(cwd, "good.md"), "\ufeffWhat is\n  2 + 2?\n\n");
	writeFileSync(join(cwd, "empty.txt"), " \n");
	writeFileSync(join(cwd, "binary"), Buffer.from([1, 0, 2]));
	writeFileSync(join(cwd, "large.txt"), "x".repeat(2 ** 20 + 1));
	writeFileSync(join(cwd, "set.jsonl"), '{"id":"a","domain":"math","problem":"A?"}\n');
	writeFileSync(join(cwd, "model.gguf"), "");
	mkdirSync(join(cwd, "folder"));
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

test("a file's text is the problem, without what only ends it", () => {
	expect(problemText(" good.md ", cwd)).toEqual({ text: "What is\n  2 + 2?" });
});

test.each([
	["", "Nothing is written."],
	["absent.txt", "There is no file"],
	["folder", "is not a file"],
	["empty.txt", "is empty"],
	["binary", "is no text"],
	["large.txt", "more than 1 MiB"],
	["set.jsonl", "is a problem set"],
	["x".repeat(5000), "cannot be read: ENAMETOOLONG"],
	["a\0b", "cannot be read"],
])("%j is refused: %s", (path, why) => {
	expect(problemText(path, cwd)).toEqual({ mistake: expect.stringContaining(why) });
});

test.each([
	["embedded", undefined],
	["lab", undefined],
	["model.gguf", undefined],
	["embedded:model.gguf", undefined],
	["llama-server:http://127.0.0.1:8080", undefined],
	["ollama:qwen3", undefined],
	["  ", "Nothing is written."],
	["absent.gguf", "There is no file"],
	["llama-server:8080", "needs the URL"],
	["https//x", "none of the known forms"],
])("as an engine, %j is wrong as: %s", (spec, why) => {
	const mistake = mistakeIn(spec, [{ name: "lab", says: "" }], cwd);
	if (why === undefined) expect(mistake).toBeUndefined();
	else {
		expect(mistake).toContain(why);
		expect(mistake).not.toContain("\n");
	}
});
