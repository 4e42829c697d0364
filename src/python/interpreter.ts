/**
 * The Python that runs the model's code and the person's: one namespace per trace. A block ends in a verdict, always,
 * within its time, memory and output limits, and nothing it started survives the trace.
 */

export type BlockVerdict = "ok" | "error" | "timeout" | "memory" | "killed" | "lost";

export type BlockResult = {
	readonly verdict: BlockVerdict;
	/** What the model is shown: standard output and error in their order, then the last expression as Jupyter would show it, or a short traceback. Cut to the output limit in the middle, saying so. */
	readonly text: string;
	/** Bytes the block wrote in all; more than `text` where it was cut. */
	readonly outputBytes: number;
	readonly durationMs: number;
	/** The namespace is gone (timeout that had to kill, memory, os._exit): names of earlier blocks are lost. `text` tells the model too. */
	readonly stateLost: boolean;
};

export type Limits = {
	readonly timeoutMs: number;
	readonly memoryBytes: number;
	/** Of `BlockResult.text`, in characters. */
	readonly outputChars: number;
	readonly scratchBytes: number;
	readonly processes: number;
};

/** How this machine keeps a trace's code in. */
export type LocalIsolation = "bubblewrap" | "userns" | "none";

export type Isolation = {
	/** `remote`: it runs elsewhere, and whoever runs that server isolates it or does not. */
	readonly kind: LocalIsolation | "remote";
	/** One sentence for the user: what holds, or what does not and what to install. */
	readonly says: string;
};

export interface Interpreter {
	readonly isolation: Isolation;
	/** Runs one block in the trace's namespace; blocks queue. Never throws for what the code does. */
	run(
		code: string,
		options?: {
			readonly limits?: Partial<Limits>;
			readonly signal?: AbortSignal;
			readonly by?: "model" | "person";
		},
	): Promise<BlockResult>;
	/** As Ctrl+C: the running block ends in a KeyboardInterrupt, or in `killed` where it is deaf. */
	interrupt(): Promise<void>;
	/** A fresh namespace; everything the old one started is gone. `says` stands where a person sees it: what for. */
	restart(says?: string): Promise<void>;
	close(): Promise<void>;
}

/** Where interpreters come from: one fork server for many traces. */
export interface InterpreterHost {
	readonly isolation: Isolation;
	/** A new namespace, isolated from every other. Ready in milliseconds. */
	open(options?: { readonly limits?: Partial<Limits> }): Promise<Interpreter>;
	close(): Promise<void>;
}
