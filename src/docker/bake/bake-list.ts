import { splitCsv } from '#dockerfile/csv'
import { StrakeError } from '#oci'
import type { BakeFile } from './bake-file.ts'

interface Table {
  readonly header: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

export interface ListChoice {
  readonly type: 'targets' | 'variables'
  readonly format: 'table' | 'json'
}

/** Reads `targets`, `variables`, or `type=targets,format=json`. Throws `INVALID`. */
export function readListChoice(text: string): ListChoice {
  const fields = new Map(
    (splitCsv(text) ?? []).map((field): [string, string] => {
      const at = field.indexOf('=')
      return at === -1 ? ['type', field] : [field.slice(0, at), field.slice(at + 1)]
    }),
  )
  const { type = '', format = 'table' } = Object.fromEntries(fields)
  if ((type === 'targets' || type === 'variables') && (format === 'table' || format === 'json')) {
    return { type, format }
  }
  throw new StrakeError('INVALID', `Cannot list ${text}: expected targets or variables`, {
    remedy: 'for example --list targets, or --list type=variables,format=json',
  })
}

/** Returns the targets or variables of a file: lines of columns, or a text in JSON. */
export function listBake(file: BakeFile, { type, format }: ListChoice): string | Table {
  const rows = type === 'targets' ? targetsOf(file) : [...file.variables].sort(byName)
  if (format === 'json') return JSON.stringify(rows.map(withoutEmpty), undefined, 2)
  return type === 'targets' ? targetTable(file) : variableTable(file)
}

const byName = (a: { readonly name: string }, b: { readonly name: string }): number =>
  a.name < b.name ? -1 : 1

function withoutEmpty(row: object): unknown {
  return Object.fromEntries(
    Object.entries(row).filter(
      ([key, value]) => key === 'value' || (value !== '' && value !== undefined && value !== false),
    ),
  )
}

interface ListedTarget {
  readonly name: string
  readonly description: string
  readonly group: boolean
}

/** A name that begins with `_` is for other targets only. */
function targetsOf({ targets, groups }: BakeFile): readonly ListedTarget[] {
  const own = Object.entries(targets).map(([name, { description }]) => ({
    name,
    description: typeof description === 'string' ? description : '',
    group: false,
  }))
  const more = Object.entries(groups).map(([name, { description = '', targets: members }]) => {
    const names = members.toSorted().join(', ')
    const shown =
      description === '' ? names : names === '' ? description : `${description} (${names})`
    return { name, description: shown, group: true }
  })
  return [...own, ...more].filter(({ name }) => !name.startsWith('_')).sort(byName)
}

function targetTable(file: BakeFile): Table {
  const rows = targetsOf(file).map(({ name, description }) => [name, description])
  return { header: ['TARGET', 'DESCRIPTION'], rows }
}

function variableTable({ variables }: BakeFile): Table {
  const rows = variables
    .toSorted(byName)
    .map(({ name, type, value = '<null>', description }) => [name, type, value, description])
  return { header: ['VARIABLE', 'TYPE', 'VALUE', 'DESCRIPTION'], rows }
}
