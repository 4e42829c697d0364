/**
 * Reads the rollout files of a run as they grow: each whole line once, and of it what stands before the trace itself, which
 * is a hundredth of it or less. For whoever watches a run of any size.
 *
 * What always holds: a line is handed over once, when its newline is there (or when it is whole and nobody goes on with
 * it); a torn one waits, a damaged one is counted and said; files may appear at any time. Memory: one line. Others have
 * their turn after each piece. A file that became shorter, or another, is begun anew, and all with it (`onReset`).
 */
import { isUtf8 } from "node:buffer";
import { type FileHandle, open, stat } from "node:fs/promises";
import { parseRollout, type Rollout } from "./rollout.ts";
import { type Damage, rolloutFiles } from "./run-folder.ts";

/** A rollout without its trace. */
export type Head = Omit<Rollout, "header" | "spans" | "begun"> & { readonly begun?: string };

/** Where the line of a rollout stands. */
export type Place = { readonly file: string; readonly at: number; readonly bytes: number };

export type RunReaderOptions = {
	readonly onHead: (head: Head, place: Place) => void;
	readonly onReset?: () => void;
	/** Every line is read to its end, so that a damaged trace is found too: ten times the work. */
	readonly whole?: boolean;
	/** Told after each piece: more was read. */
	readonly onPiece?: () => void;
};

const PIECE_BYTES = 1 << 19;
const NEWLINE = 10;
/** In JSON a quote inside a text is escaped: unescaped like this it can only be a field. */
const HEADER = Buffer.from(',"header":{');
/** The last field of a line. */
const BEGUN = /,"begun":"([^"\\]+)"\}$/;
const END_BYTES = 64;
/** At most so many damaged lines are kept in words. */
const MOST_DAMAGE = 100;

type File = {
	readonly name: string;
	readonly inode: number;
	/** Behind the last line that was handed over. */
	at: number;
	size: number;
	line: number;
	/** The size at which a last line without its newline was looked at. */
	looked: number;
	/** The last line was taken without its newline. */
	unended: boolean;
};

export class RunReader {
	readonly #folder: string;
	readonly #options: RunReaderOptions;
	readonly #damage: Damage[] = [];
	#files = new Map<string, File>();
	#damaged = 0;
	#touched: number | undefined;

	constructor(folder: string, options: RunReaderOptions) {
		this.#folder = folder;
		this.#options = options;
	}

	/** Lines that hold no rollout; the first of them in words. */
	get damaged(): number {
		return this.#damaged;
	}
	get damage(): readonly Damage[] {
		return this.#damage;
	}

	/** Files that end in a line which is not whole: on its way, or cut off by a crash. */
	get torn(): readonly string[] {
		return [...this.#files.values()].filter(({ at, size }) => size > at).map(({ name }) => name);
	}

	/** When the last of the files was changed, milliseconds since the epoch. */
	get touched(): number | undefined {
		return this.#touched;
	}

	/** Bytes read of those there are, as of the last look. */
	get progress(): { readonly read: number; readonly of: number } {
		let read = 0;
		let of = 0;
		for (const { at, size } of this.#files.values()) {
			read += at;
			of += size;
		}
		return { read, of };
	}

	/** Reads what has come. Throws where the folder cannot be read. */
	async read(signal?: AbortSignal): Promise<void> {
		const names = rolloutFiles(this.#folder);
		const sizes = await Promise.all(names.map((name) => stat(name).catch(() => undefined)));
		const isSame = (name: string, index: number): boolean => {
			const known = this.#files.get(name);
			const now = sizes[index];
			return !known || (now !== undefined && now.size >= known.at && now.ino === known.inode);
		};
		const gone = [...this.#files.keys()].some((name) => !names.includes(name));
		if (gone || !names.every(isSame)) this.reset();
		for (const [index, name] of names.entries()) {
			const now = sizes[index];
			if (!now) continue;
			const known = this.#files.get(name);
			if (known) known.size = now.size;
			else {
				const fresh = { at: 0, line: 0, looked: -1, unended: false };
				this.#files.set(name, { name, inode: now.ino, size: now.size, ...fresh });
			}
		}
		this.#touched = Math.max(0, ...sizes.map((now) => now?.mtimeMs ?? 0)) || undefined;
		for (const file of this.#files.values()) {
			signal?.throwIfAborted();
			if (file.size > file.at && file.size !== file.looked) await this.#file(file, signal);
		}
	}

	/** Everything is read anew from the next look on. */
	reset(): void {
		this.#files = new Map();
		this.#damage.length = 0;
		this.#damaged = 0;
		this.#options.onReset?.();
	}

	async #file(file: File, signal: AbortSignal | undefined): Promise<void> {
		let handle: FileHandle;
		try {
			handle = await open(file.name, "r");
		} catch {
			// Gone since: the next look says so.
			return;
		}
		try {
			await this.#lines(file, handle, signal);
		} finally {
			await handle.close();
		}
	}

	async #lines(file: File, handle: FileHandle, signal: AbortSignal | undefined): Promise<void> {
		const piece = Buffer.allocUnsafe(PIECE_BYTES);
		let begun: Buffer[] = [];
		let position = file.at;
		for (;;) {
			const { bytesRead } = await handle.read(piece, 0, PIECE_BYTES, position);
			if (bytesRead === 0) break;
			position += bytesRead;
			let start = 0;
			for (;;) {
				const end = piece.subarray(0, bytesRead).indexOf(NEWLINE, start);
				if (end < 0) break;
				const tail = piece.subarray(start, end);
				this.#line(file, begun.length > 0 ? Buffer.concat([...begun, tail]) : tail);
				begun = [];
				start = end + 1;
			}
			if (start < bytesRead) begun.push(Buffer.from(piece.subarray(start, bytesRead)));
			file.size = Math.max(file.size, position);
			this.#options.onPiece?.();
			await new Promise(setImmediate);
			signal?.throwIfAborted();
		}
		file.looked = position;
		const rest = Buffer.concat(begun);
		if (rest.length === 0 || typeof headOf(rest) === "string") return;
		// Whole but for its newline: a proper beginning of a JSON object never parses.
		if (typeof parseRollout(rest.toString("utf8")) === "string") return;
		this.#line(file, rest, 0);
		file.unended = true;
	}

	#line(file: File, raw: Buffer, newline = 1): void {
		const at = file.at;
		file.at += raw.length + newline;
		if (raw.length === 0 && file.unended) {
			file.unended = false;
			return;
		}
		file.unended = false;
		file.line++;
		const head = raw.length === 0 ? "an empty line" : headOf(raw, this.#options.whole);
		if (typeof head !== "string") {
			this.#options.onHead(head, { file: file.name, at, bytes: raw.length });
			return;
		}
		this.#damaged++;
		if (this.#damage.length < MOST_DAMAGE) this.#damage.push({ file: file.name, line: file.line, why: head });
	}
}

/** What stands before the trace in a line, or what is wrong with the line. */
export function headOf(raw: Buffer, whole = false): Head | string {
	const cut = whole ? -1 : raw.indexOf(HEADER);
	if (cut > 0 && raw.at(-1) === 0x7d) {
		const before = raw.subarray(0, cut);
		const head = isUtf8(before) ? parsed(`${before.toString("utf8")}}`) : undefined;
		const begun = BEGUN.exec(raw.subarray(-END_BYTES).toString("latin1"))?.[1];
		// Fields in another order than that in which they are written: all of it is read.
		if (head && begun !== undefined) return { ...head, begun };
	}
	if (!isUtf8(raw)) return "not UTF-8";
	const text = raw.toString("utf8");
	const rollout = parseRollout(text);
	return typeof rollout === "string" ? rollout : (parsed(text) ?? "no rollout: it lacks how it ended");
}

function parsed(text: string): Head | undefined {
	let row: Partial<Head> | null;
	try {
		row = JSON.parse(text) as Partial<Head> | null;
	} catch {
		return undefined;
	}
	const whole =
		typeof row?.key === "string" &&
		typeof row.problem?.id === "string" &&
		typeof row.sample === "number" &&
		typeof row.verdict === "string" &&
		typeof row.end?.reason === "string" &&
		Array.isArray(row.calls) &&
		Array.isArray(row.hints) &&
		typeof row.usage?.sampledTokens === "number";
	return whole ? (row as Head) : undefined;
}

/** Files that many rollouts are read from, one after another. */
export class OpenFiles {
	readonly #handles = new Map<string, FileHandle>();

	/** The whole rollout that stands at a place, or why there is none. */
	async rolloutAt({ file, at, bytes }: Place): Promise<Rollout | string> {
		try {
			const handle = this.#handles.get(file) ?? (await open(file, "r"));
			this.#handles.set(file, handle);
			const raw = Buffer.alloc(bytes);
			for (let from = 0; from < bytes; ) {
				const { bytesRead } = await handle.read(raw, from, bytes - from, at + from);
				if (bytesRead === 0) return "its file became shorter";
				from += bytesRead;
			}
			return isUtf8(raw) ? parseRollout(raw.toString("utf8")) : "not UTF-8";
		} catch (error) {
			return (error as Error).message;
		}
	}

	async close(): Promise<void> {
		const handles = [...this.#handles.values()];
		this.#handles.clear();
		await Promise.all(handles.map((handle) => handle.close()));
	}
}

export async function rolloutAt(place: Place): Promise<Rollout | string> {
	const files = new OpenFiles();
	try {
		return await files.rolloutAt(place);
	} finally {
		await files.close();
	}
}
