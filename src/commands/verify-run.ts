/** The work of `nudge verify`: makes a problem of what was given, lets the verifier explain itself, and prints the steps. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseProblem } from "../data/own-format.ts";
import { findAnswer } from "../score/anchors.ts";
import type { Explanation, TestReport } from "../score/plugin.ts";
import { stampOf } from "../score/registry.ts";
import type { CodeTests, Problem } from "../trace/events.ts";
import { visible, visibleLine } from "../trace/visible.ts";
import { CommandError, type Context, type ExitCode, text, UsageError } from "./command.ts";
import { scoreLab } from "./score-lab.ts";

export async function verifyRun(context: Context): Promise<ExitCode> {
	const { io, options, signal } = context;
	const { problem, answer } = await asked(context);
	const lab = await scoreLab(context, text(context, "dialect"));
	try {
		const plugin = lab.registry.for(problem);
		if (!plugin) throw new UsageError("the gold answer is empty: there is nothing to check against");
		const lent = { signal, interpreters: lab.interpreters };
		const response = responseOf(problem, answer);
		const began = performance.now();
		const { outcome, steps }: Explanation = plugin.explain
			? await plugin.explain(problem, response, lent)
			: { outcome: await plugin.score(problem, response, lent), steps: [] };
		const ms = Math.round((performance.now() - began) * 10) / 10;
		const by = stampOf(plugin);
		if (options.json) io.stdout.write(`${JSON.stringify({ ...outcome, by, ms, steps })}\n`);
		else {
			const rows: [string, string][] = [
				["verifier", `${plugin.says} (${by})`],
				...steps.map(({ step, says }): [string, string] => [step, says]),
				...(outcome.tests ? testRows(outcome.tests) : []),
				["verdict", outcome.verdict],
				...(outcome.reason === undefined ? [] : ([["because", outcome.reason]] as [string, string][])),
				["time", `${ms} ms`],
			];
			for (const [name, says] of rows) io.stdout.write(`${name.padEnd(16)}${visibleLine(says)}\n`);
			if (plugin.id === "code" && outcome.answer !== undefined)
				io.stdout.write(`the program that was tested:\n${visible(outcome.answer).trimEnd()}\n`);
		}
		return 0;
	} finally {
		await lab.close();
	}
}

async function asked(context: Context): Promise<{ readonly problem: Problem; readonly answer: string }> {
	const { io, args, options } = context;
	const file = text(context, "tests");
	const choices = options.choices as readonly string[] | undefined;
	const [first = "", second] = args;
	if (file === undefined && second === undefined)
		throw new UsageError("nudge verify needs GOLD and ANSWER; with --tests, ANSWER alone");
	if (file !== undefined && second !== undefined)
		throw new UsageError("with --tests there is no gold answer: give ANSWER alone");
	const given = file === undefined ? (second as string) : first;
	const answer = given === "-" ? await all(io.stdin) : given;
	if (file !== undefined) return { problem: testedBy(resolve(io.cwd, file)), answer };
	if (choices && choices.length < 2)
		throw new UsageError("--choices names one choice: give it once for each, two at least");
	return {
		problem: {
			id: "typed",
			domain: choices ? "science" : "math",
			problem: "",
			answer: first,
			...(choices ? { choices } : {}),
		},
		answer,
	};
}

function testedBy(file: string): Problem {
	let content: string;
	try {
		content = readFileSync(file, "utf8").trim();
	} catch (error) {
		throw new UsageError(`${file} cannot be read: ${(error as Error).message}`);
	}
	const whole = parseProblem(content);
	if ("problem" in whole && whole.problem.tests) return whole.problem;
	let tests: unknown;
	try {
		tests = JSON.parse(content);
	} catch (error) {
		throw new CommandError(`${file} is not JSON: ${(error as Error).message}`);
	}
	const made = parseProblem(
		JSON.stringify({ id: "typed", domain: "code", problem: "the program", tests: tests as CodeTests }),
	);
	if ("mistake" in made) throw new CommandError(`${file}: ${made.mistake}`);
	return made.problem;
}

/** A bare answer becomes a response that says it; a bare program one that writes it. */
function responseOf({ tests, choices }: Problem, answer: string): string {
	if (tests) return answer.includes("```") ? answer : `\`\`\`python\n${answer.trimEnd()}\n\`\`\`\n`;
	if (findAnswer(answer, { thinkClose: "</think>" }) || answer.includes("</think>")) return answer;
	// A response of more than a line that says no answer is judged as it stands.
	if (answer.trim().includes("\n") && !choices) return answer;
	return `\\boxed{${answer.trim()}}`;
}

function testRows({ total, counts, notRun, slowestMs, shown }: TestReport): [string, string][] {
	const counted = Object.entries(counts).map(([verdict, count]) => `${count} ${verdict}`);
	if (notRun > 0) counted.push(`${notRun} not run`);
	return [
		["tests", `${total}: ${counted.join(", ")}; the slowest took ${slowestMs} ms`],
		...shown.map(({ test, verdict, ms, why }): [string, string] => [
			`  test ${test}`,
			`${verdict}, ${ms} ms${why === undefined ? "" : `: ${why}`}`,
		]),
	];
}

async function all(stream: NodeJS.ReadableStream): Promise<string> {
	const parts: Buffer[] = [];
	for await (const part of stream) parts.push(Buffer.from(part as Buffer));
	return Buffer.concat(parts).toString("utf8");
}
