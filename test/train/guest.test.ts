/** The Python of the trainer, as far as it goes without torch: masks, checkpoints, ends. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { findPython } from "../../src/python/environment.ts";

test("the trainer's own parts do what they say", { timeout: 120_000 }, async () => {
	const { executable } = await findPython(process.env);
	const file = fileURLToPath(new URL("guest_test.py", import.meta.url));
	let said: string;
	try {
		said = execFileSync("sh", ["-c", 'exec "$0" -B "$1" 2>&1', executable, file], { encoding: "utf8" });
	} catch (error) {
		said = (error as { readonly stdout: string }).stdout;
	}
	expect(said).toMatch(/^Ran \d\d tests in .*\n\nOK\n$/m);
});
