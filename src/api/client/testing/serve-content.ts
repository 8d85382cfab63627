import { bidi, GrpcError, type Method, serverStream, unary } from '#grpc'
import { Info, Read, Write, writeAction } from '../messages/content.ts'

/** The blobs of a client, finished and unfinished, by digest. */
export interface Blobs {
  readonly finished: Map<string, Uint8Array>
  readonly unfinished: Map<string, Uint8Array>
  readonly stores: string[]
}

/** Serves blobs as clients in Go do. */
export function serveContent({ finished, unfinished, stores }: Blobs): readonly Method[] {
  const find = (digest: string): Uint8Array => {
    const blob = finished.get(digest)
    if (blob === undefined) throw new GrpcError('NOT_FOUND', `content ${digest}: not found`)
    return blob
  }
  return [
    unary(Info, async ({ digest }, { metadata }) => {
      stores.push(metadata.first('buildkit-attachable-store-id') ?? '')
      return { info: { digest, size: find(digest).length } }
    }),
    serverStream(Read, async function* ({ digest, offset, size }) {
      const blob = find(digest).subarray(offset, offset + size)
      for (let at = 0; at < blob.length; at += 1000) {
        yield { offset: offset + at, data: blob.subarray(at, at + 1000) }
      }
    }),
    bidi(Write, async (stream) => {
      for await (const { action, expected, offset, data } of stream) {
        if (finished.has(expected)) throw new GrpcError('ALREADY_EXISTS', 'it exists')
        let known = unfinished.get(expected) ?? new Uint8Array()
        if (action === writeAction.write) {
          if (offset !== known.length) throw new GrpcError('OUT_OF_RANGE', 'wrong offset')
          known = Buffer.concat([known, data])
          unfinished.set(expected, known)
        } else if (action === writeAction.commit) finished.set(expected, known)
        await stream.send({ action, offset: known.length })
        if (action === writeAction.commit) return
      }
    }),
  ]
}
