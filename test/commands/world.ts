/** A world for a command: what it writes is kept, its folders are its own and gone afterwards. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Writable } from "node:stream";
import type { Io } from "../../src/commands/command.ts";
import { call } from "../../src/commands/main.ts";

export type Said = { readonly code: number; readonly out: string; readonly err: string };

export class World {
	readonly folder = mkdtempSync(join(tmpdir(), "nudge-command-"));
	readonly home = join(this.folder, "home");
	readonly cwd = join(this.folder, "work", "deep");
	readonly env: NodeJS.ProcessEnv = { NUDGE_HOME: this.home, PATH: process.env.PATH };

	constructor() {
		mkdirSync(this.cwd, { recursive: true });
	}

	/** Runs the words of a command line. */
	async nudge(...words: string[]): Promise<Said> {
		const kept = { out: "", err: "" };
		const into = (name: "out" | "err") =>
			new Writable({
				write(chunk: Buffer, _encoding, done) {
					kept[name] += chunk.toString();
					done();
				},
			});
		const io: Io = {
			stdin: new PassThrough() as unknown as NodeJS.ReadStream,
			stdout: into("out"),
			stderr: into("err"),
			env: this.env,
			cwd: this.cwd,
		};
		const code = await call(words, io, new AbortController().signal);
		return { code, ...kept };
	}

	remove(): void {
		rmSync(this.folder, { recursive: true, force: true });
	}
}
