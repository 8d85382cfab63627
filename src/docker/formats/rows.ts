import {
  executeTemplate,
  type Field,
  listOf,
  type Method,
  mapOf,
  parseTemplate,
  type StructType,
  stringType,
  stringValue,
  type Template,
  TemplateError,
  toBytes,
  typedValue,
  type Value,
} from '#template'
import type { RowType } from '../columns/row-types.ts'
import { badField, FormatError } from './format-error.ts'
import { dockerFunctions, headerFunctions } from './functions.ts'

/** The rows of a list, as a template sees them. */
export interface RowSet {
  readonly type: RowType
  readonly rows: readonly Readonly<Record<string, string>>[]
  /** The labels of each row, for `{{.Label "name"}}`; absent if the rows have none. */
  readonly labels?: readonly Readonly<Record<string, string>>[] | undefined
}

export interface FormattedRows {
  /** One line for each row. In a table, tabs separate the cells and the first line has the titles. */
  readonly text: string
  readonly isTable: boolean
}

/**
 * Formats rows by a template, or by `table` and a template. `show` is called with what
 * actions print. Throws `FormatError`.
 */
export function formatRows(
  set: RowSet,
  format: string,
  show?: (text: string) => string,
): FormattedRows {
  const isTable = format.startsWith('table')
  const written = format === 'raw' ? (set.type.raw ?? format) : format
  try {
    const template = parseTemplate(templateOf(written), { functions: dockerFunctions })
    const text = rowValues(set)
      .map((value) => `${executeTemplate(template, value, { show })}\n`)
      .join('')
    return { text: isTable ? `${header(template, set.type)}\n${text}` : text, isTable }
  } catch (error) {
    throw error instanceof TemplateError ? new FormatError(error, badField) : error
  }
}

/** Formats several lists by one template, in which each has its name. Throws `FormatError`. */
export function formatRowSets(
  sets: Readonly<Record<string, RowSet>>,
  format: string,
  show?: (text: string) => string,
): string {
  const lists = Object.entries(sets).map(([name, set]) => {
    const items = rowValues(set)
    const type = listOf(items[0]?.type ?? rowStruct(set.type.name, []))
    const value: Value = { kind: 'list', type, items, isNil: false }
    return { field: { name, json: name, type }, value }
  })
  const data: Value = {
    kind: 'struct',
    type: { kind: 'struct', name: typeOfSets, fields: lists.map(({ field }) => field) },
    values: lists.map(({ value }) => value),
  }
  try {
    const template = parseTemplate(templateOf(format), { functions: dockerFunctions })
    return executeTemplate(template, data, { show })
  } catch (error) {
    throw error instanceof TemplateError ? new FormatError(error, badField) : error
  }
}

const typeOfSets = '*formatter.diskUsageContext'

function rowValues({ type, rows, labels }: RowSet): readonly Value[] {
  const names = new Set([...rows.flatMap((row) => Object.keys(row)), ...Object.keys(type.headers)])
  const struct = rowStruct(type.name, [...names].sort())
  return rows.map((row, index) => rowValue(struct, row, labels?.[index]))
}

/** Inside of a template `\t` and `\n` may be written for a tab and a line break. */
function templateOf(format: string): string {
  return format
    .replace(/^table/, '')
    .replace(/^ +| +$/g, '')
    .replaceAll('\\t', '\t')
    .replaceAll('\\n', '\n')
}

function rowStruct(name: string, keys: readonly string[]): StructType {
  const fields = keys.map((key): Field => ({ name: key, json: key, type: stringType }))
  return { kind: 'struct', name, fields }
}

function rowValue(
  type: StructType,
  row: Readonly<Record<string, string>>,
  labels: Readonly<Record<string, string>> | undefined,
): Value {
  const value = typedValue(type, row)
  return labels === undefined || value.kind !== 'struct'
    ? value
    : { ...value, methods: new Map([['Label', labelMethod((name) => labels[name] ?? '')]]) }
}

function labelMethod(find: (name: string) => string): Method {
  return {
    fixed: [stringType],
    call: ([name]) => {
      const text = name?.kind === 'string' ? name.text : ''
      return stringValue(toBytes(find(text)))
    },
  }
}

/** The titles of a table. As in Docker, a mistake in them shortens the line and is no error. */
function header(template: Template, { headers }: RowType): string {
  const value = typedValue(mapOf(stringType, stringType), headers)
  const methods = new Map([['Label', labelMethod(labelTitle)]])
  const data = value.kind === 'map' ? { ...value, methods } : value
  try {
    return executeTemplate(template, data, { functions: headerFunctions })
  } catch (error) {
    if (error instanceof TemplateError) return error.written
    throw error
  }
}

/** The last part of the name of a label, with spaces. */
function labelTitle(name: string): string {
  return (name.split('.').at(-1) ?? '').replaceAll(/[-_]/g, ' ')
}
