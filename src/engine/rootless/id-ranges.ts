/** A range of IDs of this machine, as `/etc/subuid` gives it to a user. */
export interface IdRange {
  readonly first: number
  readonly count: number
}

/** The user whose ranges are sought. Its name is absent when `/etc/passwd` has none. */
export interface RangeOwner {
  readonly uid: number
  readonly name?: string | undefined
}

/** The most ranges of one user that are used. The kernel accepts 340 lines in a map. */
const mostRanges = 100

/**
 * Reads the ranges of a user from the text of `/etc/subuid` or `/etc/subgid`. Lines of another form are
 * skipped, as `newuidmap` does.
 *
 * @see https://man7.org/linux/man-pages/man5/subuid.5.html
 */
export function rangesOf(text: string, { uid, name }: RangeOwner): readonly IdRange[] {
  return text
    .split('\n')
    .map((line) => line.split(':'))
    .filter(([owner]) => owner === String(uid) || (name !== undefined && owner === name))
    .flatMap(([, first = '', count = '']) =>
      /^\d{1,10}$/.test(first) && /^\d{1,10}$/.test(count) && Number(count) > 0
        ? [{ first: Number(first), count: Number(count) }]
        : [],
    )
    .slice(0, mostRanges)
}

/** The name of a user in the text of `/etc/passwd`. */
export function userNameIn(text: string, uid: number): string | undefined {
  const lines = text.split('\n').map((line) => line.split(':'))
  return lines.find(([, , id]) => id === String(uid))?.[0] || undefined
}

/**
 * The words of `newuidmap` and `newgidmap` for a namespace in which `own` is 0 and the ranges follow
 * from 1 on.
 */
export function mapWords(own: number, ranges: readonly IdRange[]): readonly string[] {
  const words = ['0', String(own), '1']
  let inside = 1
  for (const { first, count } of ranges) {
    words.push(String(inside), String(first), String(count))
    inside += count
  }
  return words
}
