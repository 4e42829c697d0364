/**
 * The rules of a recipe, ready to be asked of one rollout after the other.
 *
 * What always holds: the order is that of the registry; `judge` names the first rule that drops a rollout, and rules that
 * remember see only what all the others keep. A rule that fails is a mistake of nudge: it is named, with the rollout.
 */
import type { Rollout } from "../rollout.ts";
import { Reading } from "./reading.ts";
import { RULES } from "./registry.ts";
import {
	type Check,
	defaultsOf,
	type Made,
	type Name,
	type OptionValue,
	type Rule,
	type RuleContext,
} from "./rule.ts";

export type RuleSetting = { readonly on: boolean } & Readonly<Record<string, OptionValue>>;

/** By rule; what is not there is as the rule has it by itself. */
export type RuleSettings = Readonly<Record<string, RuleSetting>>;

export type Dropped = { readonly rule: string; readonly why: string };

export class RuleError extends Error {
	override readonly name = "RuleError";
}

type Applied = { readonly rule: Rule; readonly check: Check; readonly apart: Made["apart"] };

export class Sieve {
	/** The rules that are on, in the order in which they apply. */
	readonly rules: readonly Rule[];
	/** For whoever builds, before it begins. */
	readonly warnings: readonly string[];
	/** What rules worked with, by rule: evaluation sets with their number of questions. */
	readonly facts: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
	readonly #applied: readonly Applied[];
	readonly #context: RuleContext;

	constructor(
		applied: readonly Applied[],
		warnings: readonly string[],
		facts: Sieve["facts"],
		context: RuleContext,
	) {
		this.#applied = applied;
		this.rules = applied.map(({ rule }) => rule);
		this.warnings = warnings;
		this.facts = facts;
		this.#context = context;
	}

	/** The first rule that drops it; undefined: it is kept. */
	judge(rollout: Rollout): Dropped | undefined {
		const reading = new Reading(rollout, this.#context);
		for (const one of this.#applied) {
			const why = ask(one, reading);
			if (why !== undefined) return { rule: one.rule.id, why };
		}
		return undefined;
	}

	/** What rules that remember compare of a rollout, for `judgeNames`; those that do not are left out. */
	names(rollout: Rollout): Name[] {
		const reading = new Reading(rollout, this.#context);
		return this.#applied.flatMap(({ apart }) => (apart ? [apart.name(reading)] : []));
	}

	/** As `judge`, without the rollout: of the rules that remember. */
	judgeNames(names: readonly Name[]): Dropped | undefined {
		let at = 0;
		for (const { rule, apart } of this.#applied) {
			const why = apart?.check(names[at++]!);
			if (why !== undefined) return { rule: rule.id, why };
		}
		return undefined;
	}

	/** Every rule that would drop it. Those that remember are asked only where no other does. */
	fate(rollout: Rollout): Dropped[] {
		const reading = new Reading(rollout, this.#context);
		const dropped: Dropped[] = [];
		for (const one of this.#applied) {
			if (one.rule.remembers && dropped.length > 0) continue;
			const why = ask(one, reading);
			if (why !== undefined) dropped.push({ rule: one.rule.id, why });
		}
		return dropped;
	}
}

function ask({ rule, check }: Applied, reading: Reading): string | undefined {
	try {
		// Reasons quote what was written: one line and whole characters all the same.
		return check(reading)?.replace(/\s+/g, " ").toWellFormed();
	} catch (error) {
		throw new RuleError(
			`the rule ${rule.id} failed on ${reading.rollout.key}, which is a mistake of nudge: ${(error as Error).message}. ` +
				`Go on without it with --rule ${rule.id}=off`,
			{ cause: error },
		);
	}
}

/** Reads what the rules need (evaluation sets) and makes them ready. Settings are a recipe's, already checked. */
export async function compile(settings: RuleSettings, context: RuleContext): Promise<Sieve> {
	const applied: Applied[] = [];
	const warnings: string[] = [];
	const facts: Record<string, Readonly<Record<string, unknown>>> = {};
	for (const rule of RULES) {
		const { on, ...options } = settings[rule.id] ?? { on: rule.on };
		if (!on) continue;
		const made = await rule.make({ ...defaultsOf(rule), ...options }, context);
		applied.push({ rule, check: made.check, apart: made.apart });
		for (const says of made.warnings ?? []) warnings.push(`${rule.id}: ${says}`);
		if (made.facts) facts[rule.id] = made.facts;
	}
	return new Sieve(applied, warnings, facts, context);
}
