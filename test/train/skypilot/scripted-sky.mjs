// Plays `sky` (0.14: client/cli/command.py) and `aws` for a test: what it was asked is recorded, a job's `run` is really run, once a
// node, with the places of a node replaced by folders. SKY_HOME holds all: asked.jsonl, jobs.json, bucket/, nodes.
import { spawn } from "node:child_process";
import {
	appendFileSync,
	copyFileSync,
	cpSync,
	existsSync,
	mkdirSync,
	openSync,
	readdirSync,
	readFileSync,
	statSync,
	writeFileSync,
	writeSync,
} from "node:fs";
import { dirname, join } from "node:path";

const [, , program, ...args] = process.argv;
const home = process.env.SKY_HOME;
const file = join(home, "jobs.json");
const jobs = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : [];
const save = () => writeFileSync(file, JSON.stringify(jobs));
appendFileSync(join(home, "asked.jsonl"), `${JSON.stringify([program, ...args])}\n`);
const fail = (text, code = 1) => {
	process.stderr.write(`${text}\n`);
	process.exit(code);
};
const bucketFile = (url) => join(home, "bucket", url.replace(/^s3:\/\/[^/]+\//, ""));

if (program === "aws") {
	if (args[0] === "--version") console.log("aws-cli/2.0");
	else if (args[0] === "s3" && args[1] === "cp") {
		const [from, to] = args.slice(-2);
		if (from === "-") {
			mkdirSync(dirname(bucketFile(to)), { recursive: true });
			writeFileSync(bucketFile(to), readFileSync(0));
		} else if (!existsSync(bucketFile(from)))
			fail("fatal error: An error occurred (404) when calling the HeadObject operation: Key does not exist");
		else if (to === "-") writeSync(1, readFileSync(bucketFile(from)));
		else copyFileSync(bucketFile(from), to);
	} else if (args[1] === "list-objects-v2") {
		const prefix = args[args.indexOf("--prefix") + 1];
		const root = join(home, "bucket");
		const at = join(root, prefix);
		const found = !existsSync(at)
			? []
			: readdirSync(at, { recursive: true, withFileTypes: true })
					.filter((e) => e.isFile())
					.map((e) => join(e.parentPath, e.name));
		console.log(
			found.length === 0
				? ""
				: JSON.stringify({
						Contents: found.map((path) => ({ Key: path.slice(root.length + 1), Size: statSync(path).size })),
					}),
		);
	} else if (args[1] === "get-object") {
		const path = join(home, "bucket", args[args.indexOf("--key") + 1]);
		const [from, to] = args[args.indexOf("--range") + 1].slice(6).split("-").map(Number);
		if (!existsSync(path))
			fail(
				"An error occurred (NoSuchKey) when calling the GetObject operation: The specified key does not exist.",
				254,
			);
		const bytes = readFileSync(path);
		if (from >= bytes.length)
			fail(
				"An error occurred (InvalidRange) when calling the GetObject operation: The requested range is not satisfiable",
				254,
			);
		writeFileSync(args.at(-1), bytes.subarray(from, to + 1));
		console.log("{}");
	} else fail(`aws: unknown ${args.join(" ")}`);
} else if (process.env.SKY_FAILS) fail(process.env.SKY_FAILS);
else if (args[0] === "--version") console.log("skypilot, version 0.14.1");
else if (args[0] === "check") console.log(JSON.stringify({ default: ["AWS", "Kubernetes"] }, null, 2));
else if (args[1] === "launch") {
	const { parse } = await import(process.env.SKY_YAML);
	const task = parse(readFileSync(args.at(-1), "utf8"));
	copyFileSync(args.at(-1), join(home, "task.yaml"));
	const id = jobs.length + 1;
	const nodes = join(home, `job-${id}`);
	const inputs = join(nodes, "inputs");
	cpSync(task.file_mounts["/nudge-inputs"], inputs, { recursive: true });
	mkdirSync(join(home, "bucket"), { recursive: true });
	for (let rank = 0; rank < task.num_nodes; rank++) {
		const at = join(nodes, String(rank));
		mkdirSync(at, { recursive: true });
		const run = task.run
			.replaceAll("/nudge-inputs", inputs)
			.replaceAll("/nudge-kept", join(home, "bucket"))
			.replaceAll("~", at)
			.replaceAll(join(at, "nudge-venv/bin/python"), "python3");
		const log = openSync(join(at, "printed"), "a");
		spawn("bash", ["-c", `( ${run}\n)\necho $? > ${at}/code`], {
			detached: true,
			stdio: ["ignore", log, log],
			env: {
				...process.env,
				...task.envs,
				SKYPILOT_NODE_RANK: String(rank),
				SKYPILOT_NUM_NODES: String(task.num_nodes),
				SKYPILOT_NODE_IPS: "10.0.0.1\n10.0.0.2",
			},
		}).unref();
	}
	jobs.push({ job_id: id, job_name: args[args.indexOf("-n") + 1], nodes: task.num_nodes });
	save();
	console.log(
		`\u001b[1m\n📋 Useful Commands\nManaged Job ID: ${id}\n├── To cancel the job:\t\tsky jobs cancel ${id}\u001b[0m`,
	);
} else if (args[1] === "queue") {
	const rows = jobs.map(({ job_id, job_name, nodes, status, failure_reason }) => {
		const codes = Array.from({ length: nodes }, (_, rank) =>
			join(home, `job-${job_id}`, String(rank), "code"),
		).map((path) => (existsSync(path) ? Number(readFileSync(path, "utf8")) : undefined));
		const now =
			status ??
			(codes.includes(undefined) ? "RUNNING" : codes.every((code) => code === 0) ? "SUCCEEDED" : "FAILED");
		return {
			job_id,
			task_id: 0,
			job_name,
			status: now,
			failure_reason: failure_reason ?? null,
			recovery_count: 0,
		};
	});
	console.log(JSON.stringify(rows, null, 2));
} else if (args[1] === "cancel") {
	const job = jobs.find(({ job_id }) => String(job_id) === args.at(-1));
	job.status = "CANCELLED";
	save();
	for (let rank = 0; rank < job.nodes; rank++) {
		const pid = join(home, `job-${job.job_id}`, String(rank), "nudge-run", job.job_name.slice(6), "pid");
		if (existsSync(pid)) process.kill(-Number(readFileSync(pid, "utf8").split(" ")[0]), "SIGKILL");
	}
} else fail(`sky: unknown ${args.join(" ")}`);
