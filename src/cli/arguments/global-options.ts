/** The options before the command. */
export interface GlobalOptions {
  readonly root?: string | undefined
  readonly snapshotter?: string | undefined
  readonly debug: boolean
  /** An option whose value is missing or empty: `--root`. */
  readonly incomplete?: string | undefined
  /** The remaining words: the command and its arguments. */
  readonly argv: readonly string[]
}

/** The flags that are valid before the command. */
export const globalOptions: readonly string[] = [
  '--root',
  '--snapshotter',
  '--debug',
  '--version',
  '--help',
]

/** Reads the options before the command; never throws. */
export function parseGlobalOptions(argv: readonly string[]): GlobalOptions {
  const values: { root?: string; snapshotter?: string } = {}
  let debug = false
  let index = 0
  for (; index < argv.length; index++) {
    const word = argv[index] ?? ''
    if (word === '--debug' || word === '-D') {
      debug = true
      continue
    }
    const [, name, inline] = /^--(root|snapshotter)(?:=(.*))?$/s.exec(word) ?? []
    if (name !== 'root' && name !== 'snapshotter') break
    const value = inline ?? argv[++index]
    if (!value) return { ...values, debug, incomplete: `--${name}`, argv: [] }
    values[name] = value
  }
  return { ...values, debug, argv: argv.slice(index) }
}
