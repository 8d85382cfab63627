import type { Instruction, Range, Stage } from '../ast.ts'
import { restWords } from '../fix/simple-fixes.ts'
import { rangeIn } from '../lines.ts'
import type { Analysis, AnalysisPart } from '../scope/analysis.ts'
import { variableUses } from '../scope/variable-uses.ts'

/** A name of a stage or of a variable at one place. */
export interface Occurrence {
  readonly kind: 'stage' | 'variable'
  readonly role: 'definition' | 'reference'
  /** As written. */
  readonly name: string
  readonly range: Range
  /** All occurrences of one stage or variable have the same number. */
  readonly symbol: number
  /** A stage that is named by its index keeps its number when it is renamed. */
  readonly isIndex?: true
}

/** Finds all names of stages and variables, in the order of the file. */
export function findOccurrences(analysis: Analysis): Occurrence[] {
  const walk = new Walk(analysis.file.stages)
  for (const part of analysis.parts) walk.visit(part)
  return walk.found
}

class Walk {
  readonly found: Occurrence[] = []
  readonly #stages: readonly Stage[]
  readonly #globals = new Map<string, number>()
  /** The variables at the end of each stage. */
  readonly #ends = new Map<number, ReadonlyMap<string, number>>()
  readonly #stageSymbols = new Map<number, number>()
  #scope = this.#globals
  #stage: Stage | undefined
  #next = 1

  constructor(stages: readonly Stage[]) {
    this.#stages = stages
    // A stage may copy from a later one.
    for (const { index } of stages) this.#stageSymbols.set(index, this.#next++)
  }

  visit(part: AnalysisPart): void {
    const { node, stage } = part
    if (node?.kind === 'FROM') {
      if (this.#stage !== undefined) this.#ends.set(this.#stage.index, this.#scope)
      this.#scope = this.#globals
      this.#uses(part)
      this.#stage = stage
      this.#from(part)
      return
    }
    if (node?.kind === 'ENV' || node?.kind === 'ARG') {
      // The words of an ENV see the variables before it.
      this.#uses(part)
      this.#declare(part, node)
      return
    }
    this.#uses(part)
    this.#flags(part)
  }

  #from(part: AnalysisPart): void {
    const { statement } = part.item
    const [image, , name] = restWords(statement)
    const stage = this.#stage
    if (stage === undefined || image === undefined) return
    const base = this.#stageNamed(image.text, (each) => each.index < stage.index)
    if (base !== undefined) this.#addStage(part, image, 'reference', base)
    const symbol = this.#stageSymbols.get(stage.index) ?? 0
    if (name !== undefined) this.#add(part, { kind: 'stage', role: 'definition', symbol }, name)
    this.#scope = new Map(base === undefined ? [] : this.#ends.get(base.index))
  }

  #flags(part: AnalysisPart): void {
    const { text, flagSpans } = part.item.statement
    for (const { start, end } of flagSpans) {
      const written = text.slice(start, end)
      const match = /^--(?:from=|mount=(?:[^"']*,)?from=)([^,"'\s]+)/.exec(written)
      const name = match?.[1]
      const stage =
        name === undefined ? undefined : this.#stageNamed(name, (each) => each !== this.#stage)
      if (match === null || name === undefined || stage === undefined) continue
      const at = start + match[0].length - name.length
      this.#addStage(part, { start: at, end: at + name.length, text: name }, 'reference', stage)
    }
  }

  #stageNamed(name: string, isEligible: (stage: Stage) => boolean): Stage | undefined {
    const lower = name.toLowerCase()
    return this.#stages.findLast(
      (stage) => isEligible(stage) && (stage.name === lower || String(stage.index) === name),
    )
  }

  #addStage(part: AnalysisPart, word: Word, role: Occurrence['role'], stage: Stage): void {
    const symbol = this.#stageSymbols.get(stage.index) ?? 0
    const isIndex = stage.name !== word.text.toLowerCase()
    this.#add(part, { kind: 'stage', role, symbol, ...(isIndex && { isIndex }) }, word)
  }

  #declare(part: AnalysisPart, node: Extract<Instruction, { kind: 'ARG' | 'ENV' }>): void {
    const { statement } = part.item
    const pairs = node.kind === 'ARG' ? node.args : node.pairs
    let from = statement.restAt
    for (const { key } of pairs) {
      const at = indexOfKey(statement.text, key, from)
      if (at < 0) continue
      from = at + key.length
      const inherited = node.kind === 'ARG' ? this.#globals.get(key) : undefined
      const symbol = this.#scope.get(key) ?? inherited ?? this.#next++
      this.#scope.set(key, symbol)
      const word = { start: at, end: from, text: key }
      this.#add(part, { kind: 'variable', role: 'definition', symbol }, word)
    }
  }

  #uses(part: AnalysisPart): void {
    const { statement, line, lines } = part.item
    const { escape: escapeChar, text } = statement
    for (const { name, start, end } of variableUses(text, {
      escape: escapeChar,
      hasQuotes: true,
    })) {
      const symbol = this.#scope.get(name)
      if (symbol === undefined) continue
      const word = { start, end, text: name }
      this.#add(part, { kind: 'variable', role: 'reference', symbol }, word)
    }
    for (const heredoc of statement.heredocs) {
      if (statement.keyword !== 'RUN' && !heredoc.expand) continue
      for (let at = heredoc.range.start.line; at < heredoc.range.end.line; at++) {
        const raw = lines[at - line]?.raw ?? ''
        for (const use of variableUses(raw, { escape: '\\', hasQuotes: false })) {
          const symbol = this.#scope.get(use.name)
          if (symbol === undefined) continue
          const range = {
            start: { line: at, column: use.start },
            end: { line: at, column: use.end },
          }
          this.found.push({ kind: 'variable', role: 'reference', name: use.name, range, symbol })
        }
      }
    }
  }

  #add(part: AnalysisPart, what: Omit<Occurrence, 'name' | 'range'>, word: Word): void {
    const { pieces } = part.item.statement.line
    const range = rangeIn(pieces, word.start, word.end)
    this.found.push({ ...what, name: word.text, range })
  }
}

interface Word {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** Returns the index of a name before `=`, white space or the end, at or after `from`. */
function indexOfKey(text: string, key: string, from: number): number {
  for (let at = text.indexOf(key, from); at >= 0; at = text.indexOf(key, at + 1)) {
    const before = text[at - 1] ?? ' '
    const after = text[at + key.length] ?? ' '
    if (/\s/.test(before) && /[\s=]/.test(after)) return at
  }
  return -1
}
