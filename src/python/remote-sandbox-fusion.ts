/**
 * A client of SandboxFusion (github.com/bytedance/SandboxFusion, read at 469de08). The server keeps no namespace: `POST
 * /run_jupyter` takes all cells at once. So a trace's earlier blocks are sent again before each new one and only what the
 * last one showed is given back: their side effects and their time come again with every block. A block that did not come
 * to its end (timeout, a Python that died) is not sent again: it would not end the next time either.
 *
 * The server knows a time for all cells together only (`cell_timeout` is read by nothing), and in it the start of a Python,
 * which takes long on a server with much to do. So the block's own time is kept by an alarm in a cell before it, and the
 * server's is generous.
 *
 * Failures of the server are errors, never outputs: `SandboxError`, answers cut off, a driver that says nothing.
 */
import type { Limits } from "./interpreter.ts";
import { type Came, type RemoteNamespace, timeoutNotice } from "./remote-session.ts";
import { broken, isObject, RemoteError, strange, type Wire } from "./remote-wire.ts";

const SERVER_PATIENCE_MS = 60_000;
/** The server adds this to what it is told before it ends the driver (runners/jupyter.py). */
const DRIVER_MS = 10_000;
/** For starting a Python on a server with much to do. */
const START_MS = 30_000;
const LATE = "NudgeTimeout";
/** The driver prints all cells into a pipe that is read only at its end: beyond this it would hang (SandboxFusion #62, PR 82). */
const LARGEST_CELLS = 50_000;

type Driver = { readonly status: string; readonly code: number | null; readonly stderr: string };
type Cells = readonly Record<string, unknown>[];
type Answer = { readonly cells?: Cells; readonly driver: Driver };

export class SandboxFusionNamespace implements RemoteNamespace {
	readonly #wire: Wire;
	#earlier: string[] = [];
	/** What the earlier blocks took, with the start of the Python. */
	#earlierMs = 0;

	constructor(wire: Wire) {
		this.#wire = wire;
	}

	async run(code: string, limits: Limits, signal: AbortSignal): Promise<Came> {
		const cells = [...this.#earlier, alarm(limits.timeoutMs), code];
		const size = JSON.stringify(cells).length;
		if (size > LARGEST_CELLS)
			throw new RemoteError(
				`The trace's blocks are ${size} characters together, and SandboxFusion's driver hangs above ${LARGEST_CELLS}: run this problem with another python-host.`,
			);
		const totalMs = Math.ceil(START_MS + limits.timeoutMs + 2 * this.#earlierMs);
		const began = performance.now();
		const ask = (): Promise<Answer> =>
			this.#wire.ask(
				{
					path: "/run_jupyter",
					timeoutMs: totalMs + DRIVER_MS + SERVER_PATIENCE_MS,
					signal,
					harmless: true, // earlier blocks are run again anyway
					body: {
						cells,
						kernel: "python3",
						cell_timeout: limits.timeoutMs / 1000,
						total_timeout: totalMs / 1000,
						memory_limit_MB: Math.round(limits.memoryBytes / 2 ** 20),
					},
				},
				(answer) => readAnswer(answer, cells.length),
			);
		let { cells: shown, driver } = await ask();
		// The alarm ends what can be ended: either the code is deaf to it, or the server did not get to it in all that time.
		if (driver.status === "TimeLimitExceeded") ({ cells: shown, driver } = await ask());
		const tookMs = performance.now() - began;
		const missing = "[its output and what it had defined did not come back]";
		if (driver.status === "TimeLimitExceeded")
			return { verdict: "timeout", output: "", notices: [missing, timeoutNotice(limits.timeoutMs)] };
		if (shown === undefined)
			return { verdict: "killed", output: "", notices: [missing, "[killed: the code ended Python itself]"] };
		const cell = shown.at(-1)!;
		const came = readCell(cell);
		if (came.late)
			return {
				verdict: "timeout",
				output: came.output,
				notices: [timeoutNotice(limits.timeoutMs), "[what this block had defined is gone]"],
			};
		this.#earlier.push(code);
		this.#earlierMs = tookMs;
		return came;
	}

	async stopped(): Promise<void> {
		await this.restart();
	}

	async restart(): Promise<void> {
		this.#earlier = [];
		this.#earlierMs = 0;
	}

	async close(): Promise<void> {}
}

function readAnswer(answer: unknown, wanted: number): Answer | ReturnType<typeof strange> {
	if (!isObject(answer) || typeof answer.status !== "string")
		return strange("it answers /run_jupyter, but not as SandboxFusion does (no status)");
	if (answer.status === "SandboxError") return broken(`SandboxError: ${said(answer.message)}`);
	const told = isObject(answer.driver) ? answer.driver : {};
	const driver: Driver = {
		status: typeof told.status === "string" ? told.status : "",
		code: typeof told.return_code === "number" ? told.return_code : null,
		stderr: said(told.stderr),
	};
	if (answer.status === "Success") {
		const cells = Array.isArray(answer.cells) ? answer.cells.filter(isObject) : [];
		if (cells.length !== wanted) return broken(`it answered for ${cells.length} of ${wanted} cells`);
		return { cells, driver };
	}
	if (driver.status === "TimeLimitExceeded" || /Kernel died|DeadKernelError/.test(driver.stderr))
		return { driver };
	return broken(
		`its driver failed (${driver.status || answer.status}): ${driver.stderr || said(answer.message)}`,
	);
}

const said = (text: unknown): string => (typeof text === "string" ? text.trim().slice(-500) : "");

/** Interrupts the next cell after its time, and again every second. Leaves no name behind. */
function alarm(timeoutMs: number): string {
	const late = `type("${LATE}", (KeyboardInterrupt,), {})()`;
	return [
		`__import__("signal").signal(14, lambda *_: (_ for _ in ()).throw(${late}));`,
		`__import__("signal").setitimer(0, ${timeoutMs / 1000}, 1);`,
	].join("\n");
}

/** Output, then what is shown, then the error, as a terminal would have them. */
function readCell(cell: Record<string, unknown>): Came & { readonly late: boolean } {
	const errors = list(cell.error);
	const late = errors.some(({ ename }) => ename === LATE);
	const shown = list(cell.display).map((one) => text(one["text/plain"]));
	let output = text(cell.stdout) + text(cell.stderr);
	for (const part of [...shown, ...(late ? [] : errors.map(told))]) {
		if (part === "") continue;
		output += (output === "" || output.endsWith("\n") ? "" : "\n") + part;
	}
	const name = errors.at(-1)?.ename;
	return { verdict: errors.length === 0 ? "ok" : name === "MemoryError" ? "memory" : "error", output, late };
}

/** A short traceback, as the local interpreter's: the frames of the block, their lines, the error. */
function told({ ename, evalue, traceback }: Record<string, unknown>): string {
	const lines = Array.isArray(traceback) ? plain(traceback.map(text).join("\n")).split("\n") : [];
	const frames: string[] = [];
	let place = "";
	for (const line of lines) {
		const [, at, within] = /^ *Cell In\[\d+\], line (\d+)(?:, in ([^(]*))?/.exec(line) ?? [];
		if (at) place = `  File "<block>", line ${at}, in ${within?.trim() || "<module>"}`;
		const [, code] = /^-+> *\d+ (.*)$/.exec(line) ?? [];
		if (code !== undefined && place !== "") {
			frames.push(place, `    ${code.trim()}`);
			place = "";
		}
	}
	const head = frames.length > 0 ? ["Traceback (most recent call last):", ...frames] : [];
	return [...head, `${text(ename)}: ${text(evalue)}`].join("\n");
}

const list = (value: unknown): Record<string, unknown>[] =>
	Array.isArray(value) ? value.filter(isObject) : [];

const text = (value: unknown): string =>
	typeof value === "string"
		? value
		: Array.isArray(value)
			? value.filter((one) => typeof one === "string").join("")
			: "";

/** Without colours and the like. */
function plain(coloured: string): string {
	return coloured.replace(/\u001b\[[0-?]*[ -/]*[@-~]/g, "");
}
