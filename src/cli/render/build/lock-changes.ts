import type { ExplainedChange } from '#engine/reproduce/update-lock'
import { printable } from '../text.ts'

/** One change in two or three lines, with the instructions that use the source if wanted. */
export function formatLockChanges(
  file: string,
  changes: readonly ExplainedChange[],
  why: boolean,
): string {
  if (changes.length === 0) return `${printable(file)} has the present versions\n`
  return changes
    .flatMap((change) => [
      `${change.kind.padEnd(7)}  ${printable(change.name)}`,
      `${indent}${versions(change)}`,
      ...(why ? usesOf(change) : []),
    ])
    .map((line) => `${line}\n`)
    .join('')
}

const indent = ' '.repeat(9)

function versions({ before, after }: ExplainedChange): string {
  if (before === undefined) return printable(after ?? '')
  return after === undefined ? printable(before) : `${printable(before)} -> ${printable(after)}`
}

function usesOf({ kind, uses }: ExplainedChange): readonly string[] {
  if (kind === 'removed') return [`${indent}no instruction uses it`]
  return uses.map(({ line, text }) => {
    const place = line === undefined ? '' : `line ${line}: `
    return `${indent}${place}${printable(text)}`
  })
}
