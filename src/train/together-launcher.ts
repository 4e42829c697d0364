/**
 * A fine-tune at Together (https://docs.together.ai/reference/post-fine-tunes): a service that trains by itself, from tokens
 * with exact masks, and gives the weights back. There is no trainer of nudge's there, no folder and no exit code: states, log
 * and metrics are the service's own, told in nudge's words.
 *
 * What always holds: what of a recipe it cannot do is refused before anything is sent; the price is asked for before the job is
 * started; the key (TOGETHER_API_KEY) stands in no file and no message; a job is not gone on with, as the service has no way to.
 */
import { createHash } from "node:crypto";
import {
	createReadStream,
	existsSync,
	mkdirSync,
	mkdtempSync,
	openAsBlob,
	readFileSync,
	renameSync,
	rmSync,
	statSync,
	writeFileSync,
} from "node:fs";
import { appendFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { visibleLine } from "../trace/visible.ts";
import {
	type FetchOptions,
	type Finding,
	type Handle,
	type Job,
	LaunchError,
	type Launcher,
	type Offsets,
	type Piece,
	type Rendered,
	type SubmitOptions,
} from "./launcher.ts";
import { networkCode } from "./network.ts";
import { Pace } from "./pace.ts";
import type { JobShape, JobState } from "./run-folder.ts";
import type { TogetherTarget } from "./targets.ts";
import { baseTokenizer, prepared } from "./together-data.ts";
import { beyond, fineTuneOf, type Limits, misfitsOf } from "./together-recipe.ts";

const URL_OF_SERVICE = "https://api.together.ai/v1";
const ASK_EVERY_MS = 10_000;
/** Of the service (https://docs.together.ai/docs/fine-tuning-data-preparation); larger files are refused there. */
const MOST_BYTES = 50.1e9;

type FineTuneJob = {
	readonly id: string;
	readonly status: string;
	readonly model_output_name?: string;
	readonly training_type?: { readonly type?: string };
};
type FineTuneEvent = {
	readonly created_at: string;
	readonly level?: string | null;
	readonly message: string;
	readonly type: string;
};

/** What the service calls a job's status, as a state of nudge's. */
export function togetherState(status: string, lastError?: string): JobState {
	switch (status) {
		case "pending":
		case "queued":
			return { state: "waiting", says: status };
		case "running":
		case "compressing":
		case "uploading":
		case "cancel_requested":
			return { state: "running", says: status };
		case "completed":
			return { state: "done" };
		case "cancelled":
			return { state: "cancelled" };
		case "error":
			return { state: "failed", says: `Together failed: ${lastError ?? "its log says more"}` };
		case "user_error":
			return {
				state: "failed",
				says: `Together refused what it was given: ${lastError ?? "its log says more"}`,
			};
		default:
			return { state: "unknown", says: `Together says "${status}"` };
	}
}

export class TogetherLauncher implements Launcher {
	readonly kind = "together";
	readonly target: string;
	readonly #target: TogetherTarget;
	readonly #env: NodeJS.ProcessEnv;
	readonly #pace: Pace;

	constructor(name: string, target: TogetherTarget, env: NodeJS.ProcessEnv, askEveryMs = ASK_EVERY_MS) {
		this.target = name;
		this.#target = target;
		this.#env = env;
		this.#pace = new Pace(askEveryMs);
	}

	async doctor(_shape: JobShape, signal?: AbortSignal): Promise<Finding[]> {
		const findings: Finding[] = [];
		const { model } = this.#target;
		try {
			const limits = await this.#limits(signal);
			findings.push({ level: "ok", says: `the key is accepted, and ${model} can be trained` });
			const ways = [limits.full_training && "full", limits.lora_training && "lora"].filter((way) => way);
			findings.push({
				level: "ok",
				says: `methods ${ways.join(" and ")}, at most ${limits.max_num_epochs} epochs, learning rates ${limits.min_learning_rate} to ${limits.max_learning_rate}`,
			});
		} catch (error) {
			if (signal?.aborted) throw error;
			findings.push({ level: "wrong", says: (error as Error).message });
		}
		findings.push({
			level: "note",
			says: "machines and their number are the service's choice; its price is asked for when the samples are there, before the job is started",
		});
		return findings;
	}

	async render({ sheet }: Pick<Job, "sheet">): Promise<Rendered[]> {
		const refused = misfitsOf(sheet.recipe);
		const { model, suffix } = this.#target;
		return [
			...(refused.length > 0 ? [{ title: "refused", text: `${refused.join("\n")}\n` }] : []),
			{
				title: "sent to POST /files/upload",
				text: `${sheet.id}.parquet: input_ids, attention_mask, labels of ${sheet.data.samples} samples\n`,
			},
			{
				title: "asked of POST /fine-tunes",
				text: `${JSON.stringify(fineTuneOf(sheet.recipe, { model, suffix, file: "FILE" }), null, 2)}\n`,
			},
		];
	}

	async submit(job: Job, { attempt, onProgress, signal }: SubmitOptions): Promise<Handle> {
		const { sheet } = job;
		const { recipe } = sheet;
		const { model, suffix, tokenizer: said } = this.#target;
		if (attempt > 1)
			throw new LaunchError(
				"Together cannot go on with a fine-tune that has ended: nudge train starts a new one; what the old one saved is fetched with nudge jobs fetch --what last",
			);
		const refused = misfitsOf(recipe);
		if (refused.length > 0)
			throw new LaunchError(
				`Together cannot do what the recipe ${recipe.name} says:\n- ${refused.join("\n- ")}`,
			);
		const over = beyond(recipe, model, await this.#limits(signal));
		if (over.length > 0)
			throw new LaunchError(`Together will not take the recipe ${recipe.name}:\n- ${over.join("\n- ")}`);
		const scratch = mkdtempSync(join(tmpdir(), "nudge-together-"));
		try {
			const tokenizer = await baseTokenizer(recipe.base, said, this.#env, signal);
			onProgress?.("making token ids and labels");
			const { file, samples, tooLong } = await prepared(job, tokenizer, scratch, signal);
			const { size } = statSync(file);
			if (size > MOST_BYTES)
				throw new LaunchError(`the samples are ${(size / 1e9).toFixed(1)} GB, and Together takes 50 GB`);
			onProgress?.(
				`sending ${samples} samples, ${(size / 1e6).toFixed(1)} MB${tooLong > 0 ? `; ${tooLong} too long ones are left out` : ""}`,
			);
			const form = new FormData();
			form.set("purpose", "fine-tune");
			form.set("file_name", `${sheet.id}.parquet`);
			form.set("file_type", "parquet");
			form.set("file", await openAsBlob(file), `${sheet.id}.parquet`);
			const sent = await this.#json<{ id: string }>("send the samples", "/files/upload", signal, {
				method: "POST",
				body: form,
			});
			const body = fineTuneOf(recipe, { model, suffix, file: sent.id });
			await this.#price(body, onProgress, signal);
			onProgress?.("starting the fine-tune");
			const made = await this.#post<FineTuneJob>("start the fine-tune", "/fine-tunes", body, signal);
			return {
				kind: this.kind,
				target: this.target,
				job: sheet.id,
				folder: made.id,
				id: made.id,
				attempt,
				submitted: new Date().toISOString(),
				more: { file: sent.id, steps: String(Math.ceil(samples / recipe.batch.sequences) * recipe.epochs) },
			};
		} finally {
			rmSync(scratch, { recursive: true, force: true });
		}
	}

	async poll(handles: readonly Handle[], signal?: AbortSignal): Promise<ReadonlyMap<string, JobState>> {
		if (handles.length === 0) return new Map();
		await this.#pace.turn(signal);
		const many =
			handles.length > 1
				? (await this.#json<{ data: FineTuneJob[] }>("list the fine-tunes", "/fine-tunes", signal)).data
				: [];
		const states = new Map<string, JobState>();
		for (const handle of handles) {
			const found = many.find(({ id }) => id === handle.id) ?? (await this.#job(handle, signal));
			const failed = /error$/.test(found?.status ?? "");
			const why = failed
				? (await this.#events(handle, signal)).findLast(
						({ type, level }) => type === "job_error" || level === "error",
					)
				: undefined;
			states.set(
				handle.job,
				found
					? togetherState(found.status, why && visibleLine(why.message))
					: { state: "unknown", says: `Together does not know ${handle.id} any more` },
			);
		}
		return states;
	}

	async read(handle: Handle, from: Offsets, signal?: AbortSignal): Promise<Piece> {
		const [events, metrics] = await Promise.all([
			this.#events(handle, signal),
			this.#json<{ metrics?: Record<string, number>[] }>(
				"ask for metrics",
				`/fine-tunes/${encodeURIComponent(handle.id)}/metrics`,
				signal,
			),
		]);
		const log = events.map(({ created_at: at, type, message }) => `${at} ${type}: ${visibleLine(message)}\n`);
		const most = Number(handle.more?.steps ?? 0);
		const lines = (metrics.metrics ?? []).flatMap((row) => {
			const step = row["train/global_step"];
			if (step === undefined) return [];
			const [loss, rate, norm] = ["loss", "learning_rate", "grad_norm"].map((name) => row[`train/${name}`]);
			return [
				`${JSON.stringify({
					step,
					max_steps: Math.max(most, step),
					t: handle.submitted,
					attempt: handle.attempt,
					...(loss !== undefined && { loss }),
					...(rate !== undefined && { learning_rate: rate }),
					...(norm !== undefined && { grad_norm: norm }),
				})}\n`,
			];
		});
		return {
			log: Buffer.from(log.join("")).subarray(from.log),
			metrics: Buffer.from(lines.join("")).subarray(from.metrics),
		};
	}

	async cancel(handle: Handle, how: "stop" | "end" | "kill", signal?: AbortSignal): Promise<Handle> {
		if (how === "stop")
			throw new LaunchError(
				"Together cannot be asked to save and stop: nudge jobs cancel without --stop ends the fine-tune",
			);
		this.#pace.hurry();
		await this.#post(
			"cancel the fine-tune",
			`/fine-tunes/${encodeURIComponent(handle.id)}/cancel`,
			{},
			signal,
		);
		return { ...handle, cancelled: new Date().toISOString() };
	}

	/** A packed file, as the service gives it, with its SHA-256 beside it. */
	async fetch(handle: Handle, { what, into, onProgress, signal }: FetchOptions): Promise<readonly string[]> {
		const found = await this.#job(handle, signal);
		if (!found) throw new LaunchError(`Together does not know ${handle.id} any more`);
		const query = new URLSearchParams({ ft_id: handle.id });
		let name = "model";
		if (what === "last" || (what === "all" && found.status !== "completed")) {
			const { data } = await this.#json<{ data: { step: number }[] }>(
				"list checkpoints",
				`/fine-tunes/${encodeURIComponent(handle.id)}/checkpoints`,
				signal,
			);
			const step = Math.max(0, ...data.map((one) => one.step));
			if (step === 0) throw new LaunchError(`${handle.job} has no checkpoint at Together yet`);
			query.set("checkpoint_step", String(step));
			name = `checkpoint-${step}`;
		} else if (found.status !== "completed")
			throw new LaunchError(`${handle.job} has no finished model yet: Together says ${found.status}`);
		else query.set("checkpoint", found.training_type?.type === "Lora" ? "merged" : "model_output_path");
		const folder = join(into, "together");
		mkdirSync(folder, { recursive: true });
		const file = join(folder, `${name}.tar.zst`);
		await this.#download(`/finetune/download?${query}`, file, onProgress, signal);
		return [file];
	}

	async #download(
		path: string,
		file: string,
		onProgress: FetchOptions["onProgress"],
		signal?: AbortSignal,
	): Promise<void> {
		const sum = `${file}.sha256`;
		if (existsSync(file) && existsSync(sum)) {
			if ((await hashOf(file)) === readFileSync(sum, "utf8").slice(0, 64)) return;
			throw new LaunchError(`${file} is not what was fetched: it was changed. Remove it and fetch again`);
		}
		const part = `${file}.part`;
		const from = statSync(part, { throwIfNoEntry: false })?.size ?? 0;
		const response = await this.#ask("fetch the model", path, signal, {
			headers: from > 0 ? { Range: `bytes=${from}-` } : {},
		});
		// Without 206 it begins anew.
		const goesOn = response.status === 206;
		if (!goesOn) await rm(part, { force: true });
		const length = Number(response.headers.get("Content-Length") ?? Number.NaN);
		const whole = length + (goesOn ? from : 0);
		let bytes = goesOn ? from : 0;
		try {
			for await (const piece of response.body ?? []) {
				signal?.throwIfAborted();
				await appendFile(part, piece as Uint8Array);
				bytes += (piece as Uint8Array).length;
				onProgress?.(`${(bytes / 1e6).toFixed(1)} MB`);
			}
		} catch (error) {
			signal?.throwIfAborted();
			throw new LaunchError(
				`the download from Together was cut off after ${bytes} bytes (${networkCode(error) || "connection lost"}): fetch again, it goes on`,
			);
		}
		if (Number.isFinite(whole) && bytes !== whole)
			throw new LaunchError(`${bytes} of ${whole} bytes came from Together: fetch again, it goes on`);
		writeFileSync(sum, `${await hashOf(part)}  ${file.split("/").at(-1)}\n`);
		renameSync(part, file);
	}

	async #price(body: object, onProgress: SubmitOptions["onProgress"], signal?: AbortSignal): Promise<void> {
		const { training_file, model, n_epochs, n_evals, training_method, training_type } = body as Record<
			string,
			unknown
		>;
		const price = await this.#post<{
			estimated_total_price?: number;
			allowed_to_proceed?: boolean;
			user_limit?: number;
			estimated_train_token_count?: number;
		}>(
			"estimate the price",
			"/fine-tunes/estimate-price",
			{ training_file, model, n_epochs, n_evals, training_method, training_type },
			signal,
		);
		const cost = `about $${price.estimated_total_price?.toFixed(2)} by Together's own estimate, for ${price.estimated_train_token_count?.toLocaleString("en")} tokens`;
		if (price.allowed_to_proceed === false)
			throw new LaunchError(
				`it would cost ${cost}, more than the account may spend ($${price.user_limit}): nothing was started; add credit, or train on less`,
			);
		onProgress?.(cost);
	}

	async #limits(signal?: AbortSignal): Promise<Limits> {
		const { model } = this.#target;
		const limits = await this.#maybe<Limits>(
			"ask for the model's limits",
			`/fine-tunes/models/limits?${new URLSearchParams({ model_name: model })}`,
			signal,
		);
		if (limits) return limits;
		throw new LaunchError(
			`Together has no ${model} to train: GET /fine-tunes/models/supported lists what it has; name one as the target's model`,
		);
	}

	#job({ id }: Handle, signal?: AbortSignal): Promise<FineTuneJob | undefined> {
		return this.#maybe<FineTuneJob>(
			"ask about the fine-tune",
			`/fine-tunes/${encodeURIComponent(id)}`,
			signal,
		);
	}

	async #events({ id }: Handle, signal?: AbortSignal): Promise<readonly FineTuneEvent[]> {
		const { data } = await this.#json<{ data: FineTuneEvent[] }>(
			"ask for events",
			`/fine-tunes/${encodeURIComponent(id)}/events`,
			signal,
		);
		return data.toSorted((a, b) => (a.created_at < b.created_at ? -1 : a.created_at > b.created_at ? 1 : 0));
	}

	#post<T>(doing: string, path: string, body: object, signal?: AbortSignal): Promise<T> {
		return this.#json<T>(doing, path, signal, {
			method: "POST",
			headers: { "Content-Type": "application/json" },
			body: JSON.stringify(body),
		});
	}

	async #json<T>(doing: string, path: string, signal?: AbortSignal, init: RequestInit = {}): Promise<T> {
		return parsed<T>(await this.#ask(doing, path, signal, init), doing);
	}

	/** Undefined where the service does not know it. */
	async #maybe<T>(doing: string, path: string, signal?: AbortSignal): Promise<T | undefined> {
		const response = await this.#ask(doing, path, signal, {}, 404);
		return response.status === 404 ? undefined : parsed<T>(response, doing);
	}

	async #ask(
		doing: string,
		path: string,
		signal?: AbortSignal,
		init: RequestInit = {},
		allowed?: number,
	): Promise<Response> {
		const key = this.#env.TOGETHER_API_KEY?.trim();
		if (!key)
			throw new LaunchError(
				"there is no key for Together: set TOGETHER_API_KEY (https://api.together.ai/settings/api-keys)",
			);
		const url = (this.#target.url ?? URL_OF_SERVICE).replace(/\/+$/, "");
		const { protocol, hostname, origin } = new URL(url);
		if (protocol !== "https:" && !["localhost", "127.0.0.1", "[::1]"].includes(hostname))
			throw new LaunchError(
				`the target's url ${origin} would send the key unencrypted: give an https address`,
			);
		let response: Response;
		try {
			response = await fetch(`${url}${path}`, {
				...init,
				headers: { ...(init.headers as Record<string, string>), Authorization: `Bearer ${key}` },
				...(signal && { signal }),
			});
		} catch (error) {
			signal?.throwIfAborted();
			const code = networkCode(error);
			throw new LaunchError(
				`${origin} cannot be reached${code ? ` (${code})` : ""}: is the network there? A fine-tune that was started goes on without it`,
			);
		}
		if (response.ok || response.status === allowed) return response;
		const said = (await response.text().catch(() => "")).slice(0, 2000);
		throw new LaunchError(
			statusSays(response, doing, visibleLine(messageIn(said)).replaceAll(key, "***").slice(0, 400)),
		);
	}
}

async function parsed<T>(response: Response, doing: string): Promise<T> {
	try {
		return (await response.json()) as T;
	} catch {
		throw new LaunchError(`Together's answer could not be read (${doing}): it is no JSON. Try again`);
	}
}

/** The service says it as {error: {message}} or {message}. */
function messageIn(text: string): string {
	try {
		const { error, message } = JSON.parse(text) as {
			error?: { message?: string } | string;
			message?: string;
		};
		return (typeof error === "string" ? error : error?.message) ?? message ?? text;
	} catch {
		return text;
	}
}

function statusSays({ status, headers }: Response, doing: string, message: string): string {
	const wait = headers.get("Retry-After");
	switch (status) {
		case 401:
			return "Together does not accept the key (401): it may be wrong or revoked; set TOGETHER_API_KEY anew. A fine-tune that was started goes on";
		case 402:
			return `the account at Together has nothing left to pay with (402): ${message}`;
		case 403:
			return `the key may not ${doing} at Together (403): ${message}`;
		case 404:
			return `Together does not know what was asked for (${doing}, 404): ${message}`;
		case 429:
			return `Together asks to go slower (429): ${wait === null ? "wait some minutes" : `wait ${wait} seconds`}; a fine-tune that was started goes on`;
		default:
			return status >= 500
				? `Together has a failure of its own (${status}) and could not ${doing}: try later; a fine-tune that was started goes on`
				: `Together refused to ${doing} (${status}): ${message}`;
	}
}

async function hashOf(file: string): Promise<string> {
	const hash = createHash("sha256");
	for await (const piece of createReadStream(file)) hash.update(piece as Buffer);
	return hash.digest("hex");
}
