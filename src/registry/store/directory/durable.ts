import { randomUUID } from 'node:crypto'
import { closeSync, constants, openSync, readdirSync, readFileSync } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** Reads a small file, faster than a round trip to a thread. Returns `undefined` when it is absent. */
export function readIfThere(path: string): string | undefined {
  let file: number
  try {
    // Without this flag, opening a FIFO would wait for a writer.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW)
  } catch (error) {
    if (isAbsence(error)) return undefined
    throw error
  }
  try {
    return readFileSync(file, 'utf8')
  } finally {
    closeSync(file)
  }
}

/** Returns the names in a directory in no order, or none when it is absent. */
export function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch (error) {
    if (isAbsence(error)) return []
    throw error
  }
}

/** Writes a file completely or not at all, and durably. */
export async function writeDurable(path: string, text: string): Promise<void> {
  const directory = dirname(path)
  await makeDurableDirectory(directory)
  const temporary = join(directory, `.${randomUUID()}`)
  try {
    await using file = await open(temporary, 'wx', 0o600)
    await file.writeFile(text)
    await file.sync()
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await syncDirectory(directory)
}

/** Makes a directory and its parents, and syncs each parent of a new directory. */
async function makeDurableDirectory(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: 0o700 })
  if (first === undefined) return
  for (let made = path; made.length >= first.length; made = dirname(made)) {
    await syncDirectory(dirname(made))
  }
}

async function syncDirectory(path: string): Promise<void> {
  await using handle = await open(path, 'r')
  await handle.sync()
}

function isAbsence(error: unknown): boolean {
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined
  return code === 'ENOENT' || code === 'ENOTDIR'
}
