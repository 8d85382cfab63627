import {
  type ChildProcess,
  closeFile,
  fs,
  ignoreAbsent,
  programEnvironment,
  removeTree,
  spawnProcess,
} from '#platform'

/** Bytes that can be freed without a noticeable delay. */
const little = 32 * 1024 ** 2

/**
 * Waits until our end of stdin closes, so that this child, not we, closes the inherited descriptors
 * last.
 */
const script = 'read -r _; exec rm -rf --one-file-system -- "$@"'

/**
 * Removes folders of plain files that are in the trash, and closes the descriptors `held`. A mount
 * whose last descriptor is closed ends with it, and the kernel then frees its memory. Freeing takes
 * about 150 ms per GB, so large amounts go to a detached child; if that crashes, the next clean-up
 * removes the rest. On a nearly full disk this waits instead, because the caller needs the space
 * now.
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

/**
 * Starts a program that inherits the descriptors and waits for its input to end; `undefined` where
 * there is no shell.
 */
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

/**
 * Bytes that are freed with the folder: those of files that have no other name. Another process
 * may empty the trash at the same time, so a folder or file may be gone.
 */
function freedBy(folder: string): number {
  const sizes = ifPresent(() => fs().readdirSync(folder))?.map((name) => {
    const found = fs().lstatSync(`${folder}/${name}`, { throwIfNoEntry: false })
    return found?.nlink === 1 ? found.blocks * 512 : 0
  })
  return (sizes ?? []).reduce((sum, size) => sum + size, 0)
}

function isScarce(path: string, size: number): boolean {
  const found = ifPresent(() => fs().statfsSync(path))
  return found !== undefined && found.bavail * found.bsize < 4 * size
}

function ifPresent<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    return ignoreAbsent(error)
  }
}
