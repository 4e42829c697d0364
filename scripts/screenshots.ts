/**
 * Makes the pictures of README and docs: runs the real program in a real pty, presses the keys, reads its screen through
 * an emulator and draws the emulator's cells as SVG (svg.ts). `npm run screenshots` makes them all; with names, those.
 */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { homes } from "../src/trace/home.ts";
import { ended, type Home, start } from "../test/e2e/program.ts";
import { openScreen, type Screen } from "../test/e2e/screen.ts";
import { DARK, LIGHT, svgOf } from "./svg.ts";

const folder = fileURLToPath(new URL("../docs/img/", import.meta.url));

type Picture = {
	readonly name: string;
	readonly columns: number;
	readonly rows: number;
	readonly args: readonly string[];
	readonly env?: NodeJS.ProcessEnv;
	readonly light?: boolean;
	/** Has run before it: something to look at. */
	readonly before?: readonly (readonly string[])[];
	/** Runs beside it from the beginning: something to watch. */
	readonly beside?: readonly string[];
	/** Leads to what is to be seen. */
	readonly to: (screen: Screen) => Promise<void>;
	/** It never comes to rest. */
	readonly moves?: boolean;
	/** Only as far down as something stands. */
	readonly trimmed?: boolean;
};

const ENDED = "= correct - answer 110968";

const PICTURES: readonly Picture[] = [
	{
		name: "session",
		columns: 132,
		rows: 38,
		args: ["open", "--id", "first", "--hints", "ask"],
		to: async (screen) => {
			await screen.until("? hint after");
			screen.press("i");
			await screen.until("? hint before end");
			await screen.until("[block 1: ok");
		},
	},
	{
		name: "ended",
		columns: 132,
		rows: 38,
		args: ["open", "--id", "first", "--veto-ms", "0"],
		to: async (screen) => screen.until(ENDED),
	},
	{
		name: "start",
		columns: 120,
		rows: 32,
		args: ["open"],
		to: async (screen) => {
			await screen.until("nudge-tiny is ready");
			await screen.until("Python is ready");
		},
	},
	{
		name: "hints",
		columns: 120,
		rows: 32,
		args: ["open", "--id", "first", "--hints", "ask"],
		to: async (screen) => {
			await screen.until("? hint after");
			screen.press("h");
			await screen.until("goes in");
			screen.type("wrong");
			await screen.until("1 of ");
		},
	},
	{
		name: "branches",
		columns: 132,
		rows: 38,
		args: ["open", "--id", "first", "--veto-ms", "0"],
		to: async (screen) => {
			await screen.until(ENDED);
			screen.press("U");
			await screen.until("branch b2");
			screen.press("i");
			await screen.until("your hint");
			screen.type("Let me do it in parts: 388 * 286 = 388 * 200 + 388 * 86.");
			screen.press("enter");
			await screen.until("= correct");
			screen.press("b");
			await screen.until("change to it");
		},
	},
	{
		name: "narrow",
		columns: 80,
		rows: 24,
		args: ["open", "--id", "first", "--hints", "ask"],
		to: async (screen) => screen.until("? hint after"),
	},
	{
		name: "light",
		columns: 132,
		rows: 38,
		args: ["open", "--id", "first", "--veto-ms", "0", "--theme", "light"],
		light: true,
		to: async (screen) => screen.until(ENDED),
	},
	{
		name: "no-colour",
		columns: 100,
		rows: 30,
		args: ["open", "--id", "first", "--veto-ms", "0"],
		env: { NO_COLOR: "1" },
		to: async (screen) => screen.until(ENDED),
	},
	{
		name: "palette",
		columns: 120,
		rows: 32,
		args: ["open", "--id", "first", "--veto-ms", "0"],
		to: async (screen) => {
			await screen.until(ENDED);
			screen.press("ctrl+p");
			await screen.until("Commands");
			screen.type("re");
			await screen.until("Rewind");
		},
	},
	{
		name: "sessions",
		columns: 120,
		rows: 32,
		args: ["open", "--id", "first", "--veto-ms", "0"],
		to: async (screen) => {
			await screen.until(ENDED);
			screen.press("enter");
			await screen.until("theatre:");
			await screen.until("= correct");
			screen.press("ctrl+o");
			await screen.until("name and problem");
			await screen.until("branches");
		},
	},
	{
		name: "watch",
		columns: 160,
		rows: 40,
		args: ["runs", "watch", "hinted"],
		beside: ["sample", "--out", "hinted", "--hints", "auto", "--n", "2", "--concurrency", "4"],
		to: async (screen) => {
			await screen.until(
				() => / sampling /.test(screen.row(0)) && /^ [2-9]\d of /.test(screen.row(1)),
				"enough of it",
			);
			// One whose code has run.
			await screen.until(
				() => screen.text().includes("[output 1") && screen.text().includes("as it comes"),
				"its code",
			);
		},
		moves: true,
	},
	{
		name: "review",
		columns: 160,
		rows: 36,
		args: ["dataset", "review", "d-seed", "--by", "ada"],
		before: [
			["sample", "--out", "plain", "--hints", "off", "--n", "1"],
			["sample", "--out", "hinted", "--hints", "auto", "--n", "1"],
			["dataset", "seed", "plain", "hinted", "--out", "d-seed"],
		],
		to: async (screen) => {
			await screen.until(" samples ");
			screen.press("a");
			await screen.until("accepted 1");
			screen.press("R");
			await screen.until("Why reject");
			screen.type("says the same twice");
			screen.press("enter");
			await screen.until("rejected 1");
			screen.press("enter");
			await screen.until("Thinking");
			screen.press("v", "j", "e");
			await screen.until("$EDITOR");
			screen.type("First the easy part. ");
			screen.press("enter");
			await screen.until("Why do you edit?");
			screen.type("shorter plan");
			screen.press("enter");
			await screen.until("~ 1 edit");
			screen.press("escape");
			await screen.until("edited 1");
		},
	},
	{
		// Trained for real: NUDGE_TRAIN_PYTHON may name a Python that has what training needs.
		name: "jobs",
		columns: 120,
		rows: 36,
		args: ["open"],
		env: { LC_ALL: "C.UTF-8" },
		before: [
			["sample", "--out", "plain", "--hints", "off", "--n", "1"],
			["sample", "--out", "hinted", "--hints", "auto", "--n", "1"],
			["dataset", "seed", "plain", "hinted", "--out", "d-seed"],
			["train", "d-seed", "--recipe", "tiny", "--set", "epochs=20", "--detach"],
		],
		to: async (screen) => {
			await screen.until("nudge-tiny is ready");
			screen.press("f12");
			await screen.until(() => /running +[3-9]\d\//.test(screen.text()), "thirty steps");
		},
		moves: true,
	},
	{
		name: "run",
		columns: 100,
		rows: 60,
		args: ["run", "--id", "first"],
		trimmed: true,
		to: async (screen) => {
			await screen.exit;
		},
	},
];

const home = (): Home => {
	const dir = mkdtempSync(join(tmpdir(), "nudge-picture-"));
	mkdirSync(join(dir, "data"));
	symlinkSync(join(homes().data, "python"), join(dir, "data", "python"));
	return {
		dir,
		env: { ...process.env, NUDGE_HOME: dir, COLORTERM: "truecolor" },
		remove: () => rmSync(dir, { recursive: true, force: true }),
	};
};

/** Until nothing has come for a while: a picture of a whole frame. */
async function settled(screen: Screen): Promise<void> {
	for (let bytes = -1; bytes !== screen.bytes; ) {
		bytes = screen.bytes;
		await new Promise((resolve) => setTimeout(resolve, 400));
	}
}

const wanted = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
for (const picture of PICTURES) {
	if (wanted.length > 0 && !wanted.includes(picture.name)) continue;
	const at = home();
	for (const words of picture.before ?? []) {
		const { code, stderr } = await ended(start(at, words));
		if (code !== 0) throw new Error(`nudge ${words.join(" ")}: ${stderr}`);
	}
	const beside = picture.beside && start(at, picture.beside);
	const screen = openScreen(at, picture.args, {
		columns: picture.columns,
		rows: picture.rows,
		env: { COLORTERM: "truecolor", ...picture.env },
		background: picture.light ? "#fbfbf8" : "#16181f",
	});
	try {
		await picture.to(screen);
		if (!picture.trimmed && !picture.moves) await settled(screen);
		const file = join(folder, `${picture.name}.svg`);
		writeFileSync(
			file,
			svgOf(screen.terminal, { look: picture.light ? LIGHT : DARK, trimmed: picture.trimmed ?? false }),
		);
		process.stdout.write(`docs/img/${picture.name}.svg\n`);
	} finally {
		await screen.close();
		if (beside?.exitCode === null) {
			const over = new Promise((resolve) => beside.once("close", resolve));
			beside.kill("SIGINT");
			await over;
		}
		at.remove();
	}
}
