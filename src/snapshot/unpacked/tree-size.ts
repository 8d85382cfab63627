import { ignoreAbsent } from '#platform'
/**
 * Bytes on disk of everything below `path`; counts a file with several names once. Reads every
 * directory, so it is slow for large trees.
 */
export async function treeSize(path: string): Promise<number> {
  const { lstat, readdir } = process.getBuiltinModule('node:fs/promises')
  const seen = new Set<number>()
  let size = 0
  const pending: Buffer[] = [Buffer.from(path)]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const status = await lstat(next).catch(ignoreAbsent)
    // An entry that was removed during the count takes no space.
    if (status === undefined) continue
    if (!status.isDirectory() && status.nlink > 1) {
      if (seen.has(status.ino)) continue
      seen.add(status.ino)
    }
    size += status.blocks * 512
    if (!status.isDirectory()) continue
    // Names are bytes and may be invalid UTF-8.
    for (const name of (await readdir(next, { encoding: 'buffer' }).catch(ignoreAbsent)) ?? []) {
      pending.push(Buffer.concat([next, Buffer.from('/'), name]))
    }
  }
  return size
}
