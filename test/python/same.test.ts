import { expect, test } from "vitest";
import { host, workingKinds } from "./support.ts";

/** What a run may print that a language leaves open: the order of a set, an address, a hash. */
const OPEN = `
import sys
print({"pear", "apple", "plum", "fig"}, hash("nudge"))
print(x for x in range(3))
print(object(), [object() for _ in range(3)], sys.path[:1])
`;

test("another run of the program prints the same, down to the order of a set and an address", async () => {
	for (const kind of await workingKinds()) {
		const said: string[] = [];
		for (let i = 0; i < 3; i++) {
			const one = await host(kind, { spares: i });
			const interpreter = await one.open();
			await interpreter.run("y = 1");
			said.push((await interpreter.run(OPEN)).text);
			await one.close();
		}
		expect(said[0], kind).toMatch(/<generator object/);
		expect(new Set(said).size, `${kind}: ${said.join("---\n")}`).toBe(1);
		expect(said[0]).not.toContain("guest");
	}
});
