/** Run by host.test.ts: a nudge in the middle of its work, to be killed. */
import { openPtyInterpreter } from "../../src/python/pty.ts";
import { host } from "./support.ts";

const python = await host("auto", { env: { NUDGE_ISOLATION: process.argv[2] } });
const session = await python.open();
void session.run("import subprocess\nsubprocess.Popen(['sleep', '1000'])\nwhile True: pass", {
	limits: { timeoutMs: 1e6 },
});
const terminal = await openPtyInterpreter(python, { cols: 80, rows: 24 });
await terminal.run("1");
terminal.write("import time; time.sleep(1000)\r");
setTimeout(() => console.log("busy"), 300);
setInterval(() => {}, 1000);
