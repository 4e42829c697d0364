#!/usr/bin/env node
// Starts nudge on a Node that can run it: the one at hand from 22.12 on, else the Node 24 that came with the packages.
// For the screen this process stays alive as the parent of the one that draws: killed, that one cannot put the terminal
// right, and this one does. Written for any Node from 16 on, so that an old one gets a sentence and not a syntax error.
"use strict";
const path = require("node:path");
const [major, minor] = process.versions.node.split(".").map(Number);
const main = path.join(__dirname, "..", "dist", "commands", "main.js");
const words = process.argv.slice(2);

// RESET of src/tui/term/sequences.ts, where each part is explained; a test holds the two together.
const RESET =
	"\x1b[?2026l\x1b[?1006l\x1b[?1003l\x1b[?1002l\x1b[?1000l\x1b[?1004l\x1b[?2004l\x1b[?1l\x1b>\x1b[?7h\x1b(B\x0f\x1b[?1049l\x1b[0m\x1b[?25h\x1b[23;2t";
/** Asked to end, the program has its own, shorter, patience; one that hangs is not waited for. */
const END_WITHIN_MS = 6000;
const LINE_CLOSES_WITHIN_MS = 500;
/** Besides sessions. */
const SCREENS = ["runs watch", "runs top", "dataset review"];

if (major > 22 || (major === 22 && minor >= 12)) {
	if (process.env.NUDGE_LAUNCHED === undefined && isScreen()) launch(process.execPath);
	else runHere();
} else {
	const bundled = findNode();
	if (!bundled)
		fail(
			"nudge needs Node 22.12 or newer; this is Node " +
				process.versions.node +
				" and the Node 24 that the packages bring is missing. Run `npm ci` (without --omit=optional) or install a newer Node.",
		);
	launch(bundled);
}

function runHere() {
	const nodeModule = require("node:module");
	if (nodeModule.enableCompileCache) nodeModule.enableCompileCache();
	if (!require("node:fs").existsSync(main))
		fail("nudge is not built yet: run `npm run build` in its folder.");
	import(main).then((module) => module.main(words));
}

/** `nudge` and `nudge open`, with or without options, and other commands that have a screen, on a terminal. */
function isScreen() {
	const [first = "open", second] = words;
	if (first !== "open" && !first.startsWith("-") && !SCREENS.includes(`${first} ${second}`)) return false;
	if (words.some((word) => ["--help", "-h", "--version", "-V", "--json"].includes(word))) return false;
	const { isatty } = require("node:tty");
	return isatty(0) && isatty(1);
}

function launch(node) {
	const screen = isScreen();
	/** Whether the terminal is set up for the screen now: the program says so, see src/tui/term/launcher.ts. */
	let entered = false;
	const child = require("node:child_process").spawn(node, [__filename].concat(words), {
		// The fourth closes when this process is gone, however it went, and the child ends too.
		stdio: ["inherit", "inherit", "inherit", "pipe"],
		env: Object.assign({}, process.env, { NUDGE_LAUNCHED: "1" }),
	});
	for (const signal of screen ? ["SIGTERM", "SIGHUP", "SIGQUIT"] : ["SIGTERM", "SIGHUP"])
		process.on(signal, () => {
			// Ctrl+\ in an editor that has the terminal: that is for the editor.
			if (signal === "SIGQUIT" && !entered) return;
			child.kill(signal);
			if (screen) setTimeout(() => child.kill("SIGKILL"), END_WITHIN_MS).unref();
		});
	// Ctrl+C reaches the child from the terminal itself, and this process only has to outlive it. But while the screen is
	// up Ctrl+C is a key and no signal: then it was sent to this process alone.
	process.on("SIGINT", () => {
		if (entered) child.kill("SIGINT");
	});
	child.stdio[3].on("data", (said) => {
		for (const word of said.toString()) {
			if (word === "e") enter();
			else if (word === "l") entered = false;
			else if (word === "b") leave();
			else if (word === "z") stop();
		}
	});
	child.stdio[3].on("error", () => undefined);
	child.on("error", (error) => fail(`nudge could not start ${node}: ${error.message}`));
	// All that it said is read before it counts as gone.
	child.on("close", end);
	child.on("exit", (code, signal) => setTimeout(end, LINE_CLOSES_WITHIN_MS, code, signal));

	function enter() {
		entered = true;
		// From now on the program has something to do before it stops; until now both stop as any job does.
		if (process.listenerCount("SIGTSTP") === 0) process.on("SIGTSTP", onStop);
	}

	function leave() {
		entered = false;
		process.off("SIGTSTP", onStop);
	}

	/** While the screen is up Ctrl+Z is a key: this was sent, and maybe to this process alone. Else everyone has it. */
	function onStop() {
		if (entered) child.kill("SIGTSTP");
	}

	/** All at once: were this process the first, the shell could continue the others before they have stopped. */
	function stop() {
		process.off("SIGTSTP", onStop);
		process.kill(0, "SIGTSTP");
		process.on("SIGTSTP", onStop);
		child.stdio[3].write("z");
	}

	function end(code, signal) {
		if (screen && entered) {
			const how = signal ? `was killed (${signal})` : `ended badly (code ${code})`;
			const next = SCREENS.includes(words.slice(0, 2).join(" "))
				? "the same command shows it again"
				: "nudge open last resumes the session";
			print(`${RESET}nudge: the screen ${how}; ${next}\r\n`);
		}
		// The keyboard's settings are put right by Node: at its end it sets them back to what they were at its start.
		process.exit(signal ? 128 + (require("node:os").constants.signals[signal] || 0) : code);
	}
}

function print(text) {
	try {
		require("node:fs").writeSync(1, text);
	} catch (_) {
		// The terminal is gone as well.
	}
}

function findNode() {
	try {
		const name = `node-${process.platform}-${process.arch}`;
		return path.join(path.dirname(require.resolve(`${name}/package.json`)), "bin", "node");
	} catch (_) {
		return undefined;
	}
}

function fail(message) {
	process.stderr.write(`${message}\n`);
	process.exit(1);
}
