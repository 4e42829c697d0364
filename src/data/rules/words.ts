/**
 * A text as words and lines, each a number: the one pass over the characters that the repetition rule makes.
 *
 * What always holds: ASCII capitals count as small letters, white space between words does not count; a character of a
 * script without spaces is a word, and a longer run without a space is cut in words of WORD units, so that a text
 * without any spaces has words too.
 */
const WORD = 16;
const FNV_PRIME = 0x0100_0193;
const FNV_START = 0x811c_9dc5 | 0;

export type WordSink = {
	/** A word, with where it begins and ends. */
	word(hash: number): void;
	/** A line that has words, from its first to the end of its last. */
	line(hash: number, from: number, to: number): void;
};

export function eachWord(text: string, from: number, to: number, sink: WordSink): void {
	let word = FNV_START;
	let length = 0;
	let line = FNV_START;
	let lineFrom = -1;
	let lineTo = -1;
	for (let i = from; i < to; i++) {
		let unit = text.charCodeAt(i);
		const space = unit <= 32 || unit === 0xa0 || unit === 0x3000;
		const whole = unit >= 0x3040 && unit <= 0x9fff;
		if (length > 0 && (space || whole || length === WORD)) {
			sink.word(word);
			line = Math.imul(line ^ word, FNV_PRIME) ^ (line >>> 15);
			word = FNV_START;
			length = 0;
		}
		if (space) {
			if (unit === 10 && lineFrom >= 0) {
				sink.line(line, lineFrom, lineTo);
				line = FNV_START;
				lineFrom = -1;
			}
			continue;
		}
		if (lineFrom < 0) lineFrom = i;
		lineTo = i + 1;
		if (unit >= 65 && unit <= 90) unit += 32;
		word = Math.imul(word ^ unit, FNV_PRIME);
		if (whole) {
			sink.word(word);
			line = Math.imul(line ^ word, FNV_PRIME) ^ (line >>> 15);
			word = FNV_START;
		} else length++;
	}
	if (length > 0) {
		sink.word(word);
		line = Math.imul(line ^ word, FNV_PRIME) ^ (line >>> 15);
	}
	if (lineFrom >= 0) sink.line(line, lineFrom, lineTo);
}

/** All bits of a hash spread over all others (the finaliser of MurmurHash3). */
export function mixed(hash: number): number {
	let mix = hash;
	mix = Math.imul(mix ^ (mix >>> 16), 0x85eb_ca6b);
	mix = Math.imul(mix ^ (mix >>> 13), 0xc2b2_ae35);
	return (mix ^ (mix >>> 16)) >>> 0;
}
