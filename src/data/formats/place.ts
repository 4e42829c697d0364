/**
 * The folder of an export: written beside its place, then put there.
 *
 * What always holds: only an export is ever replaced; what was there stays until the new one is whole.
 */
import { existsSync, readdirSync, renameSync, rmSync } from "node:fs";
import { DatasetError } from "../dataset/dataset.ts";

/** Says that a folder is an export, and what of. */
export const EXPORT_FILE = "export.json";

/** Only an export may be replaced: a folder with anything else in it is somebody's work. */
export function checkPlace(to: string, replace: boolean): void {
	if (!existsSync(to)) return;
	let names: string[];
	try {
		names = readdirSync(to);
	} catch {
		throw new DatasetError(`${to} is no folder: name one for the export`);
	}
	if (names.length === 0 || (replace && names.includes(EXPORT_FILE))) return;
	throw new DatasetError(
		names.includes(EXPORT_FILE)
			? `${to} holds an export already: name another folder, or say --replace`
			: `${to} is there and is no export: name a folder that is new or empty`,
	);
}

export function put(root: string, to: string): void {
	const old = `${root}.old`;
	const there = existsSync(to);
	if (there) renameSync(to, old);
	try {
		renameSync(root, to);
	} catch (error) {
		if (there) renameSync(old, to);
		throw error;
	}
	rmSync(old, { recursive: true, force: true });
}

/** What the system says of a disk that is full or a folder that may not be written, for the user to read. */
export function placeError(error: unknown, to: string): unknown {
	const { code, syscall, message } = error as NodeJS.ErrnoException;
	return code !== undefined && syscall !== undefined && !(error instanceof DatasetError)
		? new DatasetError(
				`cannot write ${to}: ${message}. Nothing was left there; make room or name another folder`,
			)
		: error;
}
