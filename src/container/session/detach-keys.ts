import { SessionError } from './session-error.ts'

const usual = 'ctrl-p,ctrl-q'

/**
 * Called with each chunk of input. Bytes that may begin the keys are kept until the next
 * byte decides.
 */
export type DetachFilter = (chunk: Uint8Array) => {
  readonly data: Uint8Array
  readonly detached: boolean
}

/**
 * Returns the bytes that a terminal sends for keys in Docker's form: `ctrl-p,ctrl-q`, `a,b`.
 * Throws `SessionError`.
 */
export function parseDetachKeys(keys: string): readonly number[] {
  return keys === '' ? [] : keys.split(',').map((key) => codeOf(key, keys))
}

/** Returns a filter for a sequence of keys. Throws `SessionError`. */
export function createDetachFilter(keys: string = usual): DetachFilter {
  const sequence = parseDetachKeys(keys)
  let matched = 0
  return (chunk) => {
    if (sequence.length === 0) return { data: chunk, detached: false }
    const data: number[] = []
    for (const byte of chunk) {
      if (byte === sequence[matched]) {
        matched += 1
        if (matched === sequence.length) return { data: new Uint8Array(data), detached: true }
        continue
      }
      data.push(...sequence.slice(0, matched))
      matched = byte === sequence[0] ? 1 : 0
      if (matched === 0) data.push(byte)
    }
    return { data: new Uint8Array(data), detached: false }
  }
}

const controlKeys = '@abcdefghijklmnopqrstuvwxyz[\\]^_'

function codeOf(key: string, keys: string): number {
  if (key.length === 1 && key < '\x80') return key.charCodeAt(0)
  const code = /^ctrl-(.)$/.exec(key)?.[1]
  if (code !== undefined && controlKeys.includes(code)) return controlKeys.indexOf(code)
  throw new SessionError(
    'INVALID',
    `Cannot use detach keys ${keys}: ${JSON.stringify(key)} is not a key`,
    { remedy: 'write single characters and ctrl- with a letter, as in ctrl-p,ctrl-q' },
  )
}
