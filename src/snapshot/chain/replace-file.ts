import { fs, makeDirectory, removeTree, renamePath, syncDirectory } from '#platform'
import { ownedName } from './owner-name.ts'

/** Creates a file whose content survives a crash once its directory is synced. */
export function writeSynced(path: string, content: Uint8Array | string, mode: number): void {
  const file = fs().openSync(path, 'wx', mode)
  try {
    fs().writeFileSync(file, content)
    fs().fsyncSync(file)
  } finally {
    fs().closeSync(file)
  }
}

/** Replaces the file at `path`, or creates it, durably. */
export async function replaceFile(
  chains: { staging(name: string): string },
  path: string,
  { content, mode }: { readonly content: Uint8Array | string; readonly mode: number },
): Promise<void> {
  const staging = chains.staging(ownedName('active'))
  makeDirectory(staging, 0o700)
  try {
    writeSynced(`${staging}/file`, content, mode)
    await removeTree(path)
    renamePath(`${staging}/file`, path)
    await syncDirectory(path.slice(0, path.lastIndexOf('/')))
  } finally {
    await removeTree(staging)
  }
}
