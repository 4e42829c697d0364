/**
 * Where jobs may run: `targets.yaml` in nudge's configuration folder, each target under a name of the user's, checked
 * against docs/schemas/targets.schema.json. `local` is always there.
 *
 * What always holds: every mistake has its line and column; nothing in the file is a secret (keys come from the
 * environment or ssh's own agent); only the user's own folder is read, never a project's.
 */
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { sayDiagnostic } from "../hints/hint.ts";
import { nearest } from "../hints/nearest.ts";
import { mismatches, YamlFile } from "../hints/yaml.ts";
import { homes } from "../trace/home.ts";
import { LaunchError } from "./launcher.ts";

const SCHEMA = new URL("../../docs/schemas/targets.schema.json", import.meta.url);
export const TARGETS_FILE = "targets.yaml";

/** What every far machine with a shell has. */
type Shelled = {
	/** Where the folders of jobs lie there; `~/` is the home there. On Slurm all nodes must see it. */
	readonly folder: string;
	/** The Python there that has torch and TRL (3.10 or newer). */
	readonly python?: string;
	/** The nudge there, for sampling: bin/nudge.cjs, or a command; `nudge` in the PATH where left out. */
	readonly nudge?: string;
	/** Shell lines before the trainer: modules, variables. */
	readonly setup?: string;
	readonly env?: Readonly<Record<string, string>>;
	/** What one GPU costs an hour, for the estimate. */
	readonly "price-per-gpu-hour"?: number;
	/** As the estimate's table knows it: A100-80GB, H100, ... */
	readonly gpu?: string;
};

export type SshTarget = Shelled & {
	readonly kind: "ssh";
	readonly host: string;
	readonly "ssh-config"?: string;
};

export type SlurmTarget = Shelled & {
	readonly kind: "slurm";
	/** The login node; left out where nudge runs on it. */
	readonly host?: string;
	readonly "ssh-config"?: string;
	readonly partition?: string;
	readonly account?: string;
	readonly qos?: string;
	/** As sbatch takes it: 2-00:00:00. */
	readonly time?: string;
	/** Further options of sbatch: --constraint=a100. */
	readonly options?: readonly string[];
};

export type SkypilotTarget = {
	readonly kind: "skypilot";
	/** A100-80GB:8 */
	readonly accelerators: string;
	/** aws, gcp/us-central1, kubernetes, ... */
	readonly infra?: string;
	readonly spot?: boolean;
	/** What keeps what jobs make: s3://NAME or gs://NAME; made where it is not there. */
	readonly bucket: string;
	readonly setup?: string;
	readonly env?: Readonly<Record<string, string>>;
	readonly image?: string;
	readonly "price-per-gpu-hour"?: number;
	readonly gpu?: string;
};

export type HfTarget = {
	readonly kind: "hf";
	/** Who pays: a user or an organisation. */
	readonly namespace: string;
	/** a100-large, h200x8, ... */
	readonly flavor: string;
	/** Hours; the service's own limit is half an hour, after which all is lost. */
	readonly hours: number;
	readonly image?: string;
	/** What the jobs of it are kept in, as OWNER/NAME: a private dataset repository for what is sent and a bucket for what comes back. namespace/nudge-jobs where left out. */
	readonly repository?: string;
	readonly setup?: string;
	readonly env?: Readonly<Record<string, string>>;
	readonly "price-per-gpu-hour"?: number;
	readonly gpu?: string;
};

export type TogetherTarget = {
	readonly kind: "together";
	/** As Together names the base. */
	readonly model: string;
	readonly suffix?: string;
	/** The base's tokenizer.json or its folder; fetched from the hub, at the base's revision, where left out. */
	readonly tokenizer?: string;
	readonly url?: string;
};

export type LocalTarget = { readonly kind: "local" } & Omit<Partial<Shelled>, "folder">;

export type Target = SshTarget | SlurmTarget | SkypilotTarget | HfTarget | TogetherTarget | LocalTarget;

export type NamedTarget = { readonly name: string; readonly target: Target };

export function targetsFile(env: NodeJS.ProcessEnv): string {
	return join(homes(env).config, TARGETS_FILE);
}

/** All targets by name; throws LaunchError with every mistake of the file. */
export function readTargets(env: NodeJS.ProcessEnv): ReadonlyMap<string, Target> {
	const file = targetsFile(env);
	const found = new Map<string, Target>([["local", { kind: "local" }]]);
	if (!existsSync(file)) return found;
	let text: string;
	try {
		text = readFileSync(file, "utf8");
	} catch (error) {
		throw new LaunchError(`${file} cannot be read: ${(error as Error).message}`);
	}
	const yaml = new YamlFile(file, text);
	const data = yaml.data();
	if (yaml.problems.length === 0) {
		// By kind first: the mistakes of an entry are those of its own kind, not of all that it might have been.
		mismatches(SCHEMA, yaml, data);
	}
	const errors = yaml.problems.filter(({ severity }) => severity === "error");
	if (errors.length > 0) throw new LaunchError(errors.map(sayDiagnostic).join("\n"));
	const home = env.HOME ?? homedir();
	for (const [name, target] of Object.entries(data as Record<string, Target>)) {
		const config = "ssh-config" in target ? target["ssh-config"] : undefined;
		found.set(name, {
			...target,
			...(config?.startsWith("~/") && { "ssh-config": join(home, config.slice(2)) }),
		} as Target);
	}
	return found;
}

export function targetNamed(name: string, env: NodeJS.ProcessEnv): NamedTarget {
	const targets = readTargets(env);
	const target = targets.get(name);
	if (target) return { name, target };
	const known = [...targets.keys()];
	throw new LaunchError(
		`there is no target "${name}"${nearest(name, known)}. Known: ${known.join(", ")}. Others are named in ${targetsFile(env)} (docs/targets.md)`,
	);
}
