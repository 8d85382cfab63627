import { posix } from 'node:path'
import { expand, expandWords, type Range, type RuleName, SubstitutionError } from '#dockerfile'
import type { HistoryEntry, RunConfig } from '#oci'
import { DockerfileError, type DockerfileSource, failure } from '../model/error.ts'
import type { Vertex } from '../model/graph.ts'
import { VariableLines } from '../variables/lines.ts'
import type { BuildArgs } from '../variables/scope.ts'
import { type TextBudget, tooMuchText } from '../variables/text-budget.ts'

/** The search path for images without PATH. */
const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** A line of the history, and the vertex that may make a layer for it. */
export interface PlannedHistory {
  readonly entry: HistoryEntry
  /** Absent for an instruction that only changes the configuration. */
  readonly vertex?: Vertex | undefined
  /** True for a line of the base image, which is not changed. */
  readonly isInherited?: true
}

/** A configuration that can still change. */
export type Writable<T> = { -readonly [Key in keyof T]: T[Key] }

/** The values that all instructions of a build share. */
export interface PlanContext {
  readonly source: DockerfileSource
  readonly escape: '\\' | '`'
  /** The text budget of the whole build. */
  readonly budget: TextBudget
  readonly buildArgs: BuildArgs
  /** The variables of FROM: the ARGs before the first FROM, and the arguments of the platform. */
  readonly globals: ReadonlyMap<string, string>
  warn(rule: RuleName, message: string, range: Range): void
}

/**
 * A build stage while its instructions are planned one by one. The file system is
 * only named (`vertex`). The configuration is complete, because no command that
 * runs can change it.
 */
export class StageState {
  vertex: Vertex
  readonly config: Writable<RunConfig>
  author: string | undefined
  /** The environment in the image's configuration: that of the base, a search path, and ENV. */
  readonly #env: Map<string, string>
  /** The environment of RUN and of substitution: ENV and ARG. The later of the two wins. */
  readonly #scope: Map<string, string>
  /** The names that ARG has declared, with or without a value. */
  readonly #args: Set<string>
  /** The scope as lines. */
  readonly lines: VariableLines
  /** The declared arguments with their values as lines. */
  readonly argLines: VariableLines
  #argumentNames: readonly string[] | undefined
  readonly #history: PlannedHistory[]
  /** The number of characters in all history lines. */
  historySize: number
  /** The number of steps that may make a layer, in this stage and in the stages below it. */
  steps: number
  /** True when this stage has a CMD, so that ENTRYPOINT keeps it. */
  hasCommand = false
  /** True when this stage, or a stage below it, has a WORKDIR. */
  hasWorkdir = false

  constructor(
    vertex: Vertex,
    config: RunConfig,
    inherited: {
      readonly author?: string | undefined
      readonly scope?: ReadonlyMap<string, string> | undefined
      readonly args?: ReadonlySet<string> | undefined
      readonly history: readonly PlannedHistory[]
      readonly steps?: number | undefined
    },
  ) {
    this.vertex = vertex
    this.config = { ...config }
    this.author = inherited.author
    this.#env = parseEnv(config.Env ?? [])
    if (!this.#env.has('PATH')) this.#env.set('PATH', defaultPath)
    // At FROM, the environment of the parent's image replaces the arguments of the parent.
    this.#scope = new Map([...(inherited.scope ?? []), ...this.#env])
    // The order is BuildKit's, because the environment of a command is part of its identity.
    this.lines = new VariableLines(inherited.scope)
    for (const [name, value] of this.#env) this.lines.setLast(name, value)
    this.#args = new Set(inherited.args)
    this.argLines = new VariableLines(
      [...this.#args].map((name) => [name, this.#scope.get(name) ?? '']),
    )
    this.#history = [...inherited.history]
    this.historySize = inherited.history.reduce((sum, line) => sum + sizeOf(line), 0)
    this.steps = inherited.steps ?? 0
  }

  get history(): readonly PlannedHistory[] {
    return this.#history
  }

  addHistory(line: PlannedHistory): void {
    this.#history.push(line)
    this.historySize += sizeOf(line)
    if (line.vertex !== undefined) this.steps += 1
  }

  get workdir(): string {
    return posix.resolve('/', this.config.WorkingDir || '/')
  }

  get user(): string {
    return this.config.User ?? ''
  }

  get scope(): ReadonlyMap<string, string> {
    return this.#scope
  }

  get args(): ReadonlySet<string> {
    return this.#args
  }

  /** The declared names that no ENV has replaced. */
  argumentNames(): readonly string[] {
    this.#argumentNames ??= [...this.#args].filter((name) => !this.#env.has(name))
    return this.#argumentNames
  }

  setEnv(name: string, value: string): void {
    this.#env.set(name, value)
    this.#setScope(name, value)
  }

  /** Without a value, the variable keeps its value. */
  declareArg(name: string, value: string | undefined): void {
    this.#args.add(name)
    this.#argumentNames = undefined
    if (value !== undefined) this.#setScope(name, value)
    else this.argLines.set(name, this.#scope.get(name) ?? '')
  }

  #setScope(name: string, value: string): void {
    this.#scope.set(name, value)
    this.lines.setLast(name, value)
    if (this.#args.has(name)) this.argLines.set(name, value)
    this.#argumentNames = undefined
  }

  /** The configuration for the image. */
  finish(): RunConfig {
    return { ...this.config, Env: [...this.#env].map(([name, value]) => `${name}=${value}`) }
  }
}

function sizeOf({ entry }: PlannedHistory): number {
  return (entry.created_by ?? '').length
}

/** `NAME=value` lines as a map. A line without `=` has an empty value. */
export function parseEnv(lines: readonly string[]): Map<string, string> {
  return new Map(
    lines.map((line) => {
      const at = line.indexOf('=')
      return at === -1 ? [line, ''] : [line.slice(0, at), line.slice(at + 1)]
    }),
  )
}

/** Substitutes variables with the values that they had before the instruction at `range`. */
export interface Expander {
  one(word: string): string
  /** As `one`, but unquoted white space in the result separates words. */
  many(word: string): string[]
  /** As `one`, but quotes are ordinary characters. */
  raw(text: string): string
}

export function createExpander(
  lookup: (name: string) => string | undefined,
  range: Range,
  context: Pick<PlanContext, 'source' | 'escape' | 'budget'>,
): Expander {
  const { source, budget } = context
  const options = { escape: context.escape }
  const fail = (rule: string, reason: string, cause?: unknown): DockerfileError =>
    new DockerfileError(
      `Cannot build ${source.name}: ${reason}`,
      source,
      [failure(rule, reason, range)],
      { cause },
    )
  const guard = <T extends string | string[]>(word: string, substitute: () => T): T => {
    try {
      const made = substitute()
      const length = typeof made === 'string' ? made.length : made.join(' ').length
      if (!budget.take(length - word.length)) throw fail('limit', tooMuchText)
      return made
    } catch (cause) {
      if (!(cause instanceof SubstitutionError)) throw cause
      throw fail('substitution', cause.message, cause)
    }
  }
  return {
    one: (word) => guard(word, () => expand(word, lookup, options)),
    many: (word) => guard(word, () => expandWords(word, lookup, options)),
    // BuildKit reads texts with a backslash as the escape character, whatever `# escape=` says.
    raw: (text) => guard(text, () => expand(text, lookup, { escape: '\\', quotes: false })),
  }
}
