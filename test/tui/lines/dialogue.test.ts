import { describe, expect, test } from "vitest";
import { Dialogue } from "../../../src/tui/lines/dialogue.ts";

function dialogue(pasteMs = 0): { readonly talk: Dialogue; readonly said: string[] } {
	const said: string[] = [];
	return { talk: new Dialogue({ say: (text) => said.push(text) }, pasteMs), said };
}

describe("what is typed", () => {
	test("lines that come before anybody waits are kept in their order", async () => {
		const { talk } = dialogue();
		talk.line("a");
		talk.line("b");
		expect([await talk.next(), await talk.next()]).toEqual(["a", "b"]);
	});

	test("the question asked last gets the next line, the one before it the line after", async () => {
		const { talk, said } = dialogue();
		const next = talk.next();
		const answer = talk.ask("Really?");
		expect(said).toEqual(["Really?"]);
		talk.line(" yes ");
		talk.line("help");
		expect([await answer, await next]).toEqual(["yes", "help"]);
	});

	test("an empty line and cancel leave a question; an empty answer counts where it means something", async () => {
		const { talk } = dialogue();
		for (const line of ["", "cancel", "Cancel"]) talk.line(line);
		expect(await talk.ask("a?")).toBeUndefined();
		expect(await talk.ask("b?")).toBeUndefined();
		expect(await talk.ask("c?", { empty: true })).toBeUndefined();
		talk.line("");
		expect(await talk.ask("d?", { empty: true })).toBe("");
	});

	test("several lines end with an empty one, and the end of the input is no answer", async () => {
		const { talk } = dialogue();
		for (const line of ["b", "  c", "", "d"]) talk.line(line);
		expect(await talk.askLines("", ["a"])).toBe("a\nb\n  c");
		const cut = talk.askLines("more?");
		talk.end();
		expect(await cut).toBeUndefined();
	});

	test("a text that is pasted may have empty lines in it; the one behind it ends it", async () => {
		const { talk } = dialogue(1);
		for (const line of ["a", "", "b"]) talk.line(line);
		const text = talk.askLines("");
		setTimeout(() => talk.line(""), 20);
		expect(await text).toBe("a\n\nb");
	});

	test("a question can be taken back, a command cannot", async () => {
		const { talk } = dialogue();
		const next = talk.next();
		expect(talk.cancel()).toBe(false);
		const answer = talk.ask("a?");
		expect(talk.cancel()).toBe(true);
		expect(await answer).toBeUndefined();
		talk.line("x");
		expect(await next).toBe("x");
	});

	test("the end of the input tells everybody who waits", async () => {
		const { talk } = dialogue();
		const both = [talk.next(), talk.yes("a?")];
		talk.end();
		expect(await Promise.all(both)).toEqual([undefined, false]);
		expect(await talk.next()).toBeUndefined();
	});
});
