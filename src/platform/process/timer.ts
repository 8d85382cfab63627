/** A call in the future. */
export interface Timer {
  /** Cancels the call. */
  cancel(): void
}

/** A timer of the runtime has 31 bits; with a longer time it would fire at once. */
const longestWait = 2 ** 31 - 1

/**
 * Calls `ring` after a time of any length; `Infinity` means never. It is for times
 * that a user or an image chooses. Throws `RangeError` for NaN.
 */
export function startTimer(milliseconds: number, ring: () => void): Timer {
  if (Number.isNaN(milliseconds)) throw new RangeError('a timer needs a number')
  const deadline = performance.now() + milliseconds
  let timer: ReturnType<typeof setTimeout>
  const wait = (rest: number): void => {
    const isLast = rest <= longestWait
    const look = (): void => (isLast ? ring() : wait(deadline - performance.now()))
    timer = setTimeout(look, isLast ? Math.max(rest, 0) : longestWait)
  }
  wait(milliseconds)
  return { cancel: () => clearTimeout(timer) }
}
