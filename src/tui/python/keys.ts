/** Keys and pastes as the program in the pane expects them. */
export function rewriteKeys(bytes: string, modes: { readonly applicationCursor: boolean }): string {
	return modes.applicationCursor ? bytes.replace(/\x1b\[([ABCDHF])/g, "\x1bO$1") : bytes;
}

export function pasteFor(text: string, modes: { readonly bracketed: boolean }): string {
	const clean = text.replaceAll("\x1b[200~", "").replaceAll("\x1b[201~", "");
	return modes.bracketed ? `\x1b[200~${clean}\x1b[201~` : clean.replace(/\r?\n/g, "\r");
}
