import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { tables } from './table.ts'
import { type Entry, parseTranscript } from './transcript.ts'

/** A member of a document of `inspect` or of a listing that one of the two programs has alone. */
export interface ShapeDifference {
  /** The end of its path and its type, or a part of its path: `.Config.StopSignal `. */
  readonly member: string
  readonly reason: string
}

/** The answers of strake to lines of a group that differ on purpose, with their reasons. */
export async function readDifferences(name: string): Promise<readonly Entry[]> {
  const path = join(tables, 'differences', `${name}.txt`)
  return parseTranscript(await readFile(path, 'utf8').catch(() => ''))
}

/** Reads `shapes.txt`: a reason behind `#`, and below it the members that it explains. */
export async function readShapeDifferences(): Promise<readonly ShapeDifference[]> {
  const text = await readFile(join(tables, 'differences/shapes.txt'), 'utf8')
  let reason = ''
  const found: ShapeDifference[] = []
  for (const line of text.split('\n')) {
    if (line.startsWith('# ')) reason = line.slice(2)
    else if (line !== '') found.push({ member: line, reason })
  }
  return found
}
