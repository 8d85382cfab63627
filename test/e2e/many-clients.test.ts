import { expect, test } from 'bun:test'
import { converse, withoutFrames } from '../clients/hijack.ts'
import { askRaw } from '../clients/raw.ts'
import { importBase, openStrakeTarget } from '../clients/target.ts'
import { missing } from './strake.ts'

const reason = missing('busybox', 'tar', 'ip', 'unshare', 'nsenter')
if (reason) console.info(`skipped: many clients at once: ${reason}`)

const attached = 16
const processes = 24
const readers = 24

test.skipIf(reason !== undefined)(
  'the API serves 64 clients that attach, exec and read logs at once, without a wrong byte',
  async () => {
    await using target = await openStrakeTarget()
    await importBase(target)
    const { socket } = target
    const post = async (path: string, body?: unknown): Promise<Record<string, unknown>> => {
      const answer = await askRaw(socket, {
        method: 'POST',
        path,
        headers: { 'Content-Type': 'application/json' },
        body: body === undefined ? '' : JSON.stringify(body),
      })
      const text = new TextDecoder().decode(answer.body)
      if (answer.status >= 400) throw new Error(`${path}: ${text}`)
      return text === '' ? {} : JSON.parse(text)
    }
    const start = async (name: string, settings: object): Promise<void> => {
      await post(`/containers/create?name=${name}`, { Image: 'busybox', ...settings })
      await post(`/containers/${name}/start`)
    }
    const host = start('host', { Cmd: ['sleep', '1000'], StopSignal: 'SIGKILL' })
    const script = 'for i in $(seq 1 3000); do echo "line $i"; done; sleep 2; echo end'
    const writer = start('writer', { Cmd: ['sh', '-c', script] })
    await Promise.all([host, writer])
    const lines = [...Array.from({ length: 3000 }, (_, at) => `line ${at + 1}`), 'end', ''].join(
      '\n',
    )

    const attach = async (index: number): Promise<void> => {
      const name = `cat-${index}`
      const input = bytesOf(index, 150_000)
      await start(name, { Cmd: ['cat'], OpenStdin: true, StdinOnce: true })
      const path = `/containers/${name}/attach?stream=1&stdin=1&stdout=1&stderr=1`
      expect(same(await converse(socket, { path, input }), input)).toBe(true)
    }
    const exec = async (index: number): Promise<void> => {
      const input = bytesOf(1000 + index, 150_000)
      const { Id } = await post('/containers/host/exec', {
        Cmd: ['cat'],
        AttachStdin: true,
        AttachStdout: true,
        AttachStderr: true,
      })
      const output = await converse(socket, { path: `/exec/${Id}/start`, body: {}, input })
      expect(same(output, input)).toBe(true)
      const { body } = await askRaw(socket, { method: 'GET', path: `/exec/${Id}/json` })
      expect(JSON.parse(new TextDecoder().decode(body))).toMatchObject({ ExitCode: 0 })
    }
    const read = async (): Promise<void> => {
      const path = '/containers/writer/logs?stdout=1&follow=1'
      const { body } = await askRaw(socket, { method: 'GET', path, limit: 90_000 })
      expect(new TextDecoder().decode(withoutFrames(Buffer.from(body)))).toBe(lines)
    }
    const clients = [
      ...Array.from({ length: attached }, (_, index) => attach(index)),
      ...Array.from({ length: processes }, (_, index) => exec(index)),
      ...Array.from({ length: readers }, read),
    ]
    expect(clients).toHaveLength(64)
    await Promise.all(clients)
  },
  120_000,
)

/** Bytes that differ for every client. */
function bytesOf(seed: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  let state = seed * 2_654_435_761 + 1
  for (let at = 0; at < length; at++) {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    bytes[at] = state >> 16
  }
  return bytes
}

const same = (one: Uint8Array, other: Uint8Array): boolean => Buffer.compare(one, other) === 0
