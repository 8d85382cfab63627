import type { Range } from '../ast.ts'
import { directivePattern } from '../directives.ts'
import { expand } from '../expand/expand.ts'
import { SubstitutionError } from '../expand/substitution-error.ts'
import { applyEdits } from '../fix/edits.ts'
import { isMarker } from '../instructions/extensions.ts'
import { parseArg } from '../instructions/key-values.ts'
import { Problem } from '../problem.ts'
import { readTree, splitLines } from '../syntax/read-tree.ts'
import type { StatementItem, SyntaxTree } from '../syntax/tree.ts'
import { evaluate } from './expression.ts'
import { optionalCopy } from './optional-copy.ts'
import { KnownArguments } from './variables.ts'

/** A file that is part of a composed Dockerfile. */
export interface ComposedFile {
  /** The name in messages: a path in the context. */
  readonly name: string
  readonly text: string
}

/** The origin of a line. */
export interface Origin {
  readonly file: ComposedFile
  /** One-based. */
  readonly line: number
}

export interface Composed {
  /** An ordinary Dockerfile, which any builder can read. */
  readonly text: string
  /** The origin of each of its lines. */
  readonly origins: readonly Origin[]
}

export interface ComposeOptions {
  readonly name: string
  readonly buildArgs: Readonly<Record<string, string>>
  /** The values of platform arguments that are the same for the whole build. */
  readonly builderArgs: Readonly<Record<string, string>>
  /**
   * Returns the text of a file of the context, undefined for an absent one. Must not follow a link
   * out of the context.
   */
  readonly read: (path: string) => Promise<string | undefined>
}

/** A mistake in an extension, in one of the files. */
export class ComposeError extends Error {
  override readonly name = 'ComposeError'
  readonly rule: string
  readonly file: ComposedFile
  readonly range: Range

  constructor({ message, rule }: Problem, file: ComposedFile, range: Range) {
    super(message)
    this.rule = rule
    this.file = file
    this.range = range
  }
}

/** Files within files. A longer chain is most likely an endless one with changing names. */
const maxDepth = 32
/** Files may include another one twice each, so their number can double with every level. */
const maxIncludes = 1000
/** In UTF-16 units, as of a Dockerfile. */
const maxLength = 10 * 1024 * 1024

/**
 * Makes an ordinary Dockerfile of one with INCLUDE, IF and COPY --optional. Throws `ComposeError`.
 */
export async function compose(text: string, options: ComposeOptions): Promise<Composed> {
  const composer = new Composer(options)
  await composer.add({ name: options.name, text }, [])
  return composer.result()
}

interface Branch {
  readonly item: StatementItem
  /** Whether its lines are used now. */
  isActive: boolean
  readonly isOuterActive: boolean
  hasElse: boolean
}

class Composer {
  readonly #options: ComposeOptions
  readonly #arguments: KnownArguments
  readonly #lines: string[] = []
  readonly #origins: Origin[] = []
  #length = 0
  #includes = 0
  #escape: string | undefined

  constructor(options: ComposeOptions) {
    this.#options = options
    this.#arguments = new KnownArguments(options.buildArgs, options.builderArgs)
  }

  result(): Composed {
    return { text: this.#lines.join(''), origins: this.#origins }
  }

  /** Adds a file. `chain` has the files that include it, the outermost first. */
  async add(file: ComposedFile, chain: readonly string[]): Promise<void> {
    const tree = readTree(file.text)
    const branches: Branch[] = []
    this.#checkEscape(tree, file)
    const directives = chain.length === 0 ? 0 : countDirectives(tree)
    for (const [index, item] of tree.items.entries()) {
      const isUsed = branches.at(-1)?.isActive ?? true
      if (item.kind !== 'statement') {
        const isLeftOut = index < directives || (item.kind === 'comment' && isMarker(item.raw))
        if (isUsed && !isLeftOut) this.#put(item.raw, file, item.line)
        continue
      }
      try {
        await this.#statement(item, { file, chain, branches, isUsed })
      } catch (error) {
        if (error instanceof SubstitutionError) {
          const problem = new Problem('substitution', error.message)
          throw new ComposeError(problem, file, item.statement.range)
        }
        if (!(error instanceof Problem)) throw error
        throw new ComposeError(error, file, item.statement.range)
      }
    }
    const open = branches.at(-1)
    if (open === undefined) return
    const problem = new Problem('invalid-if', 'the IF has no ENDIF')
    throw new ComposeError(problem, file, open.item.statement.range)
  }

  async #statement(
    item: StatementItem,
    place: {
      readonly file: ComposedFile
      readonly chain: readonly string[]
      readonly branches: Branch[]
      readonly isUsed: boolean
    },
  ): Promise<void> {
    const { file, chain, branches, isUsed } = place
    const { statement } = item
    const { keyword, rest } = statement
    if (keyword === 'IF') {
      const isTrue = isUsed && evaluate(rest, this.#arguments.lookup)
      branches.push({ item, isActive: isTrue, isOuterActive: isUsed, hasElse: false })
    } else if (keyword === 'ELSE' || keyword === 'ENDIF') this.#endBranch(keyword, rest, branches)
    else if (!isUsed) return
    else if (keyword === 'INCLUDE') await this.#include(rest, file, chain)
    else this.#ordinary(item, file)
  }

  #endBranch(keyword: 'ELSE' | 'ENDIF', rest: string, branches: Branch[]): void {
    const branch = branches.at(-1)
    if (branch === undefined) throw new Problem('invalid-if', `${keyword} without IF`)
    if (rest !== '') throw new Problem('invalid-if', `${keyword} takes no arguments`)
    if (keyword === 'ENDIF') {
      branches.pop()
      return
    }
    if (branch.hasElse) throw new Problem('invalid-if', 'an IF has one ELSE at most')
    branch.hasElse = true
    branch.isActive = branch.isOuterActive && !branch.isActive
  }

  #ordinary(item: StatementItem, file: ComposedFile): void {
    const { statement, line, lines } = item
    if (statement.keyword === 'FROM') this.#arguments.enterStage()
    // Mistakes in an ARG are reported when the result is parsed.
    if (statement.keyword === 'ARG' && statement.rest !== '') this.#declare(statement)
    const edits = optionalCopy(statement)
    if (edits.length === 0) {
      for (const [index, { raw }] of lines.entries()) this.#put(raw, file, line + index)
      return
    }
    const shift = ({ start, end }: Range): Range => ({
      start: { ...start, line: start.line - line + 1 },
      end: { ...end, line: end.line - line + 1 },
    })
    const raw = lines.map((each) => each.raw).join('')
    const edited = applyEdits(
      raw,
      edits.map(({ range, text }) => ({ range: shift(range), text })),
    )
    for (const [index, each] of splitLines(edited).entries()) this.#put(each, file, line + index)
  }

  #declare(statement: StatementItem['statement']): void {
    try {
      this.#arguments.declare(parseArg(statement).args)
    } catch (error) {
      if (!(error instanceof Problem)) throw error
    }
  }

  async #include(rest: string, file: ComposedFile, chain: readonly string[]): Promise<void> {
    const path = cleanInclude(expand(rest, this.#arguments.lookup))
    const names = [...chain, file.name]
    const cycle = names.indexOf(path)
    if (cycle >= 0) {
      const shown = [...names.slice(cycle), path].join(' -> ')
      throw new Problem('include-cycle', `files include each other: ${shown}`)
    }
    this.#includes += 1
    if (names.length > maxDepth || this.#includes > maxIncludes) {
      const what = names.length > maxDepth ? `${maxDepth} files deep` : `${maxIncludes} files`
      throw new Problem('limit', `INCLUDE reads more than ${what}`)
    }
    const text = await this.#options.read(path)
    if (text === undefined) {
      throw new Problem('include-missing', `the context has no file ${JSON.stringify(path)}`)
    }
    await this.add({ name: path, text }, names)
  }

  /** All files continue lines with the same character, because the result is one file. */
  #checkEscape({ directives }: SyntaxTree, file: ComposedFile): void {
    this.#escape ??= directives.escape
    if (this.#escape === directives.escape) return
    const start = { line: 1, column: 0 }
    const message = `the file needs # escape=${this.#escape}, like the file that includes it`
    const problem = new Problem('include-escape', message)
    throw new ComposeError(problem, file, { start, end: start })
  }

  #put(raw: string, file: ComposedFile, line: number): void {
    this.#length += raw.length + 1
    if (this.#length > maxLength) {
      const position = { line, column: 0 }
      const problem = new Problem('limit', 'the composed Dockerfile is larger than 10 MiB')
      throw new ComposeError(problem, file, { start: position, end: position })
    }
    this.#lines.push(raw.endsWith('\n') ? raw : `${raw}\n`)
    this.#origins.push({ file, line })
  }
}

/** The number of directives at the top. Those of an included file would mean something else. */
function countDirectives({ items }: SyntaxTree): number {
  const end = items.findIndex(
    (item) => item.kind !== 'comment' || !directivePattern.test(item.raw.trim()),
  )
  return end < 0 ? items.length : end
}

/** Returns a path relative to the context. Throws `Problem` for one that leads out. */
function cleanInclude(written: string): string {
  const parts: string[] = []
  for (const part of written.trim().split('/')) {
    if (part === '' || part === '.') continue
    if (part !== '..') parts.push(part)
    else if (parts.pop() === undefined) {
      const message = `${JSON.stringify(written)} is outside the build context`
      throw new Problem('include-outside', message)
    }
  }
  if (parts.length === 0) throw new Problem('missing-argument', 'INCLUDE requires a path')
  return parts.join('/')
}
