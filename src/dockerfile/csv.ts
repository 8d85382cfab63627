/**
 * Returns the fields of one CSV record. Commas separate fields, `"…"` protects commas, and `""` is a
 * quote. Returns undefined when a quote is not closed.
 */
export function splitCsv(text: string): readonly string[] | undefined {
  const fields: string[] = []
  let at = 0
  do {
    if (text[at] !== '"') {
      const comma = text.indexOf(',', at)
      const end = comma < 0 ? text.length : comma
      fields.push(text.slice(at, end))
      at = end + 1
      continue
    }
    const field = /"((?:[^"]|"")*)"(?:,|$)/y
    field.lastIndex = at
    const found = field.exec(text)
    if (found === null) return undefined
    fields.push((found[1] ?? '').replaceAll('""', '"'))
    at += found[0].length + (found[0].endsWith(',') ? 0 : 1)
  } while (at <= text.length)
  return fields
}
