import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { WholeFile } from "../../src/trace/export.ts";
import { freshFolder } from "./folder.ts";

test("a file is replaced when it is kept, and left as it was when it is dropped", () => {
	const folder = freshFolder();
	const file = join(folder, "out.txt");
	writeFileSync(file, "before");
	const dropped = new WholeFile(file);
	dropped.write("half");
	expect(readFileSync(file, "utf8")).toBe("before");
	dropped.drop();
	expect(readFileSync(file, "utf8")).toBe("before");
	expect(readdirSync(folder)).toEqual(["out.txt"]);
	const kept = new WholeFile(file);
	kept.write("wh");
	kept.write(Buffer.from("ole"));
	kept.keep();
	expect(readFileSync(file, "utf8")).toBe("whole");
	expect(readdirSync(folder)).toEqual(["out.txt"]);
});

test("a file that cannot be opened is said by the system's own words", () => {
	expect(() => new WholeFile(join(freshFolder(), "no", "such", "file"))).toThrow(/ENOENT/);
});
