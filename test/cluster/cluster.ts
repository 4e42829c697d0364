/**
 * A real Slurm on this machine: munged, slurmctld and four slurmd that each think they are a node with eight GPUs, with
 * accounting in a MariaDB or without; and a real sshd before it, with a key of its own. All on loopback, all in one
 * folder, all our children. Needs root and Debian's slurm-wlm, munge, openssh-server (and slurmdbd, mariadb-server).
 */
import {
	chmodSync,
	chownSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { Daemon, freePorts, say } from "./daemons.ts";

export const NODES = 4;
export const GPUS = 8;

/** What of the needed programs this machine lacks. */
export async function missing(accounting: boolean): Promise<string[]> {
	const programs = ["munged", "slurmctld", "slurmd", "sbatch", "sshd", "ssh-keygen", "rsync"];
	if (accounting) programs.push("slurmdbd", "mariadbd");
	const found = await Promise.all(
		programs.map((name) =>
			say("sh", ["-c", `PATH="$PATH:/usr/sbin:/sbin" command -v ${name}`]).catch(() => ""),
		),
	);
	return programs.filter((_, i) => found[i] === "");
}

export type ClusterOptions = {
	readonly accounting?: boolean;
};

/** Processes of that name below one, those of sessions of their own too. */
async function below(root: number, name: string): Promise<number[]> {
	const all = (await say("ps", ["-eo", "pid=,ppid=,comm="]))
		.trim()
		.split("\n")
		.map((line) => line.trim().split(/\s+/));
	const found: number[] = [];
	for (const parents = [root]; parents.length > 0; ) {
		const parent = String(parents.pop());
		for (const [pid, ppid, comm = ""] of all)
			if (ppid === parent && comm.startsWith(name)) {
				found.push(Number(pid));
				parents.push(Number(pid));
			}
	}
	return found;
}

export class Cluster {
	readonly dir: string;
	readonly env: NodeJS.ProcessEnv;
	/** For `ssh -F`; the host in it is called `cluster`. */
	readonly sshConfig: string;
	readonly #daemons: Daemon[] = [];
	readonly #nodes: Daemon[] = [];
	#sshd: Daemon | undefined;
	#startSshd: () => Promise<Daemon> = () => Promise.reject(new Error("the cluster is not started"));
	#startNode: (index: number) => Daemon = () => {
		throw new Error("the cluster is not started");
	};

	private constructor(dir: string) {
		this.dir = dir;
		this.sshConfig = join(dir, "ssh", "config");
		const path = `${process.env.PATH ?? ""}:/usr/sbin:/sbin:/usr/bin:/bin`;
		this.env = { ...process.env, PATH: path, SLURM_CONF: join(dir, "slurm.conf") };
	}

	static async start({ accounting = false }: ClusterOptions = {}): Promise<Cluster> {
		const cluster = new Cluster(mkdtempSync(join(tmpdir(), "nudge-slurm-")));
		try {
			chmodSync(cluster.dir, 0o755);
			await cluster.#start(accounting);
			return cluster;
		} catch (error) {
			await cluster.stop();
			throw error;
		}
	}

	/** A command of Slurm, as on the login node. */
	say(command: string, ...args: readonly string[]): Promise<string> {
		return say(command, args, this.env);
	}

	/**
	 * What was put back into the queue starts now, and not after the two minutes that Slurm waits. Said until it is heard: a
	 * job that is still ending gets its two minutes afterwards. A node refuses a credential of the second in which it
	 * revoked the one before: that second is let pass.
	 */
	async startNow(id: string): Promise<void> {
		const seen = new Set<string>();
		for (let i = 0; i < 240; i++) {
			const state = (
				await this.say("squeue", "--noheader", "--format=%t %r", `--jobs=${id}`).catch(() => "")
			).trim();
			if (state.startsWith("PD") && seen.has("PD")) {
				if (/held/i.test(state)) await this.say("scontrol", "release", id).catch(() => "");
				await this.say("scontrol", "update", `JobId=${id}`, "StartTime=now").catch(() => "");
			} else if (state.startsWith("PD")) await new Promise((resolve) => setTimeout(resolve, 2_000));
			else if (state.startsWith("R ") || state === "") return;
			seen.add(state.slice(0, 2)).add(state);
			await new Promise((resolve) => setTimeout(resolve, 500));
		}
		throw new Error(`job ${id} does not start; it was ${[...seen].join(", ")}`);
	}

	/** A node dies: its daemon and all that ran on it. */
	async killNode(index: number): Promise<void> {
		this.#nodes[index - 1]!.kill();
	}

	async reviveNode(index: number): Promise<void> {
		this.#nodes[index - 1] = this.#startNode(index);
	}

	/** The network goes: no connection is taken and those that there are end. */
	async cutNetwork(): Promise<void> {
		// Its own sessions and no other's, seen while they still have their parent.
		const sessions = this.#sshd ? await below(this.#sshd.pid, "sshd") : [];
		await this.#sshd?.stop();
		for (const pid of sessions)
			try {
				process.kill(pid, "SIGKILL");
			} catch {
				// Gone with the daemon.
			}
		this.#sshd = undefined;
	}

	async mendNetwork(): Promise<void> {
		this.#sshd = await this.#startSshd();
	}

	async stop(): Promise<void> {
		await this.say("scancel", "--full", "--signal=KILL", "-u", userInfo().username).catch(() => {});
		await this.cutNetwork();
		await Promise.all(this.#nodes.map((node) => node.stop()));
		for (const daemon of this.#daemons.toReversed()) await daemon.stop(10_000);
		rmSync(this.dir, { recursive: true, force: true });
	}

	async #start(accounting: boolean): Promise<void> {
		const { dir, env } = this;
		const lacks = await missing(accounting);
		if (lacks.length > 0) throw new Error(`this machine lacks ${lacks.join(", ")}`);
		const [ctld, sshd, dbd, sql, ...nodes] = await freePorts(4 + NODES);
		for (const name of ["state", "spool", "run", "log", "gpus", "ssh"]) mkdirSync(join(dir, name));
		await this.#munge();
		for (let i = 0; i < GPUS; i++) await say("mknod", [join(dir, "gpus", `nvidia${i}`), "c", "1", "3"]);
		if (accounting) await this.#accounting(dbd!, sql!);
		writeFileSync(join(dir, "slurm.conf"), slurmConf(dir, ctld!, nodes, accounting ? dbd : undefined));
		writeFileSync(
			join(dir, "gres.conf"),
			nodes.map((_, i) => `NodeName=n${i + 1} Name=gpu File=${dir}/gpus/nvidia[0-${GPUS - 1}]\n`).join(""),
		);
		// Where no systemd is, cgroups are not ours to make.
		writeFileSync(join(dir, "cgroup.conf"), "CgroupAutomount=no\nIgnoreSystemd=yes\n");
		if (accounting) {
			// It listens when it has made its tables, which it does not say.
			const added = (): Promise<boolean> =>
				say("sacctmgr", ["-i", "add", "cluster", "nudge"], env).then(() => true);
			await this.#daemons.at(-1)!.until(added, 60_000);
		}
		const controller = new Daemon("slurmctld", "slurmctld", ["-D", "-c"], env);
		this.#daemons.push(controller);
		await controller.until(async () => (await this.say("scontrol", "ping")).includes("UP"));
		this.#startNode = (index) => new Daemon(`slurmd n${index}`, "slurmd", ["-D", "-N", `n${index}`], env);
		for (let i = 1; i <= NODES; i++) this.#nodes.push(this.#startNode(i));
		await this.#nodes[0]!.until(
			async () =>
				(await this.say("sinfo", "-h", "-t", "idle", "-N", "-o", "%N")).trim().split("\n").length === NODES,
			60_000,
		);
		this.#startSshd = () => this.#sshdAt(sshd!);
		this.#sshd = await this.#startSshd();
	}

	async #munge(): Promise<void> {
		const folder = join(this.dir, "munge");
		mkdirSync(folder, { mode: 0o755 });
		const key = join(folder, "key");
		writeFileSync(key, Buffer.from(Array.from({ length: 256 }, (_, i) => (i * 73 + 11) & 255)), {
			mode: 0o400,
		});
		const [uid, gid] = (await say("sh", ["-c", "id -u munge; id -g munge"])).trim().split("\n").map(Number);
		for (const path of [folder, key]) chownSync(path, uid!, gid!);
		const munged = new Daemon("munged", "setpriv", [
			"--reuid=munge",
			"--regid=munge",
			"--clear-groups",
			"/usr/sbin/munged",
			"--foreground",
			"--force",
			`--key-file=${key}`,
			`--socket=${join(folder, "socket")}`,
			`--pid-file=${join(folder, "pid")}`,
			`--log-file=${join(folder, "log")}`,
			`--seed-file=${join(folder, "seed")}`,
		]);
		this.#daemons.push(munged);
		await munged.until(async () => existsSync(join(folder, "socket")));
	}

	async #accounting(dbd: number, sql: number): Promise<void> {
		const { dir, env } = this;
		const data = join(dir, "mysql");
		const socket = join(dir, "mysql.socket");
		await say("mariadb-install-db", [
			"--no-defaults",
			`--datadir=${data}`,
			"--user=root",
			"--auth-root-authentication-method=normal",
			"--skip-test-db",
		]);
		const mariadb = new Daemon("mariadbd", "mariadbd", [
			"--no-defaults",
			`--datadir=${data}`,
			`--socket=${socket}`,
			"--bind-address=127.0.0.1",
			`--port=${sql}`,
			"--user=root",
			"--innodb-buffer-pool-size=64M",
			"--innodb-lock-wait-timeout=900",
		]);
		this.#daemons.push(mariadb);
		const client = (words: string): Promise<string> =>
			say("mariadb", ["--no-defaults", `--socket=${socket}`, "-u", "root", "-e", words]);
		await mariadb.until(async () => (await client("select 1")) !== "");
		await client(
			"create database slurm_acct_db; create user slurm@'127.0.0.1' identified by 'slurm'; create user slurm@localhost identified by 'slurm'; grant all on slurm_acct_db.* to slurm@'127.0.0.1'; grant all on slurm_acct_db.* to slurm@localhost;",
		);
		writeFileSync(
			join(dir, "slurmdbd.conf"),
			[
				"AuthType=auth/munge",
				`AuthInfo=socket=${join(dir, "munge", "socket")}`,
				"DbdHost=localhost",
				"DbdAddr=127.0.0.1",
				`DbdPort=${dbd}`,
				"SlurmUser=root",
				`PidFile=${join(dir, "run", "slurmdbd.pid")}`,
				"StorageType=accounting_storage/mysql",
				"StorageHost=127.0.0.1",
				`StoragePort=${sql}`,
				"StorageUser=slurm",
				"StoragePass=slurm",
				"StorageLoc=slurm_acct_db",
				"",
			].join("\n"),
			{ mode: 0o600 },
		);
		const daemon = new Daemon("slurmdbd", "slurmdbd", ["-D"], env);
		this.#daemons.push(daemon);
		await daemon.until(
			async () => daemon.words.includes("started") || existsSync(join(dir, "run", "slurmdbd.pid")),
		);
	}

	async #sshdAt(port: number): Promise<Daemon> {
		const folder = join(this.dir, "ssh");
		const file = (name: string): string => join(folder, name);
		for (const name of ["host", "user"])
			if (!existsSync(file(name)))
				await say("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", file(name)]);
		const user = userInfo().username;
		writeFileSync(file("authorized_keys"), readFileSync(file("user.pub")), { mode: 0o600 });
		mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
		writeFileSync(
			file("sshd_config"),
			[
				`Port ${port}`,
				"ListenAddress 127.0.0.1",
				`HostKey ${file("host")}`,
				`AuthorizedKeysFile ${file("authorized_keys")}`,
				"PasswordAuthentication no",
				"KbdInteractiveAuthentication no",
				"PermitRootLogin prohibit-password",
				"UsePAM no",
				"StrictModes no",
				`PidFile ${file("pid")}`,
				`SetEnv SLURM_CONF=${this.env.SLURM_CONF} PATH=${this.env.PATH}`,
				"Subsystem sftp internal-sftp",
				"",
			].join("\n"),
		);
		writeFileSync(
			this.sshConfig,
			[
				"Host cluster",
				"  HostName 127.0.0.1",
				`  Port ${port}`,
				`  User ${user}`,
				`  IdentityFile ${file("user")}`,
				"  IdentitiesOnly yes",
				`  UserKnownHostsFile ${file("known_hosts")}`,
				"  StrictHostKeyChecking accept-new",
				"  BatchMode yes",
				"",
			].join("\n"),
		);
		const daemon = new Daemon("sshd", "/usr/sbin/sshd", ["-D", "-e", "-f", file("sshd_config")], this.env);
		return daemon.until(
			async () => (await say("ssh", ["-F", this.sshConfig, "cluster", "true"], this.env)) === "",
		);
	}
}

/** After the reference's table of settings that run without systemd, cgroups or root's own files. */
function slurmConf(dir: string, ctld: number, nodes: readonly number[], dbd: number | undefined): string {
	const accounting =
		dbd === undefined
			? ["AccountingStorageType=accounting_storage/none", "JobAcctGatherType=jobacct_gather/none"]
			: [
					"AccountingStorageType=accounting_storage/slurmdbd",
					"AccountingStorageHost=localhost",
					`AccountingStoragePort=${dbd}`,
					`AccountingStoragePass=${dir}/munge/socket`,
					"AccountingStorageTRES=gres/gpu",
					"JobAcctGatherType=jobacct_gather/linux",
				];
	return [
		"ClusterName=nudge",
		"SlurmctldHost=localhost(127.0.0.1)",
		"SlurmUser=root",
		"SlurmdUser=root",
		"AuthType=auth/munge",
		`AuthInfo=socket=${dir}/munge/socket`,
		`SlurmctldPort=${ctld}`,
		`StateSaveLocation=${dir}/state`,
		`SlurmdSpoolDir=${dir}/spool/%n`,
		`SlurmdPidFile=${dir}/run/%n.pid`,
		`SlurmctldPidFile=${dir}/run/slurmctld.pid`,
		`SlurmdLogFile=${dir}/log/%n.log`,
		`SlurmctldLogFile=${dir}/log/slurmctld.log`,
		"ProctrackType=proctrack/linuxproc",
		"TaskPlugin=task/none",
		"SwitchType=switch/none",
		"MpiDefault=none",
		"SchedulerType=sched/backfill",
		"SelectType=select/cons_tres",
		"SelectTypeParameters=CR_Core",
		"GresTypes=gpu",
		"ReturnToService=2",
		"SlurmdParameters=config_overrides",
		"JobRequeue=1",
		"MinJobAge=3600",
		"KillWait=5",
		"InactiveLimit=0",
		"SlurmdTimeout=10",
		"SchedulerParameters=sched_interval=1,bf_interval=1",
		"JobCompType=jobcomp/filetxt",
		`JobCompLoc=${dir}/log/jobcomp`,
		...accounting,
		...nodes.map(
			(port, i) =>
				`NodeName=n${i + 1} NodeHostname=localhost NodeAddr=127.0.0.1 Port=${port} CPUs=8 RealMemory=2000 Gres=gpu:${GPUS} State=UNKNOWN`,
		),
		"PartitionName=gpu Nodes=ALL Default=YES MaxTime=INFINITE State=UP",
		"",
	].join("\n");
}
