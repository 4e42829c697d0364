/** The Python that the tests of this room use: the environment that the tests of src/python make and keep. */
import type { Environment } from "../../src/python/environment.ts";
import { pythonEnvironment } from "../python/support.ts";

/** For the hook that asks first: making it takes minutes and the network, once. */
export const MAKING_TIMEOUT_MS = 600_000;

export const testEnvironment = (): Promise<Environment> => pythonEnvironment();

export async function testPython(): Promise<string> {
	return (await testEnvironment()).python;
}
