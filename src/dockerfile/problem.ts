import type { Range } from './ast.ts'

/** The most characters of a message, which may quote a line of a megabyte. */
export function shorten(message: string): string {
  return message.length > 400 ? `${message.slice(0, 400)}…` : message
}

/** A mistake in one instruction. The parser catches it and makes a diagnostic. */
export class Problem extends Error {
  readonly rule: string
  /** The range of the mistake, if it is not the whole instruction. */
  readonly range: Range | undefined

  constructor(rule: string, message: string, range?: Range) {
    super(shorten(message))
    this.name = 'Problem'
    this.rule = rule
    this.range = range
  }
}
