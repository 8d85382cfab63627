import { StrakeError } from '#oci'

/**
 * Returns what `work` returns, or throws `UNAVAILABLE` after some milliseconds. `onLate` is called with
 * that error, to end the work.
 */
export async function within<T>(
  milliseconds: number,
  work: Promise<T>,
  onLate?: (error: StrakeError) => void,
): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    const error = new StrakeError('UNAVAILABLE', 'Cannot ask the upstream: it does not answer')
    timer = setTimeout(() => {
      reject(error)
      onLate?.(error)
    }, milliseconds)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
