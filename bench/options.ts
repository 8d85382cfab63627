/** The programs to compare. */
export type ToolName = 'strake' | 'docker' | 'podman'

export const toolNames: readonly ToolName[] = ['strake', 'docker', 'podman']

export const peerNames: readonly ToolName[] = ['docker', 'podman']

export interface Options {
  /** Words; a row is measured when its name contains one of them. All rows when empty. */
  readonly rows: readonly string[]
  /** Runs of every row, instead of the row's own number. */
  readonly runs?: number | undefined
  readonly without: ReadonlySet<ToolName>
  /** Measure a second time with every store on disk. */
  readonly disk: boolean
  /** Write the tables to bench/results.md. */
  readonly keep: boolean
  /** An executable to measure instead of dist/strake. */
  readonly program?: string | undefined
}

export const usage = `Usage: scripts/bun bench/main.ts [ROW...] [options]

Measures strake beside Docker and Podman, and writes bench/.cache/results.md. Needs root.

  ROW                     only rows whose names contain one of these words
  --runs N                how often each row runs, instead of its own number
  --without TOOL[,TOOL]   leave docker or podman out; without both, strake runs in
                          this machine's root with its runtimes
  --disk                  a second table with the stores on disk, every row three times
  --keep                  write the tables to bench/results.md instead
  --program PATH          measure this executable instead of dist/strake

Example:
  scripts/bun bench/main.ts build push --runs 1 --without podman`

export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Reads the words after `bench/main.ts`. Throws `UsageError`. */
export function parseOptions(words: readonly string[]): Options {
  const rows: string[] = []
  const without = new Set<ToolName>()
  let runs: number | undefined
  let disk = false
  let keep = false
  let program: string | undefined
  const rest = words.flatMap((word) => (word.startsWith('--') ? word.split('=', 2) : [word]))
  while (rest.length > 0) {
    const word = rest.shift() ?? ''
    if (word === '--disk') disk = true
    else if (word === '--keep') keep = true
    else if (word === '--runs') runs = parseRuns(rest.shift())
    else if (word === '--program') program = parsePath(rest.shift())
    else if (word === '--without') for (const peer of parsePeers(rest.shift())) without.add(peer)
    else if (word.startsWith('-')) throw new UsageError(`Cannot read the options: what is ${word}?`)
    else rows.push(word)
  }
  return {
    rows,
    without,
    disk,
    keep,
    runs,
    program,
  }
}

function parseRuns(text: string | undefined): number {
  const runs = Number(text)
  if (!Number.isInteger(runs) || runs < 1) {
    throw new UsageError('Cannot read the options: --runs takes a whole number from 1')
  }
  return runs
}

function parsePath(text: string | undefined): string {
  if (text === undefined) throw new UsageError('Cannot read the options: --program takes a path')
  return text
}

function parsePeers(text: string | undefined): readonly ToolName[] {
  return (text ?? '').split(',').map((word) => {
    const peer = peerNames.find((name) => name === word)
    if (peer === undefined) {
      throw new UsageError(`Cannot read the options: --without takes ${peerNames.join(' or ')}`)
    }
    return peer
  })
}
