import type { Pruned } from '#engine/prune'
import { StrakeError } from '#oci'
import type { Context } from './context.ts'
import { confirm } from './prompt.ts'
import { formatSize } from './render/units.ts'

/** Asks on a terminal; refuses without one unless `force`, so that no script destroys by surprise. */
export async function confirmed(question: string, force: boolean): Promise<boolean> {
  if (force) return true
  if (!process.stdin.isTTY) {
    throw new StrakeError(
      'INVALID',
      'Cannot ask before removing: standard input is not a terminal',
      {
        remedy: 'add --force',
      },
    )
  }
  return confirm(question)
}

const titles = {
  containers: 'Deleted containers',
  untagged: 'Untagged images',
  images: 'Deleted images',
  cache: 'Deleted build cache',
} as const

export function printPruned({ out }: Context, pruned: Pruned): void {
  for (const key of ['containers', 'untagged', 'images', 'cache'] as const) {
    const names = pruned[key]
    if (names.length === 0) continue
    out.write(`${titles[key]}:\n${names.map((name) => `${name}\n`).join('')}\n`)
  }
  out.write(`Total reclaimed space: ${formatSize(pruned.reclaimed)}\n`)
}
