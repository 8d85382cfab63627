const words: Readonly<Partial<Record<string, boolean>>> = {
  ...{ '1': true, t: true, T: true, true: true, True: true, TRUE: true },
  ...{ '0': false, f: false, F: false, false: false, False: false, FALSE: false },
}

/** Reads a boolean in the words of Go's flags. Returns undefined for any other text. */
export function parseBoolean(text: string): boolean | undefined {
  return Object.hasOwn(words, text) ? words[text] : undefined
}
