/** A pair of positions: in the old list and in the new one. */
export type Pair = readonly [old: number, current: number]

/**
 * Pairs the instructions of two lists: first equal ones, in the longest common order, then those
 * that are left between the same two pairs: by position if they are equally many, else by keyword.
 * So an instruction that was inserted has no pair, and a changed one has the one it replaces.
 */
export function align(old: readonly string[], current: readonly string[]): readonly Pair[] {
  const equal = commonPairs(old, current)
  const pairs: Pair[] = []
  let [a, b] = [0, 0]
  for (const [nextOld, nextCurrent] of [...equal, [old.length, current.length] as const]) {
    const [from, to] = [a, b]
    const gap = pairGap(old.slice(a, nextOld), current.slice(b, nextCurrent))
    pairs.push(...gap.map(([one, other]): Pair => [from + one, to + other]))
    if (nextOld < old.length) pairs.push([nextOld, nextCurrent])
    ;[a, b] = [nextOld + 1, nextCurrent + 1]
  }
  return pairs
}

function pairGap(old: readonly string[], current: readonly string[]): readonly Pair[] {
  if (old.length === current.length) return old.map((_, at) => [at, at])
  const keyword = (text: string): string => text.split(' ', 1)[0] ?? ''
  return commonPairs(old.map(keyword), current.map(keyword))
}

/** Longest common subsequence. Lists have at most 500 items, the most steps of a build. */
function commonPairs(old: readonly string[], current: readonly string[]): Pair[] {
  const width = current.length + 1
  const lengths = new Uint16Array((old.length + 1) * width)
  const at = (a: number, b: number): number => lengths[a * width + b] ?? 0
  for (let a = old.length - 1; a >= 0; a--) {
    for (let b = current.length - 1; b >= 0; b--) {
      lengths[a * width + b] =
        old[a] === current[b] ? at(a + 1, b + 1) + 1 : Math.max(at(a + 1, b), at(a, b + 1))
    }
  }
  const pairs: Pair[] = []
  for (let a = 0, b = 0; a < old.length && b < current.length; ) {
    if (old[a] === current[b]) pairs.push([a++, b++])
    else if (at(a + 1, b) >= at(a, b + 1)) a++
    else b++
  }
  return pairs
}
