import type { ContainerOptions } from '#container'
import { refuse } from './refuse.ts'

/** Options that say what strake does anyway. */
const idle = new Set(['mode=blocking', 'compress=false'])

/** Reads `--log-driver` and `--log-opt`. Throws `INVALID`. */
export function parseLogOptions(
  driver: string | undefined,
  words: readonly string[],
): NonNullable<ContainerOptions['log']> {
  const known = (['json-file', 'local', 'none'] as const).find((one) => one === driver)
  if (driver !== undefined && known === undefined) {
    throw refuse('--log-driver', driver, 'expected json-file, local or none')
  }
  let log: NonNullable<ContainerOptions['log']> = { driver: known }
  for (const word of words) {
    const at = word.indexOf('=')
    const [key, value] = [word.slice(0, at), word.slice(at + 1)]
    if (key === 'max-size') log = { ...log, maxSize: parseSize(word, value) }
    else if (key === 'max-file') log = { ...log, maxFile: parseCount(word, value) }
    else if (!idle.has(word)) {
      throw refuse('--log-opt', word, 'expected max-size=SIZE or max-file=COUNT')
    }
  }
  return log
}

function parseSize(word: string, text: string): number {
  const match = /^(\d+)([kmg]?)b?$/i.exec(text)
  const factor = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 }[(match?.[2] ?? '').toLowerCase()]
  const size = Number(match?.[1]) * (factor ?? 1)
  if (Number.isSafeInteger(size) && size > 0) return size
  throw refuse('--log-opt', word, 'expected a size such as max-size=10m')
}

function parseCount(word: string, text: string): number {
  const count = /^\d{1,6}$/.test(text) ? Number(text) : 0
  if (count > 0) return count
  throw refuse('--log-opt', word, 'expected a count of 1 or more')
}
