/**
 * Whether the terminal's background is dark or light: asked by OSC 11, with a question that every terminal answers (DA1)
 * behind it, so that one that does not know OSC 11 is known at once. Asked after the first frame: it delays nothing.
 * Sources: https://invisible-island.net/xterm/ctlseqs/ctlseqs.html (OSC 11, DA1); COLORFGBG: rxvt(1).
 */

export type Background = "dark" | "light";

const ESC = "\x1b";
export const ASK_BACKGROUND = `${ESC}]11;?${ESC}\\${ESC}[c`;

/** Hands over every answer of the terminal (Input of type "reply") until the returned function is called. */
export type Replies = (listener: (text: string) => void) => () => void;

export async function askBackground(
	write: (text: string) => void,
	replies: Replies,
	timeoutMs: number,
	env: NodeJS.ProcessEnv = {},
): Promise<Background | undefined> {
	const answer = await new Promise<Background | undefined>((resolve) => {
		const done = (found?: Background): void => {
			clearTimeout(timer);
			end();
			resolve(found);
		};
		const timer = setTimeout(done, timeoutMs);
		timer.unref();
		const end = replies((text) => {
			const colour = colourOf(text);
			if (colour) done(believable(colour, env) ? shadeOf(colour) : undefined);
			else if (isDeviceAttributes(text)) done();
		});
		write(ASK_BACKGROUND);
	});
	return answer ?? hintOf(env);
}

type Colour = { readonly red: number; readonly green: number; readonly blue: number };

/** Each from 0 to 1: `rgb:1e1e/1e1e/2e2e`, with one to four digits. */
function colourOf(text: string): Colour | undefined {
	const found = /\]11;rgba?:([0-9a-f]{1,4})\/([0-9a-f]{1,4})\/([0-9a-f]{1,4})/i.exec(text);
	if (!found) return undefined;
	const part = (digits = "0"): number => Number.parseInt(digits, 16) / (16 ** digits.length - 1);
	return { red: part(found[1]), green: part(found[2]), blue: part(found[3]) };
}

const isDeviceAttributes = (text: string): boolean => /^\x1b\[\?[\d;]*c$/.test(text);

/** Where tmux does not know its terminal's background it answers white. */
function believable({ red, green, blue }: Colour, env: NodeJS.ProcessEnv): boolean {
	const multiplexed = env.TMUX !== undefined || /^(tmux|screen)/.test(env.TERM ?? "");
	return !(multiplexed && red === 1 && green === 1 && blue === 1);
}

/** By how bright it looks (ITU-R BT.601 luma). */
function shadeOf({ red, green, blue }: Colour): Background {
	return 0.299 * red + 0.587 * green + 0.114 * blue > 0.5 ? "light" : "dark";
}

/** Set by rxvt, Konsole and others: `foreground;background`, as numbers of the 16 colours. */
function hintOf(env: NodeJS.ProcessEnv): Background | undefined {
	const background = /;(\d{1,2})$/.exec(env.COLORFGBG ?? "")?.[1];
	if (background === undefined) return undefined;
	const colour = Number(background);
	return colour === 7 || (colour > 8 && colour < 16) ? "light" : "dark";
}
