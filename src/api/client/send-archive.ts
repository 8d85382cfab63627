import type { Metadata } from '#grpc'
import { type Bytes, rechunk } from '#stream'
import type { ClientSession } from './client-session.ts'
import { SendFile } from './messages/files.ts'

/** Bytes of one message. Clients in Go take 4 MiB. */
const partSize = 1024 * 1024

export interface ArchiveRequest {
  /** The number of the output in the request of the client. */
  readonly output: number
  /** Facts about the archive, such as `containerimage.digest`. */
  readonly facts?: Readonly<Record<string, string>> | undefined
  readonly signal?: AbortSignal | undefined
}

/** Sends one file to the client, and waits until the client has written it. */
export async function sendArchive(
  session: ClientSession,
  bytes: Bytes,
  { output, facts = {}, signal }: ArchiveRequest,
): Promise<void> {
  session.require(SendFile.path, 'a place for the result')
  const metadata: Metadata = {
    ...outputMetadata(output),
    ...Object.fromEntries(
      Object.entries(facts).map(([name, value]) => [`exporter-md-${name}`, value]),
    ),
  }
  const stream = session.client.open(SendFile, { metadata, signal })
  const ended = Array.fromAsync(stream)
  ended.catch(() => {})
  try {
    for await (const data of rechunk(bytes, partSize)) {
      await stream.send({ data }).catch(async (error) => {
        // The status of the call tells why the client takes no more.
        await ended
        throw error
      })
    }
  } catch (error) {
    stream.cancel()
    throw error
  }
  stream.end()
  await ended
}

/** The metadata of a call that sends a result. */
export function outputMetadata(output: number): Metadata {
  return { 'buildkit-attachable-exporter-id': String(output) }
}
