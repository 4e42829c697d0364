/** Keys and pastes as the program in the pane expects them. */
export { pasteFor, rewriteKeys } from "../term/child-keys.ts";
