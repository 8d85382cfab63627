/** The reason why a value is invalid: `expected a whole number`. */
export class InvalidValue extends Error {
  override readonly name = 'InvalidValue'
}

/** Reads a value; `previous` is the earlier value of the option. Throws `InvalidValue`. */
type ReadValue = (text: string, previous: never) => unknown

export interface OptionSettings {
  readonly read?: ReadValue
  readonly choices?: readonly string[]
  readonly default?: unknown
  /** An environment variable that replaces the default. */
  readonly env?: string
  /** The help omits the option. */
  readonly hidden?: boolean
  /**
   * The meaning of an empty text for an option without `read`. The default `absent`
   * means that the option counts as not given.
   */
  readonly empty?: 'absent' | 'kept' | 'refused'
  /** The value of an option that is typed without one. A value is then typed behind `=`. */
  readonly alone?: string
}

/** A declared option: `-p, --publish <port>`, `--rm`, `--no-cache`. */
export interface Option extends OptionSettings {
  readonly flags: string
  readonly description: string
  /** `-p`, if the option has a short form. */
  readonly short: string | undefined
  /** `--publish` */
  readonly long: string
  /** The key of the value: `publish` for `--publish`, `cache` for `--no-cache`. */
  readonly key: string
  readonly takesValue: boolean
  /** Declared as `--no-…`: the switch sets its key to false. */
  readonly isNegation: boolean
}

export interface Argument {
  /** `image`, declared as `<image>`, or as `[image]` if it is optional. */
  readonly name: string
  readonly description: string
  readonly isRequired: boolean
  /** Declared as `<image...>`: takes all remaining words. */
  readonly isVariadic: boolean
  readonly choices: readonly string[] | undefined
}

/** Called with the arguments in their order, and then with the options by their keys. */
export type Action = (...given: never[]) => void | Promise<void>

/**
 * The declaration of a command: name, arguments, options and action. It is cheap,
 * because every start creates one. `parseCommand` and `formatCommandHelp` read it.
 */
export class Command {
  readonly name: string
  /** The typed words: `image prune`. */
  path: string
  summary = ''
  noteLines: readonly string[] = []
  exampleLines: readonly string[] = []
  run: Action | undefined
  /** All words after the first argument belong to the container, options included. */
  isPassing = false
  /** All words belong to another program, options included; only a single `--help` does not. */
  isRaw = false
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

  /** Adds lines below the tables of the help. */
  notes(...lines: readonly string[]): this {
    this.noteLines = lines
    return this
  }

  /** Adds examples, which can be run unchanged. */
  examples(...lines: readonly string[]): this {
    this.exampleLines = lines
    return this
  }

  argument(declared: string, description = '', choices?: readonly string[]): this {
    const name = declared.slice(1, -1).replace(/\.\.\.$/, '')
    this.arguments.push({
      name,
      description,
      choices,
      isRequired: declared.startsWith('<'),
      isVariadic: declared.endsWith('...>') || declared.endsWith('...]'),
    })
    return this
  }

  /** `settings` may be the function that reads the value. */
  option(flags: string, description = '', settings: OptionSettings | ReadValue = {}): this {
    const at = flags.indexOf('--')
    const end = flags.indexOf(' ', at)
    const long = end < 0 ? flags.slice(at) : flags.slice(at, end)
    // An option with a value, such as `--no-cache-filter`, negates nothing.
    const isNegation = long.startsWith('--no-') && !flags.includes('<')
    this.options.push({
      ...(typeof settings === 'function' ? { read: settings } : settings),
      flags,
      description,
      long,
      isNegation,
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

  passThroughAll(): this {
    this.isRaw = true
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
