import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { watchThemes } from "../../../src/tui/theme/watch.ts";
import { folder } from "../../hints/folders.ts";

/** What is told, one after the other: ids with the colour of their hints, or mistakes. */
async function watched(home: string) {
	const told: string[] = [];
	let wake = (): void => {};
	const tell = (what: string): void => {
		told.push(what);
		wake();
	};
	const watch = watchThemes({
		env: { NUDGE_HOME: home },
		onChange: (themes) => tell(says(themes)),
		onMistakes: (problems) => tell(`${problems.length} mistakes`),
		debounceMs: 30,
	});
	onTestFinished(() => watch.close());
	await watch.ready;
	const next = async (): Promise<string> => {
		while (told.length === 0) await new Promise<void>((resolve) => (wake = resolve));
		return told.shift()!;
	};
	return { next, now: () => says(watch.themes) };
}

const says = (themes: ReturnType<typeof watchThemes>["themes"]): string =>
	themes
		.slice(7)
		.map(({ id, styles }) => `${id} ${styles.hint?.fg}`)
		.join(", ");

const theme = (fg: string): string =>
	`{ "name": "Mine", "extends": "dark", "styles": { "hint": { "fg": "${fg}" } } }`;

it("an edit of a theme is seen at once, in a folder that was not there before", async () => {
	const home = folder();
	const { next, now } = await watched(home);
	const dir = join(home, "config", "themes");
	mkdirSync(dir, { recursive: true });
	writeFileSync(join(dir, "mine.json"), theme("red"));
	expect(await next()).toBe("mine red");
	writeFileSync(join(dir, "mine.json"), theme("blue"));
	expect(await next()).toBe("mine blue");
	expect(now()).toBe("mine blue");
	rmSync(join(dir, "mine.json"));
	expect(await next()).toBe("");
});

it("an edit with a mistake leaves the theme as it was, and another theme can change meanwhile", async () => {
	const dir = join("config", "themes");
	const home = folder({ [join(dir, "a.json")]: theme("red"), [join(dir, "b.json")]: theme("red") });
	const { next, now } = await watched(home);
	writeFileSync(join(home, dir, "a.json"), theme("no colour"));
	expect(await next()).toBe("1 mistakes");
	expect(now()).toBe("a red, b red");
	writeFileSync(join(home, dir, "b.json"), theme("blue"));
	expect(await next()).toBe("a red, b blue");
	writeFileSync(join(home, dir, "a.json"), theme("green"));
	expect(await next()).toBe("a green, b blue");
	expect(await next()).toBe("0 mistakes");
});
