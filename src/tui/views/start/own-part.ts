/** The upper part of the start page: the problem of one's own with its gold answer and domain, drawn and typed into. */
import type { Key } from "../../term/input.ts";
import type { Paint } from "../../theme/theme.ts";
import type { Drawing } from "../../view.ts";
import type { Line } from "../line.ts";
import { type Areas, type Rect, titleLine, within } from "../pane.ts";
import type { StartLayout } from "./layout.ts";
import { OwnProblem } from "./own-problem.ts";
import type { Part } from "./parts.ts";

export class OwnPart {
	readonly own: OwnProblem;

	constructor(paint: Paint) {
		this.own = new OwnProblem(paint);
	}

	draw(areas: Areas, where: StartLayout, focus: Part, paint: Paint): Drawing["cursor"] {
		const { own } = this;
		const { problem, answer, domain } = where;
		/** Answer and domain stand beside the problem, each under its own title. */
		const beside = where.domainTitle.width > 0;
		own.paint = paint;
		const title = (key: string, at: Rect, name: string, part: Part): void =>
			areas.put(key, at, [titleLine(name, "", focus === part, at.width)], paint);
		title("problem title", where.problemTitle, "Problem", "problem");
		title("answer title", where.answerTitle, beside ? "Gold answer" : "Answer", "answer");
		title("domain title", where.domainTitle, "Domain", "domain");
		const gutter = (key: string, { x, y, height }: Rect): void => {
			const rows = Array.from({ length: height }, (): Line => [["rule", "|"]]);
			areas.put(key, { x: x - 1, y, width: 1, height }, rows, paint);
		};
		gutter("problem gutter", problem);
		if (beside) gutter("answer gutter", answer);
		const text = own.text.draw(problem.width, problem.height);
		const gold = own.answer.draw(answer.width, 1);
		const rows = (drawn: readonly string[]) => drawn.map((painted) => ({ painted }));
		areas.put("problem", problem, rows(text.rows), paint);
		areas.put("answer", answer, rows(gold.rows), paint);
		areas.put("domain", domain, [own.domainLine(focus === "domain")], paint);
		if (focus === "problem") return inside(problem, text.cursor);
		return focus === "answer" ? inside(answer, gold.cursor) : undefined;
	}

	/** Where the focus goes, or whether the key did anything. */
	key(part: "problem" | "answer" | "domain", key: Key): Part | boolean {
		const { own } = this;
		const { name } = key;
		switch (part) {
			case "problem":
				return own.text.key(key) || (name === "down" && "set");
			case "answer":
				if (own.answer.key(key)) return true;
				return (name === "up" && "problem") || (name === "down" && "domain");
			case "domain":
				if (name === "up") return "answer";
				if (name === "down") return "set";
				if (name !== "left" && name !== "right" && name !== "space")
					return key.text !== undefined && own.letter(key.text);
				own.step(name === "left" ? -1 : 1);
				return true;
		}
	}

	/** The part that was pressed. */
	press(where: StartLayout, x: number, y: number): Part | undefined {
		const { problem, answer, domain } = where;
		if (within(problem, x, y)) this.own.text.click(x - problem.x, y - problem.y);
		if (within(answer, x, y)) this.own.answer.click(x - answer.x, 0);
		if (within(domain, x, y)) this.own.click(x - domain.x);
		if (within(problem, x, y) || within(where.problemTitle, x, y)) return "problem";
		if (within(domain, x, y) || within(where.domainTitle, x, y)) return "domain";
		return within(answer, x, y) || within(where.answerTitle, x, y) ? "answer" : undefined;
	}
}

function inside(rect: Rect, { x, y }: { readonly x: number; readonly y: number }): Drawing["cursor"] {
	return x < rect.width && y < rect.height ? { x: rect.x + x, y: rect.y + y } : undefined;
}
