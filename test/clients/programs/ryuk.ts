// Speaks the protocol of Ryuk: a client sends filters in lines, each is answered by ACK. When no client
// was connected for a moment, everything that a filter names is removed over the mounted socket.
import { hostname } from 'node:os'

const socket = '/var/run/docker.sock'
const filters = new Set<string>()
let connected = 0

const ask = (path: string, method = 'GET'): Promise<Response> =>
  fetch(`http://docker${path}`, { method, unix: socket })

async function removeAll(): Promise<void> {
  for (const filter of filters) {
    const label = filter.replace(/^label=/, '')
    const query = `filters=${encodeURIComponent(JSON.stringify({ label: [label] }))}`
    const containers = (await (await ask(`/containers/json?all=1&${query}`)).json()) as {
      Id: string
    }[]
    // It has the label of the session itself.
    for (const { Id } of containers.filter((one) => !one.Id.startsWith(hostname()))) {
      await ask(`/containers/${Id}?force=1&v=1`, 'DELETE')
    }
    await ask(`/networks/prune?${query}`, 'POST')
    await ask(`/volumes/prune?${query}`, 'POST')
    const images = (await (await ask(`/images/json?${query}`)).json()) as { Id: string }[]
    for (const { Id } of images) await ask(`/images/${Id}?force=1`, 'DELETE')
  }
  process.exit(0)
}

Bun.listen({
  hostname: '0.0.0.0',
  port: 8080,
  socket: {
    open() {
      connected += 1
    },
    data(connection, bytes) {
      for (const line of new TextDecoder().decode(bytes).split('\n')) {
        if (line.trim() === '') continue
        filters.add(line.trim())
        connection.write('ACK\n')
      }
    },
    close() {
      connected -= 1
      setTimeout(() => {
        if (connected === 0) void removeAll()
      }, 500)
    },
  },
})
process.stdout.write('Started\n')
