/** Reads the values of `--label`. The last value of a key wins. */
export function parseLabels(texts: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(texts.map(parseLabel))
}

/** Reads `key=value`; the value of a bare key is empty. */
function parseLabel(text: string): [key: string, value: string] {
  const at = text.indexOf('=')
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}
