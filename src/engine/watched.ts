/** An engine whose errors somebody hears, who then hands them on unchanged. Nothing else is added, also not to the stream. */
import type { Engine } from "./engine.ts";

export function watched(engine: Engine, onError: (error: unknown) => void): Engine {
	const heard = (error: unknown): never => {
		onError(error);
		throw error;
	};
	return {
		info: engine.info,
		renderHeader: (messages) => engine.renderHeader(messages).catch(heard),
		...(engine.tokenize
			? { tokenize: (text: string, special?: boolean) => engine.tokenize!(text, special).catch(heard) }
			: {}),
		...(engine.detokenize
			? { detokenize: (ids: readonly number[]) => engine.detokenize!(ids).catch(heard) }
			: {}),
		generate: (prefix, options, signal) => {
			const stream = engine.generate(prefix, options, signal);
			const next = stream.next.bind(stream);
			stream.next = () => next().catch(heard);
			return stream;
		},
		close: () => engine.close(),
	};
}
