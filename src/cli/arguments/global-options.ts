import { StrakeError } from '#oci'

/** The options before the command. */
export interface GlobalOptions {
  readonly root?: string | undefined
  readonly snapshotter?: string | undefined
  /** The directory of credentials, instead of `$DOCKER_CONFIG`. */
  readonly config?: string | undefined
  readonly debug: boolean
  /** The last option, when its value is missing or empty: `--root`. */
  readonly incomplete?: string | undefined
  /** The error for an option that cannot be used. */
  readonly refusal?: StrakeError | undefined
  /** A line about an option of Docker that has no effect. */
  readonly warning?: string | undefined
  /** The remaining words: the command and its arguments. */
  readonly argv: readonly string[]
}

/** The flags that are valid before the command, except those that only exist for Docker's scripts. */
export const globalOptions: readonly string[] = [
  '--root',
  '--snapshotter',
  '--config',
  '--debug',
  '--version',
  '--help',
]

type Mutable = { -readonly [Key in keyof Omit<GlobalOptions, 'argv'>]: GlobalOptions[Key] }

/** Reads the value of an option. */
const takers: Readonly<Record<string, (options: Mutable, value: string) => void>> = {
  root: (options, value) => {
    options.root = value
  },
  snapshotter: (options, value) => {
    options.snapshotter = value
  },
  config: (options, value) => {
    options.config = value
  },
  context: (options, value) => {
    if (value !== 'default') options.refusal ??= daemonless(`--context ${value}`)
  },
  host: (options, value) => {
    if (!value.startsWith('unix://')) options.refusal ??= daemonless(`--host ${value}`)
    options.warning = `--host ${value} has no effect: strake works without a daemon`
  },
  'log-level': (options, value) => {
    const levels = ['debug', 'info', 'warn', 'error', 'fatal']
    if (!levels.includes(value)) {
      const message = `Cannot use --log-level ${value}: expected ${levels.join(', ')}`
      options.refusal ??= new StrakeError('INVALID', message)
    }
    options.debug ||= value === 'debug'
  },
}

const shortNames: Readonly<Record<string, string>> = { H: 'host', c: 'context', l: 'log-level' }

/** Reads the options before the command; never throws. */
export function parseGlobalOptions(argv: readonly string[]): GlobalOptions {
  const options: Mutable = { debug: false }
  let index = 0
  for (; index < argv.length; index++) {
    const word = argv[index] ?? ''
    if (word === '--debug' || word === '-D') {
      options.debug = true
      continue
    }
    const [, long, short, inline] = /^(?:--([a-z-]+)|-([Hcl]))(?:=(.*))?$/s.exec(word) ?? []
    const name = long ?? shortNames[short ?? ''] ?? ''
    const take = Object.hasOwn(takers, name) ? takers[name] : undefined
    if (take === undefined) break
    const value = inline ?? argv[++index]
    if (!value) {
      return { ...options, incomplete: `--${name}`, refusal: incomplete(name), argv: [] }
    }
    take(options, value)
  }
  return { ...options, argv: argv.slice(index) }
}

function incomplete(name: string): StrakeError {
  return new StrakeError('INVALID', `Cannot use --${name}: its value is missing`, {
    remedy: `strake --${name} VALUE COMMAND`,
  })
}

function daemonless(option: string): StrakeError {
  return new StrakeError('UNSUPPORTED', `Cannot use ${option}: strake works without a daemon`, {
    remedy: 'run strake on that machine, for example with ssh HOST strake COMMAND',
  })
}

/**
 * Returns a line about `DOCKER_HOST` or `DOCKER_CONTEXT`, which choose a server for Docker and
 * nothing here; `undefined` if they name the store itself.
 */
export function ignoredServer(
  env: Readonly<Record<string, string | undefined>>,
  run: string,
): string | undefined {
  const { DOCKER_HOST: host, DOCKER_CONTEXT: context } = env
  const reason = 'has no effect: strake works without a daemon'
  if (host && host !== `unix://${run}/docker.sock`) return `DOCKER_HOST=${host} ${reason}`
  if (context && context !== 'default') return `DOCKER_CONTEXT=${context} ${reason}`
  return undefined
}
