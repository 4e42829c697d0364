/**
 * Where nudge keeps its own files. One folder for everything when `NUDGE_HOME` is set (tests, shared machines),
 * else the XDG base directories (https://specifications.freedesktop.org/basedir-spec/latest/).
 */
import { homedir } from "node:os";
import { join } from "node:path";

export type Homes = {
	/** Sessions, the Python environment. */
	readonly data: string;
	/** Settings, the user's hints. */
	readonly config: string;
	/** What can be made again. */
	readonly cache: string;
};

export function homes(env: NodeJS.ProcessEnv = process.env): Homes {
	const root = env.NUDGE_HOME;
	if (root) return { data: join(root, "data"), config: join(root, "config"), cache: join(root, "cache") };
	const base = (variable: string, ...fallback: string[]): string =>
		join(env[variable] || join(homedir(), ...fallback), "nudge");
	return {
		data: base("XDG_DATA_HOME", ".local", "share"),
		config: base("XDG_CONFIG_HOME", ".config"),
		cache: base("XDG_CACHE_HOME", ".cache"),
	};
}
