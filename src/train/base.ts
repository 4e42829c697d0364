/**
 * The base model of a job: which one it is, where the trainer finds it, and whether it is one that nudge has trained
 * already. START is trained from the base on D_START, never from START-0 by mistake (arXiv 2503.04625).
 *
 * What always holds: a base is known by hub id and revision, or by the hash of its files. guest/train.py computes the
 * same hash.
 */
import { createHash } from "node:crypto";
import { createReadStream, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { copyFile, mkdir } from "node:fs/promises";
import { isAbsolute, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { BUILT_IN_BASE, isHubId, type Recipe } from "./recipe.ts";
import { FINAL_FILE, type FinalSheet, JobError } from "./run-folder.ts";

const SHIPPED = fileURLToPath(new URL("../../models/nudge-tiny/", import.meta.url));
/** Larger folders are not sent along with a job. */
const MOST_SENT_BYTES = 4e9;

export type Base =
	| { readonly kind: "hub"; readonly id: string; readonly revision: string }
	/** `bytes` is the size of what would be copied. */
	| { readonly kind: "folder"; readonly folder: string; readonly sha256: string; readonly bytes: number }
	/** A folder on the target's side that cannot be seen from here. */
	| { readonly kind: "far"; readonly folder: string };

/** What makes a transformers folder: all but GGUF files, pictures and reports. */
function filesOf(folder: string): string[] {
	return readdirSync(folder)
		.filter(
			(name) =>
				/\.(safetensors|json|jinja|model|txt)$/.test(name) &&
				!/^report/.test(name) &&
				statSync(join(folder, name)).isFile(),
		)
		.sort();
}

export async function sha256Of(file: string): Promise<string> {
	const digest = createHash("sha256");
	for await (const piece of createReadStream(file)) digest.update(piece as Buffer);
	return digest.digest("hex");
}

/** Of the weights, the configuration and the tokenizer. */
export async function hashOfModel(folder: string): Promise<string> {
	const names = filesOf(folder).filter(
		(name) => name.endsWith(".safetensors") || name === "config.json" || name === "tokenizer.json",
	);
	const digest = createHash("sha256");
	for (const name of names) digest.update(`${name} ${await sha256Of(join(folder, name))}\n`);
	return digest.digest("hex");
}

/** Finds the base of a recipe. `far` says that the job runs on another machine, which may have folders of its own. */
export async function findBase({ base }: Pick<Recipe, "base">, cwd: string, far: boolean): Promise<Base> {
	const { model, revision } = base;
	const folder = model === BUILT_IN_BASE ? SHIPPED : isAbsolute(model) ? model : resolve(cwd, model);
	if (existsSync(join(folder, "config.json"))) {
		const names = filesOf(folder);
		if (!names.some((name) => name.endsWith(".safetensors")))
			throw new JobError(
				`${folder} has a config.json and no weights (*.safetensors): it is no whole transformers model`,
			);
		const bytes = names.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
		return { kind: "folder", folder, sha256: await hashOfModel(folder), bytes };
	}
	if (isHubId(model) && revision !== undefined) return { kind: "hub", id: model, revision };
	if (far && isAbsolute(model)) return { kind: "far", folder: model };
	throw new JobError(
		`the base model ${model} is not there: no transformers folder (with config.json) at ${folder}, and no hub id with a revision`,
	);
}

/** Why training on from this base is refused; undefined where it is none that nudge has trained. */
export function trainedAlready(base: Base): string | undefined {
	if (base.kind !== "folder") return undefined;
	let sheet: FinalSheet;
	try {
		sheet = JSON.parse(readFileSync(join(base.folder, FINAL_FILE), "utf8")) as FinalSheet;
	} catch {
		return undefined;
	}
	const { lineage } = sheet;
	return `the base ${base.folder} was itself trained from ${lineage.base.model} on ${lineage.dataset.name} (${lineage.dataset.kind}). START is trained from that base on D_START, not from START-0: name ${lineage.base.model} as base. If you mean to train on: --from-checkpoint-on-purpose`;
}

/** What a base that goes along is called in the job's folder. */
const ALONG = "base";

/** Where the trainer finds it: a hub id, a folder of its machine, or `base` in the job's folder. */
export function placeOf(base: Base, far: boolean): string {
	if (base.kind === "hub") return base.id;
	// A folder of this machine stays where it is; nudge's own model is small, and its place moves with an upgrade.
	return base.kind === "folder" && (far || base.folder === SHIPPED) ? ALONG : base.folder;
}

/** The same, with what goes along copied into the job's folder. */
export async function placeBase(base: Base, folder: string, far: boolean): Promise<string> {
	const place = placeOf(base, far);
	if (place !== ALONG || base.kind !== "folder") return place;
	if (base.bytes > MOST_SENT_BYTES)
		throw new JobError(
			`the base ${base.folder} is ${(base.bytes / 1e9).toFixed(0)} GB, too large to be sent along with a job: copy it to the target and name its path there as base.model, or use a hub id`,
		);
	await mkdir(join(folder, ALONG), { recursive: true });
	for (const name of filesOf(base.folder)) await copyFile(join(base.folder, name), join(folder, ALONG, name));
	return place;
}

/** The model's own measures, where they can be read here. */
export function configOf(base: Base): Readonly<Record<string, unknown>> | undefined {
	if (base.kind !== "folder") return undefined;
	return JSON.parse(readFileSync(join(base.folder, "config.json"), "utf8")) as Record<string, unknown>;
}
