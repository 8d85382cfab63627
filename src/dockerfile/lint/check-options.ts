import type { CheckOptions } from '../ast.ts'
import { parseBoolean } from '../boolean.ts'
import { Problem } from '../problem.ts'

/** Reads the value of a check directive. Throws `Problem` for an unknown option. */
export function parseCheck(text: string): CheckOptions {
  const found = { skip: '', experimental: '', error: false }
  for (const part of text.trim() === '' ? [] : text.split(';')) {
    const equals = part.indexOf('=')
    const key = part.slice(0, Math.max(equals, 0)).trim()
    const value = part.slice(equals + 1).trim()
    if (key === 'skip' || key === 'experimental') found[key] = value
    else if (key === 'error') found.error = readError(value)
    else throw invalid(equals === -1 ? part.trim() : key)
  }
  return {
    skip: rulesOf(found.skip),
    skipAll: found.skip === 'all',
    error: found.error,
    experimental: rulesOf(found.experimental),
    experimentalAll: found.experimental === 'all',
  }
}

function rulesOf(value: string): string[] {
  const rules = value.split(',').map((rule) => rule.trim())
  return rules.filter((rule) => rule !== '' && rule !== 'all')
}

function readError(value: string): boolean {
  const error = parseBoolean(value)
  if (error === undefined) throw invalid(`error=${value}`)
  return error
}

function invalid(option: string): Problem {
  return new Problem('invalid-check', `invalid check option ${JSON.stringify(option)}`)
}
