/** The launcher of a target. Each is loaded when it is asked for: a client of a cloud costs nothing where it is not used. */
import { join } from "node:path";
import { homes } from "../trace/home.ts";
import type { KnownJob } from "./book.ts";
import { LaunchError, type Launcher } from "./launcher.ts";
import type { SlurmSampling, SshSampling } from "./sample-launcher.ts";
import type { Shell } from "./shell.ts";
import { type NamedTarget, targetNamed } from "./targets.ts";

export async function openLauncher({ name, target }: NamedTarget, env: NodeJS.ProcessEnv): Promise<Launcher> {
	switch (target.kind) {
		case "local":
			return new (await import("./local.ts")).LocalLauncher(env, { name, ...target });
		case "ssh":
			return new (await import("./ssh-launcher.ts")).SshLauncher(name, target, await hostOf(target, env));
		case "slurm": {
			const { host } = target;
			const shell =
				host === undefined
					? new (await import("./shell.ts")).Here(env)
					: await hostOf({ ...target, host }, env);
			return new (await import("./slurm-launcher.ts")).SlurmLauncher(name, target, shell);
		}
		case "hf":
			return new (await import("./hf-launcher.ts")).HfLauncher(name, target, env);
		case "skypilot":
			return new (await import("./skypilot-launcher.ts")).SkypilotLauncher(name, target, env);
		case "together":
			return new (await import("./together-launcher.ts")).TogetherLauncher(name, target, env);
	}
}

async function hostOf(
	target: { readonly host: string; readonly "ssh-config"?: string },
	env: NodeJS.ProcessEnv,
): Promise<Shell> {
	const { Host } = await import("./ssh.ts");
	const config = target["ssh-config"];
	return new Host({
		host: target.host,
		...(config !== undefined && { config }),
		sockets: join(homes(env).cache, "ssh"),
		env,
	});
}

/** Of a job that samples: on a host behind ssh or on Slurm. */
export async function openSampling(
	{ name, target }: NamedTarget,
	env: NodeJS.ProcessEnv,
): Promise<SlurmSampling | SshSampling> {
	const { SlurmSampling, SshSampling } = await import("./sample-launcher.ts");
	if (target.kind === "ssh") return new SshSampling(name, target, await hostOf(target, env));
	if (target.kind === "slurm") {
		const { host } = target;
		const shell =
			host === undefined
				? new (await import("./shell.ts")).Here(env)
				: await hostOf({ ...target, host }, env);
		return new SlurmSampling(name, target, shell);
	}
	throw new LaunchError(
		`the target ${name} is of the kind ${target.kind}, and sampling goes to ssh and slurm; on this machine leave --on out`,
	);
}

/** The launcher of a job that there is, whichever kind it is of. */
export async function launcherOf(
	{ handle, sheet }: Pick<KnownJob, "handle" | "sheet">,
	env: NodeJS.ProcessEnv,
): Promise<Launcher> {
	const named = targetNamed(handle?.target ?? sheet.target.name, env);
	return sheet.kind === "sample" ? openSampling(named, env) : openLauncher(named, env);
}
