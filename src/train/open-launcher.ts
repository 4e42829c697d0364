/** The launcher of a target. Each is loaded when it is asked for: a client of a cloud costs nothing where it is not used. */
import { LaunchError, type Launcher } from "./launcher.ts";
import type { NamedTarget } from "./targets.ts";

export async function openLauncher({ name, target }: NamedTarget, env: NodeJS.ProcessEnv): Promise<Launcher> {
	switch (target.kind) {
		case "local":
			return new (await import("./local.ts")).LocalLauncher(env, { name, ...target });
		default:
			throw new LaunchError(`the target ${name} is of the kind ${target.kind}, which jobs cannot be sent to`);
	}
}
