import type { BuildRecord } from '#engine/history/history'
import { formatTable } from '../table.ts'
import { printable, printableLine } from '../text.ts'
import { formatInstant } from '../units.ts'

/** A build as text: groups of names and values. */
export function formatBuildRecord(record: BuildRecord): string {
  const { startedAt, completedAt, steps, status, error, materials } = record
  const seconds = ((completedAt.getTime() - startedAt.getTime()) / 1000).toFixed(1)
  const cached = steps.total === 0 ? 0 : Math.round((steps.cached / steps.total) * 100)
  return [
    group([
      ['Name', record.name],
      ['Ref', record.id],
      ['Context', record.context],
      ['Dockerfile', record.dockerfile],
      ['Target', record.target],
      ['Platforms', listed(record.platforms)],
    ]),
    group([
      ['Started', formatInstant(startedAt)],
      ['Duration', `${seconds}s`],
      ['Status', status === 'completed' ? undefined : status],
      ['Error', error?.split('\n', 1)[0]],
      ['Build Steps', `${steps.completed}/${steps.total} (${cached}% cached)`],
      ['Image', record.digest],
      ['Names', listed(record.names)],
      ['Network', record.network],
      ['No Cache', record.noCache ? 'true' : undefined],
    ]),
    table(['NAMED CONTEXT', 'VALUE'], record.contexts),
    table(['BUILD ARG', 'VALUE'], record.buildArgs),
    table(['LABEL', 'VALUE'], record.labels),
    materials.length === 0
      ? ''
      : formatTable(
          ['MATERIAL', 'DIGEST'],
          materials.map(({ uri, digests }) => [printable(uri), printable(digests.join(', '))]),
        ),
    `Print its output: strake buildx history logs ${record.id}\n`,
  ]
    .filter((part) => part !== '')
    .join('\n')
}

function listed(values: readonly string[]): string | undefined {
  return values.length === 0 ? undefined : values.join(', ')
}

function group(pairs: readonly (readonly [string, string | undefined])[]): string {
  const present = pairs.filter(([, value]) => value !== undefined && value !== '')
  const width = Math.max(...present.map(([name]) => name.length)) + 2
  return present
    .map(([name, value = '']) => `${`${name}:`.padEnd(width)}${printableLine(value)}\n`)
    .join('')
}

function table(titles: readonly string[], values: Readonly<Record<string, string>>): string {
  const rows = Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1))
  if (rows.length === 0) return ''
  return formatTable(
    titles,
    rows.map((row) => row.map(printableLine)),
  )
}
