/** Run by host.test.ts under limits of the machine's own: a block of the model's and one beside a person's prompt. */
import { openPtyInterpreter } from "../../src/python/pty.ts";
import { host } from "./support.ts";

const python = await host("auto", { env: { NUDGE_ISOLATION: process.argv[2] } });
const session = await python.open();
const terminal = await openPtyInterpreter(python, { cols: 80, rows: 24 });
console.log((await session.run("print(6 * 7)")).text + (await terminal.run("6 * 7")).text);
await python.close();
