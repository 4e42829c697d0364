/**
 * The processes of one embedded engine. A small model computes on one thread, and inside one process llama.cpp, the sampler
 * and JavaScript wait for one another: where several traces are wanted at the same time it has a process for each core. A
 * trace goes on in the process whose cache holds it, unless that one is much busier than another. Only the first process is
 * there from the beginning; one more is started when all that run have something to do.
 */
import { availableParallelism } from "node:os";
import { Host } from "./host.ts";
import { commonTokens, type EngineStats, type LoadSettings, SMALL_MODEL_BYTES, worthOf } from "./protocol.ts";

/** A process with fewer traces than this has no batches to make. */
const TRACES_EACH = 2;
/** What a trace that already runs there weighs, in tokens of a prefix that would have to be put through again. */
const BUSY_TOKENS = 64;

const NOTHING: EngineStats = { evaluated: 0, reused: 0, discarded: 0, evicted: 0 };

/** How many processes a model of so many bytes is given. Whoever says how many threads has one process with them. */
export function processesFor(
	{ parallel, threads, gpu }: LoadSettings,
	bytes: number,
	cores: number = availableParallelism(),
): number {
	if (bytes >= SMALL_MODEL_BYTES || threads !== undefined || gpu !== false) return 1;
	return Math.max(1, Math.min(cores, Math.ceil(parallel / TRACES_EACH)));
}

export class Processes {
	readonly #seats: readonly Seat[];

	constructor(settings: LoadSettings, count: number) {
		const parallel = Math.ceil(settings.parallel / count);
		this.#seats = Array.from(
			{ length: count },
			() => new Seat(new Host({ ...settings, parallel }), parallel),
		);
	}

	/** The one that is always there: it tokenizes, too. */
	get first(): Host {
		return this.#seats[0]!.host;
	}

	get pids(): number[] {
		return this.#seats.flatMap(({ host }) => host.pid ?? []);
	}

	/** Where a prefix is to go on: it waits for nobody while there is room elsewhere, whatever is held there. */
	seatFor(ids: readonly number[] | undefined): Seat {
		const free = this.#seats.filter((seat) => seat.hasRoom);
		const worth = (seat: Seat): number => seat.common(ids) - BUSY_TOKENS * seat.running;
		return (free.length > 0 ? free : this.#seats).reduce((a, b) => (worth(b) > worth(a) ? b : a));
	}

	stats(): EngineStats {
		return this.#seats.map((seat) => seat.stats()).reduce(sum);
	}

	async close(): Promise<void> {
		await Promise.all(this.#seats.map(({ host }) => host.close()));
	}
}

/** One process: what runs in it, what it holds, and what it has counted. */
export class Seat {
	readonly host: Host;
	running = 0;
	/** The traces that ended there last, one for each that its cache holds. */
	readonly #held: (readonly number[])[] = [];
	readonly #slots: number;
	#stats = NOTHING;
	/** What children that are gone had counted. */
	#before = NOTHING;
	#pid: number | undefined;

	constructor(host: Host, slots: number) {
		this.host = host;
		this.#slots = slots;
	}

	get hasRoom(): boolean {
		return this.running < this.#slots;
	}

	/** How many tokens of a prefix it holds, as far as can be told from here. */
	common(ids: readonly number[] | undefined): number {
		if (ids === undefined) return 0;
		return Math.max(0, ...this.#held.map((held) => commonTokens(held, ids)));
	}

	/** A trace has ended there, in the place of the one that it goes on from if there is one. */
	holds(ids: readonly number[]): void {
		const worth = (held: readonly number[]): number => worthOf(commonTokens(held, ids), held.length);
		if (this.#held.length === this.#slots) {
			const left = this.#held.reduce((a, b) => (worth(b) > worth(a) ? b : a));
			this.#held.splice(this.#held.indexOf(left), 1);
		}
		this.#held.push(ids);
	}

	stats(): EngineStats {
		return sum(this.#before, this.#stats);
	}

	counted(stats: EngineStats): void {
		this.#stats = stats;
	}

	/** The counters of a child begin at 0: what the one before had counted is added. */
	noteChild(): void {
		if (this.#pid !== undefined && this.#pid !== this.host.pid) {
			this.#before = this.stats();
			this.#stats = NOTHING;
			this.#held.length = 0;
		}
		this.#pid = this.host.pid;
	}
}

function sum(a: EngineStats, b: EngineStats): EngineStats {
	return {
		evaluated: a.evaluated + b.evaluated,
		reused: a.reused + b.reused,
		discarded: a.discarded + b.discarded,
		evicted: a.evicted + b.evicted,
	};
}
