/** The parts of the start page, in the order in which the focus goes through them. */
export const PARTS = ["problem", "answer", "domain", "set", "sessions", "settings"] as const;
export type Part = (typeof PARTS)[number];
export type ListPart = "set" | "sessions";

export const PART_NAMES: Readonly<Record<Part, string>> = {
	problem: "problem",
	answer: "answer",
	domain: "domain",
	set: "problem set",
	sessions: "sessions",
	settings: "settings",
};

export function isListPart(part: Part): part is ListPart {
	return part === "set" || part === "sessions";
}
