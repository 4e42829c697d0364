/**
 * What a schema cannot say of a hint: a frame must hold the wording and open code on a line of its own; a wording must fit
 * into its frame; a template must not close the block that it stands in.
 */
import { type Frames, MARKER_KINDS } from "./hint.ts";
import type { MarkerKind } from "./marker.ts";
import { FRAME_FIELDS, fieldsOf, TEMPLATE_FIELDS } from "./render.ts";
import type { Path, YamlFile } from "./yaml.ts";

/** A hint as its file has it. */
export type RawHint = {
	readonly id: string;
	readonly kind: string;
	readonly domain: "math" | "code" | "science" | "any";
	readonly markers: readonly MarkerKind[];
	readonly weight?: number;
	readonly opens?: "code" | "none";
	readonly wordings: readonly string[];
	readonly template?: string;
	readonly frames?: Partial<Frames>;
	readonly note?: string;
};

export function checkFrames(frames: Partial<Frames>, file: YamlFile, path: Path): void {
	for (const marker of MARKER_KINDS) {
		const frame = frames[marker];
		if (frame === undefined) continue;
		const at = [...path, marker];
		const fields = fieldsOf(frame);
		for (const field of fields) {
			if (!(FRAME_FIELDS as readonly string[]).includes(field)) {
				file.report(at, "error", `unknown {{${field}}}; a frame has ${FRAME_FIELDS.map(braces).join(", ")}`);
			}
		}
		if (!fields.includes("wording"))
			file.report(at, "error", "a frame needs {{wording}}: it is what the hint says");
		if (fields.includes("open") && !/(\n|\{\{newline\}\})\{\{open\}\}/.test(frame)) {
			file.report(at, "error", "{{open}} has to begin a line: put a newline before it");
		}
		if (fields.includes("template") && !frame.includes("{{open}}{{template}}")) {
			file.report(at, "error", "{{template}} has to follow {{open}}: it is the beginning of the code");
		}
	}
}

export function checkHint(hint: RawHint, file: YamlFile, path: Path): void {
	const ownFrames = hint.markers.every((marker) => hint.frames?.[marker] !== undefined);
	const seen = new Set<string>();
	for (const [index, wording] of hint.wordings.entries()) {
		const at = [...path, "wordings", index];
		if (seen.has(wording)) file.report(at, "warning", "this wording stands here twice");
		seen.add(wording);
		if (/[\n\r]/.test(wording)) {
			file.report(
				at,
				"error",
				"a wording is one line; what comes behind it belongs into its frame or a template",
			);
		}
		if (wording !== wording.trim()) file.report(at, "error", "white space before or behind the wording");
		if (ownFrames) continue;
		if (/[.!?…:;,]$/.test(wording.trim())) {
			file.report(
				at,
				"error",
				`the wording ends in "${wording.trim().at(-1)}"; the frame brings the full stop, so leave it out`,
			);
		}
		if (/^\p{Lu}/u.test(wording) && !/^(I\b|Python\b|\p{Lu}(\p{Lu}|\b))/u.test(wording)) {
			file.report(
				at,
				"warning",
				`the wording begins with a capital; it comes behind "Wait, ", so it should begin in lower case`,
			);
		}
	}
	if (hint.frames) checkFrames(hint.frames, file, [...path, "frames"]);
	if (hint.template !== undefined) checkTemplate(hint, hint.template, file, [...path, "template"]);
}

function checkTemplate(hint: RawHint, template: string, file: YamlFile, at: Path): void {
	if (hint.opens === "none") {
		file.report(at, "error", "a template is the beginning of code, and this hint opens none (opens: none)");
	}
	if (!template.endsWith("\n")) {
		file.report(at, "error", "a template has to end in a newline: write it as a block with |");
	}
	if (/^ {0,3}(`{3}|~{3}|<\/)/m.test(template)) {
		file.report(
			at,
			"error",
			"a line of the template is a fence or a closing tag: it would end the block of code",
		);
	}
	for (const field of fieldsOf(template)) {
		if (!(TEMPLATE_FIELDS as readonly string[]).includes(field)) {
			file.report(
				at,
				"error",
				`unknown {{${field}}}; a template has ${TEMPLATE_FIELDS.map(braces).join(", ")}`,
			);
		}
	}
}

const braces = (field: string): string => `{{${field}}}`;
