import type { Engine } from '#engine/engine'
import { type Attachment, readAttachments } from '#engine/history/attachments'
import { buildHistory } from '#engine/history/history'
import { GrpcError, type Method, serverStream, unary } from '#grpc'
import * as content from '../../client/messages/content.ts'

/** The most bytes of one message. The limit of programs in Go is 4 MiB. */
const largestPart = 1024 * 1024

/** The content service of containerd, for the attestations of recorded builds and nothing else. */
export function attachmentMethods(engine: Engine): readonly Method[] {
  return [
    unary(content.Info, async ({ digest }) => {
      const { raw } = await findAttachment(engine, digest)
      return { info: { digest, size: raw.length } }
    }),
    serverStream(content.Read, async function* ({ digest, offset, size }) {
      const { raw } = await findAttachment(engine, digest)
      const end = size > 0 ? Math.min(offset + size, raw.length) : raw.length
      for (let at = Math.max(offset, 0); at < end; at += largestPart) {
        yield { offset: at, data: raw.subarray(at, Math.min(at + largestPart, end)) }
      }
    }),
  ]
}

async function findAttachment(engine: Engine, digest: string): Promise<Attachment> {
  for (const record of await buildHistory(engine)) {
    const attachments = await readAttachments(engine, record)
    const found = attachments.find(({ descriptor }) => descriptor.digest === digest)
    if (found !== undefined) return found
  }
  throw new GrpcError('NOT_FOUND', `no recorded build has an attestation ${digest}`)
}
