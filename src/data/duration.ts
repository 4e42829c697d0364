/** A span of time in a word or two, for a person: "40 s", "12 min", "3 h 05 min". */
export function duration(seconds: number): string {
	const whole = Math.max(0, Math.round(seconds));
	if (whole < 90) return `${whole} s`;
	const minutes = Math.round(whole / 60);
	if (minutes < 90) return `${minutes} min`;
	return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}
