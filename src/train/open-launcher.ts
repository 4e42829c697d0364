/** The launcher of a target. Each is loaded when it is asked for: a client of a cloud costs nothing where it is not used. */
import { join } from "node:path";
import { homes } from "../trace/home.ts";
import type { Launcher } from "./launcher.ts";
import type { Shell } from "./shell.ts";
import type { NamedTarget } from "./targets.ts";

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
