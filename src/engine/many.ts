/**
 * Several engines as one, for work that is shared: each trace is on one of them, where its prefix is cached.
 *
 * What always holds:
 * - All are the same: model, what they can do, header and token ids of a message. Who is not, is refused at the start and
 *   not taken back later.
 * - A trace stays where it is while that engine is well. Traces of the same problem go to the same engine where it has
 *   room: rendezvous hashing (Thaler and Ravishankar, IEEE/ACM Transactions on Networking 6, 1998) with bounded loads
 *   (Mirrokni et al., arXiv 1608.01350).
 * - An engine that fails is left out at once, and its traces are told with the error that lets them go on from what
 *   arrived; their next request goes to another. Where all are out, requests fail with what each said.
 * - More than its limit is never put on an engine that has one: traces of one that is gone wait for room.
 */
import { createHash } from "node:crypto";
import type { Prefix } from "../trace/span.ts";
import {
	type Chunk,
	type Engine,
	EngineError,
	type EngineInfo,
	type GenerateEnd,
	type Message,
	type SampleOptions,
} from "./engine.ts";
import { Member, pauseMs } from "./many-member.ts";
import { type Identity, identityOf, infoOf, unlike } from "./many-same.ts";
import { TraceEngine } from "./many-trace.ts";
import { statusOf } from "./refusal.ts";

export type ManyOptions = {
	/** `open` is given the engine that was there before, if any: one in this program is not opened a second time. */
	readonly members: readonly {
		readonly id: string;
		readonly open: (old: Engine | undefined) => Promise<Engine>;
	}[];
	readonly now?: () => number;
	/** Before a probe, after so many in vain. */
	readonly pauseMs?: (vain: number) => number;
};

/** What a member does, for whoever shows it. */
export type MemberNow = Pick<Member, "id" | "traces" | "tokens" | "out">;

/** May be there again soon; the others need somebody to change something. */
const AWAY: ReadonlySet<EngineError["kind"]> = new Set(["unreachable", "cut", "crashed"]);

export class ManyEngines implements Engine {
	readonly info: EngineInfo;
	readonly tokenize?: NonNullable<Engine["tokenize"]>;
	readonly detokenize?: NonNullable<Engine["detokenize"]>;
	/** Traces that a member may have. */
	limit: (member: number) => number = () => Number.POSITIVE_INFINITY;
	/** A member was left out or is back, in words. */
	onNews: (says: string) => void = () => {};
	/** There may be room where there was none. */
	onRoom: () => void = () => {};
	readonly #members: readonly Member[];
	/** For whoever asks without saying for which trace. */
	readonly #view: TraceEngine;
	#changed = Promise.withResolvers<void>();

	static async open({
		members,
		now = Date.now,
		pauseMs: pause = pauseMs,
	}: ManyOptions): Promise<ManyEngines> {
		const settled = await Promise.allSettled(members.map(({ open }) => open(undefined)));
		const opened = settled.map((one) => (one.status === "fulfilled" ? one.value : undefined));
		try {
			const failed = settled.flatMap((one) => (one.status === "rejected" ? [one.reason as unknown] : []));
			const wrong = failed.find((error) => !(error instanceof EngineError && AWAY.has(error.kind)));
			if (wrong !== undefined) throw wrong;
			if (failed.length === settled.length) throw togetherSaid(failed as EngineError[]);
			const there = members.flatMap(({ id }, i) => (opened[i] ? [{ id, engine: opened[i] }] : []));
			const identities = await Promise.all(there.map(({ engine }) => identityOf(engine)));
			refuseUnlike(
				there.map(({ id }) => id),
				identities,
			);
			const why = settled.map((one) => (one.status === "rejected" ? (one.reason as Error).message : ""));
			return new ManyEngines({ members, now, pauseMs: pause }, opened, why, identities[0]!);
		} catch (error) {
			await Promise.allSettled(opened.map((engine) => engine?.close()));
			throw error;
		}
	}

	private constructor(
		{ members, now, pauseMs }: Required<ManyOptions>,
		opened: readonly (Engine | undefined)[],
		why: readonly string[],
		identity: Identity,
	) {
		const hooks = {
			now,
			pauseMs,
			identity: () => identity,
			onOut: (member: Member) => this.#wentOut(member),
			onBack: (member: Member, outMs: number) => this.#cameBack(member, outMs),
		};
		this.info = infoOf(
			members.map(({ id }) => id),
			opened.flatMap((engine) => (engine ? [engine.info] : [])),
		);
		this.#members = members.map(({ id, open }, i) => new Member(id, open, opened[i], hooks));
		this.#view = new TraceEngine(this, "", true);
		if (this.#view.tokenize) this.tokenize = this.#view.tokenize;
		if (this.#view.detokenize) this.detokenize = this.#view.detokenize;
		this.#members.forEach((member, i) => {
			if (!opened[i]) member.leaveOut(why[i]!);
		});
	}

	/** An engine for one trace of the problem that the key names: it holds a place until it leaves. */
	forTrace(key: string): TraceEngine {
		return new TraceEngine(this, key);
	}

	/** In the order in which they were named. */
	get members(): readonly MemberNow[] {
		return this.#members;
	}

	/** Whether the engine that a problem belongs to has room now. */
	hasRoomAtHome(key: string): boolean {
		const home = this.#inOrder(key).find((member) => member.well);
		return home !== undefined && this.#hasRoom(home);
	}

	/** Where a trace is to go: the first in its order that is well and has room, or needs none. */
	choose(key: string, needsNone = false): Member | undefined {
		return this.#inOrder(key).find((member) => member.well && (needsNone || this.#hasRoom(member)));
	}

	indexOf(member: Member): number {
		return this.#members.indexOf(member);
	}

	get allOut(): boolean {
		return !this.#members.some((member) => member.well);
	}

	/** Looks at all that are out; throws where none is back. */
	async lookAll(): Promise<void> {
		await Promise.all(this.#members.map((member) => member.look()));
		if (!this.allOut) return;
		const says = this.#members.map(({ id, out }) => `${id}: ${out?.why ?? "out"}`);
		throw new EngineError(
			"unreachable",
			says.length === 1
				? (this.#members[0]!.out?.why ?? "out")
				: `None of the ${says.length} engines answers. ${says.join(" ")}`,
		);
	}

	/** Resolves when a place was left, a limit was raised or somebody is back. */
	room(): Promise<void> {
		return this.#changed.promise;
	}

	/** To be called when a limit was raised, too. */
	wake(): void {
		this.#changed.resolve();
		this.#changed = Promise.withResolvers<void>();
	}

	/** What an error of a member means for the member, and the error that its trace is to be told. */
	failed(member: Member, error: unknown): unknown {
		if (!(error instanceof EngineError) || error.kind === "context") return error;
		const status = statusOf(error);
		// Asked for something that it does not do: so would the others be.
		if (error.kind === "refused" && status !== 401 && status !== 403) return error;
		if (member.isBusy(error)) return error;
		member.leaveOut(error.message);
		return AWAY.has(error.kind) || this.allOut
			? error
			: new EngineError("cut", error.message, { cause: error });
	}

	renderHeader(messages: readonly Message[]): Promise<Prefix> {
		return this.#view.renderHeader(messages);
	}

	generate(
		prefix: Prefix,
		options: SampleOptions,
		signal?: AbortSignal,
	): AsyncGenerator<Chunk, GenerateEnd, void> {
		return this.#view.generate(prefix, options, signal);
	}

	async close(): Promise<void> {
		await Promise.allSettled(this.#members.map((member) => member.close()));
	}

	#hasRoom(member: Member): boolean {
		return member.traces < this.limit(this.indexOf(member));
	}

	#inOrder(key: string): readonly Member[] {
		if (this.#members.length === 1) return this.#members;
		const weight = ({ id }: Member): number =>
			createHash("sha256").update(`${key}\n${id}`).digest().readUIntBE(0, 6);
		return this.#members
			.map((member) => ({ member, at: weight(member) }))
			.sort((a, b) => b.at - a.at)
			.map(({ member }) => member);
	}

	#wentOut(member: Member): void {
		const others = this.#members.some((one) => one.well);
		const then =
			this.#members.length === 1
				? ""
				: others
					? `; ${member.traces === 1 ? "its trace goes" : "its traces go"} on elsewhere`
					: "; now all are out";
		this.onNews(`${member.id} is left out: ${member.out?.why ?? ""}${then}`);
		this.wake();
	}

	#cameBack(member: Member, outMs: number): void {
		this.onNews(`${member.id} is taken back after ${Math.max(1, Math.round(outMs / 1000))} s`);
		this.wake();
		this.onRoom();
	}
}

function togetherSaid(errors: readonly EngineError[]): EngineError {
	if (errors.length === 1) return errors[0]!;
	const says = errors.map(({ message }) => message).join("\n");
	return new EngineError("unreachable", `None of the ${errors.length} engines answers.\n${says}`);
}

function refuseUnlike(ids: readonly string[], identities: readonly Identity[]): void {
	for (const [i, identity] of identities.entries()) {
		const lines = unlike(identities[0]!, identity);
		if (lines.length === 0) continue;
		throw new EngineError(
			"refused",
			`${ids[0]} and ${ids[i]} are not the same, so they cannot share the work:\n${lines.map((line) => `  ${line}`).join("\n")}\nStart both with the same model, template and context, or name one of them.`,
		);
	}
}
