import { check, cString, ffi, symbols } from '../call/libc.ts'

const calls = symbols({ execve: { args: ['ptr', 'ptr', 'ptr'], returns: 'i32' } })

/**
 * Replaces this program by another one in the same process, which keeps its ID, its terminal and its
 * standard streams. Returns only by throwing: `argv[0]` is an absolute path.
 */
export function replaceProcess(
  argv: readonly [string, ...string[]],
  env: Readonly<Record<string, string | undefined>>,
): never {
  const variables = Object.entries(env).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${value}`],
  )
  const texts = {
    argv: argv.map((word) => cString(word)),
    env: variables.map((word) => cString(word)),
  }
  const { ptr } = ffi()
  const vector = (words: readonly Uint8Array[]): BigUint64Array =>
    new BigUint64Array([...words.map((word) => BigInt(ptr(word))), 0n])
  const path = cString(argv[0])
  check(calls().execve(path, vector(texts.argv), vector(texts.env)), 'execve', argv[0])
  // The message uses both lists, so that their memory is not collected before the kernel has read it.
  throw new Error(`execve returned for ${texts.argv.length + texts.env.length} words`)
}
