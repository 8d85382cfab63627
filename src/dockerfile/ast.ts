/** A position: one-based line, and zero-based column in UTF-16 units, as in editors. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** `end` is exclusive. */
export interface Range {
  readonly start: Position
  readonly end: Position
}

export interface Node<Kind extends string> {
  readonly kind: Kind
  readonly range: Range
  /**
   * The text of the instruction with continuations joined, without comments and heredoc bodies.
   * Continuation lines keep their indentation, which commands and history show.
   */
  readonly text: string
}

/** A message for the author. An error stops the build, a warning does not. */
export interface Diagnostic {
  readonly severity: 'error' | 'warning'
  /** The name of a BuildKit rule (`StageNameCasing`), or of a rule of strake in kebab-case. */
  readonly rule: string
  readonly message: string
  readonly range: Range
}

/**
 * The whole file without the instructions that have errors. `parse` never throws. Mistakes are in
 * `diagnostics`.
 */
export interface Dockerfile {
  readonly directives: Directives
  /** Global ARGs, before the first FROM. */
  readonly args: readonly ArgInstruction[]
  readonly stages: readonly Stage[]
  readonly diagnostics: readonly Diagnostic[]
  /** Absent without options of build checks. */
  readonly checks?: Checks | undefined
}

/**
 * The options of `# check=`: `skip=<rules>`, `error=<bool>` and `experimental=<rules>`,
 * joined by `;`.
 */
export interface CheckOptions {
  readonly skip: readonly string[]
  readonly skipAll: boolean
  /** True when a warning fails the build. */
  readonly error: boolean
  readonly experimental: readonly string[]
  readonly experimentalAll: boolean
}

/** The options of build checks: of the whole file, of stages and of instructions. */
export interface Checks {
  readonly whole: CheckOptions
  /** Each list is in the order of the file, and its ranges do not overlap. */
  readonly stages: readonly CheckScope[]
  readonly instructions: readonly CheckScope[]
}

/** The lines that a check comment applies to. */
export interface CheckScope {
  readonly from: number
  readonly to: number
  readonly check: CheckOptions
}

export interface Directives {
  readonly escape: '\\' | '`'
  readonly syntax?: string | undefined
  readonly check?: string | undefined
}

export interface Stage {
  /** Zero-based. */
  readonly index: number
  /** Lower-cased. */
  readonly name?: string | undefined
  readonly from: FromInstruction
  readonly instructions: readonly Instruction[]
  /**
   * The text of the comment above FROM after the stage's name, if the comment starts with
   * the name.
   */
  readonly description?: string | undefined
}

export interface FromInstruction extends Node<'FROM'> {
  /** As written, not expanded: a reference, a stage name, an index or `scratch`. */
  readonly image: string
  readonly name?: string | undefined
  readonly platform?: string | undefined
}

export interface Heredoc {
  /** The delimiter. In COPY and ADD it is also the name of the file. It is not empty. */
  readonly name: string
  /** False when any part of the delimiter was quoted. */
  readonly expand: boolean
  /** True for `<<-`. `content` is without leading tabs. */
  readonly chomp: boolean
  readonly content: string
  /** The file descriptor of the heredoc in a RUN command. The default is 0. */
  readonly fd: number
  readonly range: Range
}

/**
 * The command of RUN, CMD, ENTRYPOINT or HEALTHCHECK. The text of the shell form is not
 * expanded.
 */
export type Command =
  | { readonly form: 'shell'; readonly text: string; readonly heredocs: readonly Heredoc[] }
  | { readonly form: 'exec'; readonly argv: readonly string[] }

export interface RunMount {
  readonly type: 'bind' | 'cache' | 'tmpfs' | 'secret' | 'ssh'
  /**
   * Keys in their long form (`target`, `source`, `readonly`, `readwrite`). A key without a value is
   * `true`. Values are not expanded. Values with a variable are checked by `expandMount`.
   */
  readonly options: Readonly<Record<string, string>>
}

export interface RunInstruction extends Node<'RUN'> {
  readonly command: Command
  readonly mounts: readonly RunMount[]
  readonly network?: 'default' | 'none' | 'host' | undefined
  readonly security?: 'sandbox' | 'insecure' | undefined
  readonly devices: readonly string[]
}

/** A source of COPY or ADD: a path or URL as written, or an inline file. */
export type CopySource =
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'heredoc'; readonly heredoc: Heredoc }

interface CopyFields {
  readonly sources: readonly CopySource[]
  readonly destination: string
  readonly chown?: string | undefined
  readonly chmod?: string | undefined
  readonly link: boolean
  readonly exclude: readonly string[]
}

export interface CopyInstruction extends Node<'COPY'>, CopyFields {
  readonly from?: string | undefined
  readonly parents: boolean
}

export interface AddInstruction extends Node<'ADD'>, CopyFields {
  readonly checksum?: string | undefined
  readonly keepGitDir: boolean
  readonly unpack?: boolean | undefined
}

/** Neither is expanded, and quotes are kept. `value` is absent for `ARG name`. */
export interface KeyValue {
  readonly key: string
  readonly value?: string
}

export interface ArgInstruction extends Node<'ARG'> {
  readonly args: readonly KeyValue[]
  /**
   * The text of the comment above ARG after the name of an argument, if the comment starts
   * with the name.
   */
  readonly description?: string | undefined
}

export interface EnvInstruction extends Node<'ENV'> {
  readonly pairs: readonly Required<KeyValue>[]
  /** The legacy `ENV key value`. */
  readonly legacy: boolean
}

export interface LabelInstruction extends Node<'LABEL'> {
  readonly pairs: readonly Required<KeyValue>[]
  readonly legacy: boolean
}

export interface HealthcheckInstruction extends Node<'HEALTHCHECK'> {
  /** Absent for `HEALTHCHECK NONE`. */
  readonly command?: Command | undefined
  /** Nanoseconds. Absent when not written. */
  readonly interval?: number | undefined
  readonly timeout?: number | undefined
  readonly startPeriod?: number | undefined
  readonly startInterval?: number | undefined
  readonly retries?: number | undefined
}

export interface CmdInstruction extends Node<'CMD'> {
  readonly command: Command
}
export interface EntrypointInstruction extends Node<'ENTRYPOINT'> {
  readonly command: Command
}
export interface WorkdirInstruction extends Node<'WORKDIR'> {
  readonly path: string
}
export interface UserInstruction extends Node<'USER'> {
  readonly user: string
}
export interface ExposeInstruction extends Node<'EXPOSE'> {
  /** As written: `80`, `8000-8010/udp`, `$PORT`. */
  readonly ports: readonly string[]
}
export interface VolumeInstruction extends Node<'VOLUME'> {
  readonly paths: readonly string[]
}
export interface ShellInstruction extends Node<'SHELL'> {
  readonly argv: readonly string[]
}
export interface StopsignalInstruction extends Node<'STOPSIGNAL'> {
  readonly signal: string
}
export interface MaintainerInstruction extends Node<'MAINTAINER'> {
  readonly author: string
}
export interface OnbuildInstruction extends Node<'ONBUILD'> {
  readonly instruction: Instruction
  /** The text of the trigger for the image config. */
  readonly trigger: string
}

export type Instruction =
  | AddInstruction
  | ArgInstruction
  | CmdInstruction
  | CopyInstruction
  | EntrypointInstruction
  | EnvInstruction
  | ExposeInstruction
  | HealthcheckInstruction
  | LabelInstruction
  | MaintainerInstruction
  | OnbuildInstruction
  | RunInstruction
  | ShellInstruction
  | StopsignalInstruction
  | UserInstruction
  | VolumeInstruction
  | WorkdirInstruction
