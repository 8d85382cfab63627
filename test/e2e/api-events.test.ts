import { expect, test } from 'bun:test'
import { converse } from '../clients/hijack.ts'
import { askRaw } from '../clients/raw.ts'
import { importBase, openStrakeTarget } from '../clients/target.ts'
import { missing } from './strake.ts'

const reason = missing('busybox', 'tar')
if (reason) console.info(`skipped: events of clients of the API: ${reason}`)

const detachKeys = new Uint8Array([0x10, 0x11])

test.skipIf(reason !== undefined)(
  'clients that attach, resize and leave by the detach keys cause events',
  async () => {
    await using target = await openStrakeTarget()
    await importBase(target)
    const { socket } = target
    const post = async (path: string, body: unknown = undefined): Promise<{ Id: string }> => {
      const answer = await askRaw(socket, {
        method: 'POST',
        path,
        headers: { 'Content-Type': 'application/json' },
        body: body === undefined ? '' : JSON.stringify(body),
      })
      const text = new TextDecoder().decode(answer.body)
      if (answer.status >= 400) throw new Error(`${path}: ${text}`)
      return text === '' ? { Id: '' } : JSON.parse(text)
    }
    const since = Date.now() / 1000
    const settings = { Image: 'busybox', Cmd: ['sh'], Tty: true, OpenStdin: true }
    await post('/containers/create?name=shell', { ...settings, StopSignal: 'SIGKILL' })
    await post('/containers/shell/start')
    await post('/containers/shell/resize?h=20&w=30')
    const path = '/containers/shell/attach?stream=1&stdin=1&stdout=1&stderr=1'
    const leaving = { input: detachKeys, isTerminal: true }
    await converse(socket, { path, ...leaving })
    const streams = { AttachStdin: true, AttachStdout: true, AttachStderr: true, Tty: true }
    const { Id } = await post('/containers/shell/exec', { Cmd: ['sh'], ...streams })
    await converse(socket, { path: `/exec/${Id}/start`, body: { Tty: true }, ...leaving })
    await askRaw(socket, { method: 'DELETE', path: '/containers/shell?force=1' })

    const until = Date.now() / 1000 + 0.001
    const filters = encodeURIComponent(JSON.stringify({ type: ['container'] }))
    const { body } = await askRaw(socket, {
      method: 'GET',
      path: `/v1.52/events?since=${since}&until=${until}&filters=${filters}`,
    })
    const found = new TextDecoder()
      .decode(body)
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    const exec = { execID: Id }
    const expected: readonly (readonly [string, object])[] = [
      ['create', {}],
      ['start', {}],
      ['resize', { height: '20', width: '30' }],
      ['attach', {}],
      ['detach', {}],
      ['exec_create: sh ', exec],
      ['exec_start: sh ', exec],
      ['exec_detach', exec],
    ]
    for (const [index, [Action, Attributes]] of expected.entries()) {
      expect(found[index]).toMatchObject({ Action, Actor: { Attributes } })
    }
    // The process that the client left ends with the container.
    expect(found.map(({ Action }) => Action)).toContain('exec_die')
    expect(found.at(-1).Action).toBe('destroy')
  },
)
