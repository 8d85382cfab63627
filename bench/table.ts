import { type ToolName, toolNames } from './options.ts'
import {
  agree,
  type Comparison,
  medianTime,
  peakBytes,
  type Results,
  type RowResult,
} from './results.ts'

const titles: Readonly<Record<ToolName, string>> = {
  strake: 'strake',
  docker: 'Docker',
  podman: 'Podman',
}

/** The goal for the memory of any command. */
const memoryGoal = 300e6

/** Returns all results as Markdown below a heading. */
export function renderResults(heading: string, results: Results): string {
  const tools = toolNames.filter((name) => results.tools[name] !== undefined)
  const sections = [
    `## ${heading}`,
    `${results.machine}.`,
    tools.map((name) => `- ${titles[name]}: ${results.tools[name]}`).join('\n'),
    `### Time\n\n${renderTimes(results.rows, tools)}`,
    renderComparisons(results.rows),
    renderReasons(results.rows, tools),
    `### Peak memory, MB\n\n${renderMemory(results.rows, tools)}`,
    results.weights.length === 0 ? '' : `### Store, MB\n\n${renderWeights(results, tools)}`,
    results.equal.length === 0 ? '' : `### Equal results\n\n${renderEqual(results, tools)}`,
  ]
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`
}

/** A Markdown table; the first column is text, the others are numbers. */
export function renderTable(
  head: readonly string[],
  lines: readonly (readonly string[])[],
): string {
  const rule = head.map((_, index) => (index === 0 ? '---' : '--:'))
  return [head, rule, ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

function renderTimes(rows: readonly RowResult[], tools: readonly ToolName[]): string {
  const peers = tools.filter((name) => name !== 'strake')
  const head = [
    'median time',
    ...tools.map((name) => titles[name]),
    ...peers.map((name) => `strake / ${titles[name]}`),
    'goal',
    'reached',
  ]
  const lines = rows.map(({ name, goal, cells }) => {
    const own = medianTime(cells.strake)
    return [
      name,
      ...tools.map((tool) => formatTime(medianTime(cells[tool]))),
      ...peers.map((peer) => formatRatio(own, medianTime(cells[peer]))),
      formatTime(goal),
      goal === undefined || own === undefined ? '' : own <= goal ? 'yes' : 'no',
    ]
  })
  return renderTable(head, lines)
}

/** Returns comparisons between rows of strake, which have no column in the table. */
function renderComparisons(rows: readonly RowResult[]): string {
  const lines = rows.flatMap(({ name, comparedWith, cells }) => {
    const other = rows.find((row) => row.name === comparedWith?.row)
    const [own, its] = [medianTime(cells.strake), medianTime(other?.cells.strake)]
    if (comparedWith === undefined || own === undefined || its === undefined) return []
    const goal = renderGoal(comparedWith, own, its)
    return [`- ${name} / ${comparedWith.row}: ${formatRatio(own, its)}${goal}`]
  })
  return lines.length === 0 ? '' : `Of strake alone:\n${lines.join('\n')}`
}

function renderGoal({ ratio, more }: Comparison, own: number, its: number): string {
  const answer = (isReached: boolean): string => (isReached ? 'yes' : 'no')
  if (ratio !== undefined) return ` (goal ${ratio}: ${answer(own <= ratio * its)})`
  if (more === undefined) return ''
  const difference = `${(own - its).toFixed(0)} ms more`
  return `, ${difference} (goal ${more} ms: ${answer(own - its <= more)})`
}

/** Returns the reasons of empty cells, each once. */
function renderReasons(rows: readonly RowResult[], tools: readonly ToolName[]): string {
  const reasons = rows.flatMap(({ name, cells }) =>
    tools.flatMap((tool) => {
      const cell = cells[tool]
      return cell === undefined || 'samples' in cell ? [] : [{ tool, name, ...cell }]
    }),
  )
  const lines = Map.groupBy(reasons, ({ tool, reason }) => `${titles[tool]}: ${shorten(reason)}`)
    .entries()
    .map(([reason, cells]) => `- ${cells.map(({ name }) => name).join('; ')}: ${reason}`)
    .toArray()
  return lines.length === 0 ? '' : `Not measured:\n${lines.join('\n')}`
}

function shorten(reason: string): string {
  const line = reason.replaceAll(/\s+/g, ' ')
  return line.length <= 300 ? line : `${line.slice(0, 300)} …`
}

function renderMemory(rows: readonly RowResult[], tools: readonly ToolName[]): string {
  const head = ['largest process', ...tools.map((name) => titles[name]), 'goal reached']
  const lines = rows.map(({ name, cells }) => {
    const own = peakBytes(cells.strake)
    return [
      name,
      ...tools.map((tool) => formatMegabytes(peakBytes(cells[tool]))),
      own === undefined ? '' : own <= memoryGoal ? 'yes' : 'no',
    ]
  })
  return renderTable(head, lines)
}

function renderWeights({ weights }: Results, tools: readonly ToolName[]): string {
  return renderTable(
    ['bytes allocated after', ...tools.map((name) => titles[name])],
    weights.map(({ after, bytes }) => [
      after,
      ...tools.map((tool) => formatMegabytes(bytes[tool])),
    ]),
  )
}

function renderEqual({ equal }: Results, tools: readonly ToolName[]): string {
  return renderTable(
    ['the same for all', ...tools.map((name) => titles[name]), 'equal'],
    equal.map((result) => [
      result.what,
      ...tools.map((tool) => result.values[tool] ?? ''),
      Object.keys(result.values).length < 2 ? '' : agree(result) ? 'yes' : 'NO',
    ]),
  )
}

/** Returns `35.2 ms` or `1.62 s`; an empty text without a value. */
export function formatTime(milliseconds: number | undefined): string {
  if (milliseconds === undefined) return ''
  if (milliseconds < 1000) return `${milliseconds.toFixed(milliseconds < 100 ? 1 : 0)} ms`
  return `${(milliseconds / 1000).toFixed(milliseconds < 10_000 ? 2 : 1)} s`
}

function formatRatio(own: number | undefined, other: number | undefined): string {
  return own === undefined || other === undefined ? '' : (own / other).toFixed(3)
}

function formatMegabytes(bytes: number | undefined): string {
  return bytes === undefined ? '' : (bytes / 1e6).toFixed(0)
}
