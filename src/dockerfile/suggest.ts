/**
 * Returns the candidate that `word` is most likely a misspelling of. It has at most
 * one mistake in three characters, and a swap of neighbours is one mistake. Case is
 * ignored. Only the first 200 candidates are compared.
 */
export function suggest(word: string, candidates: readonly string[]): string | undefined {
  if (word.length > 64) {
    return undefined
  }
  const allowed = Math.floor((word.length + 1) / 3)
  let best: string | undefined
  let bestDistance = allowed + 1
  for (const candidate of candidates.slice(0, 200)) {
    const found = distance(word.toLowerCase(), candidate.toLowerCase())
    if (found < bestDistance) {
      best = candidate
      bestDistance = found
    }
  }
  return best
}

/** Returns `message`, with the nearest candidate as a question if there is one. */
export function withSuggestion(
  message: string,
  word: string,
  candidates: readonly string[],
): string {
  const found = suggest(word, candidates)
  return found === undefined ? message : `${message} (did you mean ${found}?)`
}

/** The edit distance with insertion, deletion, replacement and swap of neighbours. */
function distance(a: string, b: string): number {
  let before: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1]
      const swapped = a[row - 2] === b[column - 1] && a[row - 1] === b[column - 2]
      current[column] = Math.min(
        (previous[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (previous[column - 1] ?? 0) + (same ? 0 : 1),
        swapped ? (before[column - 2] ?? Infinity) + 1 : Infinity,
      )
    }
    before = previous
    previous = current
  }
  return previous[b.length] ?? 0
}
