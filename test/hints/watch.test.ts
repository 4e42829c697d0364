import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { type Diagnostic, type Library, sayDiagnostic } from "../../src/hints/hint.ts";
import { builtInLayer, loadLibrary } from "../../src/hints/library.ts";
import { watchLibrary } from "../../src/hints/watch.ts";
import { folder, hintFile } from "./folders.ts";

/** Watches a folder as the user's layer; `next()` waits for what is told next. */
async function watched(dir: string) {
	const layers = [builtInLayer, { name: "user" as const, dir }];
	const told: (Library | readonly Diagnostic[])[] = [];
	let wake = (): void => {};
	const tell = (what: Library | readonly Diagnostic[]): void => {
		told.push(what);
		wake();
	};
	const watch = watchLibrary({
		layers,
		library: loadLibrary(layers),
		onChange: tell,
		onMistakes: tell,
		debounceMs: 30,
	});
	onTestFinished(() => watch.close());
	await watch.ready;
	const next = async (): Promise<Library | readonly Diagnostic[]> => {
		while (told.length === 0) await new Promise<void>((resolve) => (wake = resolve));
		return told.shift()!;
	};
	return { watch, next };
}

const has = (library: Library | readonly Diagnostic[], id: string): boolean =>
	"hints" in library && library.hints.some((hint) => hint.id === id);

it("an edit counts while a session runs, in a folder that was not there before", async () => {
	const dir = join(folder(), "config", "hints");
	const { watch, next } = await watched(dir);
	mkdirSync(dir, { recursive: true });
	writeFileSync(join(dir, "a.yaml"), hintFile("mine"));
	expect(has(await next(), "mine")).toBe(true);
	expect(has(watch.library, "mine")).toBe(true);
	writeFileSync(join(dir, "b.yaml"), hintFile("other"));
	expect(has(await next(), "other")).toBe(true);
	rmSync(join(dir, "a.yaml"));
	expect(has(await next(), "mine")).toBe(false);
	rmSync(dir, { recursive: true });
	expect(has(await next(), "other")).toBe(false);
	mkdirSync(dir);
	writeFileSync(join(dir, "b.yaml"), hintFile("again"));
	expect(has(await next(), "again")).toBe(true);
	rmSync(dir, { recursive: true });
	mkdirSync(dir);
	writeFileSync(join(dir, "b.yaml"), hintFile("once-more"));
	expect(has(await next(), "once-more")).toBe(true);
	writeFileSync(join(dir, "b.yaml"), hintFile("at-last"));
	expect(has(await next(), "at-last")).toBe(true);
});

it("an editor that renames a new file over the old one is followed", async () => {
	const dir = folder({ "a.yaml": hintFile("one") });
	const { next } = await watched(dir);
	writeFileSync(join(dir, ".a.yaml.swp"), hintFile("two"));
	renameSync(join(dir, ".a.yaml.swp"), join(dir, "a.yaml"));
	const library = await next();
	expect([has(library, "one"), has(library, "two")]).toEqual([false, true]);
});

it("a broken edit is told and leaves the last good library in force, until it is mended", async () => {
	const dir = folder({ "a.yaml": hintFile("one") });
	const { watch, next } = await watched(dir);
	writeFileSync(join(dir, "a.yaml"), hintFile("one", "    weight: heavy\n"));
	const problems = (await next()) as readonly Diagnostic[];
	expect(problems.map(sayDiagnostic)).toEqual([
		`${join(dir, "a.yaml")}:8:13: weight takes a number, not a text`,
	]);
	expect(watch.library.hints.find((hint) => hint.id === "one")?.weight).toBe(1);
	writeFileSync(join(dir, "a.yaml"), hintFile("one"));
	expect(has(await next(), "one")).toBe(true);
});

it("after it is closed nothing is told any more", async () => {
	const dir = folder({ "a.yaml": hintFile("one") });
	const { watch } = await watched(dir);
	await watch.close();
	writeFileSync(join(dir, "a.yaml"), hintFile("two"));
	await new Promise((resolve) => setTimeout(resolve, 120));
	expect(has(watch.library, "two")).toBe(false);
});
