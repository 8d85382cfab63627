import type { Socket } from 'node:net'

/** The headers that describe a session. */
const described = /^x-(?:docker-expose-session|buildkit-session)-/

/** The most bytes of the answer. */
const longestAnswer = 16 * 1024

/**
 * Asks the process that builds to take a session on a connection. Resolves when the connection
 * carries the session. Throws when the process refuses it.
 */
export async function beginSession(socket: Socket, headers: Headers): Promise<Socket> {
  const lines = [...headers].filter(([name]) => described.test(name))
  const head = [
    'POST /session HTTP/1.1',
    'Host: docker',
    'Connection: Upgrade',
    'Upgrade: h2c',
    ...lines.map(([name, value]) => `${name}: ${value}`),
  ]
  socket.write(Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'))
  const answer = await readHead(socket)
  if (!answer.startsWith('HTTP/1.1 101 ')) {
    socket.destroy()
    throw new Error(`the process for builds answered ${JSON.stringify(answer.slice(0, 200))}`)
  }
  return socket
}

/** Reads the head of an answer. What follows stays in the socket. */
async function readHead(socket: Socket): Promise<string> {
  let bytes: Buffer = Buffer.alloc(0)
  for (;;) {
    const chunk: Buffer | null = socket.read()
    if (chunk === null) {
      await readable(socket)
      continue
    }
    bytes = Buffer.concat([bytes, chunk])
    const end = bytes.indexOf('\r\n\r\n')
    if (end < 0 && bytes.length <= longestAnswer) continue
    const rest = bytes.subarray(end + 4)
    if (end >= 0 && rest.length > 0) socket.unshift(rest)
    return bytes.toString('latin1', 0, Math.max(end, 0))
  }
}

function readable(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      for (const name of ['readable', 'end', 'close', 'error']) socket.off(name, settle)
      const isOver = socket.destroyed || socket.readableEnded
      if (socket.readableLength > 0 || !isOver) resolve()
      else reject(new Error('the process for builds has closed the connection'))
    }
    for (const name of ['readable', 'end', 'close', 'error']) socket.on(name, settle)
  })
}
