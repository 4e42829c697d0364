/**
 * A text as words and lines, each a number: the one pass over the characters that the repetition rule makes.
 *
 * What always holds: capitals of ASCII count as small letters (and [\]^_ as {|}~: who tells them apart repeats nothing
 * less), white space between words does not count; a character of a script without spaces is a word, and a longer run
 * without a space is cut in words of WORD units, so that a text without any spaces has words too.
 */
const WORD = 16;
const FNV_PRIME = 0x0100_0193;
const FNV_START = 0x811c_9dc5 | 0;

export type WordSink = {
	/** A word, as a hash. */
	word(hash: number): void;
	/** A line that has words, from its first to the end of its last. */
	line(hash: number, from: number, to: number): void;
};

export function eachWord(units: Uint16Array, from: number, to: number, sink: WordSink): void {
	let line = FNV_START;
	let lineFrom = -1;
	let lineTo = -1;
	let i = from;
	while (i < to) {
		const first = units[i] as number;
		if (first <= 32 || first === 0xa0 || first === 0x3000) {
			if (first === 10 && lineFrom >= 0) {
				sink.line(line, lineFrom, lineTo);
				line = FNV_START;
				lineFrom = -1;
			}
			i++;
			continue;
		}
		if (lineFrom < 0) lineFrom = i;
		let word = Math.imul(FNV_START ^ (first < 0x80 ? first | 32 : first), FNV_PRIME);
		i++;
		if (first < 0x3040 || first > 0x9fff) {
			const end = i + WORD - 1 < to ? i + WORD - 1 : to;
			while (i < end) {
				const unit = units[i] as number;
				if (unit <= 32) break;
				if (unit < 0x80) word = Math.imul(word ^ (unit | 32), FNV_PRIME);
				else if (unit === 0xa0 || (unit >= 0x3000 && unit <= 0x9fff)) break;
				else word = Math.imul(word ^ unit, FNV_PRIME);
				i++;
			}
		}
		lineTo = i;
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
