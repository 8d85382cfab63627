import { programEnvironment, removeTree, spawnProcess } from '#platform'

/** `node:fs`, loaded when it is needed: mounting for a container does not. */
const fs = (): typeof import('node:fs') => process.getBuiltinModule('node:fs')

/** Bytes that are freed while nobody notices. */
const little = 32 * 1024 ** 2

/**
 * Removes folders of plain files that lie in the trash, where nobody finds them
 * any more. The kernel takes about 150 ms per gigabyte to give the space back:
 * many bytes are freed by a program that outlives this one, and what a crash
 * leaves of them the next clean-up takes. Where room is scarce, waits instead:
 * whoever removes then, needs the room now. Descriptors `held` are given to that
 * program as well: what ends with the last of them, ends with it.
 */
export async function freeLater(
  folders: readonly string[],
  held: readonly number[] = [],
): Promise<void> {
  const size = folders.reduce((sum, folder) => sum + freedBy(folder), 0)
  const rm = ['/bin/rm', '/usr/bin/rm'].find((path) => fs().existsSync(path))
  const [first] = folders
  if (first === undefined) return
  if (size < little || rm === undefined || isScarce(first, size)) {
    for (const folder of folders) await removeTree(folder)
    return
  }
  const argv = [rm, '-rf', '--one-file-system', '--', ...folders]
  const stdio = ['ignore', 'ignore', 'ignore', ...held] as const
  spawnProcess(argv, { stdio, env: programEnvironment, cwd: '/' }).unref()
}

/** Bytes that go with the last names of the files in a folder. */
function freedBy(folder: string): number {
  return fs()
    .readdirSync(folder)
    .map((name) => fs().lstatSync(`${folder}/${name}`))
    .reduce((sum, { nlink, blocks }) => sum + (nlink === 1 ? blocks * 512 : 0), 0)
}

function isScarce(path: string, size: number): boolean {
  const { bavail, bsize } = fs().statfsSync(path)
  return bavail * bsize < 4 * size
}
