// Brings the GPU binaries of node-llama-cpp that the ordinary install leaves out: `npm run gpu -- cuda` or `vulkan`.
// They are unpacked over the empty packages that package.json puts in their place; `npm ci` takes them away again.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const wanted = process.argv[2];
const system = { linux: "linux", win32: "win" }[process.platform];
const packages = { cuda: ["cuda", "cuda-ext"], vulkan: ["vulkan"] }[wanted];
if (process.platform === "darwin") {
	process.stdout.write(
		"On a Mac the Metal binaries come with `npm ci`; say so of an engine: nudge config set engines.fast.type embedded, nudge config set engines.fast.gpu auto, nudge run --engine fast.\n",
	);
	process.exit(0);
}
if (!packages || !system || process.arch !== "x64") {
	process.stderr.write("Use: npm run gpu -- cuda|vulkan   (x64, Linux or Windows)\n");
	process.exit(2);
}
const root = fileURLToPath(new URL("..", import.meta.url));
const { version } = JSON.parse(
	readFileSync(join(root, "node_modules", "node-llama-cpp", "package.json"), "utf8"),
);
for (const kind of packages) {
	const name = `@node-llama-cpp/${system}-x64-${kind}`;
	const target = join(root, "node_modules", name);
	const folder = mkdtempSync(join(tmpdir(), "nudge-gpu-"));
	process.stdout.write(`${name}@${version} ...\n`);
	const [{ filename }] = JSON.parse(
		execFileSync("npm", ["pack", `${name}@${version}`, "--json", "--pack-destination", folder], {
			encoding: "utf8",
			stdio: ["ignore", "pipe", "inherit"],
		}),
	);
	rmSync(target, { recursive: true, force: true });
	execFileSync("sh", [
		"-c",
		'mkdir -p "$1" && tar -xzf "$2" -C "$1" --strip-components=1',
		"sh",
		target,
		join(folder, filename),
	]);
	rmSync(folder, { recursive: true, force: true });
}
process.stdout.write(
	"Done. Use them by an engine of your own: nudge config set engines.fast.type embedded; nudge config set engines.fast.gpu auto; nudge run --engine fast\n",
);
