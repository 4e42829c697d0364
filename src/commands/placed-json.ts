/**
 * JSON that knows where everything stands, so that a mistake in a file that people write can be shown by line and
 * column. Strict JSON (RFC 8259), and stricter in one point: a name given twice in one object is a mistake, because one
 * of the two would be lost in silence. For small files.
 */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** Where a value begins, by its path from the root: ["engines", "lab", "url"]. */
export type Places = { at(path: readonly string[]): { readonly line: number; readonly column: number } };

export class JsonMistake extends Error {
	override readonly name = "JsonMistake";
	readonly line: number;
	readonly column: number;
	constructor(message: string, line: number, column: number) {
		super(message);
		this.line = line;
		this.column = column;
	}
}

const MOST_DEPTH = 64;

export function parsePlaced(text: string): { readonly value: Json; readonly places: Places } {
	const reader = new Reader(text);
	const value = reader.whole();
	return { value, places: { at: (path) => reader.place(reader.offsets.get(key(path)) ?? 0) } };
}

function key(path: readonly string[]): string {
	return JSON.stringify(path);
}

class Reader {
	readonly offsets = new Map<string, number>();
	readonly #text: string;
	#at = 0;

	constructor(text: string) {
		this.#text = text;
		if (text.startsWith("\ufeff")) this.#at = 1;
	}

	whole(): Json {
		const value = this.#value([]);
		this.#blanks();
		if (this.#at < this.#text.length) this.#fail("there is more after the end of the JSON value");
		return value;
	}

	/** Counted from 1, columns in UTF-16 units as editors do. */
	place(offset: number): { readonly line: number; readonly column: number } {
		const before = this.#text.slice(0, offset).split("\n");
		return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
	}

	#value(path: readonly string[]): Json {
		this.#blanks();
		if (!this.offsets.has(key(path))) this.offsets.set(key(path), this.#at);
		if (path.length > MOST_DEPTH) this.#fail(`nested more than ${MOST_DEPTH} deep`);
		const next = this.#text[this.#at];
		if (next === undefined) this.#fail("the file ends where a value should stand");
		if (next === "{") return this.#object(path);
		if (next === "[") return this.#list(path);
		if (next === '"') return this.#string();
		for (const [word, value] of [
			["true", true],
			["false", false],
			["null", null],
		] as const) {
			if (this.#text.startsWith(word, this.#at)) {
				this.#at += word.length;
				return value;
			}
		}
		const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
		number.lastIndex = this.#at;
		const found = number.exec(this.#text);
		if (!found)
			this.#fail(`a value should stand here, not ${JSON.stringify(next)}; texts stand in double quotes`);
		this.#at += found[0].length;
		return Number(found[0]);
	}

	#object(path: readonly string[]): Json {
		const fields: Record<string, Json> = Object.create(null) as Record<string, Json>;
		this.#at++;
		for (let first = true; ; first = false) {
			this.#blanks();
			if (this.#text[this.#at] === "}" && first) break;
			if (this.#text[this.#at] !== '"')
				this.#fail('a name in double quotes should stand here, or a "}" before it');
			const start = this.#at;
			const name = this.#string();
			if (name in fields) this.#fail(`${JSON.stringify(name)} is given twice`, start);
			this.offsets.set(key([...path, name]), start);
			this.#blanks();
			if (this.#text[this.#at] !== ":") this.#fail(`a ":" should follow the name ${JSON.stringify(name)}`);
			this.#at++;
			fields[name] = this.#value([...path, name]);
			this.#blanks();
			if (this.#text[this.#at] !== ",") break;
			this.#at++;
		}
		if (this.#text[this.#at] !== "}") this.#fail('a "," or a "}" should stand here');
		this.#at++;
		return { ...fields };
	}

	#list(path: readonly string[]): Json {
		const items: Json[] = [];
		this.#at++;
		for (let first = true; ; first = false) {
			this.#blanks();
			if (this.#text[this.#at] === "]" && first) break;
			items.push(this.#value([...path, String(items.length)]));
			this.#blanks();
			if (this.#text[this.#at] !== ",") break;
			this.#at++;
		}
		if (this.#text[this.#at] !== "]") this.#fail('a "," or a "]" should stand here');
		this.#at++;
		return items;
	}

	#string(): string {
		const whole = /"(?:[^"\\\n]|\\.)*"/y;
		whole.lastIndex = this.#at;
		const found = whole.exec(this.#text);
		if (!found) this.#fail("this text does not end on its line; a double quote is missing");
		try {
			const value = JSON.parse(found[0]) as string;
			this.#at += found[0].length;
			return value;
		} catch {
			this.#fail("this text holds an escape or a control character that JSON does not know");
		}
	}

	#blanks(): void {
		while (this.#at < this.#text.length && " \t\r\n".includes(this.#text[this.#at] as string)) this.#at++;
	}

	#fail(message: string, offset = this.#at): never {
		const { line, column } = this.place(offset);
		throw new JsonMistake(message, line, column);
	}
}
