import { expect, test } from 'bun:test'
import { mkdtempDisposableSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { identifyProcess } from '#platform'
import { connectMonitor } from './connection.ts'

test('a monitor that ends before it accepts is absent, or ends the connection', async () => {
  using made = mkdtempDisposableSync(join(tmpdir(), 'connection-'))
  // Whether the connection counts as made differs from round to round.
  for (let round = 0; round < 8; round += 1) {
    const path = join(made.path, `${round}.sock`)
    const script = `
      Bun.listen({ unix: ${JSON.stringify(path)}, socket: { data() {} } })
      process.stdout.write('ready')
      // The listener never accepts.
      Bun.sleepSync(60_000)`
    const monitor = Bun.spawn([process.execPath, '-e', script], { stdout: 'pipe' })
    await monitor.stdout.getReader().read()
    const connecting = connectMonitor(path)
    monitor.kill('SIGKILL')
    // This process must not learn of the connection before the monitor has ended.
    while (identifyProcess(monitor.pid) !== undefined) Bun.sleepSync(1)
    const connection = await connecting
    const frames = connection === undefined ? [] : await Array.fromAsync(connection.frames)
    expect(frames).toEqual([])
  }
})
