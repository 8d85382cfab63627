import { lstatSync, lutimesSync, readdirSync } from 'node:fs'

/**
 * Makes times below `root` that are later than `epoch` the epoch, as the layer
 * made of it has them. `root` belongs to us alone; links are not followed.
 */
export function clampTimes(root: string, epoch: number): void {
  for (const entry of readdirSync(root, { withFileTypes: true })) {
    const path = `${root}/${entry.name}`
    if (entry.isDirectory()) clampTimes(path, epoch)
    clampTime(path, epoch)
  }
}

function clampTime(path: string, epoch: number): void {
  const { mtimeMs } = lstatSync(path)
  if (mtimeMs > epoch * 1000) lutimesSync(path, epoch, epoch)
}
