/**
 * From the bytes of tokens to characters. A token may end inside a character: its text is then empty, and the token that
 * completes the character has all of it. Bytes that are no UTF-8 become U+FFFD, as the WHATWG Encoding standard says
 * (https://encoding.spec.whatwg.org/#utf-8-decoder).
 */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** How many bytes at the end are the beginning of a character that is not complete. */
export function unfinishedBytes(bytes: Uint8Array): number {
	for (let back = 1; back <= Math.min(3, bytes.length); back++) {
		const byte = bytes[bytes.length - back]!;
		if ((byte & 0xc0) === 0x80) continue;
		const needed = byte >= 0xf0 && byte < 0xf5 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc2 ? 2 : 1;
		return byte < 0xf5 && needed > back ? back : 0;
	}
	return 0;
}

export class Characters {
	#rest: Uint8Array = new Uint8Array(0);

	/** The text that these bytes complete. */
	push(bytes: Uint8Array): string {
		const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
		const unfinished = unfinishedBytes(all);
		this.#rest = all.subarray(all.length - unfinished);
		return decoder.decode(all.subarray(0, all.length - unfinished));
	}

	/** No byte is left over. */
	get clean(): boolean {
		return this.#rest.length === 0;
	}
}

/** For each token how many UTF-16 units it completes. */
export function lensOf(pieces: readonly Uint8Array[]): number[] {
	const characters = new Characters();
	return pieces.map((piece) => characters.push(piece).length);
}
