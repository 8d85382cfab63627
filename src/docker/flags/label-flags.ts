import { refuse } from './refuse.ts'

/** Reads `key=value` labels. The value of a bare key is empty, and the last one of a key wins. */
export function parseLabels(texts: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(texts.map(split))
}

/** The same for labels of an image. Throws `INVALID` for a label without a key. */
export function parseImageLabels(texts: readonly string[]): ReadonlyMap<string, string> {
  const labels = texts.map(split)
  const unnamed = texts.find((_, index) => labels[index]?.[0] === '')
  if (unnamed !== undefined) throw refuse('--label', unnamed, 'its name is empty')
  return new Map(labels)
}

function split(text: string): [key: string, value: string] {
  const at = text.indexOf('=')
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}
