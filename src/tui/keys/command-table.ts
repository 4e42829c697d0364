/**
 * Every command of the screen: its name, where it means something, its keys, and one sentence. From this one table come
 * the key bindings, the palette, the help and docs/keys.md; a user rebinds by these names.
 *
 * Chords are written as `chordOf` writes them. Within a context no chord stands twice; an inner context may take a chord
 * that an outer one has.
 */

export const CONTEXTS = {
	global: "everywhere",
	session: "in a session",
	thinking: "in the thinking",
	timeline: "in the hint timeline",
	python: "in the Python pane",
	prompt: "while a hint is written",
	search: "while a search is typed",
	proposal: "while a proposed hint waits",
	ended: "when a trace has ended",
	replay: "in a replay",
	reading: "in a trace that is only read",
	selecting: "while lines of a sample are selected",
	review: "in a sample that is reviewed",
	sample: "where a sample is selected or read",
	samples: "in the list of a dataset's samples",
	rollout: "where a rollout is selected or read",
	rollouts: "in the list of a run's rollouts",
	runs: "in the list of runs",
	jobs: "in the list of jobs",
	training: "before a training starts",
	rows: "in a list that is read",
	start: "on the start page",
	sessions: "in the list of sessions",
	list: "in a list",
	library: "in the library of hints",
	text: "in a text to read",
	form: "in a form",
	confirm: "when asked yes or no",
	field: "in a text field",
	dialog: "in a dialog",
} as const;

export type KeyContext = keyof typeof CONTEXTS;

/** Contexts in which text is typed, at least at times: no binding there is a key that writes text. */
export const TYPING: ReadonlySet<KeyContext> = new Set([
	"prompt",
	"search",
	"start",
	"sessions",
	"list",
	"library",
	"form",
	"field",
	"dialog",
]);

type Entry = {
	readonly title: string;
	readonly in: KeyContext;
	readonly keys: readonly string[];
	readonly says: string;
	/** Left out of the palette: it only means something at the key itself (moving, typing). */
	readonly quiet?: true;
};

const quiet = true;

export const COMMANDS = {
	// Everywhere.
	palette: {
		title: "Command palette",
		in: "global",
		keys: ["ctrl+p"],
		says: "find any command by its name and do it",
	},
	help: { title: "Help", in: "global", keys: ["?", "f1"], says: "the keys that mean something here" },
	quit: { title: "Quit", in: "global", keys: ["q", "ctrl+q"], says: "leave nudge; everything is kept" },
	interrupt: {
		title: "Stop what runs",
		in: "global",
		keys: ["ctrl+c"],
		says: "stop the model or Python; pressed twice with nothing running, quit",
		quiet,
	},
	suspend: { title: "Suspend", in: "global", keys: ["ctrl+z"], says: "back to the shell; fg returns" },
	redraw: { title: "Redraw", in: "global", keys: ["ctrl+l"], says: "draw the whole screen anew" },
	"theme.pick": {
		title: "Choose a theme",
		in: "global",
		keys: ["f4"],
		says: "dark, light, high contrast, colour-blind safe, the terminal's 16, none, or your own",
	},
	"mouse.toggle": {
		title: "Mouse on or off",
		in: "global",
		keys: ["f3"],
		says: "whether nudge takes the mouse; off, the terminal selects text with it",
	},
	"sessions.open": { title: "Sessions", in: "global", keys: ["ctrl+o"], says: "the list of what was kept" },
	"jobs.open": {
		title: "Jobs",
		in: "global",
		keys: ["f12"],
		says: "trainings here and elsewhere: how far they are, their loss, their log, their models",
	},
	"train.accepted": {
		title: "Train on what I have accepted",
		in: "global",
		keys: ["alt+t"],
		says: "a dataset of the accepted branches, and a job on it: what it takes is shown first",
	},
	"session.new": {
		title: "New session",
		in: "global",
		keys: ["ctrl+t"],
		says: "the start page: another problem, engine or policy",
	},

	// A session.
	"trace.pause": {
		title: "Pause or go on",
		in: "session",
		keys: ["space"],
		says: "let the model wait, or think on from where it stands",
	},
	"trace.stop": {
		title: "Stop",
		in: "session",
		keys: ["x"],
		says: "break the trace off; it can be taken up again",
	},
	"hint.pick": {
		title: "Insert a hint from the library",
		in: "session",
		keys: ["h"],
		says: "a list with search and preview; it goes in where the trace stands",
	},
	"hint.write": {
		title: "Write a hint",
		in: "session",
		keys: ["i"],
		says: "your own words, put in where the trace stands",
	},
	"hint.editor": {
		title: "Write a hint in $EDITOR",
		in: "session",
		keys: ["ctrl+g"],
		says: "the same in your editor",
	},
	"hint.undo": {
		title: "Undo the last hint",
		in: "session",
		keys: ["U"],
		says: "rewind to before it, as a new branch on which it is vetoed",
	},
	"policy.pick": {
		title: "Change the hint policy",
		in: "session",
		keys: ["p"],
		says: "auto, ask or off from here on",
	},
	"session.engine": {
		title: "Go on with another engine",
		in: "session",
		keys: ["f6"],
		says: "choose what samples tokens from where the trace stands",
	},
	rewind: {
		title: "Rewind to here",
		in: "session",
		keys: ["r"],
		says: "a new branch that ends at the selected line, hint or block, and waits",
	},
	undo: { title: "Undo the rewind", in: "session", keys: ["u"], says: "back to the branch as it was before" },
	"branch.list": {
		title: "Branches",
		in: "session",
		keys: ["b"],
		says: "list the branches of this session and change to one",
	},
	"branch.next": { title: "Next branch", in: "session", keys: ["]"], says: "change to the next branch" },
	"branch.previous": {
		title: "Previous branch",
		in: "session",
		keys: ["["],
		says: "change to the previous branch",
	},
	"focus.next": { title: "Next pane", in: "session", keys: ["tab"], says: "move the focus on", quiet },
	"focus.previous": {
		title: "Previous pane",
		in: "session",
		keys: ["shift+tab"],
		says: "move the focus back",
		quiet,
	},
	"focus.thinking": {
		title: "To the thinking",
		in: "session",
		keys: ["1"],
		says: "put the focus on the thinking",
	},
	"focus.timeline": {
		title: "To the hints",
		in: "session",
		keys: ["2"],
		says: "put the focus on the hint timeline",
	},
	"focus.python": {
		title: "To Python",
		in: "session",
		keys: ["3"],
		says: "type into the trace's Python, until you leave it",
	},
	"pane.zoom": {
		title: "Zoom the pane",
		in: "session",
		keys: ["z"],
		says: "the focused pane over the whole screen, or back",
	},
	"pane.hide": {
		title: "Hide or show the right side",
		in: "session",
		keys: ["\\"],
		says: "all the width for the thinking, or back",
	},
	"pane.wider": {
		title: "Thinking wider",
		in: "session",
		keys: [">"],
		says: "move the rule between the panes to the right",
	},
	"pane.narrower": {
		title: "Thinking narrower",
		in: "session",
		keys: ["<"],
		says: "move the rule between the panes to the left",
	},
	"pane.taller": {
		title: "Hints taller",
		in: "session",
		keys: ["+"],
		says: "more rows for the timeline, fewer for Python",
	},
	"pane.shorter": {
		title: "Hints shorter",
		in: "session",
		keys: ["-"],
		says: "fewer rows for the timeline, more for Python",
	},
	search: { title: "Search", in: "session", keys: ["/"], says: "find text in the thinking" },
	"search.next": {
		title: "Next hit",
		in: "session",
		keys: ["n"],
		says: "to the next hit of the search",
		quiet,
	},
	"search.previous": { title: "Previous hit", in: "session", keys: ["N"], says: "to the hit before", quiet },
	follow: {
		title: "Follow",
		in: "session",
		keys: ["f", "G", "end"],
		says: "to the end, and stay there while the model thinks",
	},
	copy: {
		title: "Copy",
		in: "session",
		keys: ["y"],
		says: "the selected line, hint or block to the clipboard",
	},
	"copy.all": {
		title: "Copy the whole trace",
		in: "session",
		keys: ["Y"],
		says: "the assistant's whole text to the clipboard",
	},
	print: {
		title: "Show on the plain terminal",
		in: "session",
		keys: ["f9"],
		says: "leave the screen and print the trace, for the terminal's own selection and scrollback",
	},
	"problem.show": {
		title: "Show the problem",
		in: "session",
		keys: ["o"],
		says: "the whole problem with its gold answer and where it is from",
	},
	"mark.accept": {
		title: "Mark as accepted",
		in: "session",
		keys: ["a"],
		says: "this branch is worth training on; again to take it back",
	},
	"mark.reject": {
		title: "Mark as rejected",
		in: "session",
		keys: ["R"],
		says: "this branch is not; again to take it back",
	},
	name: { title: "Name the session", in: "session", keys: ["T"], says: "a name to find it by" },
	tag: {
		title: "Tag the session",
		in: "session",
		keys: ["t"],
		says: "add a tag, or with -tag take one away",
	},
	note: { title: "Write a note", in: "session", keys: ["w"], says: "kept with the session" },
	export: {
		title: "Export",
		in: "session",
		keys: ["E"],
		says: "as a training sample, as Markdown or as the journal",
	},
	replay: {
		title: "Replay",
		in: "session",
		keys: ["P"],
		says: "watch this branch being made again, at any speed",
	},
	"problem.next": {
		title: "Next problem",
		in: "session",
		keys: ["ctrl+n"],
		says: "the next problem of the set, with the same engine and policy",
	},
	"python.restart": {
		title: "Restart Python",
		in: "session",
		keys: ["f8"],
		says: "a fresh namespace; the trace's earlier blocks run again before its next one",
	},
	"python.interrupt": { title: "Interrupt Python", in: "session", keys: ["f7"], says: "as Ctrl+C in it" },

	// The thinking.
	"line.down": {
		title: "Line down",
		in: "thinking",
		keys: ["j", "down"],
		says: "select the next line",
		quiet,
	},
	"line.up": { title: "Line up", in: "thinking", keys: ["k", "up"], says: "select the line before", quiet },
	"half.down": {
		title: "Half a page down",
		in: "thinking",
		keys: ["d", "ctrl+d", "shift+down"],
		says: "half a page down",
		quiet,
	},
	"half.up": {
		title: "Half a page up",
		in: "thinking",
		keys: ["e", "ctrl+u", "shift+up"],
		says: "half a page up",
		quiet,
	},
	"page.down": {
		title: "Page down",
		in: "thinking",
		keys: ["pagedown", "ctrl+f"],
		says: "a page down",
		quiet,
	},
	"page.up": { title: "Page up", in: "thinking", keys: ["pageup", "ctrl+b"], says: "a page up", quiet },
	top: { title: "To the beginning", in: "thinking", keys: ["g", "home"], says: "to the first line", quiet },
	"event.next": {
		title: "Next hint or block",
		in: "thinking",
		keys: ["}", "alt+down"],
		says: "to the next hint, block or output",
		quiet,
	},
	"event.previous": {
		title: "Previous hint or block",
		in: "thinking",
		keys: ["{", "alt+up"],
		says: "to the hint, block or output before",
		quiet,
	},

	// The timeline.
	"item.down": {
		title: "Next entry",
		in: "timeline",
		keys: ["j", "down"],
		says: "select the next entry; the thinking scrolls there",
		quiet,
	},
	"item.up": {
		title: "Previous entry",
		in: "timeline",
		keys: ["k", "up"],
		says: "select the entry before",
		quiet,
	},
	"item.first": {
		title: "First entry",
		in: "timeline",
		keys: ["g", "home"],
		says: "to the first entry",
		quiet,
	},
	"item.last": { title: "Last entry", in: "timeline", keys: ["G", "end"], says: "to the last entry", quiet },
	"item.open": {
		title: "Look closer",
		in: "timeline",
		keys: ["enter"],
		says: "all that is known of this entry",
		quiet,
	},

	// Python: everything else that is typed goes to it.
	"python.leave": { title: "Leave Python", in: "python", keys: ["ctrl+]"], says: "back to the thinking" },
	"python.up": {
		title: "Scroll Python up",
		in: "python",
		keys: ["shift+pageup"],
		says: "into its scrollback",
		quiet,
	},
	"python.down": {
		title: "Scroll Python down",
		in: "python",
		keys: ["shift+pagedown"],
		says: "towards the prompt",
		quiet,
	},

	// Writing a hint.
	"prompt.insert": {
		title: "Insert what is written",
		in: "prompt",
		keys: ["enter"],
		says: "the written hint goes in where the trace stands",
		quiet,
	},
	"prompt.leave": {
		title: "Leave the prompt",
		in: "prompt",
		keys: ["escape"],
		says: "what is written stays there for later",
		quiet,
	},

	"search.done": {
		title: "Keep the search",
		in: "search",
		keys: ["enter"],
		says: "back to the thinking, with the hits marked",
		quiet,
	},
	"search.leave": { title: "Leave the search", in: "search", keys: ["escape"], says: "the marks go", quiet },

	// A proposed hint waits.
	"proposal.insert": {
		title: "Insert the proposed hint",
		in: "proposal",
		keys: ["enter", "i"],
		says: "it goes in as it stands",
	},
	"proposal.edit": {
		title: "Edit the proposed hint",
		in: "proposal",
		keys: ["e"],
		says: "change its words, then insert it",
	},
	"proposal.wording": {
		title: "Another wording",
		in: "proposal",
		keys: ["o"],
		says: "the same hint said otherwise",
	},
	"proposal.other": {
		title: "Another hint",
		in: "proposal",
		keys: ["h"],
		says: "choose another one from the library for this place",
	},
	"proposal.veto": {
		title: "Veto the proposed hint",
		in: "proposal",
		keys: ["v"],
		says: "nothing goes in here",
	},
	"proposal.veto-kind": {
		title: "Veto all of this kind",
		in: "proposal",
		keys: ["V"],
		says: "nor any hint of this kind in this trace",
	},

	// The end of a trace.
	"ended.next": {
		title: "Next problem",
		in: "ended",
		keys: ["enter"],
		says: "the next problem of the set",
		quiet,
	},

	// A replay.
	"replay.pause": {
		title: "Pause or go on",
		in: "replay",
		keys: ["space"],
		says: "hold the replay or let it go on",
	},
	"replay.faster": { title: "Faster", in: "replay", keys: ["+", "="], says: "twice as fast" },
	"replay.slower": { title: "Slower", in: "replay", keys: ["-"], says: "half as fast" },
	"replay.forward": {
		title: "To the next event",
		in: "replay",
		keys: ["right", "l"],
		says: "skip to the next hint, block or verdict",
	},
	"replay.back": { title: "Back", in: "replay", keys: ["left", "h"], says: "back to the event before" },
	"replay.end": { title: "To the end", in: "replay", keys: ["E"], says: "show it all" },
	"replay.leave": {
		title: "Leave the replay",
		in: "replay",
		keys: ["escape", "q"],
		says: "back to the session",
	},

	// A trace that is only read: a rollout of a run, a sample.
	"reading.next": { title: "Next trace", in: "reading", keys: ["]"], says: "the one below it in the list" },
	"reading.previous": {
		title: "Trace before",
		in: "reading",
		keys: ["["],
		says: "the one above it in the list",
	},
	"reading.leave": {
		title: "Back to the list",
		in: "reading",
		keys: ["escape", "q"],
		says: "leave the trace",
	},

	// Rollouts of a run.
	"rollout.take-up": {
		title: "Take it up as a session",
		in: "rollout",
		keys: ["s"],
		says: "a new session that has this trace: hint it on, rewind it, type into its Python",
	},
	"rollout.copy-id": {
		title: "Copy its id",
		in: "rollout",
		keys: ["c"],
		says: "the key of the rollout to the clipboard",
	},
	"rollouts.open": {
		title: "Read it",
		in: "rollouts",
		keys: ["enter"],
		says: "the selected rollout in the panes of a session; one in flight grows as it comes",
	},
	"rollouts.filter": {
		title: "Filter",
		in: "rollouts",
		keys: ["/"],
		says: "words of problem and answer, verdict:wrong, hint:KIND, text:WORD, calls:0",
	},
	"rollouts.clear": {
		title: "Show all",
		in: "rollouts",
		keys: ["escape"],
		says: "take the filter away",
		quiet,
	},
	"rollouts.verdict": {
		title: "Next kind",
		in: "rollouts",
		keys: ["v"],
		says: "only those in flight, correct, wrong, without an answer; or all",
	},
	"rollouts.export": {
		title: "Export",
		in: "rollouts",
		keys: ["E"],
		says: "the rollout as Markdown, as a training sample or as its text",
	},
	"rollouts.about": {
		title: "About the run",
		in: "rollouts",
		keys: ["i"],
		says: "its settings, shards, engines and what it came to so far",
	},

	// Samples of a dataset that is reviewed.
	"select.drop": {
		title: "Drop the selection",
		in: "selecting",
		keys: ["escape"],
		says: "no more than the line of the cursor is selected",
		quiet,
	},
	"review.select": {
		title: "Select lines",
		in: "review",
		keys: ["v"],
		says: "from this line to where the cursor goes; edit, cut and copy are about them",
	},
	"review.edit": {
		title: "Edit",
		in: "review",
		keys: ["enter", "e"],
		says: "the selected lines, or else the span of the cursor's line; in the field $EDITOR opens too",
	},
	"review.block": {
		title: "Take a block out",
		in: "review",
		keys: ["x"],
		says: "the code at the cursor together with what it printed, after asking",
	},
	"review.tail": {
		title: "Cut behind the answer",
		in: "review",
		keys: ["t"],
		says: "everything from the end of the final answer to the end of the turn",
	},
	"review.cut": {
		title: "Cut from here",
		in: "review",
		keys: ["T"],
		says: "from the cursor's line to the end, or the selected lines",
	},
	"review.mask": {
		title: "What trains",
		in: "review",
		keys: ["m"],
		says: "what trains bright (+), what does not dim (.); again: who wrote what",
	},
	"sample.accept": {
		title: "Accept",
		in: "sample",
		keys: ["a"],
		says: "it trains; on to the next undecided",
	},
	"sample.accept-why": {
		title: "Accept with a reason",
		in: "sample",
		keys: ["A"],
		says: "the same, and why",
	},
	"sample.reject": {
		title: "Reject",
		in: "sample",
		keys: ["r"],
		says: "it does not train; on to the next undecided",
	},
	"sample.reject-why": {
		title: "Reject with a reason",
		in: "sample",
		keys: ["R"],
		says: "the same, and why",
	},
	"sample.clear": {
		title: "Take the decision back",
		in: "sample",
		keys: ["c"],
		says: "neither accepted nor rejected any more",
	},
	"sample.note": {
		title: "Note",
		in: "sample",
		keys: ["w"],
		says: "a note on the sample, for whoever comes next",
	},
	"sample.undo": {
		title: "Undo the last edit",
		in: "sample",
		keys: ["u"],
		says: "the text as it was before it",
	},
	"sample.diff": {
		title: "Before and after",
		in: "sample",
		keys: ["D"],
		says: "every edit that stands, line by line",
	},
	"sample.about": {
		title: "About the sample",
		in: "sample",
		keys: ["i"],
		says: "problem, gold answer, verdict, what the rules looked at, and all that was decided",
	},
	"sample.undecided": {
		title: "Next undecided",
		in: "sample",
		keys: ["."],
		says: "the next that is neither accepted nor rejected",
	},
	"sample.undecided-back": {
		title: "Undecided before",
		in: "sample",
		keys: [","],
		says: "the one before that is neither accepted nor rejected",
	},
	"sample.reason": {
		title: "Reason of edits",
		in: "sample",
		keys: ["W"],
		says: "why you edit, kept with each edit from here on",
	},
	"sample.by": {
		title: "Who reviews",
		in: "sample",
		keys: ["b"],
		says: "the name that decisions and edits get",
	},
	"sample.copy-id": {
		title: "Copy its id",
		in: "sample",
		keys: ["C"],
		says: "the sample's id to the clipboard",
	},
	"samples.open": {
		title: "Read it",
		in: "samples",
		keys: ["enter"],
		says: "the selected sample in the panes of a session, to be edited",
	},
	"samples.filter": {
		title: "Filter",
		in: "samples",
		keys: ["/"],
		says: "words of problem and answer, decision:none, verdict:, domain:, hint:, source:, text:WORD, edited:yes",
	},
	"samples.clear": {
		title: "Show all",
		in: "samples",
		keys: ["escape"],
		says: "take the filter away",
		quiet,
	},
	"samples.kind": {
		title: "Next kind",
		in: "samples",
		keys: ["v"],
		says: "only those undecided, accepted, rejected or edited; or all",
	},
	"samples.sort": {
		title: "Order",
		in: "samples",
		keys: ["s"],
		says: "as in the file, the longest first, or the shortest first",
	},
	"runs.open": { title: "Watch it", in: "runs", keys: ["enter"], says: "the rollouts of the selected run" },

	// Jobs.
	"jobs.log": {
		title: "Follow its log",
		in: "jobs",
		keys: ["enter", "l"],
		says: "what the selected job printed, and on from there",
	},
	"jobs.talk": {
		title: "Talk to it",
		in: "jobs",
		keys: ["t"],
		says: "a new session with the model of the selected job, fetched first where it is not here",
	},
	"jobs.fetch": {
		title: "Fetch",
		in: "jobs",
		keys: ["f"],
		says: "bring its model (or its last checkpoint) here, checked; what was cut off goes on",
	},
	"jobs.stop": {
		title: "Stop after a checkpoint",
		in: "jobs",
		keys: ["s"],
		says: "it saves, ends, and can be resumed",
	},
	"jobs.cancel": { title: "End it", in: "jobs", keys: ["x"], says: "end the selected job now, after asking" },
	"jobs.resume": {
		title: "Resume",
		in: "jobs",
		keys: ["r"],
		says: "start it again where its last whole checkpoint is",
	},
	"jobs.curve": {
		title: "Another curve",
		in: "jobs",
		keys: ["v"],
		says: "loss, norm of the gradient, learning rate, tokens a second",
	},
	"jobs.about": {
		title: "About the job",
		in: "jobs",
		keys: ["i"],
		says: "all that is known of it",
	},
	"jobs.leave": { title: "Back", in: "jobs", keys: ["escape", "q"], says: "leave the list of jobs", quiet },
	"training.target": {
		title: "Where it runs",
		in: "training",
		keys: ["t"],
		says: "this machine, or a target of targets.yaml",
		quiet,
	},
	"training.recipe": {
		title: "Recipe",
		in: "training",
		keys: ["r"],
		says: "which recipe it is trained by",
		quiet,
	},
	"rows.down": { title: "Down", in: "rows", keys: ["j", "down"], says: "the next row", quiet },
	"rows.up": { title: "Up", in: "rows", keys: ["k", "up"], says: "the row before", quiet },
	"rows.page-down": {
		title: "Page down",
		in: "rows",
		keys: ["pagedown", "space", "ctrl+f", "d", "ctrl+d"],
		says: "a page down",
		quiet,
	},
	"rows.page-up": {
		title: "Page up",
		in: "rows",
		keys: ["pageup", "ctrl+b", "e", "ctrl+u"],
		says: "a page up",
		quiet,
	},
	"rows.first": { title: "First row", in: "rows", keys: ["g", "home"], says: "to the first row", quiet },
	"rows.last": { title: "Last row", in: "rows", keys: ["G", "end"], says: "to the last row", quiet },
	"rows.follow": {
		title: "Follow",
		in: "rows",
		keys: ["f"],
		says: "stay on the first row, whatever comes there",
	},
	"rows.preview-down": {
		title: "Preview down",
		in: "rows",
		keys: ["J", "alt+down"],
		says: "scroll the preview on",
		quiet,
	},
	"rows.preview-up": {
		title: "Preview up",
		in: "rows",
		keys: ["K", "alt+up"],
		says: "scroll the preview back",
		quiet,
	},

	// The start page.
	"start.next": {
		title: "Next part",
		in: "start",
		keys: ["tab"],
		says: "problem, answer, problem set, sessions, settings",
		quiet,
	},
	"start.previous": {
		title: "Previous part",
		in: "start",
		keys: ["shift+tab"],
		says: "the part before",
		quiet,
	},
	"start.begin": {
		title: "Begin",
		in: "start",
		keys: ["enter"],
		says: "let the model think about this problem",
	},
	"start.file": {
		title: "Problem from a file",
		in: "start",
		keys: ["f2"],
		says: "a text file that holds one problem",
	},
	"start.set": {
		title: "Another problem set",
		in: "start",
		keys: ["f5"],
		says: "a problem file, or a dataset folder",
	},
	"start.engine": { title: "Choose the engine", in: "start", keys: ["f6"], says: "what samples tokens" },
	"start.policy": {
		title: "Choose the policy",
		in: "start",
		keys: ["f7"],
		says: "whether hints go in by themselves, after asking, or not at all",
	},
	"start.settings": {
		title: "Settings of the run",
		in: "start",
		keys: ["f8"],
		says: "seed, temperature, budgets, rounds",
	},
	"start.editor": {
		title: "Write the problem in $EDITOR",
		in: "start",
		keys: ["ctrl+g"],
		says: "the problem in your editor",
	},

	// The list of sessions.
	"sessions.resume": {
		title: "Open",
		in: "sessions",
		keys: ["enter"],
		says: "open the session where it stands",
		quiet,
	},
	"sessions.delete": {
		title: "Delete",
		in: "sessions",
		keys: ["delete", "ctrl+x"],
		says: "remove the session, after asking",
	},
	"sessions.replay": { title: "Replay", in: "sessions", keys: ["ctrl+r"], says: "watch it being made again" },

	// Lists and dialogs.
	"list.down": { title: "Down", in: "list", keys: ["down", "ctrl+j"], says: "the next line", quiet },
	"list.up": { title: "Up", in: "list", keys: ["up", "ctrl+k"], says: "the line before", quiet },
	"list.page-down": {
		title: "Page down",
		in: "list",
		keys: ["pagedown", "ctrl+f"],
		says: "a page down",
		quiet,
	},
	"list.page-up": { title: "Page up", in: "list", keys: ["pageup", "ctrl+b"], says: "a page up", quiet },
	"list.first": { title: "First line", in: "list", keys: ["ctrl+home"], says: "to the first line", quiet },
	"list.last": { title: "Last line", in: "list", keys: ["ctrl+end"], says: "to the last line", quiet },
	"list.preview-down": {
		title: "Preview down",
		in: "list",
		keys: ["alt+down", "alt+j"],
		says: "scroll the preview on",
		quiet,
	},
	"list.preview-up": {
		title: "Preview up",
		in: "list",
		keys: ["alt+up", "alt+k"],
		says: "scroll the preview back",
		quiet,
	},
	"list.choose": { title: "Choose", in: "list", keys: ["enter"], says: "take the selected line", quiet },
	"dialog.close": {
		title: "Close",
		in: "dialog",
		keys: ["escape"],
		says: "close without doing anything",
		quiet,
	},
	"dialog.accept": { title: "Yes", in: "dialog", keys: ["enter"], says: "do it", quiet },

	"library.wording": {
		title: "Next wording",
		in: "library",
		keys: ["right", "ctrl+o"],
		says: "the same hint said otherwise",
		quiet,
	},
	"library.wording-back": {
		title: "Wording before",
		in: "library",
		keys: ["left"],
		says: "back to the wording before",
		quiet,
	},
	"library.edit": {
		title: "Edit, then insert",
		in: "library",
		keys: ["ctrl+e"],
		says: "change the words of this hint before it goes in",
		quiet,
	},

	"text.down": { title: "Down", in: "text", keys: ["j", "down"], says: "a line down", quiet },
	"text.up": { title: "Up", in: "text", keys: ["k", "up"], says: "a line up", quiet },
	"text.page-down": {
		title: "Page down",
		in: "text",
		keys: ["pagedown", "space", "ctrl+f"],
		says: "a page down",
		quiet,
	},
	"text.page-up": { title: "Page up", in: "text", keys: ["pageup", "ctrl+b"], says: "a page up", quiet },
	"text.top": {
		title: "To the beginning",
		in: "text",
		keys: ["g", "home"],
		says: "to the first line",
		quiet,
	},
	"text.bottom": { title: "To the end", in: "text", keys: ["G", "end"], says: "to the last line", quiet },
	"text.copy": { title: "Copy", in: "text", keys: ["y"], says: "the whole text to the clipboard", quiet },
	"text.close": { title: "Close", in: "text", keys: ["q", "enter"], says: "close the text", quiet },

	"form.next": {
		title: "Next value",
		in: "form",
		keys: ["down", "tab", "ctrl+j"],
		says: "to the next value",
		quiet,
	},
	"form.previous": {
		title: "Value before",
		in: "form",
		keys: ["up", "shift+tab", "ctrl+k"],
		says: "to the value before",
		quiet,
	},

	"confirm.yes": { title: "Yes", in: "confirm", keys: ["y"], says: "do it", quiet },
	"confirm.no": { title: "No", in: "confirm", keys: ["n"], says: "leave it as it is", quiet },
	"confirm.other": {
		title: "The other answer",
		in: "confirm",
		keys: ["left", "right", "tab", "up", "down"],
		says: "select the other answer",
		quiet,
	},

	// Text fields; what they do to the text is in text/editor.ts.
	"field.newline": {
		title: "New line",
		in: "field",
		keys: ["alt+enter", "ctrl+j"],
		says: "begin a new line in the text",
		quiet,
	},
	"field.complete": {
		title: "Complete",
		in: "field",
		keys: ["tab"],
		says: "complete what is being typed, where it is a path",
		quiet,
	},
	"field.editor": {
		title: "Open in $EDITOR",
		in: "field",
		keys: ["ctrl+g"],
		says: "go on writing in your editor",
		quiet,
	},
} as const satisfies Record<string, Entry>;

export type CommandId = keyof typeof COMMANDS;
export type CommandSpec = Entry;

export const COMMAND_IDS = Object.keys(COMMANDS) as readonly CommandId[];

export function commandOf(id: CommandId): CommandSpec {
	return COMMANDS[id];
}
