import {
  type ChildProcess,
  closeFile,
  fs,
  programEnvironment,
  removeTree,
  spawnProcess,
} from '#platform'

/** Bytes that are freed while nobody notices. */
const little = 32 * 1024 ** 2

/** Waits for the end of its input, lest the descriptors it was given be closed last by us. */
const script = 'read -r _; exec rm -rf --one-file-system -- "$@"'

/**
 * Removes folders of plain files that lie in the trash, where nobody finds them
 * any more, and closes the descriptors `held`: what ends with the last of them,
 * a mount and what the kernel keeps of its files, ends with this. The kernel
 * takes about 150 ms per gigabyte: many bytes are freed by a program that
 * outlives this one, and what a crash leaves of them the next clean-up takes.
 * Where room is scarce, waits instead: whoever removes then, needs the room now.
 */
export async function freeLater(
  folders: readonly string[],
  held: readonly number[] = [],
): Promise<void> {
  let helper: ChildProcess | undefined
  try {
    if (isWorthHelp(folders, held)) helper = startHelper(folders, held)
  } finally {
    for (const descriptor of held) closeFile(descriptor)
  }
  if (helper !== undefined) await helper.stdin?.end()
  else for (const folder of folders) await removeTree(folder)
}

function isWorthHelp(folders: readonly string[], held: readonly number[]): boolean {
  const size = folders.reduce((sum, folder) => sum + freedBy(folder), 0)
  const [first] = folders
  if (first !== undefined && isScarce(first, size)) return false
  return held.length > 0 || size >= little
}

/** A program that has the descriptors and has not begun; `undefined` where there is no shell. */
function startHelper(
  folders: readonly string[],
  held: readonly number[],
): ChildProcess | undefined {
  if (!fs().existsSync('/bin/sh')) return undefined
  const argv = ['/bin/sh', '-c', script, 'sh', ...folders]
  const stdio = ['pipe', 'ignore', 'ignore', ...held] as const
  const helper = spawnProcess(argv, { stdio, env: programEnvironment, cwd: '/' })
  helper.unref()
  return helper
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
