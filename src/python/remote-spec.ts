/** Where a model's code runs, as a setting names it: on this machine, or on somebody's cluster. */
export type PythonHostSpec =
	| { readonly kind: "local" }
	| { readonly kind: "nemo-skills" | "sandbox-fusion"; readonly url: URL };

export const PYTHON_HOSTS = "local, nemo-skills:URL or sandbox-fusion:URL";

/** The spec, or in words what is wrong with it. A password in a URL is never repeated. */
export function parsePythonHost(text: string): PythonHostSpec | string {
	if (text === "local") return { kind: "local" };
	const [, kind, rest] = /^(nemo-skills|sandbox-fusion):(.*)$/s.exec(text) ?? [];
	if (kind !== "nemo-skills" && kind !== "sandbox-fusion") return `it must be ${PYTHON_HOSTS}`;
	const url = URL.canParse(rest ?? "") ? new URL(rest!) : undefined;
	if (!url || (url.protocol !== "http:" && url.protocol !== "https:"))
		return `${kind}: must be followed by a URL that begins with http:// or https://`;
	if (url.username || url.password)
		return `${kind}: the URL holds a name or a password, and secrets never stand in settings`;
	if (url.search || url.hash) return `${kind}: the URL must end with its path, without ? and #`;
	return { kind, url };
}

/** The server is this machine, as far as its name tells: then what it runs may run next to the user's files. */
export function isThisMachine({ hostname }: URL): boolean {
	return (
		hostname === "localhost" ||
		hostname.endsWith(".localhost") ||
		hostname === "[::1]" ||
		/^127\./.test(hostname)
	);
}
