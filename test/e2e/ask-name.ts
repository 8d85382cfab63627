/**
 * Asks the name server of a container in the namespace it is started in, and prints the code and
 * the sorted addresses of the answer:
 *
 *     ask-name.ts udp web A
 */
import { createSocket } from 'node:dgram'
import { connect } from 'node:net'

const [protocol, name = '', type] = process.argv.slice(2)
const labels = name.split('.').flatMap((label) => [label.length, ...Buffer.from(label)])
const query = Buffer.from([
  0,
  7,
  1,
  0,
  0,
  1,
  0,
  0,
  0,
  0,
  0,
  0,
  ...labels,
  0,
  0,
  type === 'A' ? 1 : 28,
  0,
  1,
])

function show(answer: Buffer): void {
  const count = answer[7] ?? 0
  const start = answer.length - 16 * count
  const addresses = Array.from({ length: count }, (_, i) =>
    answer.subarray(start + 16 * i + 12, start + 16 * (i + 1)).join('.'),
  )
  process.stdout.write(`${[(answer[3] ?? 0) & 15, ...addresses.sort()].join(' ')}\n`)
  process.exit(0)
}

if (protocol === 'udp') {
  const socket = createSocket('udp4')
  socket.on('message', show)
  socket.send(query, 53, '127.0.0.11')
} else {
  const socket = connect(53, '127.0.0.11')
  socket.on('data', (data) => show(Buffer.from(data).subarray(2)))
  socket.write(Buffer.concat([Buffer.of(0, query.length), query]))
}
setTimeout(() => process.exit(1), 10_000)
