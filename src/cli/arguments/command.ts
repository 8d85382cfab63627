/** Why a value cannot be used: `it is a whole number`. */
export class InvalidValue extends Error {
  override readonly name = 'InvalidValue'
}

/** Reads a value; `previous` is what the option had before. Throws `InvalidValue`. */
type ReadValue = (text: string, previous: never) => unknown

export interface OptionSettings {
  readonly read?: ReadValue
  readonly choices?: readonly string[]
  readonly default?: unknown
  /** An environment variable that stands in for the option. */
  readonly env?: string
  /** Not in the help. */
  readonly hidden?: boolean
  /**
   * What an empty text means for an option that only takes text. Unless given,
   * it is `absent`: as if the option had not been written.
   */
  readonly empty?: 'absent' | 'kept' | 'refused'
}

/** An option as it was declared: `-p, --publish <port>`, `--rm`, `--no-cache`. */
export interface Option extends OptionSettings {
  readonly flags: string
  readonly description: string
  /** `-p`, where there is one. */
  readonly short: string | undefined
  /** `--publish` */
  readonly long: string
  /** Where the value goes: `publish`; for `--no-cache` it is `cache`. */
  readonly key: string
  readonly takesValue: boolean
  /** Declared as `--no-…`: what it says is false. */
  readonly isNegation: boolean
}

export interface Argument {
  /** `image`, declared as `<image>` or, when it may be left out, `[image]`. */
  readonly name: string
  readonly description: string
  readonly isRequired: boolean
  /** Declared as `<image...>`: takes all words that are left. */
  readonly isVariadic: boolean
  readonly choices: readonly string[] | undefined
}

/** Is given the arguments in their order, and then the options by their keys. */
export type Action = (...given: never[]) => void | Promise<void>

/**
 * What a command is called, takes and does: a declaration, cheap to make,
 * because one is made at every start. `parseCommand` and `formatCommandHelp`
 * read it.
 */
export class Command {
  readonly name: string
  /** What is typed for it: `image prune`. */
  path: string
  summary = ''
  noteLines: readonly string[] = []
  exampleLines: readonly string[] = []
  run: Action | undefined
  /** What comes after the first argument is the container's, options too. */
  isPassing = false
  readonly options: Option[] = []
  readonly arguments: Argument[] = []
  readonly commands: Command[] = []

  constructor(name: string) {
    this.name = name
    this.path = name
  }

  description(text: string): this {
    this.summary = text
    return this
  }

  /** Lines below the tables of the help: what a word beside an option cannot say. */
  notes(...lines: readonly string[]): this {
    this.noteLines = lines
    return this
  }

  /** Lines that work as they stand. */
  examples(...lines: readonly string[]): this {
    this.exampleLines = lines
    return this
  }

  argument(declared: string, description = '', choices?: readonly string[]): this {
    const name = declared.slice(1, -1).replace(/\.\.\.$/, '')
    this.arguments.push({
      ...{ name, description, choices },
      isRequired: declared.startsWith('<'),
      isVariadic: declared.endsWith('...>') || declared.endsWith('...]'),
    })
    return this
  }

  /** A function in place of settings reads the value. */
  option(flags: string, description = '', settings: OptionSettings | ReadValue = {}): this {
    const at = flags.indexOf('--')
    const end = flags.indexOf(' ', at)
    const long = end < 0 ? flags.slice(at) : flags.slice(at, end)
    const isNegation = long.startsWith('--no-')
    this.options.push({
      ...(typeof settings === 'function' ? { read: settings } : settings),
      ...{ flags, description, long, isNegation },
      short: at > 0 ? flags.slice(0, 2) : undefined,
      key: camelCase(long.slice(isNegation ? 5 : 2)),
      takesValue: end >= 0,
    })
    return this
  }

  passThroughOptions(): this {
    this.isPassing = true
    return this
  }

  action(run: Action): this {
    this.run = run
    return this
  }

  /** Makes a subcommand and returns it. */
  command(name: string): Command {
    const child = new Command(name)
    this.addCommand(child)
    return child
  }

  addCommand(child: Command): this {
    child.path = `${this.path} ${child.name}`
    this.commands.push(child)
    return this
  }
}

function camelCase(words: string): string {
  return words.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase())
}
