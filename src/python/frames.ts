/**
 * The frames between nudge and a session's supervisor (guest/session.py): size u32, kind u8, payload, little endian.
 * A frame is data with a length, never text to be searched, so nothing that code prints can look like one.
 */
import type { BlockVerdict } from "./interpreter.ts";

/** What may come from a session; larger means that the stream is not what we think it is. */
const LARGEST_FRAME_BYTES = 256 * 1024 * 1024;

export function frame(kind: string, ...parts: Uint8Array[]): Buffer {
	let size = 1;
	for (const part of parts) size += part.length;
	const buffer = Buffer.allocUnsafe(4 + size);
	buffer.writeUInt32LE(size, 0);
	buffer.write(kind, 4, 1, "latin1");
	let at = 5;
	for (const part of parts) {
		buffer.set(part, at);
		at += part.length;
	}
	return buffer;
}

export type Frame = { readonly kind: string; readonly payload: Buffer };

/** Takes the stream in pieces as they come; gives whole frames. */
export class FrameReader {
	private pieces: Buffer[] = [];
	private held = 0;
	private wanted = 4;

	push(piece: Buffer): Frame[] {
		this.pieces.push(piece);
		this.held += piece.length;
		if (this.held < this.wanted) return [];
		let rest = this.pieces.length === 1 ? piece : Buffer.concat(this.pieces);
		const frames: Frame[] = [];
		this.wanted = 4;
		while (rest.length >= 4) {
			const size = rest.readUInt32LE(0);
			if (size < 1 || size > LARGEST_FRAME_BYTES)
				throw new Error(`a Python session sent a frame of ${size} bytes`);
			if (rest.length < 4 + size) {
				this.wanted = 4 + size;
				break;
			}
			frames.push({ kind: String.fromCharCode(rest[4]!), payload: rest.subarray(5, 4 + size) });
			rest = rest.subarray(4 + size);
		}
		this.pieces = rest.length > 0 ? [rest] : [];
		this.held = rest.length;
		return frames;
	}
}

export type RunRequest = {
	readonly id: number;
	readonly byPerson: boolean;
	readonly timeoutMs: number;
	readonly outputChars: number;
	readonly memoryBytes: number;
	readonly code: string;
};

export function runFrame(request: RunRequest): Buffer {
	const head = Buffer.allocUnsafe(24);
	head.writeUInt32LE(request.id, 0);
	head.writeUInt32LE(request.byPerson ? 1 : 0, 4);
	head.writeUInt32LE(request.timeoutMs, 8);
	head.writeUInt32LE(request.outputChars, 12);
	head.writeBigUInt64LE(BigInt(request.memoryBytes), 16);
	return frame("R", head, Buffer.from(request.code, "utf8"));
}

export function idFrame(kind: string, id: number): Buffer {
	const payload = Buffer.allocUnsafe(4);
	payload.writeUInt32LE(id, 0);
	return frame(kind, payload);
}

export type Done = {
	readonly id: number;
	readonly verdict: BlockVerdict;
	readonly stateLost: boolean;
	readonly totalBytes: number;
	readonly durationMs: number;
	readonly droppedBytes: number;
	readonly droppedChars: number;
	readonly head: Buffer;
	readonly tail: Buffer;
	readonly notice: string;
};

const VERDICTS: readonly BlockVerdict[] = ["ok", "error", "timeout", "memory", "killed"];
const DONE_BYTES = 50;

/** How a block ended, as its terminal shows it. */
export type BlockEnd = {
	readonly number: number;
	readonly verdict: BlockVerdict;
	readonly durationMs: number;
};

export function readBlockEnd(payload: Buffer): BlockEnd {
	return {
		number: payload.readUInt32LE(0),
		verdict: verdictOf(payload[4]),
		durationMs: payload.readDoubleLE(5),
	};
}

function verdictOf(number: number | undefined): BlockVerdict {
	const verdict = number === undefined ? undefined : VERDICTS[number];
	if (verdict === undefined) throw new Error(`a Python session sent the unknown verdict ${number}`);
	return verdict;
}

export function readDone(payload: Buffer): Done {
	const headBytes = payload.readUInt32LE(42);
	const tailBytes = payload.readUInt32LE(46);
	return {
		id: payload.readUInt32LE(0),
		verdict: verdictOf(payload[4]),
		stateLost: payload[5] === 1,
		totalBytes: Number(payload.readBigUInt64LE(10)),
		durationMs: payload.readDoubleLE(18),
		droppedBytes: Number(payload.readBigUInt64LE(26)),
		droppedChars: Number(payload.readBigUInt64LE(34)),
		head: payload.subarray(DONE_BYTES, DONE_BYTES + headBytes),
		tail: payload.subarray(DONE_BYTES + headBytes, DONE_BYTES + headBytes + tailBytes),
		notice: payload.toString("utf8", DONE_BYTES + headBytes + tailBytes),
	};
}
