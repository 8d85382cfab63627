import type { Platform } from '#oci'
import {
  executeTemplate,
  type Field,
  listOf,
  type Method,
  mapOf,
  parseTemplate,
  pointerTo,
  stringType,
  stringValue,
  type Template,
  TemplateError,
  type Type,
  toBytes,
  typedValue,
  type Value,
} from '#template'
import type { RowType } from '../columns/row-types.ts'
import { listedPlatformType } from '../types/platform-type.ts'
import { bareFailures, listFailures, psFailures, reportAs } from './format-error.ts'
import { dockerFunctions, headerFunctions } from './functions.ts'

/** The rows of a list, as the data of a template. */
export interface RowSet {
  readonly type: RowType
  readonly rows: readonly Row[]
  /** The labels of each row, for `{{.Label "name"}}`; absent if the rows have none. */
  readonly labels?: readonly Readonly<Record<string, string>>[] | undefined
}

type Row = Readonly<Record<string, RowValue>>

/** A text, or the platform of an image; `null` if the image was removed. */
export type RowValue = string | Platform | null

export interface FormattedRows {
  /** One line for each row. In a table, tabs separate the cells and the first line has the titles. */
  readonly text: string
  readonly isTable: boolean
}

/**
 * Formats rows by a template, or by `table` and a template. `show` is called with the values
 * that actions print. Throws `FormatError`.
 */
export function formatRows(
  set: RowSet,
  format: string,
  show?: (text: string) => string,
): FormattedRows {
  if (set.type.isChecked) checkTemplate(set, format)
  const isTable = format.startsWith('table')
  const written = format === 'raw' ? (set.type.raw ?? format) : format
  const template = reportAs(listFailures.syntax, () => parse(templateOf(written)))
  const text = reportAs(listFailures.data, () =>
    rowValues(set)
      .map((value) => `${executeTemplate(template, value, { show })}\n`)
      .join(''),
  )
  return { text: isTable ? `${header(template, set.type)}\n${text}` : text, isTable }
}

/** Tries a template with an empty row, so that a mistake is found in a list without rows too. */
function checkTemplate({ type }: RowSet, format: string): void {
  const template = reportAs(psFailures.syntax, () => parse(format))
  const [empty] = rowValues({ type, rows: [{}], labels: [{}] })
  reportAs(psFailures.data, () => executeTemplate(template, empty))
}

/** Formats several lists by one template, in which each has its name. Throws `FormatError`. */
export function formatRowSets(
  sets: Readonly<Record<string, RowSet>>,
  format: string,
  show?: (text: string) => string,
): string {
  const template = reportAs(listFailures.syntax, () => parse(templateOf(format)))
  return reportAs(bareFailures.data, () => executeTemplate(template, valueOfSets(sets), { show }))
}

function valueOfSets(sets: Readonly<Record<string, RowSet>>): Value {
  const lists = Object.entries(sets).map(([name, set]) => {
    const type = listOf(rowType(set))
    const value: Value = { kind: 'list', type, items: rowValues(set), isNil: false }
    return { field: { name, json: name, type }, value }
  })
  const fields = lists.map(({ field }) => field)
  const type = { kind: 'struct', name: 'formatter.diskUsageContext', fields } as const
  const target: Value = { kind: 'struct', type, values: lists.map(({ value }) => value) }
  return { kind: 'pointer', type: pointerTo(type), target }
}

function parse(text: string): Template {
  return parseTemplate(text, { functions: dockerFunctions })
}

/** Inside of a template `\t` and `\n` may be written for a tab and a line break. */
function templateOf(format: string): string {
  return format
    .replace(/^table/, '')
    .replace(/^ +| +$/g, '')
    .replaceAll('\\t', '\t')
    .replaceAll('\\n', '\n')
}

/** A pointer to a struct, as in Docker, with the fields of all rows in the order of their names. */
function rowType({ type, rows }: RowSet): ReturnType<typeof pointerTo> {
  const names = new Set([...rows.flatMap((row) => Object.keys(row)), ...Object.keys(type.headers)])
  const typeOf = (name: string): Type =>
    name === type.platformField ? listedPlatformType() : stringType
  const fields = [...names].sort().map((name): Field => ({ name, json: name, type: typeOf(name) }))
  return pointerTo({ kind: 'struct', name: type.name, fields })
}

/** The fields of a row are methods in Docker, which errors show. */
function rowValues(set: RowSet): readonly Value[] {
  const type = rowType(set)
  return set.rows.map((row, index) => {
    const target = typedValue(type.element, row)
    if (target.kind !== 'struct') return target
    const methods = new Map<string, Method>()
    for (const [at, { name }] of target.type.fields.entries()) {
      methods.set(name, { fixed: [], call: () => target.values[at] })
    }
    const labels = set.labels?.[index]
    if (labels !== undefined)
      methods.set(
        'Label',
        labelMethod((name) => labels[name] ?? ''),
      )
    return { kind: 'pointer', type, target: { ...target, methods } }
  })
}

function labelMethod(find: (name: string) => string): Method {
  return {
    fixed: [stringType],
    call: ([name]) => stringValue(toBytes(find(name?.kind === 'string' ? name.text : ''))),
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
