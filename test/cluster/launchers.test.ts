/** Launchers against a real sshd and a real Slurm of four nodes of eight GPUs. What is trained is a stand-in: train.test.ts trains. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Launcher } from "../../src/train/launcher.ts";
import { Here } from "../../src/train/shell.ts";
import { SlurmLauncher } from "../../src/train/slurm-launcher.ts";
import { Host } from "../../src/train/ssh.ts";
import { SshLauncher } from "../../src/train/ssh-launcher.ts";
import { Cluster } from "./cluster.ts";
import { metricsOf, standInJob, stateWhen, stepReached } from "./jobs.ts";

let far: string;
let cluster: Cluster;
beforeAll(async () => {
	far = mkdtempSync(join(tmpdir(), "nudge-far-"));
	cluster = await Cluster.start();
}, 120_000);
afterAll(async () => {
	await cluster?.stop();
	rmSync(far, { recursive: true, force: true });
}, 60_000);

const host = (): Host =>
	new Host({ host: "cluster", config: cluster.sshConfig, sockets: join(far, "s"), env: cluster.env });
const ssh = (): Launcher =>
	new SshLauncher("box", { kind: "ssh", host: "cluster", folder: join(far, "ssh jobs") }, host());
const slurm = (more: object = {}): Launcher =>
	new SlurmLauncher(
		"lab",
		{
			kind: "slurm",
			host: "cluster",
			folder: join(far, "slurm"),
			env: { MASTER_ADDR: "127.0.0.1" },
			...more,
		},
		host(),
	);
const submitting = { attempt: 1 };

describe("a host behind ssh", () => {
	test("runs a job to its end while the connection is gone, and its model comes back whole", async () => {
		const job = standInJob();
		const handle = await ssh().submit(job, submitting);
		await stateWhen(ssh(), handle, ({ state }) => state === "running");
		await expect(ssh().submit(job, { attempt: 2 })).rejects.toThrow(/runs on cluster already/);
		await cluster.cutNetwork();
		await expect(ssh().poll([handle])).rejects.toThrow(/cannot be reached.*nobody listens/);
		await cluster.mendNetwork();
		// Offsets: what was read is not read again.
		const first = await ssh().read(handle, { log: 0, metrics: 0 });
		expect(await stateWhen(ssh(), handle, ({ state }) => state === "done")).toEqual({ state: "done" });
		const rest = await ssh().read(handle, { log: first.log.length, metrics: first.metrics.length });
		const steps = Buffer.concat([first.metrics, rest.metrics]).toString().trim().split("\n");
		expect(steps.map((line) => (JSON.parse(line) as { step: number }).step)).toEqual(
			Array.from({ length: 30 }, (_, i) => i + 1),
		);
		const into = join(far, "fetched");
		expect(await ssh().fetch(handle, { what: "final", into })).toEqual([join(into, "final")]);
		expect(readFileSync(join(into, "final", "model.bin"))).toHaveLength(500_000);
		// A file that was cut off goes on; one that is not what was made is refused.
		writeFileSync(join(into, "final", "model.bin"), "model");
		await ssh().fetch(handle, { what: "final", into });
		expect(readFileSync(join(into, "final", "model.bin"))).toHaveLength(500_000);
		writeFileSync(join(far, "ssh jobs", job.sheet.id, "final", "model.bin"), "x".repeat(500_000));
		await expect(ssh().fetch(handle, { what: "final", into })).rejects.toThrow(/is not what cluster has/);
		expect(existsSync(join(far, "ssh jobs", job.sheet.id, "it's a file"))).toBe(true);
	});

	test("stops after a checkpoint, goes on from it, is cancelled, is lost when it is killed, and says why it failed", async () => {
		const job = standInJob({ steps: 100 });
		const launcher = ssh();
		let handle = await launcher.submit(job, submitting);
		await stepReached(launcher, handle, 7);
		await launcher.cancel(handle, "stop");
		expect(await stateWhen(launcher, handle, ({ state }) => state !== "running")).toMatchObject({
			state: "stopped",
		});
		const before = (await metricsOf(launcher, handle)).at(-1)!.step;
		handle = await launcher.submit(job, { attempt: 2 });
		await stepReached(launcher, handle, before + 3);
		const metrics = await metricsOf(launcher, handle);
		expect(metrics.find(({ attempt }) => attempt === 2)!.step).toBe(before + 1);
		handle = await launcher.cancel(handle, "end");
		expect(await stateWhen(launcher, handle, ({ state }) => state !== "running")).toEqual({
			state: "cancelled",
		});
		handle = await launcher.submit(job, { attempt: 3 });
		process.kill(-Number(handle.id), "SIGKILL");
		expect(await stateWhen(launcher, handle, ({ state }) => state !== "running")).toMatchObject({
			state: "lost",
		});
		expect(await launcher.fetch(handle, { what: "last", into: join(far, "last") })).toHaveLength(1);
		writeFileSync(join(job.folder, "fail"), "");
		handle = await launcher.submit(job, { attempt: 4 });
		expect(await stateWhen(launcher, handle, ({ state }) => state !== "running")).toMatchObject({
			state: "failed",
			code: 77,
			says: "out of memory: take a smaller batch",
		});
	});

	test("what cannot be reached or used is said with what to do", async () => {
		const at = (name: string, config = cluster.sshConfig): Launcher =>
			new SshLauncher(
				"x",
				{ kind: "ssh", host: name, folder: far },
				new Host({ host: name, config, env: cluster.env }),
			);
		const job = standInJob();
		await expect(at("no-such-host.invalid").submit(job, submitting)).rejects.toThrow(/its name is not known/);
		const refused = join(far, "refused");
		writeFileSync(
			refused,
			readFileSync(cluster.sshConfig, "utf8").replace(/IdentityFile .*/, "IdentityFile /dev/null"),
		);
		await expect(at("cluster", refused).submit(job, submitting)).rejects.toThrow(/refused your keys/);
		const unwritable = new SshLauncher("x", { kind: "ssh", host: "cluster", folder: "/proc/nudge" }, host());
		await expect(unwritable.submit(job, submitting)).rejects.toThrow(/on cluster: mkdir: /);
		expect(() => new Host({ host: "-oProxyCommand=x" })).toThrow(/is no host/);
		const says = (await ssh().doctor({ nodes: 2, gpusPerNode: 8 })).map(
			({ level, says }) => `${level} ${says}`,
		);
		expect(says).toContain("ok cluster answers");
		expect(says.join("\n")).toMatch(/wrong it has 0 GPUs, and the recipe wants 8/);
		expect(says.join("\n")).toMatch(/wrong the recipe wants 2 nodes/);
	});
});

describe("Slurm", () => {
	test("runs a rank on each of four nodes, and its state is the queue's, then the job's own", async () => {
		const job = standInJob({ nodes: 4, gpusPerNode: 8, steps: 20 });
		const launcher = slurm();
		const handle = await launcher.submit(job, submitting);
		await stateWhen(launcher, handle, ({ state }) => state === "running");
		expect(await stateWhen(launcher, handle, ({ state }) => state === "done")).toEqual({ state: "done" });
		const log = Buffer.from((await launcher.read(handle, { log: 0, metrics: 0 })).log).toString();
		for (let rank = 0; rank < 4; rank++) expect(log).toContain(`rank ${rank} of 4 at 127.0.0.1 from step`);
		expect(await launcher.fetch(handle, { what: "final", into: join(far, "slurm-final") })).toHaveLength(1);
	});

	test("on the login node itself, without ssh", async () => {
		const launcher = new SlurmLauncher(
			"here",
			{ kind: "slurm", folder: join(far, "here") },
			new Here(cluster.env),
		);
		const handle = await launcher.submit(standInJob({ gpusPerNode: 1, steps: 5 }), submitting);
		await stateWhen(launcher, handle, ({ state }) => state === "done");
		expect(await launcher.fetch(handle, { what: "all", into: join(far, "here-all") })).toContain("out.log");
	});

	test("a job put back into the queue goes on from its checkpoint under the same number", async () => {
		const job = standInJob({ gpusPerNode: 8, steps: 60 });
		const launcher = slurm();
		const handle = await launcher.submit(job, submitting);
		await stepReached(launcher, handle, 12);
		await cluster.say("scontrol", "requeue", handle.id);
		const waiting = await stateWhen(launcher, handle, ({ state }) => state === "waiting");
		expect(waiting).toMatchObject({ says: expect.stringContaining("PENDING") as string });
		await cluster.startNow(handle.id);
		await stateWhen(launcher, handle, ({ state }) => state === "done", 200_000);
		const metrics = await metricsOf(launcher, handle);
		const again = metrics.find(({ attempt }) => attempt === 2)!;
		expect(again.step).toBeGreaterThan(10);
		expect(metrics.at(-1)!.step).toBe(60);
	}, 240_000);

	test("what is cancelled is cancelled, what the queue refuses is said, what stops is stopped", async () => {
		const launcher = slurm();
		let handle = await launcher.submit(standInJob({ gpusPerNode: 1, steps: 200 }), submitting);
		await stepReached(launcher, handle, 2);
		handle = await launcher.cancel(handle, "end");
		expect(await stateWhen(launcher, handle, ({ state }) => state !== "running")).toEqual({
			state: "cancelled",
		});
		const stopping = await launcher.submit(standInJob({ gpusPerNode: 1, steps: 200 }), submitting);
		await stepReached(launcher, stopping, 2);
		await launcher.cancel(stopping, "stop");
		expect(await stateWhen(launcher, stopping, ({ state }) => state !== "running")).toMatchObject({
			state: "stopped",
		});
		await expect(launcher.submit(standInJob({ gpusPerNode: 9 }), submitting)).rejects.toThrow(
			/refused the job: .*no nodes of that shape/s,
		);
		await expect(slurm({ partition: "none" }).submit(standInJob(), submitting)).rejects.toThrow(/sinfo -s/);
		const findings = await launcher.doctor({ nodes: 4, gpusPerNode: 8 });
		expect(findings.map(({ says }) => says).join("\n")).toMatch(/partition gpu is up: 4 nodes \w+, gpu:8/);
		expect((await slurm().doctor({ nodes: 5, gpusPerNode: 8 })).at(-3)).toMatchObject({ level: "wrong" });
	});

	test("a node that dies puts its job back into the queue", async () => {
		const job = standInJob({ nodes: 4, gpusPerNode: 8, steps: 400 });
		const launcher = slurm();
		const handle = await launcher.submit(job, submitting);
		await stepReached(launcher, handle, 6);
		await cluster.killNode(2);
		const state = await stateWhen(launcher, handle, ({ state }) => state !== "running", 120_000);
		expect(state.state).toBe("waiting");
		await launcher.cancel(handle, "end");
		await cluster.reviveNode(2);
	}, 180_000);
});
