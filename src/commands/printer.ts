/**
 * How a run is shown: as text that a person follows, or as JSON Lines for a program. What concerns the run but is no
 * part of the trace goes to standard error in both.
 */
import type { EngineInfo } from "../engine/engine.ts";
import type { EventOf, Problem, TraceEvent } from "../trace/events.ts";
import type { SessionState } from "../trace/fold.ts";
import { retell } from "../trace/retell.ts";
import { visible, visibleLine } from "../trace/visible.ts";
import type { Context, Io } from "./command.ts";
import { lookOf, TraceRenderer } from "./render.ts";

export interface Printer {
	begin(session: string, problem: Problem, engine: EngineInfo): void;
	/** What a session that is taken up had already. */
	resume(session: string, state: SessionState, branch: string): void;
	event(event: TraceEvent): void;
	/** Where the session is and what can be done with it. */
	kept(session: string, end: EventOf<"end"> | undefined): void;
	/** A word beside the trace. */
	aside(says: string): void;
	/** Ends the line that is being written. */
	end(): void;
}

export function printerFor({ io, options }: Context): Printer {
	return options.json ? new JsonPrinter(io) : new TextPrinter(io);
}

class TextPrinter implements Printer {
	readonly #io: Io;
	readonly #renderer: TraceRenderer;

	constructor(io: Io) {
		this.#io = io;
		this.#renderer = new TraceRenderer(lookOf(io));
	}

	begin(session: string, problem: Problem, engine: EngineInfo): void {
		const gold = problem.answer === undefined ? "" : `   (gold answer: ${visibleLine(problem.answer)})`;
		this.#io.stdout.write(`Problem: ${visible(problem.problem)}${gold}\n`);
		const inexact = engine.caps.exact
			? ""
			: " · INEXACT: what the model continues from cannot be known to the byte";
		this.#io.stdout.write(
			`Engine: ${visibleLine(engine.model)} · ${visibleLine(engine.id)}${inexact}\nSession: ${session}\n\n`,
		);
	}

	resume(session: string, state: SessionState, name: string): void {
		const branch = state.branches.get(name);
		if (!branch) return;
		this.#io.stdout.write(
			`Problem: ${visible(state.problem?.problem ?? "")}\nSession: ${session}, taken up where it stood\n\n`,
		);
		for (const event of retell(branch))
			if (event.type !== "end" && event.type !== "outcome") this.event(event);
	}

	event(event: TraceEvent): void {
		const text = this.#renderer.render(event);
		if (text) this.#io.stdout.write(text);
	}

	kept(session: string, end: EventOf<"end"> | undefined): void {
		this.end();
		const { usage } = end ?? {};
		const perSecond =
			usage && usage.durationMs > 0
				? ` · ${Math.round((usage.sampledTokens * 1000) / usage.durationMs)} tokens/s`
				: "";
		if (usage)
			this.#io.stdout.write(
				`\n${usage.sampledTokens} tokens · ${plural(usage.hints, "hint")} · ${plural(usage.calls, "call")} of Python · ${(usage.durationMs / 1000).toFixed(1)} s${perSecond}\n`,
			);
		const open = end === undefined || end.reason === "interrupted" || end.reason === "engine";
		const lines = open
			? [`Broken off. Take it up again: nudge run --resume ${session}`]
			: [
					`Kept. See it:  nudge sessions show ${session}`,
					`Its sample:    nudge sessions export ${session} --format sample`,
				];
		this.#io.stdout.write(`${lines.join("\n")}\n`);
	}

	aside(says: string): void {
		this.end();
		this.#io.stderr.write(`nudge: ${visible(says)}\n`);
	}

	end(): void {
		const rest = this.#renderer.end();
		if (rest) this.#io.stdout.write(rest);
	}
}

class JsonPrinter implements Printer {
	readonly #io: Io;

	constructor(io: Io) {
		this.#io = io;
	}

	begin(): void {}

	/** A program that reads on gets the trace so far as the events that would make it. */
	resume(_session: string, state: SessionState, name: string): void {
		const branch = state.branches.get(name);
		if (state.session) this.event(state.session);
		if (branch)
			for (const event of retell(branch))
				if (event.type !== "end" && event.type !== "outcome") this.event(event);
	}

	event(event: TraceEvent): void {
		this.#io.stdout.write(`${JSON.stringify(event)}\n`);
	}

	kept(): void {}

	aside(says: string): void {
		this.#io.stderr.write(`nudge: ${visible(says)}\n`);
	}

	end(): void {}
}

const plural = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;
