/**
 * The runs below some folders that are being sampled or were lately, each watched. Folders are looked through again now and
 * then, so that a run which begins shows up by itself.
 */
import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { rolloutFiles, writersOf } from "../../data/run-folder.ts";
import { RUN_FILE } from "../../data/run-sheet.ts";
import { RunWatch } from "../../data/run-watch.ts";

export type TopRun = { readonly name: string; readonly folder: string; readonly watch: RunWatch };

export type TopOptions = {
	readonly folders: readonly string[];
	readonly cwd: string;
	readonly everyMs?: number;
	readonly now?: () => number;
};

/** Untouched for longer, a run that is over is not shown. */
const LATELY_MS = 24 * 3_600_000;
const FIND_EVERY_MS = 3_000;
const FIND_SHARE = 50;
const DEEP = 3;
const MOST_FOLDERS = 5_000;

export class TopWatch {
	readonly #options: TopOptions;
	readonly #now: () => number;
	readonly #runs = new Map<string, TopRun>();
	readonly #listeners = new Set<() => void>();
	#timer: NodeJS.Timeout | undefined;
	#list: readonly TopRun[] = [];

	constructor(options: TopOptions) {
		this.#options = options;
		this.#now = options.now ?? Date.now;
	}

	/** Those that are sampled first, then what was touched last. */
	get runs(): readonly TopRun[] {
		return this.#list;
	}

	subscribe(listener: () => void): () => void {
		this.#listeners.add(listener);
		return () => this.#listeners.delete(listener);
	}

	/** Looks once at everything and waits for it. */
	async look(): Promise<void> {
		this.#find();
		await Promise.all([...this.#runs.values()].map(({ watch }) => watch.look()));
		this.#arrange();
	}

	start(): void {
		if (this.#timer) return;
		this.#round();
		this.#arrange();
	}

	/** Where looking through the folders takes long, it is done less often. */
	#round(): void {
		const begun = performance.now();
		this.#find();
		for (const { watch } of this.#runs.values()) watch.start();
		const took = performance.now() - begun;
		const wait = Math.max(this.#options.everyMs ?? FIND_EVERY_MS, FIND_SHARE * took);
		this.#timer = setTimeout(() => this.#round(), wait);
	}

	/** Nobody looks at it now; `start` goes on. */
	pause(): void {
		clearTimeout(this.#timer);
		this.#timer = undefined;
		for (const { watch } of this.#runs.values()) watch.close();
		this.#runs.clear();
	}

	close(): void {
		this.pause();
		this.#listeners.clear();
	}

	#find(): void {
		const { folders, cwd } = this.#options;
		for (const folder of folders.flatMap(runsBelow)) {
			if (this.#runs.has(folder) || !this.#isLately(folder)) continue;
			const near = relative(cwd, folder);
			const name = near === "" ? basename(folder) : near.startsWith("..") ? folder : near;
			const watch = new RunWatch(folder, { keep: false });
			watch.subscribe(() => this.#arrange());
			this.#runs.set(folder, { name, folder, watch });
		}
	}

	#isLately(folder: string): boolean {
		try {
			if (writersOf(folder).length > 0) return true;
			const times = [join(folder, RUN_FILE), ...rolloutFiles(folder)].map((file) => statSync(file).mtimeMs);
			return this.#now() - Math.max(...times) < LATELY_MS;
		} catch {
			return false;
		}
	}

	#arrange(): void {
		const rank = ({ watch }: TopRun): number => (watch.processes.length > 0 ? 0 : 1);
		this.#list = [...this.#runs.values()].sort(
			(a, b) =>
				rank(a) - rank(b) ||
				(rank(a) === 0 ? 0 : (b.watch.touched ?? 0) - (a.watch.touched ?? 0)) ||
				(a.name < b.name ? -1 : 1),
		);
		for (const listener of [...this.#listeners]) listener();
	}
}

/** The folder itself where it is a run, else those some levels below it. A run has none inside. */
export function runsBelow(folder: string): string[] {
	const found: string[] = [];
	let left = MOST_FOLDERS;
	const look = (at: string, deep: number): void => {
		if (left-- <= 0) return;
		if (existsSync(join(at, RUN_FILE))) {
			found.push(at);
			return;
		}
		if (deep === 0) return;
		let names: string[];
		try {
			names = readdirSync(at, { withFileTypes: true })
				.filter(
					(entry) => entry.isDirectory() && !entry.name.startsWith(".") && entry.name !== "node_modules",
				)
				.map(({ name }) => name)
				.sort();
		} catch {
			return;
		}
		for (const name of names) look(join(at, name), deep - 1);
	};
	look(folder, DEEP);
	return found;
}
