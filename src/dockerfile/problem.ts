import type { Range } from './ast.ts'

/** A message that quotes a line of a megabyte is cut to what a terminal can show. */
export function shorten(message: string): string {
  return message.length > 400 ? `${message.slice(0, 400)}…` : message
}

/** What is wrong with one instruction; caught by the parser, which makes a diagnostic of it. */
export class Problem extends Error {
  readonly rule: string
  /** Where, when it is not the whole instruction. */
  readonly range: Range | undefined

  constructor(rule: string, message: string, range?: Range) {
    super(shorten(message))
    this.name = 'Problem'
    this.rule = rule
    this.range = range
  }
}
