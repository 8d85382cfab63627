import { bidi, type Method, type ReceivedMetadata } from '#grpc'
import { packetType, SendFiles, type Stat } from '../messages/files.ts'

/** What a client has received. */
export interface Taken {
  readonly stats: Stat[]
  readonly contents: Map<string, string>
  metadata?: ReceivedMetadata
}

/** Receives files as clients in Go do: asks for every regular file. */
export function takeFiles(taken: Taken, refusal?: string): Method {
  return bidi(SendFiles, async (stream, { metadata }) => {
    taken.metadata = metadata
    const open = new Map<number, Buffer[]>()
    let isListed = false
    for await (const { type, stat, id, data } of stream) {
      if (refusal !== undefined) {
        await stream.send({ type: packetType.error, data: new TextEncoder().encode(refusal) })
        return
      }
      if (type === packetType.stat && stat !== undefined) {
        const number = taken.stats.push(stat) - 1
        if ((stat.mode & 0x8f280000) === 0 && stat.linkname === '') {
          open.set(number, [])
          await stream.send({ type: packetType.request, id: number })
        }
      } else if (type === packetType.stat) isListed = true
      else if (type === packetType.data && data.length > 0) open.get(id)?.push(Buffer.from(data))
      else if (type === packetType.data) {
        taken.contents.set(
          taken.stats[id]?.path ?? '',
          Buffer.concat(open.get(id) ?? []).toString(),
        )
        open.delete(id)
      } else if (type === packetType.end) return
      if (isListed && open.size === 0) await stream.send({ type: packetType.end })
    }
  })
}
