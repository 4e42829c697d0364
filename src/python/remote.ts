/**
 * Interpreters on a cluster. A wrong address is said at once: before anything else, the server is asked who it is and
 * runs one small block.
 */
import { DEFAULT_LIMITS, NotIsolatedError } from "./host.ts";
import type { Limits } from "./interpreter.ts";
import { NemoSkillsNamespace } from "./remote-nemo-skills.ts";
import { SandboxFusionNamespace } from "./remote-sandbox-fusion.ts";
import { RemoteHost, type RemoteNamespace } from "./remote-session.ts";
import { isThisMachine, type PythonHostSpec } from "./remote-spec.ts";
import { RemoteError, Wire, type WireOptions } from "./remote-wire.ts";

export type RemoteOptions = Partial<Omit<WireOptions, "url">> & {
	readonly limits?: Partial<Limits>;
	/** The user has been told that the server is on this machine and may not isolate, and agreed. */
	readonly allowUnisolated?: boolean;
	readonly signal?: AbortSignal;
};

const WHAT = { "nemo-skills": "NeMo-Skills sandbox", "sandbox-fusion": "SandboxFusion server" } as const;

export async function openRemoteHost(
	{ kind, url }: Exclude<PythonHostSpec, { kind: "local" }>,
	options: RemoteOptions = {},
): Promise<RemoteHost> {
	const wire = new Wire({ ...options, url });
	const make = (given: Wire): RemoteNamespace =>
		kind === "nemo-skills" ? new NemoSkillsNamespace(given) : new SandboxFusionNamespace(given);
	const limits = { ...DEFAULT_LIMITS, ...options.limits };
	const host = new RemoteHost(url, WHAT[kind], limits, () => make(wire));
	if (isThisMachine(url) && !options.allowUnisolated)
		throw new NotIsolatedError(`${host.isolation.says} Agree to that, or choose another python-host.`);
	await probe(make(new Wire({ url, tries: 2, firstPauseMs: 250 })), kind, url, options.signal);
	return host;
}

async function probe(
	namespace: RemoteNamespace,
	kind: keyof typeof WHAT,
	url: URL,
	signal = new AbortController().signal,
): Promise<void> {
	const limits = { ...DEFAULT_LIMITS, timeoutMs: 30_000 };
	const check = `Check python-host: ${kind}:${url.href} must be where a ${WHAT[kind]} answers.`;
	try {
		const { verdict, output } = await namespace.run("print(6 * 7)", limits, signal);
		if (verdict !== "ok" || output.trim() !== "42")
			throw new RemoteError(
				`The ${WHAT[kind]} at ${url.href} answers, but print(6 * 7) gave ${verdict}: ${output.slice(0, 200)}`,
			);
	} catch (error) {
		if (!(error instanceof RemoteError)) throw error;
		throw new RemoteError(`${error.message} ${check}`);
	} finally {
		await namespace.close().catch(() => {});
	}
}
