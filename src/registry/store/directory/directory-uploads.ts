import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Upload, UploadFacts } from '../uploads.ts'
import { namesIn, readIfThere } from './durable.ts'

/**
 * Keeps uploads as small files in a directory. Writing them is faster than a round trip to
 * a thread. They are not synced: after a power cut a client begins its upload again.
 */
export function createDirectoryUploads(directory: string): UploadFacts {
  const pathOf = (id: string): string => join(directory, id)
  const read = (id: string): Upload | undefined => {
    const text = isUploadId(id) ? readIfThere(pathOf(id)) : undefined
    return text === undefined ? undefined : parseUpload(id, text)
  }
  return {
    async put(upload) {
      const write = (): void => {
        writeFileSync(pathOf(upload.id), JSON.stringify(upload), { mode: 0o600 })
      }
      try {
        write()
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
        mkdirSync(directory, { recursive: true, mode: 0o700 })
        write()
      }
    },
    find: async (id) => read(id),
    async remove(id) {
      if (isUploadId(id)) rmSync(pathOf(id), { force: true })
    },
    async *list() {
      for (const id of namesIn(directory)) {
        const upload = read(id)
        if (upload !== undefined) yield upload
      }
    },
  }
}

function isUploadId(id: string): boolean {
  return /^[0-9a-f]{32}$/.test(id)
}

/** Returns `undefined` for a file that a crash left incomplete. */
function parseUpload(id: string, text: string): Upload | undefined {
  try {
    const upload = JSON.parse(text) as Upload
    return upload.id === id ? upload : undefined
  } catch {
    return undefined
  }
}
