/**
 * Where lines break: greedy, character by character. What always holds: a break depends on the characters up to the first
 * one that did not fit and on none behind it, so a text that grows keeps its breaks.
 *
 * Prose breaks at spaces (they stay on the line before, hanging beyond its edge where they must) and beside wide
 * characters, but no closing mark begins a line (JIS X 4051's rule in its simplest form). A word longer than a line
 * begins on a line of its own and breaks where an address or a formula may be read on, else anywhere. Code and output
 * break at the edge and nowhere else.
 */
import { shown, TAB_CELLS } from "./clusters.ts";

const SPACE = 0x20;
const TAB = 0x09;
/** A space with a mark on it is no place to break. */
const NO_BREAK_SPACE = 0xa0;
const BACKSLASH = 0x5c;

const units = (text: string): Set<number> => new Set(Array.from(text, (one) => one.charCodeAt(0)));
const NEVER_FIRST = units(
	".,;:!?)]}%'\"、。，．・：；？！）］｝」』】〕〉》’”…ー々ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ％",
);
const NEVER_LAST = units("([{（［｛「『【〔〈《‘“$\\");
/** A long word may break behind these, unless one of NEVER_FIRST, of these or of NEVER_SOFT follows. */
const SOFT = units("/?&=,;|+-_}");
const NEVER_SOFT = units("{^");

/** The most units of one line, whatever they are: spaces that hang and characters without end. */
const unitsFor = (columns: number): number => 1024 + 16 * columns;

export class Flow {
	readonly #columns: number;
	readonly #mostUnits: number;
	/** Where the line begins, and the cells of it so far. */
	#start = 0;
	#cells = 0;
	/** Whether the line has more than spaces: only then is a space in it a place to break. */
	#inked = false;
	/** The last place to break, and the cells before it; as good as none where it is the line's start. */
	#chance = 0;
	#chanceCells = 0;
	#soft = 0;
	#softCells = 0;
	/** The first unit and the cells of the character before. */
	#last = 0;
	#lastCells = 0;
	/** What `put` found. */
	first = 0;
	second = 0;

	constructor(columns: number) {
		this.#columns = columns;
		this.#mostUnits = unitsFor(columns);
	}

	begin(at: number): void {
		this.#start = at;
		this.#cells = 0;
		this.#inked = false;
		this.#chance = at;
		this.#soft = at;
		this.#last = 0;
		this.#lastCells = 0;
	}

	/** Takes over where another one stands. */
	set(other: Flow): void {
		this.#start = other.#start;
		this.#cells = other.#cells;
		this.#inked = other.#inked;
		this.#chance = other.#chance;
		this.#chanceCells = other.#chanceCells;
		this.#soft = other.#soft;
		this.#softCells = other.#softCells;
		this.#last = other.#last;
		this.#lastCells = other.#lastCells;
	}

	/** Puts any character on; as `put` does. */
	take(cluster: string, at: number, hard: boolean): 0 | 1 | 2 {
		const unit = cluster.charCodeAt(0);
		if (unit === TAB) return this.put(at, TAB, 1, hard);
		const { cells } = shown(cluster);
		const sort = unit === SPACE && cluster.length > 1 ? NO_BREAK_SPACE : unit;
		return this.put(at, sort, cells, hard);
	}

	/**
	 * Puts the character at `at` on: its first unit, and its cells. Says how many lines begin because of it; where, is in
	 * `first` and `second`.
	 */
	put(at: number, unit: number, cells: number, hard: boolean): 0 | 1 | 2 {
		// What is wider than a whole line is drawn as one cell.
		const wanted = cells > this.#columns ? 1 : cells;
		const began = hard ? this.#hard(at, unit, wanted) : this.#soften(at, unit, wanted);
		this.#last = unit;
		this.#lastCells = cells;
		return began;
	}

	#hard(at: number, unit: number, cells: number): 0 | 1 {
		const left = this.#columns - this.#cells;
		if (unit === TAB && left > 0 && at - this.#start < this.#mostUnits) {
			this.#cells += Math.min(left, TAB_CELLS - (this.#cells % TAB_CELLS));
			return 0;
		}
		const wanted = unit === TAB ? Math.min(TAB_CELLS, this.#columns) : cells;
		if (wanted <= left && at - this.#start < this.#mostUnits) {
			this.#cells += wanted;
			return 0;
		}
		return this.#breakAt(at, wanted);
	}

	#soften(at: number, unit: number, cells: number): 0 | 1 | 2 {
		const full = at - this.#start >= this.#mostUnits;
		if (unit === SPACE || unit === TAB) {
			const wanted = unit === TAB ? TAB_CELLS - (this.#cells % TAB_CELLS) : 1;
			if (full) return this.#breakAt(at, Math.min(wanted, this.#columns));
			this.#cells += wanted;
			if (this.#inked) {
				this.#chance = at + 1;
				this.#chanceCells = this.#cells;
			}
			return 0;
		}
		if (at > this.#start) this.#look(at, unit, cells);
		this.#inked = true;
		if (full) return this.#breakAt(at, cells);
		this.#cells += cells;
		if (this.#cells <= this.#columns) return 0;
		let began: 0 | 1 = 0;
		if (this.#chance > this.#start) {
			this.#carry(this.#chance, this.#chanceCells);
			if (this.#cells <= this.#columns) return 1;
			began = 1;
		}
		// A long word: somewhere in the second half of the line, or at its end.
		const left = this.#cells - this.#softCells;
		if (this.#soft > this.#start && 2 * this.#softCells >= this.#columns && left <= this.#columns) {
			const first = this.first;
			this.#carry(this.#soft, this.#softCells);
			if (began === 0) return 1;
			this.second = this.first;
			this.first = first;
			return 2;
		}
		if (began === 0) return this.#breakAt(at, cells);
		this.second = at;
		const first = this.first;
		this.#breakAt(at, cells);
		this.first = first;
		return 2;
	}

	/** Whether the line may break before this character. */
	#look(at: number, unit: number, cells: number): void {
		if (NEVER_FIRST.has(unit) || NEVER_LAST.has(this.#last)) return;
		if (this.#inked && (cells === 2 || this.#lastCells === 2)) {
			this.#chance = at;
			this.#chanceCells = this.#cells;
		} else if (unit === BACKSLASH || (SOFT.has(this.#last) && !SOFT.has(unit) && !NEVER_SOFT.has(unit))) {
			this.#soft = at;
			this.#softCells = this.#cells;
		}
	}

	/** A line begins with this character. */
	#breakAt(at: number, cells: number): 1 {
		this.begin(at);
		this.#cells = cells;
		this.#inked = true;
		this.first = at;
		return 1;
	}

	/** A line begins earlier than the character that was just put on. */
	#carry(at: number, before: number): void {
		this.first = at;
		this.#start = at;
		this.#cells -= before;
		this.#chance = at;
		if (this.#soft > at) this.#softCells -= before;
		else this.#soft = at;
	}
}
