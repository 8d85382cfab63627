import { readFileSync } from 'node:fs'
import {
  documentValue,
  executeTemplate,
  type FunctionTable,
  type Optional,
  parseTemplate,
  TemplateError,
  type Type,
  typedValue,
} from '../index.ts'

/** A template, and what Go made of it. */
export interface TemplateCase {
  readonly template: string
  readonly data: 'typed' | 'document' | 'nil'
  readonly missingKey?: 'error'
  readonly output: string
  readonly error?: string
}

interface CaseFile {
  readonly type: Type
  readonly document: unknown
  readonly cases: readonly TemplateCase[]
}

/** Reads a file that testdata/generate wrote. */
export function readCases(path: string): CaseFile {
  return JSON.parse(readFileSync(path, 'utf8'))
}

/** Executes a template as Go did, and returns its output and error. */
export function runCase(
  { type, document }: CaseFile,
  { template, data, missingKey }: TemplateCase,
  functions?: FunctionTable,
): Pick<TemplateCase, 'output' | 'error'> {
  const values: Readonly<Record<TemplateCase['data'], () => Optional>> = {
    typed: () => typedValue(type, document),
    document: () => documentValue(document),
    nil: () => undefined,
  }
  try {
    const parsed = parseTemplate(template, { functions })
    return { output: executeTemplate(parsed, values[data](), { missingKey }) }
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error
    return { output: error.written, error: error.message }
  }
}
