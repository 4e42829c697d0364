/** A connection that breaks: passes bytes on to a server and tears some answers off in the middle, as a bad network does. */
import { connect, createServer, type Socket } from "node:net";

export type Dropping = { readonly url: string; readonly drops: () => number; close(): Promise<void> };

export async function droppingProxy(target: string, random: () => number): Promise<Dropping> {
	const { hostname, port } = new URL(target);
	const sockets = new Set<Socket>();
	let drops = 0;
	const server = createServer((client) => {
		const upstream = connect(Number(port), hostname);
		let left = random() < 0.4 ? 300 + Math.floor(random() * 6000) : Number.POSITIVE_INFINITY;
		for (const socket of [client, upstream]) {
			sockets.add(socket);
			socket.on("error", () => {});
			socket.on("close", () => {
				sockets.delete(socket);
				client.destroy();
				upstream.destroy();
			});
		}
		client.pipe(upstream);
		upstream.on("data", (data) => {
			left -= data.length;
			if (left > 0) return void client.write(data);
			drops++;
			client.resetAndDestroy();
		});
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const address = server.address();
	if (address === null || typeof address === "string") throw new Error("the proxy has no port");
	return {
		url: `http://127.0.0.1:${address.port}`,
		drops: () => drops,
		close: () =>
			new Promise((resolve) => {
				for (const socket of sockets) socket.destroy();
				server.close(() => resolve());
			}),
	};
}
