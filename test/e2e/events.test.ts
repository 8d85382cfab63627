import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { importBusybox } from './busybox.ts'
import { missing, openStrake, program, type Strake } from './strake.ts'

const reason = missing('busybox', 'tar')
if (reason) console.info(`skipped: events: ${reason}`)

describe.skipIf(reason !== undefined)('events', () => {
  let strake: Strake
  beforeAll(async () => {
    strake = await openStrake()
    await importBusybox(strake)
  })
  afterAll(async () => strake[Symbol.asyncDispose]())

  test('show what another process does, from before the container exists to its end', async () => {
    const child = Bun.spawn([program, 'events', '--format', 'json', '--filter', 'container=seen'], {
      env: { PATH: process.env['PATH'] ?? '', ...strake.env },
      stdout: 'pipe',
      stderr: 'inherit',
    })
    const seen: string[] = []
    const reading = (async () => {
      let text = ''
      const decoder = new TextDecoder()
      for await (const bytes of child.stdout) {
        text += decoder.decode(bytes, { stream: true })
        const lines = text.split('\n')
        text = lines.pop() ?? ''
        seen.push(...lines.map((line) => String(JSON.parse(line).Action)))
        if (seen.includes('destroy')) return
      }
    })()
    // The command begins to watch when it has opened the store.
    await strake.ok('events', '--since', '1h', '--until', '0s')
    await new Promise((resolve) => setTimeout(resolve, 500))
    await strake.ok('run', '--name', 'seen', '--network', 'none', 'busybox', 'true')
    await strake.ok('run', '--name', 'other', '--network', 'none', 'busybox', 'true')
    await strake.ok('rm', 'other', 'seen')
    await reading
    child.kill('SIGINT')
    await child.exited
    expect(seen).toEqual(['create', 'start', 'die', 'destroy'])
    expect<unknown[]>(['SIGINT', 130]).toContain(child.signalCode ?? child.exitCode)
  })

  test('--since and --until print recorded events as Docker does, and end', async () => {
    await strake.ok('tag', 'busybox', 'busybox:named')
    const line = await strake.ok('events', '--since', '1h', '--until', '0s', '-f', 'event=tag')
    expect(line).toMatch(
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}\S+ image tag sha256:[0-9a-f]{64} \(name=busybox:named\)$/,
    )
    expect(await strake.ok('events', '--until', '1h')).toBe('')
    expect(await strake('system', 'events', '-f', 'size=3')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining("Cannot filter events by 'size=3': invalid filter 'size'"),
    })
  })
})
