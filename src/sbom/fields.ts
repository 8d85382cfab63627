/** Fields by name. The last of several with one name counts. */
export type TextFields = ReadonlyMap<string, string>

/**
 * Reads blocks of `Name: value` lines with an empty line between blocks, as in the databases of
 * dpkg and apk and in metadata of Python. Lines that continue a value are left out.
 */
export function* readBlocks(text: string): Generator<TextFields> {
  let fields = new Map<string, string>()
  let at = 0
  while (at < text.length) {
    const newline = text.indexOf('\n', at)
    const end = newline === -1 ? text.length : newline
    const line = text.slice(at, text[end - 1] === '\r' ? end - 1 : end)
    at = end + 1
    if (line.trim() === '') {
      if (fields.size > 0) yield fields
      fields = new Map()
      continue
    }
    const colon = line.indexOf(':')
    if (colon > 0 && !/^\s/.test(line))
      fields.set(line.slice(0, colon), line.slice(colon + 1).trim())
  }
  if (fields.size > 0) yield fields
}
