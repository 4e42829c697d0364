/** A person at their own machine, with a terminal and nudge: what they type, and how the last job stands. */
import type { JobState } from "../../src/train/run-folder.ts";
import { type Home, nudge } from "../e2e/program.ts";

export type Shown = {
	readonly state: { readonly state: JobState["state"]; readonly says?: string };
	readonly handle: { readonly id: string };
	readonly last?: { readonly step: number; readonly max_steps: number };
};

export class Person {
	readonly #home: Home;

	constructor(home: Home) {
		this.#home = home;
	}

	/** What a command prints; its error has all that it said. */
	async said(...args: readonly string[]): Promise<string> {
		const { code, stdout, stderr } = await nudge(this.#home, args);
		if (code !== 0) throw new Error(`nudge ${args.join(" ")} ended with ${code}:\n${stdout}\n${stderr}`);
		return stdout;
	}

	async shown(): Promise<Shown> {
		return JSON.parse(await this.said("jobs", "show", "last", "--json")) as Shown;
	}

	async until(wanted: (now: Shown) => boolean, withinMs = 240_000): Promise<Shown> {
		const deadline = Date.now() + withinMs;
		for (;;) {
			const now = await this.shown();
			if (wanted(now)) return now;
			if (Date.now() > deadline)
				throw new Error(
					`the job is ${JSON.stringify(now.state)} at ${JSON.stringify(now.last)}:\n${await this.said("jobs", "show", "last")}\n${await this.said("jobs", "logs", "last")}`,
				);
			await new Promise((resolve) => setTimeout(resolve, 500));
		}
	}
}
