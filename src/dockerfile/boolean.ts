const words: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'T', 'true', 'True', 'TRUE'].map((word) => [word, true] as const),
  ...['0', 'f', 'F', 'false', 'False', 'FALSE'].map((word) => [word, false] as const),
])

/** Reads a boolean in the words of Go's flags. Returns undefined for any other text. */
export function parseBoolean(text: string): boolean | undefined {
  return words.get(text)
}
