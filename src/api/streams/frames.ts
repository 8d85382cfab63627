/** The streams of a process, with Docker's numbers. */
const numbers = { stdin: 0, stdout: 1, stderr: 2 } as const

/**
 * Returns a piece of output in the form that keeps several streams apart: the number of the stream,
 * three zero bytes, the length as 32 bits, the most significant byte first, and the piece.
 */
export function frame(stream: 'stdout' | 'stderr', piece: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(8 + piece.length)
  bytes[0] = numbers[stream]
  new DataView(bytes.buffer).setUint32(4, piece.length)
  bytes.set(piece, 8)
  return bytes
}

/** The content types of a stream of raw bytes, and of one in frames. */
export const rawStream = 'application/vnd.docker.raw-stream'
export const multiplexedStream = 'application/vnd.docker.multiplexed-stream'
