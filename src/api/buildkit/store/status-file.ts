import type { Engine } from '#engine/engine'
import type { BuildRecord } from '#engine/history/history'
import { decode, encode } from '#grpc'
import { StrakeError } from '#oci'
import { StatusResponse } from '../messages/status.ts'
import { replayBuild } from './history.ts'

/** The media type of the progress of a build in a bundle of buildx. */
export const statusType = 'application/vnd.buildkit.status.v0'

/** Bytes of the size before each message. */
const headSize = 4

/** Writes the progress of a recorded build as BuildKit keeps it: messages with their sizes. */
export async function writeStatusFile(engine: Engine, { id }: BuildRecord): Promise<Uint8Array> {
  const messages = (await replayBuild(engine, id)) ?? []
  return Buffer.concat(
    messages.flatMap((message) => {
      const raw = encode(StatusResponse, message)
      const head = Buffer.alloc(headSize)
      head.writeUInt32LE(raw.length)
      return [head, raw]
    }),
  )
}

/**
 * Reads the progress of a build that BuildKit recorded, as the log of a record: an event a line.
 * Throws `INVALID`.
 */
export function readStatusFile(file: Uint8Array, { startedAt }: BuildRecord): string {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength)
  const lines: string[] = []
  const add = (time: Time, event: object): void => {
    const at = time === undefined ? 0 : time.seconds * 1000 + time.nanos / 1e6
    lines.push(JSON.stringify({ at: Math.max(0, Math.round(at - startedAt.getTime())), event }))
  }
  for (let at = 0; at < bytes.length; ) {
    const start = at + headSize
    const end = start > bytes.length ? start : start + bytes.readUInt32LE(at)
    if (end > bytes.length) throw new StrakeError('INVALID', 'Cannot read a log: it ends too early')
    const { vertexes, logs, warnings } = decode(StatusResponse, bytes.subarray(start, end))
    for (const { digest: id, name, started, completed, cached, error } of vertexes) {
      const step = { type: 'step', id, name }
      if (completed === undefined) {
        if (started !== undefined) add(started, { ...step, state: 'started' })
        continue
      }
      const state = error !== '' ? 'failed' : cached ? 'cached' : 'done'
      add(completed, { ...step, state, ...(error !== '' && { error }) })
    }
    for (const { vertex: id, timestamp, stream, msg } of logs) {
      const text = new TextDecoder().decode(msg)
      add(timestamp, { type: 'log', id, stream: stream === 2 ? 'stderr' : 'stdout', text })
    }
    for (const { short } of warnings) {
      add(undefined, { type: 'warning', message: new TextDecoder().decode(short) })
    }
    at = end
  }
  return lines.map((line) => `${line}\n`).join('')
}

type Time = { readonly seconds: number; readonly nanos: number } | undefined
