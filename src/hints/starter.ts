/** The file that `nudge hints new` writes: valid as it stands, and says at each field what it is for. */
import { fileURLToPath } from "node:url";
import type { Hint } from "./hint.ts";
import { BUILT_IN_DIR } from "./yaml.ts";

const WORDINGS: Readonly<Record<Hint["domain"], readonly string[]>> = {
	math: ["maybe I can use Python to check this", "let me run the numbers in Python to be sure"],
	science: ["let me put the values into Python and compute this", "I can check the units with Python"],
	code: ["let me run this on a small case", "I should test the code before I answer"],
	any: ["maybe I can use Python to check this", "let me try this out in Python"],
};

export function starterFile(hint: Pick<Hint, "id" | "kind" | "domain">): string {
	const markers = hint.domain === "code" ? "[before-code, before-end]" : "[after-word, before-end]";
	return `# yaml-language-server: $schema=${fileURLToPath(new URL("hints.schema.json", BUILT_IN_DIR))}
# After a change: nudge hints check. How it reads in the stream: nudge hints show ${hint.id}
hints:
  - id: ${hint.id}
    # What it is for. A person can veto a whole kind.
    kind: ${hint.kind}
    # math, code, science or any
    domain: ${hint.domain}
    # Where it may go in: after-word (behind Wait and its like), before-code, before-end (of the thinking)
    markers: ${markers}
    # How likely it is to be drawn, against the other hints that fit
    weight: 1
    # code: ends in an opened block of Python, so that code follows at once. none: words follow
    opens: code
    # Each begins in lower case and has no full stop at its end: "Wait, " and the full stop come from the frame
    wordings:
${WORDINGS[hint.domain].map((wording) => `      - ${wording}\n`).join("")}`;
}
