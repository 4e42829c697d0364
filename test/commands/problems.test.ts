import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { BUNDLED } from "../../src/data/problems.ts";
import { World } from "./world.ts";

const world = new World();
afterAll(() => world.remove());

const all = BUNDLED.flatMap((file) => readFileSync(file, "utf8").trim().split("\n")).map(
	(line) => JSON.parse(line) as { id: string; domain: string; problem: string },
);

function file(name: string, ...lines: readonly unknown[]): string {
	writeFileSync(
		join(world.cwd, name),
		`${lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n")}\n`,
	);
	return join(world.cwd, name);
}

const good = { id: "a", domain: "math", problem: "What is 1 + 1?", answer: "2" };

describe("nudge problems list", () => {
	test("shows every bundled problem, one a line; so does nudge problems alone", async () => {
		const { code, out } = await world.nudge("problems", "list");
		expect(code).toBe(0);
		expect(out.trim().split("\n")).toHaveLength(all.length);
		for (const { id } of all) expect(out).toMatch(new RegExp(`^${id} `, "m"));
		expect((await world.nudge("problems")).out).toBe(out);
	});

	test("searches all words in any case, keeps to a domain, and stops at a limit", async () => {
		const found = await world.nudge("problems", "list", "--search", "GCD find", "--json");
		const rows = found.out
			.trim()
			.split("\n")
			.map((line) => JSON.parse(line) as { problem: string });
		expect(rows.length).toBeGreaterThan(0);
		for (const row of rows) expect(row.problem.toLowerCase()).toMatch(/find.*gcd/);
		const science = await world.nudge("problems", "--domain", "science");
		expect(science.out.trim().split("\n")).toHaveLength(all.filter((row) => row.domain === "science").length);
		expect((await world.nudge("problems", "-n", "3")).out.trim().split("\n")).toHaveLength(3);
	});

	test("prints what --file reads back as the same problems", async () => {
		const { out } = await world.nudge("problems", "list", "--json");
		const copy = file("copy.jsonl", out.trim());
		expect((await world.nudge("problems", "list", "--json", "--file", copy)).out).toBe(out);
	});

	test("says when nothing matches, and refuses a limit that is none", async () => {
		expect(await world.nudge("problems", "--search", "zebra")).toMatchObject({
			code: 1,
			out: "",
			err: "nudge: no problem matches\n",
		});
		expect((await world.nudge("problems", "--limit", "0")).code).toBe(2);
		expect((await world.nudge("problems", "--domain", "maths")).err).toContain("did you mean math?");
	});

	test("stops at a line that is no problem and names it", async () => {
		const broken = file("broken.jsonl", good, "{");
		const { code, out, err } = await world.nudge("problems", "--file", broken);
		expect(code).toBe(1);
		expect(out).toContain("What is 1 + 1?");
		expect(err).toContain(`${broken}:2: this is not JSON`);
	});
});

describe("nudge problems show", () => {
	test("prints the question and what it is checked against", async () => {
		const math = await world.nudge("problems", "show", "first");
		expect(math.out).toMatch(/What is \d+ \* \d+\?[\s\S]*Answer: \d+/);
		const science = await world.nudge("problems", "show", "fall");
		expect(science.out).toMatch(/A\. 15 m\n[\s\S]*Answer: C/);
		expect((await world.nudge("problems", "show", "leap-years")).out).toContain("calendar.isleap");
		expect((await world.nudge("problems", "show", "best-stretch")).out).toContain("should print");
	});

	test("says how to find the ids when there is no such problem", async () => {
		const { code, err } = await world.nudge("problems", "show", "nothing");
		expect(code).toBe(1);
		expect(err).toContain("nudge problems list");
		expect((await world.nudge("problems", "show")).code).toBe(2);
	});
});

test("a problem of somebody else's cannot talk to the terminal", async () => {
	const evil = { ...good, id: "e\u001b[2J", problem: "\u001b]0;title\u0007What?", domain: "math" };
	const name = file("evil.jsonl", evil, { ...evil, domain: "\u001b[31m" });
	for (const words of [
		["list", "--file", name],
		["show", evil.id, "--file", name],
		["check", name],
	]) {
		const { out, err } = await world.nudge("problems", ...words);
		expect(out + err).not.toMatch(/\u001b|\u0007/);
	}
	const offered = await world.nudge("completion", "words", "--", "problems", "show", "--file", name, "");
	expect(offered.out).toBe(":nothing\n");
});

describe("nudge problems check", () => {
	test("counts what is right", async () => {
		const { code, out } = await world.nudge("problems", "check", BUNDLED[0]!);
		expect(code).toBe(0);
		expect(out).toMatch(/^\d+ problems \(\d+ math\), 0 mistakes\n$/);
	});

	test("names every line that is wrong, ids that come twice, doubts, and what cannot be checked", async () => {
		const { answer: _, ...open } = good;
		file(
			"mixed.jsonl",
			good,
			good,
			"nonsense",
			{ ...open, id: "b" },
			{ ...good, id: "c", reference_passes: false },
		);
		const { code, out } = await world.nudge("problems", "check", "mixed.jsonl");
		expect(code).toBe(1);
		expect(out).toContain('mixed.jsonl:2: the id "a" is already that of line 1');
		expect(out).toContain("mixed.jsonl:3: this is not JSON");
		expect(out).toContain("mixed.jsonl:5: the file says that its own reference solution fails");
		expect(out).toContain(
			"3 problems (3 math), 2 mistakes, 1 doubtful, 1 with nothing to check an answer against",
		);
		const json = await world.nudge("problems", "check", "mixed.jsonl", "--json");
		const lines = json.out
			.trim()
			.split("\n")
			.map((line) => JSON.parse(line) as object);
		expect(lines).toHaveLength(4);
		expect(lines.at(-1)).toEqual({ problems: 3, domains: { math: 3 }, mistakes: 2, doubts: 1, unchecked: 1 });
	});

	test("fails for an empty file and for one that is not there", async () => {
		file("empty.jsonl", "");
		expect((await world.nudge("problems", "check", "empty.jsonl")).err).toContain("holds no problem");
		expect(await world.nudge("problems", "check", "none.jsonl")).toMatchObject({ code: 1 });
	});
});

describe("a file with fields of its own", () => {
	const rows = [
		{ question: "What is 1 + 1?", answer: "Two. #### 2" },
		{ question: "What is 2 + 2?", answer: "Four. #### 4" },
	];
	const says = "question -> problem, answer after #### -> answer, id made from the row number, domain math";

	test("is listed with its mapping on the standard error, so that the list stays a list", async () => {
		const path = file("theirs.jsonl", ...rows);
		const { code, out, err } = await world.nudge("problems", "list", "--file", path, "--json");
		expect([code, err]).toEqual([0, `nudge: ${path}: ${says}\n`]);
		expect(JSON.parse(out.split("\n")[1] ?? "")).toEqual({
			id: "theirs-2",
			domain: "math",
			problem: "What is 2 + 2?",
			answer: "4",
		});
		expect((await world.nudge("problems", "show", "theirs-1", "--file", path)).out).toContain("Answer: 2");
	});

	test("shows with --mapping what is read as what, and the first problem", async () => {
		const path = file("theirs.jsonl", ...rows);
		const { code, out } = await world.nudge("problems", "--file", path, "--mapping");
		expect(code).toBe(0);
		expect(out).toContain(`${says}\nfiles: ${path}\nfields: question, answer\n`);
		expect(out).toContain("What is 1 + 1?");
		const given = ["--map", "problem=answer,answer=,domain=science"];
		const json = JSON.parse(
			(await world.nudge("problems", "--file", path, "--mapping", "--json", ...given)).out,
		) as { mapping: string; first: { problem: { domain: string } } };
		expect(json.mapping).toContain("answer -> problem, nothing to check an answer against");
		expect(json.first.problem.domain).toBe("science");
		const bundled = await world.nudge("problems", "--file", BUNDLED[0] as string, "--mapping");
		expect(bundled.out).toContain("nudge's own form");
	});

	test("that is not clear is refused, and a mapping without a file is a wrong use", async () => {
		const path = file("unclear.jsonl", { heading: "x", text: "y" });
		const { code, err } = await world.nudge("problems", "--file", path);
		expect(code).toBe(1);
		expect(err).toContain("Its fields are heading, text. Say it, for example --map");
		expect((await world.nudge("problems", "--map", "problem=x")).code).toBe(2);
		expect((await world.nudge("problems", "--mapping")).code).toBe(2);
		expect((await world.nudge("run", "--map", "problem=x")).code).toBe(2);
	});

	test("is checked row by row, a dataset folder with the names of its files", async () => {
		const folder = join(world.cwd, "set");
		mkdirSync(join(folder, "data"), { recursive: true });
		const [first, second] = ["train-00000-of-00002.csv", "train-00001-of-00002.csv"].map((name) =>
			join(folder, "data", name),
		) as [string, string];
		writeFileSync(first, "id,question,answer\na,p?,1\nb,q?,2\n");
		writeFileSync(second, "id,question,answer\na,r?,3\nc,,4\nd,s?,5\n");
		const { code, out, err } = await world.nudge("problems", "check", "set");
		expect(code).toBe(1);
		expect(err).toBe(`nudge: set: question -> problem, answer -> answer, id -> id, domain math\n`);
		expect(out).toBe(
			[
				`${second}:2: the id "a" is already that of ${first}:2`,
				`${second}:3: "question" (the problem) is missing`,
				"3 problems (3 math), 2 mistakes\n",
			].join("\n"),
		);
	});
});
