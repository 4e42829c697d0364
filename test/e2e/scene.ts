/**
 * What the tests of the screen share: a home, a scripted server that streams as a test wants it, and programs that are
 * closed behind each test. The scripted model thinks about whatever it is asked, computes when a hint has opened a block,
 * and believes what Python says; told by text alone, it goes on exactly from wherever it was cut.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { TraceEvent } from "../../src/trace/events.ts";
import { SessionStore } from "../../src/trace/store.ts";
import { type Pace, type ScriptedServer, scriptedServer } from "../engine/scripted-server.ts";
import { type Home, journalOf, makeHome } from "./program.ts";
import { openScreen, type Screen, type ScreenOptions } from "./screen.ts";

/** What the model says where nobody interferes, and what it writes into a block that a hint has opened. */
export type Story = { readonly thinking: string; readonly code?: string; readonly answer?: string };

const FIRST: Story = {
	thinking: [
		"Okay, let me multiply 388 by 286.",
		"400 times 286 is 114400, and 12 times 286 is about 3400.",
		"Wait, that is only a guess.",
		"So the value is 111000.",
		"",
	].join("\n"),
	code: "a = 388\nb = 286\nprint(a * b)\n```\n",
};
const BELIEVES = "Python says it, so I believe it.\n";
const GOES_ON = "That is a thought, so I go on.\n";
/** Of the story's own thinking, where nothing was computed. */
const GUESS = "111000";

export class Scene {
	readonly home: Home;
	readonly server: ScriptedServer;
	readonly stream: Stream;
	readonly #stories: Map<string, Story>;
	readonly #opened: Screen[] = [];

	private constructor(home: Home, server: ScriptedServer, stream: Stream, stories: Map<string, Story>) {
		this.home = home;
		this.server = server;
		this.stream = stream;
		this.#stories = stories;
	}

	static async make(): Promise<Scene> {
		const stories = new Map<string, Story>();
		const stream = new Stream();
		const server = await scriptedServer({
			dialect: "vllm",
			contextTokens: 100_000,
			model: (turn, header) => continued(turn, storyOf(header, stories)),
			pace: stream.pace,
		});
		return new Scene(await makeHome(), server, stream, stories);
	}

	/** What the model says to a problem with these words. */
	tell(words: string, story: Story): void {
		this.#stories.set(words, story);
	}

	/** `nudge open` with the scripted engine. Hints do not wait for a veto, where nothing else is said. */
	open(args: readonly string[] = [], options: ScreenOptions = {}): Screen {
		const veto = args.includes("--veto-ms") ? [] : ["--veto-ms", "0"];
		return this.run(["open", "--engine", `vllm:${this.server.url}`, ...veto, ...args], options);
	}

	run(args: readonly string[], options: ScreenOptions = {}): Screen {
		const screen = openScreen(this.home, args, { background: "#101010", ...options });
		this.#opened.push(screen);
		return screen;
	}

	/** A file in the folder that the programs run in; a script can be run. */
	write(name: string, text: string): void {
		const file = join(this.home.dir, name);
		mkdirSync(dirname(file), { recursive: true });
		writeFileSync(file, text, { mode: text.startsWith("#!") ? 0o755 : 0o644 });
	}

	/** Ids of the sessions that are kept, oldest first. */
	sessions(): string[] {
		return new SessionStore(join(this.home.dir, "data")).ids();
	}

	/** The journal of a session, the latest where none is named. */
	events(session = this.sessions().at(-1)): TraceEvent[] {
		return journalOf(this.home, session ?? "");
	}

	/** For the end of each test. */
	async tidy(): Promise<void> {
		this.stream.everyMs = 0;
		this.stream.run();
		await Promise.all(this.#opened.splice(0).map((screen) => screen.close()));
	}

	async close(): Promise<void> {
		await this.tidy();
		await this.server.close();
		this.home.remove();
	}
}

/** How fast the model streams: as it can, with a time between tokens, or up to a text and no further. */
export class Stream {
	/** Between two tokens, in milliseconds. */
	everyMs = 0;
	#to: string | undefined;
	#said = "";
	#held: PromiseWithResolvers<void> | undefined;
	#reached = Promise.withResolvers<void>();

	/** Lets it run: on and on, or until the next token would have said this text whole. */
	run(to?: string): void {
		this.#to = to;
		this.#said = "";
		this.#reached = Promise.withResolvers();
		this.#held?.resolve();
		this.#held = undefined;
	}

	/** It has come to where it was to stop. */
	get reached(): Promise<void> {
		return this.#reached.promise;
	}

	readonly pace: Pace = async ({ text }) => {
		this.#said += text;
		if (this.#to !== undefined && this.#said.includes(this.#to)) {
			this.#to = undefined;
			this.#held ??= Promise.withResolvers();
			this.#reached.resolve();
		}
		await this.#held?.promise;
		if (this.everyMs > 0) await new Promise((resolve) => setTimeout(resolve, this.everyMs));
	};
}

function storyOf(header: string, stories: ReadonlyMap<string, Story>): Story {
	for (const [words, story] of stories) if (header.includes(words)) return story;
	return FIRST;
}

/** All that the model would still say, to the end of its turn: a stop string or a hint may cut it anywhere. */
function continued(turn: string, { thinking, code = "print(6 * 7)\n```\n", answer }: Story): string {
	const output = [...turn.matchAll(/```output\n([\s\S]*?)\n?```\n/g)].at(-1);
	const end = `</think>\n\nThe answer is \\boxed{${answer ?? output?.[1]?.trim() ?? GUESS}}.`;
	const whole = thinking + end;
	if (whole.startsWith(turn)) return whole.slice(turn.length);
	const ended = turn.lastIndexOf("</think>");
	const opened = turn.lastIndexOf("```python\n");
	const put = output?.index ?? -1;
	if (opened > ended && opened > put) return rest(code, turn.slice(opened + "```python\n".length));
	if (ended > put) return rest(end, turn.slice(ended));
	const behind = output ? turn.slice(put + output[0].length) : undefined;
	return rest((behind !== undefined && BELIEVES.startsWith(behind) ? BELIEVES : GOES_ON) + end, turn);
}

/** What is left of a text of which a turn may have said a part already. */
function rest(text: string, turn: string): string {
	for (let said = Math.min(text.length, turn.length); said > 0; said--)
		if (turn.endsWith(text.slice(0, said))) return text.slice(said);
	return text;
}
