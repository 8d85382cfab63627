import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { openSync } from 'node:fs'
import { DescriptorStreams } from '../session/descriptor-streams.ts'
import { join, lineOf, until } from '../testing/client.ts'
import { cannotRun, openTestbed, type Testbed } from '../testing/testbed.ts'
import { createContainer } from './create.ts'
import { execInContainer } from './exec.ts'
import { inspectContainer } from './inspect.ts'
import { readLogs } from './logs.ts'
import { runDetached } from './run.ts'
import { waitContainer } from './wait.ts'

let bed: Testbed

describe.skipIf(cannotRun !== undefined)(`input${cannotRun ? ` (${cannotRun})` : ''}`, () => {
  beforeAll(async () => {
    bed = await openTestbed()
  })

  afterAll(async () => {
    await bed[Symbol.asyncDispose]()
  })

  test('attachContainer() passes every byte on in order, also from several clients', async () => {
    const id = await run('head -c 3000000 | sort -c && echo sorted; exec cat')
    const line = (index: number): string => `${String(index).padStart(9, '0')}\n`
    const lines = Array.from({ length: 300_000 }, (_, index) => line(index)).join('')
    const first = join(bed.context, 'attach', id)
    await first.stdin?.write(Buffer.from(lines))
    expect(await lineOf(first)).toBe('sorted\n')
    const second = join(bed.context, 'attach', id)
    await second.stdin?.write(Buffer.from('from the second\n'))
    expect(await lineOf(second)).toBe('from the second\n')
    first.kill('SIGKILL')
    second.kill('SIGKILL')
  })

  test('attachContainer() waits for a container that does not read, and loses nothing', async () => {
    const id = await run('until [ -e /go ]; do sleep 0.02; done; head -c 20000000 | wc -c')
    const client = join(bed.context, 'attach', id)
    const chunk = new Uint8Array(1_000_000)
    let sent = 0
    const sending = (async () => {
      for (; sent < 20; sent++) await client.stdin?.write(chunk)
    })()
    await untilQuiet(() => sent)
    // Only as much as pipes and sockets hold; the monitor keeps nothing in its heap.
    expect(sent).toBeLessThan(4)
    expect(await execInContainer(bed.context, id, { command: ['touch', '/go'] })).toEqual({
      type: 'exited',
      code: 0,
    })
    await sending
    expect(await lineOf(client)).toBe('20000000\n')
    expect(await waitContainer(bed.context, id)).toBe(0)
    const texts = await Array.fromAsync(readLogs(bed.context, id), ({ text }) => text)
    expect(texts).toEqual(['20000000\n'])
  }, 30_000)

  test('a container in the background keeps its input open when a sender ends', async () => {
    const id = await run('while read line; do echo "<$line>"; done; echo end')
    for (const word of ['one', 'two', 'three']) {
      const client = join(bed.context, 'attach', id)
      await client.stdin?.write(Buffer.from(`${word}\n`))
      await client.stdin?.end()
      expect(await lineOf(client)).toBe(`<${word}>\n`)
      client.kill('SIGKILL')
      await client.exited
    }
    expect(stdinOf(id)).toEqual({ interactive: true, stdinOnce: false })
  })

  test('the input of a container in the foreground ends when the first sender ends', async () => {
    const { id } = await createContainer(bed.context, {
      image: bed.image,
      network: 'none',
      interactive: true,
      command: ['cat'],
    })
    expect(stdinOf(id)).toEqual({ interactive: true, stdinOnce: true })
    const command = join(bed.context, 'run', id)
    await command.stdin?.write(Buffer.from('first\n'))
    expect(await lineOf(command)).toBe('first\n')
    const client = join(bed.context, 'attach', id)
    await client.stdin?.write(Buffer.from('second\n'))
    await client.stdin?.end()
    expect((await client.exited).code).toBe(0)
    expect((await command.exited).code).toBe(0)
    const texts = await Array.fromAsync(readLogs(bed.context, id), ({ text }) => text)
    expect(texts).toEqual(['first\n', 'second\n'])
  })

  test('attachContainer() passes all output to a reader that reads on long after the end', async () => {
    const id = await run('read go; dd if=/dev/zero bs=65536 count=6 2>/dev/null')
    const client = join(bed.context, 'attach', id)
    await client.stdin?.write(Buffer.from('go\n'))
    expect(await waitContainer(bed.context, id)).toBe(0)
    await Bun.sleep(2500)
    let size = 0
    for await (const chunk of client.stdout ?? []) size += chunk.length
    expect(size).toBe(6 * 65_536)
    expect((await client.exited).code).toBe(0)
  }, 30_000)

  test('attachContainer() makes the container wait for a slow reader, which gets every byte', async () => {
    const id = await run(
      'read go; dd if=/dev/zero bs=65536 count=300 2>/dev/null; touch /done; read x',
    )
    const client = join(bed.context, 'attach', id)
    await client.stdin?.write(Buffer.from('go\n'))
    const isDone = async (): Promise<boolean> => {
      const look = { command: ['ls', '/done'], streams: silent }
      const end = await execInContainer(bed.context, id, look)
      return end.type === 'exited' && end.code === 0
    }
    const chunks = client.stdout?.[Symbol.asyncIterator]()
    let size = (await chunks?.next())?.value.length ?? 0
    await Bun.sleep(300)
    expect(await isDone()).toBe(false)
    while (size < 300 * 65_536) size += (await chunks?.next())?.value.length ?? 0
    await until(isDone)
    await client.stdin?.write(Buffer.from('end\n'))
    expect((await client.exited).code).toBe(0)
    expect(size).toBe(300 * 65_536)
  }, 30_000)
})

async function run(script: string): Promise<string> {
  const { id } = await runDetached(bed.context, {
    image: bed.image,
    network: 'none' as const,
    interactive: true,
    command: ['sh', '-c', script],
  })
  return id
}

const nowhere = openSync('/dev/null', 'w')
const silent = new DescriptorStreams({ stdin: 0, stdout: nowhere, stderr: nowhere })

function stdinOf(id: string): Readonly<Record<string, unknown>> {
  const { interactive, stdinOnce } = inspectContainer(bed.context, id).settings
  return { interactive, stdinOnce }
}

/** Waits until a number has not changed for a while. */
async function untilQuiet(read: () => number): Promise<void> {
  let [seen, since] = [read(), Date.now()]
  await until(() => {
    if (read() !== seen) [seen, since] = [read(), Date.now()]
    return Date.now() - since > 300
  })
}
