import { parseBoolean } from '#dockerfile/boolean'
import { StrakeError } from '#oci'
import { type Argument, type Command, InvalidValue, type Option } from './command.ts'

/** An error in a command line, or a request for help. `usage.ts` has the sentences. */
export type UsageProblem =
  | { readonly kind: 'help' }
  /** A group was typed without one of its commands. */
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'missing-argument'; readonly name: string }
  | {
      readonly kind: 'too-many-arguments'
      readonly most: number
      readonly words: readonly string[]
    }
  | { readonly kind: 'bad-argument'; readonly value: string; readonly reason: string }
  | { readonly kind: 'missing-value'; readonly flag: string }
  | {
      readonly kind: 'bad-value'
      readonly flag: string
      readonly value: string
      readonly reason: string
    }
  | { readonly kind: 'unknown-option'; readonly flag: string }
  | { readonly kind: 'unknown-command'; readonly name: string }

/** A command line that cannot be executed; `command` is the command that it names. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
  readonly command: Command
  readonly problem: UsageProblem

  constructor(command: Command, problem: UsageProblem) {
    super(problem.kind)
    this.command = command
    this.problem = problem
  }
}

export interface ParsedCommand {
  /** The typed command or subcommand. */
  readonly command: Command
  /** One element for each declared argument. */
  readonly arguments: readonly (string | readonly string[] | undefined)[]
  readonly options: Readonly<Record<string, unknown>>
}

/**
 * Reads the words of a command line as Docker does: `-it`, `-p80:80`, `-p=80:80`,
 * `--env=A=1`, `--rm=false`, options before and after arguments, and none after
 * `--`. Throws `UsageError`, and `INVALID` for a switch that is neither true nor false.
 */
export function parseCommand(
  command: Command,
  words: readonly string[],
  env: Readonly<Record<string, string | undefined>> = process.env,
): ParsedCommand {
  const options = new Options(command, env)
  const typed: string[] = []
  const rest = [...words]
  if (command.isRaw && !(words.length === 1 && /^(-h|--help)$/.test(words[0] ?? ''))) {
    return { command, arguments: [words], options: {} }
  }
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--') {
      typed.push(...rest)
      break
    }
    if (word.startsWith('-') && word !== '-') {
      options.take(word, rest)
      continue
    }
    const child = typed.length === 0 ? findCommand(command, word) : undefined
    if (child !== undefined) return parseCommand(child, rest, env)
    typed.push(word)
    if (command.isPassing) {
      typed.push(...rest)
      break
    }
  }
  if (command.run === undefined) {
    const [name] = typed
    const isHelp = name === undefined || name === 'help'
    throw new UsageError(
      command,
      isHelp ? { kind: 'incomplete' } : { kind: 'unknown-command', name },
    )
  }
  return { command, arguments: distribute(command, typed), options: options.values() }
}

/** Calls the action of a parsed command. */
export async function runParsed(parsed: ParsedCommand): Promise<void> {
  const { run } = parsed.command
  if (run !== undefined) await Reflect.apply(run, undefined, [...parsed.arguments, parsed.options])
}

function findCommand(command: Command, word: string): Command | undefined {
  return command.commands.find(({ name }) => name === word)
}

class Options {
  readonly #command: Command
  readonly #values: Record<string, unknown> = {}
  readonly #given = new Set<string>()

  constructor(command: Command, env: Readonly<Record<string, string | undefined>>) {
    this.#command = command
    for (const option of command.options) {
      if (option.default !== undefined) this.#values[option.key] = option.default
      else if (option.isNegation && !(option.key in this.#values)) this.#values[option.key] = true
    }
    for (const option of command.options) {
      const text = option.env === undefined ? undefined : env[option.env]
      if (text) this.#set(option, text)
    }
    this.#given.clear()
  }

  values(): Readonly<Record<string, unknown>> {
    return this.#values
  }

  /** Reads one word, and takes its value from `rest` when the value is a word of its own. */
  take(word: string, rest: string[]): void {
    if (word.startsWith('--')) this.#takeLong(word, rest)
    else this.#takeShort(word, rest)
  }

  #takeLong(word: string, rest: string[]): void {
    const at = word.indexOf('=')
    const flag = at < 0 ? word : word.slice(0, at)
    const inline = at < 0 ? undefined : word.slice(at + 1)
    const option = this.#command.options.find(({ long }) => long === flag)
    if (option?.takesValue) this.#set(option, inline ?? option.alone ?? this.#next(option, rest))
    else if (option !== undefined) this.#switch(option, isTrue(flag, inline))
    else if (flag === '--help') throw new UsageError(this.#command, { kind: 'help' })
    else this.#takePositive(flag, inline)
  }

  /** `--sig-proxy=false` where `--no-sig-proxy` was declared. */
  #takePositive(flag: string, inline: string | undefined): void {
    const negation = `--no-${flag.slice(2)}`
    const option = this.#command.options.find(({ long }) => long === negation)
    if (option === undefined || inline === undefined) throw this.#unknown(flag)
    this.#switch(option, !isTrue(flag, inline))
  }

  /** Reads `-itv`: switches; the last flag may have a value, in the same word or in the next one. */
  #takeShort(word: string, rest: string[]): void {
    for (let index = 1; index < word.length; index++) {
      const flag = `-${word[index]}`
      const option = this.#command.options.find(({ short }) => short === flag)
      const tail = word.slice(index + 1)
      if (option === undefined) {
        if (flag === '-h') throw new UsageError(this.#command, { kind: 'help' })
        throw this.#unknown(index === 1 ? word.replace(/=.*/s, '') : flag)
      }
      if (option.takesValue) {
        this.#set(option, tail === '' ? this.#next(option, rest) : tail.replace(/^=/, ''))
        return
      }
      if (tail.startsWith('=')) {
        this.#switch(option, isTrue(flag, tail.slice(1)))
        return
      }
      this.#switch(option, true)
    }
  }

  #next({ long }: Option, rest: string[]): string {
    const value = rest.shift()
    if (value !== undefined) return value
    throw new UsageError(this.#command, { kind: 'missing-value', flag: long })
  }

  #switch({ key, isNegation }: Option, on: boolean): void {
    if (on !== isNegation) this.#values[key] = true
    else if (isNegation || this.#command.options.some((one) => one.key === key && one.default)) {
      this.#values[key] = false
    } else delete this.#values[key]
  }

  #set(option: Option, text: string): void {
    const { key, long, choices, read, empty = 'absent' } = option
    const fail = (reason: string): UsageError =>
      new UsageError(this.#command, { kind: 'bad-value', flag: long, value: text, reason })
    if (text === '' && read === undefined && empty !== 'kept') {
      if (empty === 'refused') throw fail('it is empty')
      this.#reset(option)
      return
    }
    if (choices?.includes(text) === false) throw fail(oneOf(choices))
    // The first value replaces the default; `read` may combine later values with it.
    const previous = this.#given.has(key) ? this.#values[key] : undefined
    this.#given.add(key)
    try {
      this.#values[key] = read === undefined ? text : read(text, previous as never)
    } catch (error) {
      throw error instanceof InvalidValue ? fail(error.message) : error
    }
  }

  #reset({ key, default: usual }: Option): void {
    if (usual === undefined) delete this.#values[key]
    else this.#values[key] = usual
  }

  #unknown(flag: string): UsageError {
    return new UsageError(this.#command, { kind: 'unknown-option', flag })
  }
}

function isTrue(flag: string, value = 'true'): boolean {
  const on = parseBoolean(value)
  if (on !== undefined) return on
  throw new StrakeError('INVALID', `Cannot use ${flag}=${value}: expected true or false`)
}

function oneOf(choices: readonly string[]): string {
  return `expected one of ${choices.join(', ')}`
}

/** Assigns the words to the declared arguments. */
function distribute(command: Command, words: readonly string[]): ParsedCommand['arguments'] {
  const { arguments: declared } = command
  if (words.length > declared.length && !declared.at(-1)?.isVariadic) {
    throw new UsageError(command, { kind: 'too-many-arguments', most: declared.length, words })
  }
  return declared.map((argument, index) => {
    const value = words[index]
    if (value === undefined && argument.isRequired) {
      throw new UsageError(command, { kind: 'missing-argument', name: argument.name })
    }
    checkChoice(command, argument, value)
    return argument.isVariadic ? words.slice(index) : value
  })
}

function checkChoice(command: Command, { choices }: Argument, value: string | undefined): void {
  if (value === undefined || choices === undefined || choices.includes(value)) return
  throw new UsageError(command, { kind: 'bad-argument', value, reason: oneOf(choices) })
}
