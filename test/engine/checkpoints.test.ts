import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { checkpointEngines, nameCheckpoints } from "../../src/engine/checkpoints.ts";

test("models that a loop made are engines by name while their files are there, whatever the list looks like", () => {
	const home = mkdtempSync(join(tmpdir(), "nudge-checkpoints-"));
	const env = { NUDGE_HOME: home };
	try {
		expect(checkpointEngines(env)).toEqual({});
		const model = join(home, "model.gguf");
		writeFileSync(model, "");
		nameCheckpoints(env, { "tiny:start": model, "tiny:gone": join(home, "gone.gguf") });
		nameCheckpoints(env, { "tiny:start-0": model });
		expect(checkpointEngines(env)).toEqual({
			"tiny:start": { type: "embedded", path: model },
			"tiny:start-0": { type: "embedded", path: model },
		});
		mkdirSync(join(home, "data"), { recursive: true });
		for (const damaged of ["{", "null", "[1]", '{"a":1}']) {
			writeFileSync(join(home, "data", "checkpoints.json"), damaged);
			expect(checkpointEngines(env)).toEqual({});
		}
	} finally {
		rmSync(home, { recursive: true, force: true });
	}
});
