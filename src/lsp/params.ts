import type { Position, Range } from '#dockerfile'
import { errorCodes, isObject, RequestError } from './protocol.ts'

// Reads the parameters of a client. Each function throws a RequestError for a value of another type.

/** Returns the member at a path of names. */
export function member(params: unknown, ...names: readonly string[]): unknown {
  let value = params
  for (const name of names) {
    if (!isObject(value)) return undefined
    value = Object.hasOwn(value, name) ? value[name] : undefined
  }
  return value
}

export function textAt(params: unknown, ...names: readonly string[]): string {
  const value = member(params, ...names)
  if (typeof value === 'string') return value
  throw invalid(names, 'a text')
}

export function listAt(params: unknown, ...names: readonly string[]): readonly unknown[] {
  const value = member(params, ...names)
  if (Array.isArray(value)) return value
  throw invalid(names, 'a list')
}

/** The protocol counts lines from 0, the syntax tree from 1. Both count columns in UTF-16 units. */
export function positionAt(params: unknown, ...names: readonly string[]): Position {
  const line = member(params, ...names, 'line')
  const column = member(params, ...names, 'character')
  if (!isCount(line) || !isCount(column)) throw invalid(names, 'a position')
  return { line: line + 1, column }
}

export function rangeAt(params: unknown, ...names: readonly string[]): Range {
  const start = positionAt(params, ...names, 'start')
  const end = positionAt(params, ...names, 'end')
  return { start, end }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 2 ** 31
}

function invalid(names: readonly string[], what: string): RequestError {
  return new RequestError(errorCodes.invalidParams, `${names.join('.')} is not ${what}`)
}
