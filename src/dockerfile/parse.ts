import type {
  ArgInstruction,
  Checks,
  Diagnostic,
  Dockerfile,
  FromInstruction,
  Instruction,
  Range,
  Stage,
} from './ast.ts'
import { readDirectives } from './directives.ts'
import { describe } from './instructions/description.ts'
import { hasExtensions, isExtension, isOptional } from './instructions/extensions.ts'
import { parseInstruction } from './instructions/table.ts'
import { LineReader, type LogicalLine } from './lines.ts'
import { parseCheck } from './lint/check-options.ts'
import { findScopes } from './lint/checks.ts'
import { lint } from './lint/lint.ts'
import { Problem } from './problem.ts'
import { readStatements, type Statement } from './statements.ts'

const maxFile = 10 * 1024 * 1024
const maxLine = 1024 * 1024
const maxStages = 1000
const maxInstructions = 65_536
const maxDiagnostics = 1000

export interface ParseOptions {
  /** Replaces the check directive of the file: `skip=all`. */
  readonly check?: string | undefined
}

/**
 * Parses a Dockerfile. It never throws. Mistakes are in `diagnostics`, in the order
 * of the file, and correct instructions are in the other members. Limits: 10 MiB,
 * 1 MiB for a line, 1,000 stages, 65,536 instructions.
 */
export function parse(text: string, options: ParseOptions = {}): Dockerfile {
  return refuseTooBig(text) ?? new Parser(text).dockerfile(options)
}

/** Parses a Dockerfile whose statements are known, so that its text is not read again. */
export function parseStatements(
  text: string,
  statements: Iterable<Statement>,
  options: ParseOptions = {},
): Dockerfile {
  return refuseTooBig(text) ?? new Parser(text, statements).dockerfile(options)
}

function refuseTooBig(text: string): Dockerfile | undefined {
  const tooBig = findTooBig(text)
  if (tooBig === undefined) return undefined
  const diagnostics = [diagnosticOf(tooBig, firstLine)]
  return { directives: { escape: '\\' }, args: [], stages: [], diagnostics }
}

/**
 * Parses instructions without FROM, such as the ONBUILD triggers of an image. It
 * never throws.
 */
export function parseTrigger(text: string): Pick<Dockerfile, 'diagnostics'> & {
  readonly instructions: readonly Instruction[]
} {
  const tooBig = findTooBig(text)
  if (tooBig !== undefined) {
    return { instructions: [], diagnostics: [diagnosticOf(tooBig, firstLine)] }
  }
  return new Parser(text).trigger()
}

const firstLine: Range = { start: { line: 1, column: 0 }, end: { line: 1, column: 0 } }

function findTooBig(text: string): Problem | undefined {
  if (text.length > maxFile) {
    return new Problem('limit', 'the Dockerfile is larger than 10 MiB')
  }
  let line = 1
  for (let at = 0; at < text.length; line++) {
    const found = text.indexOf('\n', at)
    const end = found < 0 ? text.length : found
    if (end - at > maxLine) {
      const position = { line, column: 0 }
      const range = { start: position, end: position }
      return new Problem('limit', `line ${line} is longer than 1 MiB`, range)
    }
    at = end + 1
  }
  return undefined
}

function diagnosticOf(problem: Problem, range: Range): Diagnostic {
  return {
    severity: 'error',
    rule: problem.rule,
    message: problem.message,
    range: problem.range ?? range,
  }
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }
type OpenStage = Mutable<Stage> & { instructions: Instruction[] }

class Parser {
  readonly #text: string
  readonly #statements: Iterable<Statement>
  readonly #directives: Dockerfile['directives']
  readonly #isForeign: boolean
  /** The file has INCLUDE, IF and COPY --optional, which `compose` removes before a build. */
  readonly #isExtended: boolean
  readonly #checkRange: Range | undefined
  readonly #args: ArgInstruction[] = []
  readonly #stages: OpenStage[] = []
  readonly #lines: LogicalLine[] = []
  readonly #errors: Diagnostic[] = []

  constructor(text: string, statements?: Iterable<Statement>) {
    this.#text = text.startsWith('\ufeff') ? text.slice(1) : text
    const { directives, problems, checkRange, isForeign } = readDirectives(this.#text)
    this.#directives = directives
    this.#checkRange = checkRange
    this.#isForeign = isForeign
    this.#isExtended = hasExtensions(this.#text)
    this.#errors.push(...problems.map((problem) => diagnosticOf(problem, firstLine)))
    const reader = new LineReader(this.#text, directives.escape)
    this.#statements = statements ?? readStatements(reader, directives.escape)
  }

  dockerfile({ check }: ParseOptions): Dockerfile {
    if (this.#isForeign) {
      const message = `the file is written for the frontend ${this.#directives.syntax}, not in the Dockerfile language`
      this.#report(new Problem('foreign-syntax', message), firstLine)
      const diagnostics = this.#errors
      return { directives: this.#directives, args: [], stages: [], diagnostics }
    }
    this.#readAll((instruction, line) => this.#place(instruction, line))
    if (this.#lines.length === 0) {
      this.#reportEmpty()
    } else if (this.#stages.length === 0 && this.#errors.length === 0 && !this.#isExtended) {
      const last = this.#lines.at(-1)?.range ?? firstLine
      const message = 'no build stage: a Dockerfile has at least one FROM'
      this.#report(new Problem('no-from', message), last)
    }
    const file = { directives: this.#directives, args: this.#args, stages: this.#stages }
    const checks = this.#checks(check)
    const found = [...this.#errors, ...lint(file, this.#lines, checks)]
    found.sort((a, b) => a.range.start.line - b.range.start.line)
    return { ...file, diagnostics: found.slice(0, maxDiagnostics), ...withChecks(checks) }
  }

  #checks(override: string | undefined): Checks {
    const scopes = findScopes(this.#stages, this.#lines, this.#checkRange?.start.line)
    try {
      return { whole: parseCheck(override ?? this.#directives.check ?? ''), ...scopes }
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      const isOurs = override === undefined ? this.#checkRange : undefined
      this.#report(error, isOurs ?? firstLine)
      return { whole: parseCheck(''), ...scopes }
    }
  }

  trigger(): { instructions: readonly Instruction[]; diagnostics: readonly Diagnostic[] } {
    const instructions: Instruction[] = []
    this.#readAll((instruction) => {
      if (instruction.kind === 'FROM') {
        throw new Problem('onbuild-not-allowed', "FROM isn't allowed as an ONBUILD trigger")
      }
      instructions.push(instruction)
    })
    return { instructions, diagnostics: this.#errors }
  }

  #report(problem: Problem, range: Range): void {
    this.#errors.push(diagnosticOf(problem, range))
  }

  /** Reads every instruction. A broken one becomes a diagnostic and is left out. */
  #readAll(take: (instruction: Instruction | FromInstruction, line: LogicalLine) => void): void {
    for (const statement of this.#statements) {
      this.#lines.push(statement.line)
      try {
        if (this.#lines.length > maxInstructions) {
          throw new Problem('limit', `the Dockerfile has more than ${maxInstructions} instructions`)
        }
        if (statement.problem !== undefined) throw statement.problem
        if (this.#isExtended && isExtension(statement.keyword)) continue
        const plain = this.#isExtended ? withoutOptional(statement) : statement
        take(parseInstruction(plain), statement.line)
      } catch (error) {
        if (!(error instanceof Problem)) {
          throw error
        }
        this.#report(error, statement.range)
        if (error.rule === 'limit' || this.#errors.length >= maxDiagnostics) {
          return
        }
      }
    }
  }

  #place(instruction: Instruction | FromInstruction, line: LogicalLine): void {
    if (instruction.kind === 'FROM') {
      this.#open(instruction, line)
      return
    }
    const stage = this.#stages.at(-1)
    if (stage !== undefined) {
      stage.instructions.push(instruction)
    } else if (instruction.kind === 'ARG') {
      this.#args.push(instruction)
    } else if (this.#errors.length === 0 && !this.#isExtended) {
      const message = 'no build stage in current context: only ARG may stand before the first FROM'
      throw new Problem('no-from', message)
    }
  }

  #open(from: FromInstruction, line: LogicalLine): void {
    if (this.#stages.length >= maxStages) {
      throw new Problem('limit', `the Dockerfile has more than ${maxStages} stages`)
    }
    const index = this.#stages.length
    const description = from.name === undefined ? undefined : describe(line.comments, from.name)
    this.#stages.push({
      index,
      name: from.name,
      from,
      instructions: [],
      description,
    })
  }

  #reportEmpty(): void {
    const message =
      this.#text.trim() === '' ? 'the Dockerfile cannot be empty' : 'file with no instructions'
    this.#report(new Problem('empty-file', message), firstLine)
  }
}

/** Returns the COPY without the flag of an extension. */
function withoutOptional(statement: Statement): Statement {
  if (statement.keyword !== 'COPY') return statement
  return { ...statement, flags: statement.flags.filter((flag) => !isOptional(flag)) }
}

/** Returns no `checks` for a file without options of build checks. */
function withChecks(checks: Checks): Pick<Dockerfile, 'checks'> {
  const { whole, stages, instructions } = checks
  const isSilent = JSON.stringify(whole) === JSON.stringify(parseCheck(''))
  return isSilent && stages.length + instructions.length === 0 ? {} : { checks }
}
