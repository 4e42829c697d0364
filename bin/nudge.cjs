#!/usr/bin/env node
// Starts nudge on a Node that can run it: the one at hand from 22.12 on, else the Node 24 that came with the packages.
// Written for any Node from 16 on, so that an old one gets a sentence and not a syntax error.
"use strict";
const path = require("node:path");
const [major, minor] = process.versions.node.split(".").map(Number);
const main = path.join(__dirname, "..", "dist", "commands", "main.js");

if (major > 22 || (major === 22 && minor >= 12)) {
	const nodeModule = require("node:module");
	if (nodeModule.enableCompileCache) nodeModule.enableCompileCache();
	if (!require("node:fs").existsSync(main))
		fail("nudge is not built yet: run `npm run build` in its folder.");
	import(main).then((module) => module.main(process.argv.slice(2)));
} else {
	const bundled = findNode();
	if (!bundled)
		fail(
			"nudge needs Node 22.12 or newer; this is Node " +
				process.versions.node +
				" and the Node 24 that the packages bring is missing. Run `npm ci` (without --omit=optional) or install a newer Node.",
		);
	const child = require("node:child_process").spawn(bundled, [__filename].concat(process.argv.slice(2)), {
		// The fourth is never written to: it closes when this process is gone, however it went, and the child ends too.
		stdio: ["inherit", "inherit", "inherit", "pipe"],
		env: Object.assign({}, process.env, { NUDGE_LAUNCHED: "1" }),
	});
	for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
	// Ctrl+C reaches the child from the terminal itself; this process only has to outlive it.
	process.on("SIGINT", () => undefined);
	child.on("error", (error) => fail(`nudge could not start ${bundled}: ${error.message}`));
	child.on("exit", (code, signal) =>
		process.exit(signal ? 128 + (require("node:os").constants.signals[signal] || 0) : code),
	);
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
