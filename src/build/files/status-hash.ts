import { createHash } from 'node:crypto'
import { encodeName } from '#tar'
import { isSettled } from './digests.ts'
import type { FileNode } from './node.ts'
import type { Selection } from './select-sources.ts'
import type { StatusOrigin } from './status-origin.ts'

/**
 * Hashes names and status of all selected files. Equal hashes mean equal contents.
 * No file is opened and no digest is looked up.
 *
 * Returns `undefined` when `origin` does not cover a file, or when a file changed so
 * shortly before `listedAt` (milliseconds) that another change may not change its
 * status.
 */
export function hashStatus(
  selections: readonly Selection[],
  { listedAt, origin }: { readonly listedAt: number; readonly origin: StatusOrigin },
): string | undefined {
  const hash = createHash('sha256').update(`${origin.name}\0`)
  const numbers = new Float64Array(numbersPerFile * filesPerUpdate)
  let names = ''
  let filled = 0
  const flush = (): void => {
    hash.update(encodeName(names)).update('\0').update(numbers.subarray(0, filled))
    names = ''
    filled = 0
  }
  for (const { name, isDirectory, items } of selections) {
    names += `${isDirectory ? 'directory' : 'file'} ${items.length} ${name}\0`
    for (const { relative, content } of items) {
      names += `${relative}\0`
      if ('inline' in content) names += `${JSON.stringify(content.inline)}\0`
      else {
        if (!origin.covers(content) || !isSettled(content, listedAt)) return undefined
        writeStatus(numbers, filled, content)
        filled += numbersPerFile
      }
      if (filled === numbers.length) flush()
    }
  }
  flush()
  return hash.digest('hex')
}

const numbersPerFile = 13
const filesPerUpdate = 1024
const types: readonly FileNode['type'][] = [
  'file',
  'directory',
  'symlink',
  'fifo',
  'socket',
  'character',
  'block',
]

function writeStatus(numbers: Float64Array, at: number, node: FileNode): void {
  numbers[at] = types.indexOf(node.type) * 0o10000 + node.mode
  numbers[at + 1] = node.uid
  numbers[at + 2] = node.gid
  numbers[at + 3] = node.size
  numbers[at + 4] = node.mtime
  numbers[at + 5] = node.mtimeNanoseconds
  numbers[at + 6] = node.ctime
  numbers[at + 7] = node.ctimeNanoseconds
  numbers[at + 8] = node.inodeLow
  numbers[at + 9] = node.inodeHigh
  numbers[at + 10] = node.device
  numbers[at + 11] = node.deviceMajor
  numbers[at + 12] = node.deviceMinor
}
