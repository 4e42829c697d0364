/**
 * The Python that the tests of this room use: nudge's own environment, made if it is not there yet (this takes minutes
 * and the network once; `beforeAll` hooks that call it allow for it).
 */
import { type Environment, ensureEnvironment } from "../../src/python/environment.ts";

export const MAKING_TIMEOUT_MS = 600_000;

let environment: Promise<Environment> | undefined;

export function testEnvironment(): Promise<Environment> {
	environment ??= ensureEnvironment();
	return environment;
}

export async function testPython(): Promise<string> {
	return (await testEnvironment()).python;
}
