/** Names, in lower case, and values that travel with a call in each direction. */
export type Metadata = Readonly<Record<string, string | readonly string[]>>

/** Metadata that was received. */
export interface ReceivedMetadata {
  /** The first value of a name. */
  first(name: string): string | undefined
  /** Every value of a name, in their order. */
  all(name: string): readonly string[]
}

/**
 * Returns metadata of the raw headers of HTTP/2: names and values in turn. Only these tell a list
 * of values from one value with commas.
 */
export function receivedMetadata(rawHeaders: readonly string[]): ReceivedMetadata {
  const values = new Map<string, string[]>()
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? ''
    const known = values.get(name)
    if (known === undefined) values.set(name, [rawHeaders[index + 1] ?? ''])
    else known.push(rawHeaders[index + 1] ?? '')
  }
  return {
    first: (name) => values.get(name)?.[0],
    all: (name) => values.get(name) ?? [],
  }
}
