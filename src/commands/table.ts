/**
 * Every command by name. Only names and one line each stand here, so that the first help page loads none of them.
 */
import type { Command } from "./command.ts";

export type Entry = { readonly summary: string; readonly load: () => Promise<Command> };

export const commands: Readonly<Record<string, Entry>> = {
	open: {
		summary: "the screen: think with a model, put hints in, type into its Python, rewind and branch",
		load: async () => (await import("./open.ts")).open,
	},
	run: {
		summary: "let a model think about one problem, with hints and Python, and keep the trace",
		load: async () => (await import("./run.ts")).run,
	},
	sample: {
		summary: "sample many traces of many problems into a run, to be gone on with whenever it stops",
		load: async () => (await import("./sample.ts")).sample,
	},
	runs: {
		summary: "list, show, watch and merge the runs that nudge sample makes",
		load: async () => (await import("./runs.ts")).runs,
	},
	score: {
		summary: "judge the rollouts of runs, again or for the first time, and say which verdicts changed",
		load: async () => (await import("./score.ts")).score,
	},
	verify: {
		summary: "judge one answer and explain how it came to its verdict",
		load: async () => (await import("./verify.ts")).verify,
	},
	dataset: {
		summary: "make training samples of rollouts and sessions, and see what became of each",
		load: async () => (await import("./dataset.ts")).dataset,
	},
	train: {
		summary: "fine-tune a model on a dataset, on this machine or on a target of yours",
		load: async () => (await import("./train.ts")).train,
	},
	jobs: {
		summary: "list, show, follow, cancel, resume and fetch the jobs that nudge train started",
		load: async () => (await import("./jobs.ts")).jobs,
	},
	loop: {
		summary: "run the whole of Hint-RFT, from the base to START, with its ablation and a table",
		load: async () => (await import("./loop.ts")).loop,
	},
	sessions: {
		summary: "list, show, replay, export and remove what was kept",
		load: async () => (await import("./sessions.ts")).sessions,
	},
	hints: {
		summary: "list, show, check and begin hints of the library",
		load: async () => (await import("./hints.ts")).hints,
	},
	problems: {
		summary: "show the bundled problems or those of a file",
		load: async () => (await import("./problems.ts")).problems,
	},
	doctor: {
		summary: "say in words what works on this machine and with an engine",
		load: async () => (await import("./doctor.ts")).doctor,
	},
	config: {
		summary: "read and write settings, each with its origin",
		load: async () => (await import("./config.ts")).config,
	},
	completion: {
		summary: "print the completion script for bash, zsh or fish",
		load: async () => (await import("./completion.ts")).completionOf(() => commands),
	},
};
