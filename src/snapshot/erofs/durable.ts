import { writeAll } from '#platform'

/** `node:fs/promises`, loaded when it is needed. */
const fs = (): typeof import('node:fs/promises') => process.getBuiltinModule('node:fs/promises')

/** Creates a file that survives a crash once its directory is synced. */
export async function writeDurable(
  path: string,
  content: Uint8Array | string,
  mode: number,
): Promise<void> {
  const file = await fs().open(path, 'wx', mode)
  try {
    await writeAll(file, typeof content === 'string' ? Buffer.from(content) : content)
    await file.sync()
  } finally {
    await file.close()
  }
}
