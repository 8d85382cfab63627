import type { InspectDocument } from '#docker/documents/document'
import { formatExcerpt } from '#dockerfile'
import { locate } from '#dockerfile/compose/locate'
import { ruleUrl } from '#dockerfile/lint/rules'
import type { Checked, Outlined, Parameter, Targets } from '#engine/build/inspect'
import { formatTable } from './table.ts'
import { printable } from './text.ts'

/** The violations as buildx prints them: the rule, its message, and the lines of the file. */
export function formatChecked({ source, warnings, error }: Checked): string {
  const shown = warnings.map(({ rule, message, range }) => {
    const url = ruleUrl(rule)
    const head = `\nWARNING: ${rule}${url === undefined ? '' : ` - ${url}`}\n${printable(message)}\n`
    const at = locate(source, source.origins, range)
    return head + formatExcerpt(at.text, at.range, at.name)
  })
  const count = warnings.length
  const found =
    count === 0
      ? 'no warnings found.'
      : `${count} ${count === 1 ? 'warning has' : 'warnings have'} been found!`
  const sentence = error !== undefined && count === 0 ? '' : `Check complete, ${found}\n`
  return sentence + shown.join('')
}

/** The parameters of a target in tables, one for each kind. */
export function formatOutline({ name, description, parameters }: Outlined): string {
  const head = [
    ...(name === undefined && description === undefined
      ? []
      : [`TARGET:      ${name ?? 'default'}`]),
    ...(description === undefined ? [] : [`DESCRIPTION: ${printable(description)}`]),
  ]
  const rows = parameters.flatMap((each) =>
    each.kind === 'argument' ? [[each.name, each.value ?? '', each.description ?? '']] : [],
  )
  const blocks = [
    head.map((line) => `${line}\n`).join(''),
    rows.length === 0 ? '' : formatTable(['BUILD ARG', 'VALUE', 'DESCRIPTION'], rows),
    formatRequired('SECRET', 'secret', parameters),
    formatRequired('SSH', 'ssh', parameters),
  ]
  return blocks.filter((block) => block !== '').join('\n')
}

function formatRequired(
  title: string,
  kind: Parameter['kind'],
  parameters: readonly Parameter[],
): string {
  const rows = parameters.flatMap((each) =>
    each.kind === kind && each.kind !== 'argument'
      ? [[each.name, each.isRequired ? 'true' : '']]
      : [],
  )
  return rows.length === 0 ? '' : formatTable([title, 'REQUIRED'], rows)
}

/** The methods of `--call` in a table. */
export function formatMethods(methods: readonly InspectDocument[]): string {
  const rows = methods.map(({ name, version, description }) => [
    String(name).replace(/^frontend\./, ''),
    String(version),
    String(description),
  ])
  return formatTable(['NAME', 'VERSION', 'DESCRIPTION'], rows)
}

/** The stages in a table. The last one is the default. */
export function formatTargets({ stages }: Targets): string {
  const rows = stages.map(({ index, name = '', description = '' }) => {
    const isDefault = index === stages.length - 1
    const shown = name === '' && isDefault ? 'default' : isDefault ? `${name} (default)` : name
    return [shown, description]
  })
  return formatTable(['TARGET', 'DESCRIPTION'], rows)
}
