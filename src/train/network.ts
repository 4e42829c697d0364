/** Telling a network that is gone from all else: Node's fetch says "fetch failed", and what it was stands in the cause. */

const NETWORK = /^(E[A-Z]+|UND_ERR_\w+|CERT_\w+|\w+_CERT\w*)$/;

/** The system's code; "" for a network failure without one; undefined for anything else. */
export function networkCode(error: unknown): string | undefined {
	let failed = false;
	for (let cause = error; cause instanceof Error; cause = cause.cause) {
		failed ||= /^(fetch failed|terminated|network error)$/.test(cause.message);
		const { code } = cause as NodeJS.ErrnoException;
		if (code !== undefined && NETWORK.test(code)) return code;
	}
	return failed ? "" : undefined;
}
