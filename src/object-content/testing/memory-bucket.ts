import type { Bucket } from '#objects'
import { StrakeError } from '#oci'
import { concat, type KeptChunk, keepChunk } from '#stream'

/** A bucket in memory that counts its requests and checks the rules for parts. */
export interface MemoryBucket extends Bucket {
  readonly objects: Map<string, Uint8Array>
  /** Uploads in parts that are neither finished nor given up. */
  readonly uploads: Map<string, Map<number, Uint8Array>>
  readonly requests: string[]
  /** Called before each request; a test throws here. */
  before: (request: string) => void
}

const leastPart = 5 * 1024 * 1024

export function createMemoryBucket(): MemoryBucket {
  const objects = new Map<string, Uint8Array>()
  const uploads = new Map<string, Map<number, Uint8Array>>()
  const keys = new Map<string, string>()
  const requests: string[] = []
  let count = 0
  const note = (request: string): void => {
    requests.push(request)
    bucket.before(request)
  }
  const partsOf = (uploadId: string): Map<number, Uint8Array> => {
    const parts = uploads.get(uploadId)
    if (parts === undefined) throw new StrakeError('NOT_FOUND', 'no such upload')
    return parts
  }
  const bucket: MemoryBucket = {
    objects,
    uploads,
    requests,
    before: () => {},
    async status(key) {
      note('status')
      const found = objects.get(key)
      return found && { size: found.length, modified: 0 }
    },
    async *read(key, start = 0, end) {
      note('read')
      const found = objects.get(key)
      if (found === undefined) throw new StrakeError('NOT_FOUND', `no object ${key}`)
      const part = found.slice(start, end)
      for (let at = 0; at < part.length; at += 65_536) yield part.subarray(at, at + 65_536)
    },
    async write(key, bytes, size) {
      note('write')
      const chunks: KeptChunk[] = []
      for await (const chunk of bytes) chunks.push(keepChunk(chunk))
      const whole = concat(chunks)
      if (whole.length !== size) throw new StrakeError('INVALID', 'another size than announced')
      objects.set(key, whole)
    },
    async put(key, body) {
      note('write')
      objects.set(key, new Uint8Array(body))
    },
    async *list(prefix) {
      note('list')
      for (const [key, { length: size }] of [...objects].sort()) {
        if (key.startsWith(prefix)) yield { key, size, modified: 0 }
      }
    },
    async touch() {
      note('touch')
    },
    async delete(key) {
      note('delete')
      objects.delete(key)
    },
    locate: (key, seconds) => new URL(`https://bucket.test/${key}?seconds=${seconds}`),
    parts: {
      async start(key) {
        note('start')
        count += 1
        uploads.set(`upload-${count}`, new Map())
        keys.set(`upload-${count}`, key)
        return `upload-${count}`
      },
      async write(_key, uploadId, { number, body }) {
        note('part')
        partsOf(uploadId).set(number, body.slice())
        return `tag-${number}-${body.length}`
      },
      async finish(key, uploadId, tags) {
        note('finish')
        const parts = partsOf(uploadId)
        const all = tags.map((tag, index) => {
          const part = parts.get(index + 1)
          if (part === undefined || tag !== `tag-${index + 1}-${part.length}`) {
            throw new StrakeError('INVALID', `part ${index + 1} is not there`)
          }
          if (index < tags.length - 1 && part.length < leastPart) {
            throw new StrakeError('INVALID', `part ${index + 1} is too small`)
          }
          return part
        })
        objects.set(key, concat(all))
        uploads.delete(uploadId)
      },
      async abort(_key, uploadId) {
        note('abort')
        uploads.delete(uploadId)
      },
      async *list(prefix) {
        note('list uploads')
        for (const uploadId of [...uploads.keys()]) {
          const key = keys.get(uploadId) ?? ''
          if (key.startsWith(prefix)) yield { key, uploadId }
        }
      },
    },
  }
  return bucket
}
