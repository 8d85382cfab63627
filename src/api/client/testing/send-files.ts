import { bidi, type Draft, type Method, type ReceivedMetadata } from '#grpc'
import { type Packet, packetType, type Stat, SyncFiles } from '../messages/files.ts'

/** A file of a client: its status and its contents. */
export type ClientFile = Draft<typeof Stat> & { readonly contents?: string | undefined }

/** What a client saw of a transfer. */
export interface Asked {
  readonly questions: number[]
  readonly errors: string[]
  metadata?: ReceivedMetadata
}

/** Sends files as clients in Go do. `sent` may hold further packets that come before the last one. */
export function sendFiles(
  files: readonly ClientFile[],
  asked: Asked = { questions: [], errors: [] },
  extra: readonly Draft<typeof Packet>[] = [],
): Method {
  return bidi(SyncFiles, async (stream, { metadata }) => {
    asked.metadata = metadata
    for (const stat of files) await stream.send({ type: packetType.stat, stat })
    for (const packet of extra) await stream.send(packet)
    await stream.send({ type: packetType.stat })
    for await (const { type, id, data } of stream) {
      if (type === packetType.error) {
        asked.errors.push(new TextDecoder().decode(data))
        return
      }
      if (type === packetType.end) {
        await stream.send({ type: packetType.end })
        return
      }
      asked.questions.push(id)
      const bytes = new TextEncoder().encode(files[id]?.contents ?? '')
      for (let at = 0; at < bytes.length; at += 32_768) {
        await stream.send({ type: packetType.data, id, data: bytes.subarray(at, at + 32_768) })
      }
      await stream.send({ type: packetType.data, id })
    }
  })
}

/** A regular file with a time. */
export function file(path: string, contents: string, more: Partial<ClientFile> = {}): ClientFile {
  const size = Buffer.byteLength(contents)
  return { path, contents, size, mode: 0o644, modTime: 1_700_000_000_123_456_789n, ...more }
}

export function directory(path: string, permissions = 0o755): ClientFile {
  return { path, mode: 2 ** 31 + permissions }
}

export function symlink(path: string, linkname: string): ClientFile {
  return { path, linkname, mode: 2 ** 27 + 0o777 }
}
