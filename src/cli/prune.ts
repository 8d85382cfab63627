import { formatDuration } from '#docker/columns/duration'
import type { Pruned } from '#engine/store/pruned'
import { StrakeError } from '#oci'
import type { Context } from './context.ts'
import { confirm, readAnswer } from './prompt.ts'
import type { Output } from './render/output.ts'
import { printableLine } from './render/text.ts'
import { formatSum } from './render/units.ts'

/**
 * Asks for confirmation, on the terminal or from a pipe. Throws without an answer
 * unless `force` is given, so that a script never deletes by accident.
 */
export async function confirmed(
  { err, signal }: Context,
  question: string,
  force: boolean,
): Promise<boolean> {
  if (force) return true
  if (process.stdin.isTTY) return confirm(question, signal)
  err.write(`${question} [y/N] `)
  const answer = await readAnswer(signal)
  err.write('\n')
  if (answer !== undefined) return answer
  throw new StrakeError('INVALID', 'Cannot ask before removing: standard input has no answer', {
    remedy: 'add --force',
  })
}

/** Prints the removed objects in Docker's words and order. */
export function printPruned({ out, err }: Context, pruned: Pruned): void {
  const { containers, untagged, images, networks, volumes, cache } = pruned
  const sections = [
    { title: 'Deleted Containers', lines: containers },
    { title: 'Deleted Networks', lines: networks },
    {
      title: 'Deleted Images',
      lines: [
        ...untagged.map((name) => `untagged: ${name}`),
        ...images.map((id) => `deleted: ${id}`),
      ],
    },
    { title: 'Deleted Volumes', lines: volumes },
    { title: 'Deleted build cache objects', lines: cache },
  ]
  for (const { title, lines } of sections) {
    if (lines.length > 0) out.write(`${[`${title}:`, ...lines].join('\n')}\n\n`)
  }
  out.write(`Total reclaimed space: ${formatSum(pruned.reclaimed)}\n`)
  printHolders(err, pruned.holders)
}

/** Names the processes that use content, to explain why a prune did not remove it. */
export function printHolders(err: Output, holders: Pruned['holders']): void {
  for (const { purpose, pid, acquiredAt } of holders) {
    const age = formatDuration((Date.now() - acquiredAt) / 1000).toLowerCase()
    err.write(`kept for process ${pid}, running for ${age}: strake ${printableLine(purpose)}\n`)
  }
}
