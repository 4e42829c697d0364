/** Completing a path as a shell does: as far as it is sure, folders with a slash, hidden files where a dot asks for them. */
import { readdirSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { basename, join, resolve } from "node:path";
import type { Completion } from "./ask-line.ts";

/** Where a path as a person writes it lies; "~" is their home. */
export function placeOfPath(path: string, cwd: string): string {
	const home = /^~(?=\/|$)/;
	return resolve(cwd, path.replace(home, homedir()));
}

export function completePath(text: string, cwd: string): Completion {
	const begun = text.endsWith("/") || text === "" || text === "~" ? "" : basename(text);
	const folder = begun === "" ? text : text.slice(0, text.length - begun.length);
	const place = placeOfPath(folder === "" ? "." : folder, cwd);
	const prefix = text === "~" ? "~/" : folder;
	let names: string[];
	try {
		names = readdirSync(place).filter(
			(name) => name.startsWith(begun) && (begun.startsWith(".") || !name.startsWith(".")),
		);
	} catch {
		return { text, candidates: [] };
	}
	const shown = names.sort().map((name) => (isFolder(join(place, name)) ? `${name}/` : name));
	if (shown.length === 0) return { text, candidates: [] };
	const sure = shown.reduce(sharedStart);
	return {
		text: prefix + (sure.length >= begun.length ? sure : begun),
		candidates: shown.length > 1 ? shown : [],
	};
}

function isFolder(path: string): boolean {
	try {
		return statSync(path).isDirectory();
	} catch {
		// A link to nowhere, a folder one may not look into.
		return false;
	}
}

/** In whole characters: half of one is no name. */
function sharedStart(a: string, b: string): string {
	const left = [...a];
	const right = [...b];
	let length = 0;
	while (length < left.length && left[length] === right[length]) length++;
	return left.slice(0, length).join("");
}
