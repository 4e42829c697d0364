/**
 * The columns of a format, said once: from them come the schema of its Parquet files and, where a reader of JSON Lines
 * would have to guess, the features in the YAML of the data card.
 *
 * What always holds: every column may be absent in a row, also inside structs and lists (a Parquet OPTIONAL); the order
 * is that of the object.
 */
import type { SchemaElement } from "hyparquet";

export type ColumnType =
	| "string"
	| "bool"
	| "int32"
	| "int64"
	| "double"
	| { readonly list: ColumnType }
	| { readonly struct: Columns };

export type Columns = { readonly [name: string]: ColumnType };

/** As Parquet's footer lists it: depth first, three levels for a list (https://parquet.apache.org/docs/file-format/types/logicaltypes/). */
export function parquetSchema(columns: Columns): SchemaElement[] {
	const elements: SchemaElement[] = [{ name: "schema", num_children: Object.keys(columns).length }];
	for (const [name, type] of Object.entries(columns)) addElement(elements, name, type);
	return elements;
}

const PRIMITIVES = {
	string: { type: "BYTE_ARRAY", converted_type: "UTF8" },
	bool: { type: "BOOLEAN" },
	int32: { type: "INT32" },
	int64: { type: "INT64" },
	double: { type: "DOUBLE" },
} as const;

function addElement(elements: SchemaElement[], name: string, type: ColumnType): void {
	if (typeof type === "string") {
		elements.push({ name, repetition_type: "OPTIONAL", ...PRIMITIVES[type] });
	} else if ("list" in type) {
		elements.push(
			{ name, repetition_type: "OPTIONAL", converted_type: "LIST", num_children: 1 },
			{ name: "list", repetition_type: "REPEATED", num_children: 1 },
		);
		addElement(elements, "element", type.list);
	} else {
		const fields = Object.entries(type.struct);
		elements.push({ name, repetition_type: "OPTIONAL", num_children: fields.length });
		for (const [inner, innerType] of fields) addElement(elements, inner, innerType);
	}
}

/** A row's value as the Parquet writer wants it: 64-bit numbers as such, fields that the column lacks left out. */
export function cellOf(value: unknown, type: ColumnType): unknown {
	if (value === undefined || value === null) return undefined;
	if (type === "int64") return BigInt(Math.trunc(value as number));
	if (typeof type === "string") return value;
	if ("list" in type) {
		const list = value as readonly unknown[];
		return type.list === "int32" ? list : list.map((inner) => cellOf(inner, type.list));
	}
	const fields: Record<string, unknown> = {};
	for (const [name, inner] of Object.entries(type.struct)) {
		const cell = cellOf((value as Record<string, unknown>)[name], inner);
		if (cell !== undefined) fields[name] = cell;
	}
	return fields;
}

/** The features of a data card's `dataset_info` (https://huggingface.co/docs/datasets/main/en/package_reference/main_classes#datasets.Features). */
export function featuresOf(columns: Columns): object[] {
	return Object.entries(columns).map(([name, type]) => ({ name, ...feature(type) }));
}

function feature(type: ColumnType): object {
	if (typeof type === "string") return { dtype: type === "double" ? "float64" : type };
	if ("struct" in type) return { struct: featuresOf(type.struct) };
	const inner = type.list;
	if (typeof inner === "string") return { list: inner === "double" ? "float64" : inner };
	return { list: "struct" in inner ? featuresOf(inner.struct) : feature(inner) };
}
