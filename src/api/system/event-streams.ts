import type { ApiVersion } from '../call.ts'

/** The names for streams of JSON that a client may choose; the first of two equal wishes wins. */
const offered = ['application/jsonl', 'application/x-ndjson', 'application/json-seq']

/**
 * Returns the type of stream that a header `Accept` likes best; `undefined` if it names none. As in
 * Docker, neither `application/json` nor a pattern such as `application/*` is a choice.
 */
export function acceptedStream(accept: string): string | undefined {
  const wishes = new Map(accept.split(',').map(readWish))
  const weightOf = (type: string): number => wishes.get(type) ?? 0
  const [best] = offered
    .filter((type) => weightOf(type) > 0)
    .sort((a, b) => weightOf(b) - weightOf(a))
  return best
}

/** Reads one wish, such as `application/jsonl;q=0.5`. A weight that is no number is 0. */
function readWish(wish: string): readonly [type: string, weight: number] {
  const [type = '', ...parameters] = wish.split(';').map((part) => part.trim().toLowerCase())
  const weight = parameters.find((parameter) => parameter.startsWith('q='))
  return [type, weight === undefined ? 1 : Number(weight.slice(2)) || 0]
}

/** The type for a client that chooses none. Clients before 1.52 know no other name. */
export const usualStream = (version: ApiVersion): string =>
  version < 52 ? 'application/json' : 'application/jsonl'
