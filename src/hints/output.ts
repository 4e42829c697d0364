/**
 * What the interpreter says, as it goes into the stream: between the dialect's output lines, and unable to end its block.
 * A program may print a fence. Unless that is taken care of, the block would end there, the rest of the output would be
 * read as prose, and the closing line would open a block that nothing ever closes.
 */
import { closes, closingTag, fenceRules, type OpenFence, opening } from "./fences.ts";
import type { FenceDialect } from "./marker.ts";

/**
 * A line of the output that would close the block is moved right by four spaces (CommonMark 0.31, section 4.5: a closing
 * fence has at most three); of a closing tag at the end of a line, the bracket is parted from the rest by a backslash.
 */
export function frameOutput(dialect: FenceDialect, output: string): string {
	const { outputOpen, outputClose } = dialect;
	const fence = opening(fenceRules(dialect), outputOpen.trimStart());
	const whole = output === "" || output.endsWith("\n") ? output : `${output}\n`;
	const kept = fence
		? whole
				.split("\n")
				.map((line) => harmless(line, fence))
				.join("\n")
		: whole;
	return outputOpen + kept + outputClose;
}

function harmless(line: string, fence: OpenFence): string {
	if (fence.run > 0) return closes(fence, line, true) ? `    ${line.trimStart()}` : line;
	const at = closingTag(fence.close, line, true);
	return at < 0 ? line : `${line.slice(0, at + 1)}\\${line.slice(at + 1)}`;
}
