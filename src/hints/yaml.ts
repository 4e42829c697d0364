/**
 * Reads a YAML file (or JSON, which is YAML) and says what is wrong with it, and where: every mistake has a line and a
 * column. Syntax comes from the parser, shape from a published JSON Schema (draft 2020-12).
 */
import { readFileSync } from "node:fs";
import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument } from "yaml";
import type { Diagnostic } from "./hint.ts";
import { nearest } from "./nearest.ts";

export type Path = readonly (string | number)[];

/** The package's own hints: files and schemas. */
export const BUILT_IN_DIR = new URL("../../hints/", import.meta.url);

/** A file that was read, and a way to say where in it something stands. */
export class YamlFile {
	readonly file: string;
	readonly problems: Diagnostic[] = [];
	private readonly document: Document;
	private readonly lines = new LineCounter();

	constructor(file: string, text: string) {
		this.file = file;
		this.document = parseDocument(text, { lineCounter: this.lines, prettyErrors: false });
		for (const error of this.document.errors) this.reportAt(error.pos[0], "error", error.message);
		for (const warning of this.document.warnings) this.reportAt(warning.pos[0], "warning", warning.message);
	}

	/** Plain data; undefined, with the reason reported, where the text is no YAML. An empty file is an empty object. */
	data(): unknown {
		if (this.document.errors.length > 0) return undefined;
		try {
			return this.document.toJS() ?? {};
		} catch (error) {
			this.reportAt(0, "error", (error as Error).message);
			return undefined;
		}
	}

	/** Says that something is wrong with what stands at `path`; with `key`, with that key of it. */
	report(path: Path, severity: Diagnostic["severity"], message: string, key?: string): void {
		this.reportAt(this.offset(path, key), severity, message);
	}

	line(path: Path): number {
		return this.lines.linePos(this.offset(path)).line;
	}

	private reportAt(offset: number, severity: Diagnostic["severity"], message: string): void {
		const { line, col } = this.lines.linePos(offset);
		this.problems.push({
			file: this.file,
			line: Math.max(1, line),
			column: Math.max(1, col),
			severity,
			message,
		});
	}

	/** The nearest thing that is there on the way to `path`. */
	private offset(path: Path, key?: string): number {
		for (let length = path.length; length >= 0; length--) {
			const node = length === 0 ? this.document.contents : this.document.getIn(path.slice(0, length), true);
			if (!isNode(node) || !node.range) continue;
			if (key !== undefined && length === path.length && isMap(node)) {
				const pair = node.items.find((item) => isScalar(item.key) && item.key.value === key);
				if (isNode(pair?.key) && pair.key.range) return pair.key.range[0];
			}
			return node.range[0];
		}
		return 0;
	}
}

/** Reports what a schema (one of the hints', or another's file) says against a file; returns where. */
export function mismatches(schema: "hints" | "dialects" | URL, file: YamlFile, data: unknown): Path[] {
	const validate = compiledFrom(
		schema instanceof URL ? schema : new URL(`${schema}.schema.json`, BUILT_IN_DIR),
	);
	if (validate(data)) return [];
	const paths: Path[] = [];
	for (const error of validate.errors ?? []) {
		// "if" only repeats that the branch it chose has failed.
		if (error.keyword === "if") continue;
		const path = pathOf(error.instancePath, data);
		const key = error.keyword === "additionalProperties" ? error.params.additionalProperty : undefined;
		file.report(path, "error", sayError(error, path), key);
		paths.push(path);
	}
	return paths;
}

const compiled = new Map<string, ValidateFunction>();

function compiledFrom(schema: URL): ValidateFunction {
	let validate = compiled.get(schema.href);
	if (!validate) {
		const source = readFileSync(schema, "utf8");
		validate = new Ajv2020({ allErrors: true, verbose: true, validateSchema: false }).compile(
			JSON.parse(source),
		);
		compiled.set(schema.href, validate);
	}
	return validate;
}

/** A JSON pointer as keys and indices. */
function pathOf(pointer: string, data: unknown): Path {
	let at = data;
	return pointer
		.split("/")
		.slice(1)
		.map((part) => {
			const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
			const step = Array.isArray(at) ? Number(key) : key;
			at = (at as Record<string | number, unknown> | undefined)?.[step];
			return step;
		});
}

function sayError(error: ErrorObject, path: Path): string {
	const field = [...path].reverse().find((step) => typeof step === "string") ?? "the file";
	const what = JSON.stringify(error.data);
	const parent = error.parentSchema as { properties?: Record<string, unknown>; description?: string };
	switch (error.keyword) {
		case "additionalProperties":
			return unknownField(error.params.additionalProperty, Object.keys(parent.properties ?? {}));
		case "required":
			return `the field "${error.params.missingProperty}" is missing`;
		case "enum":
			return `${what} is not allowed in ${field}; allowed are ${error.params.allowedValues.join(", ")}`;
		case "const":
			return `${field} can only be ${JSON.stringify(error.params.allowedValue)}, not ${what}`;
		case "type":
			return `${field} takes ${article(error.params.type)}, not ${article(kindOf(error.data))}`;
		case "minItems":
			return `${field} is empty; it takes at least ${error.params.limit}`;
		case "minLength":
			return `an empty text in ${field}`;
		case "uniqueItems":
			return `${field} says the same twice`;
		case "minimum":
			return `${field} takes a number of at least ${error.params.limit}, not ${what}`;
		case "pattern":
			return `${what} is no ${field}. ${parent.description ?? `It has to match ${error.params.pattern}`}`;
		default:
			return `${field} ${error.message ?? "is wrong"}`;
	}
}

function unknownField(name: string, allowed: readonly string[]): string {
	return `unknown field "${name}"; allowed are ${allowed.join(", ")}${nearest(name, allowed)}`;
}

const NAMES: Readonly<Record<string, string>> = {
	array: "a list",
	object: "a group of fields",
	string: "a text",
	number: "a number",
	boolean: "true or false",
	null: "nothing",
};
const article = (type: string): string => NAMES[type] ?? type;

function kindOf(data: unknown): string {
	return data === null ? "null" : Array.isArray(data) ? "array" : typeof data;
}
