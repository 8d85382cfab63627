import type { ClientStream, Draft } from '#grpc'
import { isStrakeError, StrakeError } from '#oci'
import { fs, treeCalls } from '#platform'
import type { ClientSession } from '../client-session.ts'
import { type Packet, packetType, SendFiles } from '../messages/files.ts'
import { outputMetadata } from '../send-archive.ts'
import { readTree, type SentFile } from './sent-tree.ts'

export interface DirectoryRequest {
  /** The number of the output in the request of the client. */
  readonly output: number
  /** Called with the number of bytes that were sent until now. */
  readonly onProgress?: ((bytes: number) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/** Bytes of one packet with contents. */
const partSize = 256 * 1024

/**
 * Sends the files of a directory to the client, which asks for the contents of those that it does
 * not have. Waits until the client has written them.
 */
export async function sendFiles(
  session: ClientSession,
  directory: string,
  { output, onProgress, signal }: DirectoryRequest,
): Promise<void> {
  session.require(SendFiles.path, 'a place for the result')
  const metadata = { ...outputMetadata(output), 'buildkit-exporter-multi-platform': '1' }
  const stream = session.client.open(SendFiles, { metadata, signal })
  const root = treeCalls.openRoot(directory)
  try {
    const files: SentFile[] = []
    let isDone = false
    const list = async (): Promise<void> => {
      let id = 0
      for (const { stat, file } of readTree(root)) {
        if (file !== undefined) files[id] = file
        id++
        await stream.send({ type: packetType.stat, stat })
      }
      await stream.send({ type: packetType.stat })
    }
    const answer = async (): Promise<void> => {
      let sent = 0
      for await (const { type, id, data } of stream) {
        if (type === packetType.request) {
          const file = files[id]
          delete files[id]
          if (file === undefined) throw refuse('the client asked for a file that it may not have')
          await sendContents(stream, root, { id, file }, (size) => {
            sent += size
            onProgress?.(sent)
          })
        } else if (type === packetType.error) {
          const text = new TextDecoder().decode(data).slice(0, 1000)
          throw refuse(`the client cannot write them: ${text}`)
        } else if (type === packetType.end) {
          isDone = true
          await stream.send({ type: packetType.end })
          stream.end()
        }
      }
    }
    const listed = list().catch((error: unknown) => {
      stream.cancel()
      return error
    })
    const answered = await answer().then(
      () => undefined,
      (error: unknown) => error,
    )
    const failure = isStrakeError(await listed) ? await listed : answered
    if (failure !== undefined && !isDone) throw failure
    if (!isDone) throw refuse('the client has ended the transfer before its end')
  } finally {
    stream.cancel()
    treeCalls.closeDescriptor(root)
  }
}

async function sendContents(
  stream: ClientStream<Packet, Draft<typeof Packet>>,
  root: number,
  { id, file }: { readonly id: number; readonly file: SentFile },
  onPart: (size: number) => void,
): Promise<void> {
  const dir = treeCalls.resolveDirectory(root, file.parent, { links: 'refuse' })
  const fd = dir === undefined ? undefined : treeCalls.openFileAt(dir, file.name)
  if (dir !== undefined) treeCalls.closeDescriptor(dir)
  if (fd === undefined) throw refuse('a file has vanished')
  try {
    const buffer = new Uint8Array(partSize)
    for (;;) {
      const size = fs().readSync(fd, buffer, 0, partSize, null)
      if (size === 0) break
      await stream.send({ type: packetType.data, id, data: buffer.subarray(0, size) })
      onPart(size)
    }
    await stream.send({ type: packetType.data, id })
  } finally {
    treeCalls.closeDescriptor(fd)
  }
}

function refuse(reason: string): StrakeError {
  return new StrakeError('UNAVAILABLE', `Cannot send files to the client: ${reason}`)
}
