/**
 * `npm run test:pool`: every hostile program in a session of its own, 64 sessions at once, among them 64 more of honest
 * work that goes on all the while, under each kind of isolation that this machine can do; then 300 open sessions. Takes
 * minutes. Exits 1 if anything came out other than it must, or anything is left.
 */
import { rmSync } from "node:fs";
import { cpus } from "node:os";
import { hostileGroups, LIMITS, secretFolder } from "./hostile/all.ts";
import { below, play, remains } from "./pool.ts";
import { host, workingKinds } from "./support.ts";

const AT_ONCE = 64;
const OPEN = 300;

const secret = secretFolder();
const programs = hostileGroups(secret).flatMap(([, group]) => group);
const kinds = await workingKinds();
let wrong = kinds.length === 0 ? ["this machine cannot isolate"] : [];
const at = (values: readonly number[], share: number): string =>
	`${values[Math.floor(values.length * share)]?.toFixed(0)} ms`;

for (const kind of kinds) {
	const began = performance.now();
	const python = await host(kind, { limits: LIMITS });
	const played = await play(python, { programs, atOnce: AT_ONCE, honest: AT_ONCE });
	wrong = [...wrong, ...played.wrong.map((one) => `${kind}: ${one}`)];
	const waits = played.honest.flatMap(({ waitsMs }) => waitsMs).sort((a, b) => a - b);
	console.log(
		`${kind}: ${programs.length} hostile programs, ${AT_ONCE} at a time, in ${((performance.now() - began) / 1000).toFixed(0)} s on ${cpus().length} cores; ` +
			`${waits.length} honest blocks beside them, answered in ${at(waits, 0.5)} (95 %: ${at(waits, 0.95)}); ${played.wrong.length} wrong`,
	);
	const opening = performance.now();
	const sessions = await Promise.all(Array.from({ length: OPEN }, () => python.open()));
	const openMs = (performance.now() - opening) / OPEN;
	const answers = await Promise.all(
		sessions.map((session, index) => session.run(`mine = ${index}\nprint(mine)`)),
	);
	answers.forEach(({ text }, index) => {
		if (text !== `${index}\n`) wrong.push(`${kind}: session ${index} of ${OPEN} said ${text}`);
	});
	console.log(
		`${kind}: ${OPEN} sessions open at once, ${openMs.toFixed(0)} ms each, ${below(python.pid).length} processes`,
	);
	await python.close();
	for (let tries = 0; remains().length > 0 && tries < 100; tries++)
		await new Promise((resolve) => setTimeout(resolve, 100));
	wrong = [...wrong, ...remains().map((one) => `${kind}: ${one} is left`)];
}
const left = below();
if (left.length > 0) wrong.push(`processes are left: ${left.join(", ")}`);
rmSync(secret, { recursive: true, force: true });
for (const one of wrong) console.log(`WRONG ${one}`);
console.log(
	wrong.length === 0 ? "All came out as it must, and nothing is left." : `${wrong.length} things went wrong.`,
);
process.exitCode = wrong.length === 0 ? 0 : 1;
