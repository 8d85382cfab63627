/** One-based line, zero-based column in UTF-16 units, as editors count. */
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
   * The instruction as written: continuations joined, comments and heredoc bodies left out. The
   * indentation of continuation lines is kept, as commands and history show it.
   */
  readonly text: string
}

/** Something to tell the author: an error stops the build, a warning does not. */
export interface Diagnostic {
  readonly severity: 'error' | 'warning'
  /** A BuildKit rule name (`StageNameCasing`) or one of ours in kebab-case. */
  readonly rule: string
  readonly message: string
  readonly range: Range
}

/** The whole file; instructions with errors are left out. `parse` never throws: what is wrong is in `diagnostics`. */
export interface Dockerfile {
  readonly directives: Directives
  /** Global ARGs, before the first FROM. */
  readonly args: readonly ArgInstruction[]
  readonly stages: readonly Stage[]
  readonly diagnostics: readonly Diagnostic[]
  /** Absent where nothing is said of build checks. */
  readonly checks?: Checks
}

/** What `# check=` asks for: `skip=<rules>`, `error=<bool>` and `experimental=<rules>`, joined by `;`. */
export interface CheckOptions {
  readonly skip: readonly string[]
  readonly skipAll: boolean
  /** True when warnings are to fail the build. */
  readonly error: boolean
  readonly experimental: readonly string[]
  readonly experimentalAll: boolean
}

/** Which build checks are made, and where: of the whole file, a stage or an instruction. */
export interface Checks {
  readonly whole: CheckOptions
  /** Two lists, each in the order of the file and without overlap. */
  readonly stages: readonly CheckScope[]
  readonly instructions: readonly CheckScope[]
}

/** The lines a check comment holds for. */
export interface CheckScope {
  readonly from: number
  readonly to: number
  readonly check: CheckOptions
}

export interface Directives {
  readonly escape: '\\' | '`'
  readonly syntax?: string
  readonly check?: string
}

export interface Stage {
  /** Zero-based. */
  readonly index: number
  /** Lower-cased. */
  readonly name?: string
  readonly from: FromInstruction
  readonly instructions: readonly Instruction[]
  /** What the comment above FROM says after the stage's name, when it starts with that. */
  readonly description?: string
}

export interface FromInstruction extends Node<'FROM'> {
  /** As written, not expanded: reference, stage name, index or `scratch`. */
  readonly image: string
  readonly name?: string
  readonly platform?: string
}

export interface Heredoc {
  /** The delimiter, and the name of the file in COPY and ADD. Any text but an empty one. */
  readonly name: string
  /** False when any part of the delimiter was quoted. */
  readonly expand: boolean
  /** `<<-`: leading tabs are already gone from `content`. */
  readonly chomp: boolean
  readonly content: string
  /** The descriptor it feeds in a RUN command; 0 unless written. */
  readonly fd: number
  readonly range: Range
}

/** What RUN, CMD, ENTRYPOINT and HEALTHCHECK run. The shell form's text is not expanded. */
export type Command =
  | { readonly form: 'shell'; readonly text: string; readonly heredocs: readonly Heredoc[] }
  | { readonly form: 'exec'; readonly argv: readonly string[] }

export interface RunMount {
  readonly type: 'bind' | 'cache' | 'tmpfs' | 'secret' | 'ssh'
  /**
   * Keys in their long form (`target`, `source`, `readonly`, `readwrite`); a key that stood alone is
   * `true`. Values are not expanded, and checked only where they hold no variable: see `expandMount`.
   */
  readonly options: Readonly<Record<string, string>>
}

export interface RunInstruction extends Node<'RUN'> {
  readonly command: Command
  readonly mounts: readonly RunMount[]
  readonly network?: 'default' | 'none' | 'host'
  readonly security?: 'sandbox' | 'insecure'
  readonly devices: readonly string[]
}

/** A COPY or ADD source: a path (or URL) as written, or a file given inline. */
export type CopySource =
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'heredoc'; readonly heredoc: Heredoc }

interface CopyFields {
  readonly sources: readonly CopySource[]
  readonly destination: string
  readonly chown?: string
  readonly chmod?: string
  readonly link: boolean
  readonly exclude: readonly string[]
}

export interface CopyInstruction extends Node<'COPY'>, CopyFields {
  readonly from?: string
  readonly parents: boolean
}

export interface AddInstruction extends Node<'ADD'>, CopyFields {
  readonly checksum?: string
  readonly keepGitDir: boolean
  readonly unpack?: boolean
}

/** Neither is expanded, and quotes are kept; `value` is absent where none was written (`ARG name`). */
export interface KeyValue {
  readonly key: string
  readonly value?: string
}

export interface ArgInstruction extends Node<'ARG'> {
  readonly args: readonly KeyValue[]
  /** What the comment above says after the name of the first argument that it names. */
  readonly description?: string
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
  readonly command?: Command
  /** Nanoseconds; absent where not written. */
  readonly interval?: number
  readonly timeout?: number
  readonly startPeriod?: number
  readonly startInterval?: number
  readonly retries?: number
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
  /** The trigger as the image config keeps it. */
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
