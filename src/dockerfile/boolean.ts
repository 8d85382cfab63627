const words: Readonly<Partial<Record<string, boolean>>> = {
  ...{ '1': true, t: true, T: true, true: true, True: true, TRUE: true },
  ...{ '0': false, f: false, F: false, false: false, False: false, FALSE: false },
}

/** A boolean in the words of Go's flags; undefined for anything else, an empty text too. */
export function parseBoolean(text: string): boolean | undefined {
  return Object.hasOwn(words, text) ? words[text] : undefined
}
