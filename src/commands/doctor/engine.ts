/** The engine's part of `nudge doctor`: opens it, tries it, closes it. */
import { type Check, conform } from "../../engine/conformance.ts";
import { EngineError } from "../../engine/engine.ts";
import { ManyEngines } from "../../engine/many.ts";
import { type NamedEngine, openEngine } from "../../engine/open.ts";
import { homes } from "../../trace/home.ts";

export async function engineChecks(world: {
	readonly spec: string;
	readonly named: Readonly<Record<string, NamedEngine>>;
	readonly env: NodeJS.ProcessEnv;
	readonly cwd: string;
	readonly add: (check: Check) => void;
	readonly signal: AbortSignal;
}): Promise<void> {
	const { add, env, cwd, named, signal, spec } = world;
	let engine: Awaited<ReturnType<typeof openEngine>>;
	try {
		engine = await openEngine(spec, { env, cwd, named });
	} catch (error) {
		if (!(error instanceof EngineError)) throw error;
		add({ name: "engine", status: "fail", says: error.message });
		return;
	}
	try {
		const { info } = engine;
		add({
			name: "engine",
			status: "ok",
			says: `${info.server}; model ${info.model}; room for ${info.caps.contextTokens} tokens`,
		});
		await conform(engine, { cacheFolder: homes(env).cache, onCheck: add, signal });
	} finally {
		await engine.close();
	}
}

/** Whether several engines are the same for a trace that may go on at any of them. */
export async function togetherChecks(world: {
	readonly specs: readonly string[];
	readonly named: Readonly<Record<string, NamedEngine>>;
	readonly env: NodeJS.ProcessEnv;
	readonly cwd: string;
	readonly add: (check: Check) => void;
}): Promise<void> {
	const { specs, named, env, cwd, add } = world;
	const name = "sharing";
	try {
		const engine = await openEngine(specs, { env, cwd, named });
		const out = engine instanceof ManyEngines ? engine.members.filter((member) => member.out) : [];
		for (const { id, out: why } of out) add({ name, status: "warn", says: `${id} is left out: ${why?.why}` });
		const count = specs.length - out.length;
		add({
			name,
			status: "ok",
			says: count === 1 ? "one answers" : `${count} are the same: model, context, header and token ids`,
		});
		await engine.close();
	} catch (error) {
		if (!(error instanceof EngineError)) throw error;
		add({ name, status: "fail", says: error.message });
	}
}
