/**
 * A server or a client in the namespace it is started in.
 *
 *     peer.ts serve tcp 80 NAME          prints "ready"; answers "NAME <address it sees>"
 *     peer.ts serve tcp6 80 NAME         the same, on the IPv6 addresses
 *     peer.ts ask udp 10.89.0.2 53       prints the answer; exits with 1 when none comes
 *     peer.ts ask udp 10.89.0.2 53 4000  the same, from port 4000
 */
import { createSocket } from 'node:dgram'
import { connect, createServer } from 'node:net'

const [role, kind = '', ...rest] = process.argv.slice(2)
const protocol = kind.replace('6', '')
const all = kind.endsWith('6') ? '::' : '0.0.0.0'
const patience = 600

function serve(port: number, name: string): void {
  const ready = () => process.stdout.write('ready\n')
  if (protocol === 'tcp') {
    const server = createServer((socket) => {
      socket.on('error', () => {})
      socket.end(`${name} ${socket.remoteAddress?.replace('::ffff:', '')}`)
    })
    server.listen({ port, host: all, ipv6Only: true }, ready)
  } else {
    const socket = createSocket(all === '::' ? 'udp6' : 'udp4')
    socket.on('message', (_, from) =>
      socket.send(`${name} ${from.address}`, from.port, from.address),
    )
    socket.bind(port, all, ready)
  }
}

function ask(address: string, port: number, from: number): void {
  setTimeout(() => process.exit(1), patience)
  const answer = (data: Uint8Array) => {
    process.stdout.write(data)
    process.exit(0)
  }
  if (protocol === 'tcp') {
    const socket = connect(port, address)
    socket.on('data', answer)
    socket.on('error', () => process.exit(1))
  } else {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
    socket.on('message', answer)
    socket.on('error', () => process.exit(1))
    socket.bind(from, () => socket.send('?', port, address))
  }
}

if (role === 'serve') serve(Number(rest[0]), rest[1] ?? '')
else ask(rest[0] ?? '', Number(rest[1]), Number(rest[2] ?? 0))
