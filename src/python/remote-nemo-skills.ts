/**
 * A client of the NeMo-Skills sandbox (github.com/NVIDIA/NeMo-Skills, nemo_skills/code_execution, read at 0b012df):
 * `POST /execute` runs a block in the IPython of the session that the header X-Session-ID names, `DELETE /sessions/ID`
 * ends it. The server makes a session anew when it is not there, and answers `new_session_created`. That is never hidden:
 * no earlier block is run again, the block's result says that the names are gone.
 */
import { randomUUID } from "node:crypto";
import type { BlockVerdict, Limits } from "./interpreter.ts";
import { type Came, RESTARTED, type RemoteNamespace, timeoutNotice } from "./remote-session.ts";
import { isObject, RemoteError, strange, type Wire } from "./remote-wire.ts";

/** The server interrupts, waits, ends and starts anew; then its answer comes. */
const SERVER_PATIENCE_MS = 30_000;
const END_MS = 10_000;
/** The server cuts the end off; that is left for nudge's own limit, which keeps it. */
const LEAST_CHARS = 200_000;

type Answer = {
	readonly status: string;
	readonly stdout: string;
	readonly stderr: string;
	readonly anew: boolean;
};

export class NemoSkillsNamespace implements RemoteNamespace {
	readonly #wire: Wire;
	#id = randomUUID();
	/** Nothing has run in it: that the server makes it is no loss. */
	#fresh = true;

	constructor(wire: Wire) {
		this.#wire = wire;
	}

	async run(code: string, limits: Limits, signal: AbortSignal): Promise<Came> {
		const began = performance.now();
		let answer: Answer;
		try {
			answer = await this.#wire.ask(
				{
					path: "/execute",
					headers: { "X-Session-ID": this.#id },
					timeoutMs: limits.timeoutMs + SERVER_PATIENCE_MS,
					signal,
					body: {
						generated_code: code,
						timeout: limits.timeoutMs / 1000,
						language: "ipython",
						std_input: "",
						max_output_characters: Math.max(LEAST_CHARS, 2 * limits.outputChars),
						traceback_verbosity: "Plain",
					},
				},
				readAnswer,
			);
		} catch (error) {
			// Whether the block ran is not known: this namespace is used no more.
			if (error instanceof RemoteError) await this.restart();
			throw error;
		}
		const lost = answer.anew && !this.#fresh;
		const late = performance.now() - began >= limits.timeoutMs;
		const came = judge(answer, limits, late);
		// A Python that died or was killed is new for the next block as well, and the server says so again then.
		this.#fresh = answer.anew && (came.verdict === "timeout" || came.verdict === "killed");
		return { ...came, notices: [...came.notices, ...(lost ? [RESTARTED] : [])], stateLost: lost };
	}

	stopped(): Promise<void> {
		return this.restart();
	}

	async restart(): Promise<void> {
		await this.close().catch(() => {});
		this.#id = randomUUID();
		this.#fresh = true;
	}

	async close(): Promise<void> {
		await this.#wire.ask(
			{
				path: `/sessions/${this.#id}`,
				method: "DELETE",
				headers: { "X-Session-ID": this.#id },
				timeoutMs: END_MS,
				harmless: true,
				tries: 2,
			},
			() => true,
		);
	}
}

function readAnswer(answer: unknown): Answer | ReturnType<typeof strange> {
	if (!isObject(answer) || typeof answer.process_status !== "string")
		return strange("it answers /execute, but not as a NeMo-Skills sandbox does (no process_status)");
	const { process_status: status, stdout, stderr, new_session_created: anew } = answer;
	return {
		status,
		stdout: typeof stdout === "string" ? stdout : "",
		stderr: typeof stderr === "string" ? stderr : "",
		anew: anew === true,
	};
}

function judge(
	{ status, stdout, stderr, anew }: Answer,
	limits: Limits,
	late: boolean,
): { verdict: BlockVerdict; output: string; notices: string[] } {
	const timedOut = /\n?Execution timed out after [\d.]+ seconds\n?$/;
	const died = /\n?connection closed\n?$/;
	const joint = stdout !== "" && !stdout.endsWith("\n") && stderr !== "" ? "\n" : "";
	const output = stdout + joint + stderr.replace(timedOut, "").replace(died, "");
	const last = output.trimEnd().split("\n").at(-1) ?? "";
	// An interrupt that the code heeded comes back as an error of the code.
	if (status === "timeout" || (status === "error" && late && last.startsWith("KeyboardInterrupt")))
		return { verdict: "timeout", output, notices: [timeoutNotice(limits.timeoutMs)] };
	if (status === "error" && anew && died.test(stderr))
		return { verdict: "killed", output, notices: ["[killed: Python ended]"] };
	if (status === "completed") return { verdict: "ok", output, notices: [] };
	if (status === "error")
		return { verdict: last.startsWith("MemoryError") ? "memory" : "error", output, notices: [] };
	throw new RemoteError(
		`The NeMo-Skills sandbox answered with the process_status ${status}, which is not known.`,
	);
}
