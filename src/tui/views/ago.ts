/** How long ago something was, in at most eight cells: "now", "5 min", "3 h", "2 d", "14 Nov", "Nov 2025". */
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const WEEK_MS = 7 * DAY_MS;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const;

export function ago(ms: number | undefined, nowMs: number): string {
	if (ms === undefined) return "?";
	const past = nowMs - ms;
	if (past < MINUTE_MS) return "now";
	if (past < HOUR_MS) return `${Math.floor(past / MINUTE_MS)} min`;
	if (past < DAY_MS) return `${Math.floor(past / HOUR_MS)} h`;
	if (past < WEEK_MS) return `${Math.floor(past / DAY_MS)} d`;
	const then = new Date(ms);
	const month = MONTHS[then.getMonth()];
	return then.getFullYear() === new Date(nowMs).getFullYear()
		? `${then.getDate()} ${month}`
		: `${month} ${then.getFullYear()}`;
}

/** The instant itself, in the person's own time: "22 Nov 2026 14:05". */
export function instant(ms: number | undefined): string {
	if (ms === undefined) return "at an unknown time";
	const then = new Date(ms);
	const two = (value: number): string => String(value).padStart(2, "0");
	return `${then.getDate()} ${MONTHS[then.getMonth()]} ${then.getFullYear()} ${two(then.getHours())}:${two(then.getMinutes())}`;
}
