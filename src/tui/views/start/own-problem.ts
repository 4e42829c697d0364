/** A problem of one's own: its text, the gold answer to check against, and its domain. */
import { DOMAINS } from "../../../data/problems.ts";
import type { Domain, Problem } from "../../../trace/events.ts";
import { Field } from "../../text/field.ts";
import type { Paint } from "../../theme/theme.ts";
import type { Run } from "../line.ts";

export class OwnProblem {
	readonly text: Field;
	readonly answer: Field;
	domain: Domain = "math";

	constructor(paint: Paint) {
		this.text = new Field({
			paint,
			multiline: true,
			placeholder: "Type or paste a problem, or choose one below.",
		});
		this.answer = new Field({ paint, multiline: false, placeholder: "to check against" });
	}

	get empty(): boolean {
		return this.text.text.trim() === "";
	}

	set paint(paint: Paint) {
		this.text.paint = paint;
		this.answer.paint = paint;
	}

	/** Undefined while nothing is written. */
	get problem(): Problem | undefined {
		if (this.empty) return undefined;
		const answer = this.answer.text.trim();
		return {
			id: "typed",
			domain: this.domain,
			problem: this.text.text.trim(),
			...(answer === "" ? {} : { answer }),
		};
	}

	step(by: 1 | -1): void {
		const index = DOMAINS.indexOf(this.domain) + by;
		this.domain = DOMAINS[(index + DOMAINS.length) % DOMAINS.length]!;
	}

	/** The domain that begins with a letter. */
	letter(letter: string): boolean {
		const found = DOMAINS.find((domain) => domain.startsWith(letter.toLowerCase()));
		if (found) this.domain = found;
		return found !== undefined;
	}

	/** "(math) code  science " */
	domainLine(focused: boolean): readonly Run[] {
		return DOMAINS.map((domain): Run => {
			if (domain !== this.domain) return ["dim", ` ${domain} `];
			return [focused ? "selected" : "title", `(${domain})`];
		});
	}

	/** The domain that a click in the line meant. */
	click(x: number): void {
		let end = 0;
		for (const domain of DOMAINS) {
			end += domain.length + 2;
			if (x < end) {
				this.domain = domain;
				return;
			}
		}
	}
}
