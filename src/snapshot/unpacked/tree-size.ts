import { ignoreAbsent } from '#platform'
/**
 * Bytes on disk of everything below `path`, a file with several names counted
 * once. Reads every directory: not for places where somebody waits.
 */
export async function treeSize(path: string): Promise<number> {
  const { lstat, readdir } = process.getBuiltinModule('node:fs/promises')
  const seen = new Set<number>()
  let size = 0
  const pending: Buffer[] = [Buffer.from(path)]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const status = await lstat(next).catch(ignoreAbsent)
    // What vanishes while it is counted takes nothing.
    if (status === undefined) continue
    if (!status.isDirectory() && status.nlink > 1) {
      if (seen.has(status.ino)) continue
      seen.add(status.ino)
    }
    size += status.blocks * 512
    if (!status.isDirectory()) continue
    // Names are bytes: not all of them are text.
    for (const name of (await readdir(next, { encoding: 'buffer' }).catch(ignoreAbsent)) ?? []) {
      pending.push(Buffer.concat([next, Buffer.from('/'), name]))
    }
  }
  return size
}
