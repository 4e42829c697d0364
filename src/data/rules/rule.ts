/**
 * What a rule is: data that help, docs and tests are made from, and one function that says why a rollout is dropped.
 *
 * What always holds: a rule looks at a rollout and never changes it; it throws for nothing that a rollout holds; its
 * time is linear in the rollout's text. A reason is one line with the numbers that it rests on. A rule's examples are
 * rollouts that it drops or keeps: the tests run them, `nudge dataset rules` shows them.
 */
import type { FenceDialect } from "../../hints/marker.ts";
import type { Rollout } from "../rollout.ts";
import type { Reading } from "./reading.ts";

export type OptionValue = boolean | number | string | readonly string[];
export type Options = Readonly<Record<string, OptionValue>>;

/** An option as a recipe writes it. */
export type OptionSpec<Value extends OptionValue = OptionValue> = {
	readonly says: string;
	readonly default: Value;
} & (Value extends boolean
	? { readonly type: "boolean" }
	: Value extends number
		? {
				readonly type: "integer" | "number";
				readonly unit: string;
				readonly least: number;
				readonly most?: number;
			}
		: Value extends string
			? { readonly type: "choice"; readonly choices: readonly string[] }
			: { readonly type: "list"; readonly choices?: readonly string[] });

/** Of an evaluation question, what is compared. */
export type Question = {
	readonly id: string;
	readonly domain: string;
	readonly problem: string;
	readonly source?: string;
	/** Where the set has a field for it. */
	readonly title?: string;
};

/** What a rule is given of the world. */
export type RuleContext = {
	readonly thinkClose: string;
	/** How fences are written in a dialect; one that is not known is taken for the usual one. */
	readonly dialect: (id: string) => FenceDialect;
	/** The questions of a set that `against` names. Throws for one that is not there. */
	readonly questions: (set: string) => AsyncIterable<Question>;
	readonly signal?: AbortSignal;
};

/** Why it is dropped, in one line; undefined where it is kept. */
export type Check = (reading: Reading) => string | undefined;

/** All that a rule compares of a rollout. */
export type Name = readonly [number, number, number];

export type Made = {
	readonly check: Check;
	/**
	 * Of a rule that remembers, the same check in two halves: it can be asked later, without the rollout, in an order that
	 * no file decides.
	 */
	readonly apart?: {
		readonly name: (reading: Reading) => Name;
		readonly check: (name: Name) => string | undefined;
	};
	/** What whoever builds should be told, as a line each: a rule that has nothing to work with. */
	readonly warnings?: readonly string[];
	/** What the rule worked with, for the record of a dataset. */
	readonly facts?: Readonly<Record<string, unknown>>;
};

export type RuleExample<O extends Options = Options> = {
	/** What it shows, as a sentence about the rollout. */
	readonly says: string;
	/** A text is one that the model wrote, with nothing else about it out of the ordinary. */
	readonly case: string | Partial<Rollout>;
	readonly options?: Partial<O>;
	/** What the rule has seen before. */
	readonly before?: readonly (string | Partial<Rollout>)[];
	/** Evaluation sets that there are, by the name that `against` has for them. */
	readonly sets?: Readonly<Record<string, readonly Question[]>>;
	readonly drops: boolean;
};

export type Rule<O extends Options = Options> = {
	/** What a recipe calls it. */
	readonly id: string;
	/** What it drops, in one line. */
	readonly says: string;
	/** More, where somebody has to decide whether to use it. */
	readonly details?: string;
	/** Where the method comes from: a paper's section or a URL. */
	readonly source?: string;
	/** Whether it is applied where a recipe does not say. */
	readonly on: boolean;
	readonly options: { readonly [Name in keyof O]: OptionSpec<Wide<O[Name]>> };
	readonly examples: readonly RuleExample<O>[];
	/** Its verdict on one rollout depends on those before it, so it looks only at what the others keep. */
	readonly remembers?: true;
	make(options: O, context: RuleContext): Made | Promise<Made>;
};

/** A literal stands for its type. */
type Wide<Value> = Value extends boolean
	? boolean
	: Value extends number
		? number
		: Value extends string
			? string
			: readonly string[];

/** Gives a rule the type that a list of different rules has; what reads options checks them first. */
export function rule<O extends Options>(one: Rule<O>): Rule {
	return one as unknown as Rule;
}

/** The options of a rule where nobody says otherwise. */
export function defaultsOf(one: Rule): Record<string, OptionValue> {
	return Object.fromEntries(Object.entries(one.options).map(([name, spec]) => [name, spec.default]));
}

export function plural(count: number, word: string, words = `${word}s`): string {
	return `${count} ${count === 1 ? word : words}`;
}

/** A share as a person reads it: 23.4 %. */
export function percent(share: number): string {
	return `${(share * 100).toFixed(1)} %`;
}
