import type { Transform } from 'node:stream'
import type { Bytes } from '../bytes.ts'

/** A decoder of `node:zlib`: `bytesWritten` counts the input it has used. */
export type Decoder = Transform & { readonly bytesWritten: number }

/**
 * Sends bytes through a decoder of `node:zlib`, which works on the runtime's thread pool. Bytes
 * after the decoder's end go to `onRest`. Requests the next input chunk only when the decoder has
 * used the last one, so producers may reuse buffers.
 */
export async function* pumped(
  bytes: Bytes,
  decoder: Decoder,
  onRest: (rest: Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  const feeding = feed(bytes, decoder, onRest)
  feeding.catch((error) => decoder.destroy(error instanceof Error ? error : new Error(`${error}`)))
  try {
    for await (const chunk of decoder) yield chunk
    await feeding
  } finally {
    decoder.destroy()
    await feeding.catch(() => {})
  }
}

async function feed(
  bytes: Bytes,
  decoder: Decoder,
  onRest: (rest: Uint8Array) => void,
): Promise<void> {
  const closed = new Promise<void>((resolve) => decoder.once('close', resolve))
  decoder.on('error', () => {})
  let fed = 0
  let ended = false
  for await (const chunk of bytes) {
    if (ended) {
      onRest(chunk)
      continue
    }
    if (decoder.destroyed) return
    fed += chunk.length
    const written = new Promise<void>((resolve) => decoder.write(chunk, () => resolve()))
    await Promise.race([written, closed])
    if (decoder.errored) return
    const unused = fed - decoder.bytesWritten
    ended = unused > 0
    if (ended) onRest(chunk.subarray(chunk.length - unused))
  }
  if (!ended) decoder.end()
}
