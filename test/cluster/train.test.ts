/**
 * What a user does: accepts five live sessions, trains on them with one command on a Slurm cluster behind ssh, closes nudge,
 * loses the network, opens nudge again, fetches the model and talks to it. All of it real; the model is the tiny one.
 */
import {
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { trainPython } from "../../src/train/environment.ts";
import { ended, type Home, makeHome, start } from "../e2e/program.ts";
import { Cluster } from "./cluster.ts";
import { Person, type Shown } from "./person.ts";

let far: string;
let home: Home;
let cluster: Cluster;
let person: Person;
beforeAll(async () => {
	far = mkdtempSync(join(tmpdir(), "nudge-far-"));
	home = await makeHome();
	person = new Person(home);
	const { python } = await trainPython(process.env, 0);
	cluster = await Cluster.start({ accounting: true });
	mkdirSync(join(home.dir, "config"), { recursive: true });
	writeFileSync(
		join(home.dir, "config", "targets.yaml"),
		`lab:
  kind: slurm
  host: cluster
  ssh-config: ${cluster.sshConfig}
  folder: ${join(far, "jobs")}
  python: ${python}
  env: { MASTER_ADDR: 127.0.0.1, GLOO_SOCKET_IFNAME: lo }
`,
	);
}, 900_000);
afterAll(async () => {
	await cluster?.stop();
	home?.remove();
	rmSync(far, { recursive: true, force: true });
}, 60_000);

/** Steps that the latest job has done, as its metrics say. */
function stepsDone(): number {
	const job = readdirSync(join(far, "jobs")).sort().at(-1)!;
	const file = join(far, "jobs", job, "metrics.jsonl");
	return existsSync(file) ? readFileSync(file, "utf8").split("\n").length - 1 : 0;
}

test("five accepted sessions become a model that was trained on the cluster, across a cut network and a requeue", async () => {
	// Of a try before this one.
	for (const name of ["by-hand", "model"]) rmSync(join(home.dir, name), { recursive: true, force: true });
	for (const [a, b] of [
		[388, 286],
		[417, 263],
		[592, 148],
		[731, 309],
		[846, 275],
	]) {
		await person.said("run", "--problem", `What is ${a} * ${b}?`, "--answer", String(a! * b!));
		await person.said("sessions", "mark", "last", "accepted");
	}
	await person.said("dataset", "from-sessions", "--mark", "accepted", "--out", "by-hand");
	const doctor = await person.said("doctor", "lab");
	expect(doctor).toContain("accounting answers");
	const dry = await person.said("train", "by-hand", "--recipe", "tiny", "--on", "lab", "--dry-run");
	expect(dry).toContain("#SBATCH --requeue");

	// A step of one sample, and many of them, so that there is a middle.
	const sets = ["batch.sequences=1", "batch.micro=1", "epochs=80", "save.every=10"].flatMap((set) => [
		"--set",
		set,
	]);
	const training = start(home, ["train", "by-hand", "--recipe", "tiny", "--on", "lab", ...sets]);
	const over = ended(training);
	await new Promise<void>((resolve, reject) => {
		training.stderr!.on("data", (piece: string) => {
			if (/step \d+ of/.test(piece)) resolve();
		});
		void over.then(({ stderr }) => reject(new Error(`it ended before the first step:\n${stderr}`)));
	});
	// The laptop closes: nudge is killed, and the network goes.
	training.kill("SIGKILL");
	await over;
	await cluster.cutNetwork();
	const away = await person.shown();
	expect(away.state).toMatchObject({
		state: "unknown",
		says: expect.stringContaining("cannot be reached") as string,
	});
	await cluster.mendNetwork();
	const { handle } = await person.shown();
	// Where it writes them: a look through nudge takes many steps' time.
	for (let i = 0; i < 2_400 && stepsDone() < 30; i++)
		await new Promise((resolve) => setTimeout(resolve, 100));
	expect(stepsDone()).toBeGreaterThanOrEqual(30);
	await cluster.say("scontrol", "requeue", handle.id);
	await person.until(({ state }) => state.state === "waiting");
	await cluster.startNow(handle.id);
	const isOver = ({ state }: Shown): boolean => state.state !== "waiting" && state.state !== "running";
	const end = await person.until(isOver, 420_000);
	expect(end.state).toEqual({ state: "done" });
	expect(end.last!.step).toBe(end.last!.max_steps);
	const metrics = (await person.said("jobs", "metrics", "last", "--json"))
		.trim()
		.split("\n")
		.map((line) => JSON.parse(line) as { step: number; attempt: number });
	expect(metrics.map(({ step }) => step)).toEqual(metrics.map((_, i) => i + 1));
	expect(new Set(metrics.map(({ attempt }) => attempt))).toEqual(new Set([1, 2]));

	await person.said("jobs", "fetch", "last", "--to", "model");
	const final = JSON.parse(readFileSync(join(home.dir, "model", "final", "final.json"), "utf8")) as {
		trained: Record<string, number>;
		lineage: { dataset: { kind: string } };
	};
	expect(final.lineage.dataset.kind).toBe("sessions");
	expect(final.trained.model).toBeGreaterThan(100);
	expect(final.trained.output ?? 0).toBe(0);
	const talk = await person.said(
		"run",
		"--problem",
		"What is 388 * 286?",
		"--answer",
		"110968",
		"--hints",
		"off",
		"--engine",
		"model/final/model.gguf",
	);
	expect(talk).toContain("388");
}, 600_000);
