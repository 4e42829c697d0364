/** How long a command line takes to answer: `nudge --help` against a bare `node -e 0`, in turns. Needs `npm run build`. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { heading, inTurns, line, show } from "./measure.ts";

const nudge = fileURLToPath(new URL("../bin/nudge.cjs", import.meta.url));
const time = (args: readonly string[]): number => {
	const begin = process.hrtime.bigint();
	const { status } = spawnSync(process.execPath, args, { stdio: "ignore" });
	if (status !== 0) throw new Error(`node ${args.join(" ")} ended with ${status}`);
	return Number(process.hrtime.bigint() - begin) / 1e6;
};

heading("start-up: nudge --help against node -e 0");
time([nudge, "--help"]);
const { ours, baseline, ratio } = await inTurns(
	40,
	() => time([nudge, "--help"]),
	() => time(["-e", "0"]),
);
line("node -e 0", show(baseline, " ms"));
line("nudge --help", show(ours, " ms"));
line("ratio (goal: at most 2)", show(ratio, "", 2));
