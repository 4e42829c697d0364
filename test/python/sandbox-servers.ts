/**
 * Small servers that answer as the documentation of the two sandboxes says, and misbehave when told to. They run no
 * Python: a "program" is a line such as `set x`, `get x`, `print words`. The real servers were tried by hand (docs/python.md).
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What the next request meets instead of an answer. */
export type Trouble =
	| { readonly status: number; readonly body?: string }
	| { readonly cut: number }
	| { readonly hangUp: true }
	| { readonly answer: unknown };

export type SandboxServer = {
	readonly url: URL;
	readonly troubles: Trouble[];
	/** Method and path of each request, and what it carried. */
	readonly seen: {
		readonly what: string;
		readonly body: Record<string, unknown>;
		readonly session?: string;
	}[];
	/** The most requests in flight at a time. */
	most: number;
	close(): Promise<void>;
};

type Run = { readonly out: string; readonly error?: string };

function play(names: Map<string, string>, code: string): Run {
	const [word, name = "", ...rest] = code.split(" ");
	if (word === "set") names.set(name, rest.join(" "));
	else if (word === "get")
		return names.has(name)
			? { out: names.get(name)! }
			: { out: "", error: `NameError: name '${name}' is not defined` };
	else if (code === "print(6 * 7)") return { out: "42\n" };
	else if (word === "print") return { out: `${code.slice(6)}\n` };
	return { out: "" };
}

async function server(
	answer: (what: string, body: Record<string, unknown>, session: string | undefined) => unknown,
): Promise<SandboxServer> {
	let inFlight = 0;
	const http = createServer((request, response) => void handle(request, response));
	const made: SandboxServer = {
		url: new URL("http://127.0.0.1"),
		troubles: [],
		seen: [],
		most: 0,
		close: () =>
			new Promise((resolve) => {
				http.close(() => resolve());
				http.closeAllConnections();
			}),
	};
	async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
		made.most = Math.max(made.most, ++inFlight);
		let text = "";
		for await (const piece of request) text += String(piece);
		await new Promise((resolve) => setTimeout(resolve, 5));
		inFlight--;
		const what = `${request.method} ${request.url}`;
		const body = text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
		const session = request.headers["x-session-id"] as string | undefined;
		made.seen.push({ what, body, ...(session === undefined ? {} : { session }) });
		const trouble = what.startsWith("DELETE") ? undefined : made.troubles.shift();
		if (trouble && "hangUp" in trouble) return void request.socket.destroy();
		if (trouble && "status" in trouble) {
			response.writeHead(trouble.status, { "content-type": "text/plain" });
			return void response.end(trouble.body ?? "trouble");
		}
		const whole = JSON.stringify(
			trouble && "answer" in trouble ? trouble.answer : answer(what, body, session),
		);
		response.writeHead(200, { "content-type": "application/json" });
		response.end(trouble && "cut" in trouble ? whole.slice(0, trouble.cut) : whole);
	}
	await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
	made.url.port = `${(http.address() as AddressInfo).port}`;
	return made;
}

export type NemoSkills = SandboxServer & { readonly sessions: Map<string, Map<string, string>> };

export async function nemoSkills(): Promise<NemoSkills> {
	const sessions = new Map<string, Map<string, string>>();
	const made = await server((what, body, session = "") => {
		if (what.startsWith("DELETE")) {
			sessions.delete(what.split("/").at(-1)!);
			return { message: "deleted" };
		}
		const anew = !sessions.has(session);
		if (anew) sessions.set(session, new Map());
		const { out, error } = play(sessions.get(session)!, String(body.generated_code));
		return {
			process_status: error ? "error" : "completed",
			stdout: error ? `Traceback (most recent call last):\n${error}\n` : out,
			stderr: "",
			new_session_created: anew,
		};
	});
	return Object.assign(made, { sessions });
}

export function sandboxFusion(): Promise<SandboxServer> {
	return server((_, body) => {
		const names = new Map<string, string>();
		const cells = (body.cells as string[]).map((code) => {
			const { out, error } = play(names, code);
			const [ename = "", evalue = ""] = error?.split(": ") ?? [];
			const traceback = [
				`\u001b[31m---\u001b[0m`,
				`Cell In[9], line 1\n\u001b[32m----> 1\u001b[0m ${code}`,
				error,
			];
			return {
				stdout: code.startsWith("get") ? "" : out,
				stderr: "",
				display: code.startsWith("get") && !error ? [{ "text/plain": out }] : [],
				error: error ? [{ ename, evalue, traceback }] : [],
				status: error ? "error" : "ok",
			};
		});
		return {
			status: "Success",
			message: "",
			driver: { status: "Finished", return_code: 0, stdout: "", stderr: "" },
			cells,
		};
	});
}
