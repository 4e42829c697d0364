/**
 * A server for bench/streams.ts, in a process of its own: speaks as vLLM does, and sends each stream its tokens at a
 * steady pace, one event each, whoever reads. It notes when each was written: `GET /sent` gives them, in milliseconds of
 * the system's monotonic clock.
 */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo, Socket } from "node:net";

const [streams = 250, perSecond = 100, tokens = 1000] = process.argv.slice(2).map(Number);
const TICK_MS = 2;
/** Prose as it thinks: reflection words, lines, formulas; no code, no end. */
const WORDS =
	"So the sum of the first terms is 12 * 7 = 84 and then we add 16 more , which gives 100 . \n Wait , that is not what the problem asks : we need the number of ways , not the sum . Let me think again about it . \n If x = 3 then y < 5 , so \\( x + y \\) is at most 8 . Hmm , but <b> is odd . \n"
		.split(/(?= )/)
		.map((word) => (word === " \n" ? "\n" : word));

const sent = new Float64Array(streams * tokens);
const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6;

type Stream = { readonly number: number; readonly socket: Socket; readonly begun: number; at: number };
const open = new Set<Stream>();

function eventOf(index: number, last: boolean): Buffer {
	const at = index % WORDS.length;
	const data = `data: ${JSON.stringify({
		id: "cmpl-0123456789abcdef",
		object: "text_completion",
		created: 1_790_000_000,
		model: "bench",
		choices: [
			{
				index: 0,
				text: WORDS[at],
				logprobs: null,
				finish_reason: last ? "length" : null,
				stop_reason: null,
				token_ids: [1000 + at],
				prompt_token_ids: null,
			},
		],
		usage: null,
	})}\n\n${last ? "data: [DONE]\n\n" : ""}`;
	const bytes = Buffer.from(data);
	const head = Buffer.from(`${bytes.length.toString(16)}\r\n`);
	return Buffer.concat([head, bytes, Buffer.from(last ? "\r\n0\r\n\r\n" : "\r\n")]);
}
const EVENTS = WORDS.map((_, at) => eventOf(at, false));

/** Every stream is given what it is owed by now, token by token. */
setInterval(() => {
	const now = nowMs();
	for (const stream of open) {
		const owed = Math.min(tokens, Math.floor(((now - stream.begun) * perSecond) / 1000));
		for (; stream.at < owed; stream.at++) {
			sent[stream.number * tokens + stream.at] = nowMs();
			const last = stream.at === tokens - 1;
			stream.socket.write(last ? eventOf(stream.at, true) : EVENTS[stream.at % WORDS.length]!);
		}
		if (stream.at < tokens) continue;
		open.delete(stream);
		stream.socket.end();
	}
}, TICK_MS);

const server = createServer(async (request, response) => {
	const json = (data: unknown): void => {
		response.writeHead(200, { "content-type": "application/json" });
		response.end(JSON.stringify(data));
	};
	switch (request.url) {
		case "/version":
			return json({ version: "bench" });
		case "/v1/models":
			return json({ data: [{ id: "bench", max_model_len: 1_000_000 }] });
		case "/tokenize": {
			const { messages, prompt } = JSON.parse(await text(request)) as {
				messages?: { content: string }[];
				prompt?: string;
			};
			return json({
				tokens: messages ? [Number(messages[0]!.content), 1, 2] : [...String(prompt)].map(() => 3),
			});
		}
		case "/detokenize":
			return json({ prompt: "<user><assistant>" });
		case "/sent":
			response.end(Buffer.from(sent.buffer));
			return;
		case "/v1/completions": {
			// A stream is known by the first id of its prompt, or by the prompt itself.
			const { prompt } = JSON.parse(await text(request)) as { prompt: number[] | string };
			const number = Number(Array.isArray(prompt) ? prompt[0] : prompt);
			response.writeHead(200, {
				"content-type": "text/event-stream",
				"transfer-encoding": "chunked",
				connection: "close",
			});
			response.flushHeaders();
			const socket = response.socket!;
			socket.setNoDelay(true);
			// No two begin at the same instant, or all of them would be owed a token at the same instant.
			const begun = nowMs() + (number * 1000) / perSecond / streams;
			open.add({ number, socket, begun, at: 0 });
			return;
		}
		default:
			response.writeHead(404);
			response.end();
	}
});

async function text(request: IncomingMessage): Promise<string> {
	const parts: Buffer[] = [];
	for await (const part of request) parts.push(part as Buffer);
	return Buffer.concat(parts).toString("utf8");
}

server.listen(0, "127.0.0.1", () => {
	process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});
process.stdin.resume().on("end", () => process.exit());
