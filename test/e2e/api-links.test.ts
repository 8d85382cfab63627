import { expect, test } from 'bun:test'
import { askRaw } from '../clients/raw.ts'
import { importBase, openStrakeTarget } from '../clients/target.ts'
import { missing } from './strake.ts'

const reason = missing('busybox', 'tar')
if (reason) console.info(`skipped: links of networks: ${reason}`)

test.skipIf(reason !== undefined)(
  'a link is a name for one container, on one network of it',
  async () => {
    await using target = await openStrakeTarget()
    await importBase(target)
    const ask = async (path: string, wish?: unknown): Promise<Record<string, unknown>> => {
      const answer = await askRaw(target.socket, {
        method: wish === undefined ? 'GET' : 'POST',
        path,
        headers: { 'Content-Type': 'application/json' },
        body: wish === undefined ? '' : JSON.stringify(wish),
      })
      const text = new TextDecoder('latin1').decode(answer.body)
      if (answer.status >= 400) throw new Error(`${path}: ${text}`)
      return text.startsWith('{') ? JSON.parse(text) : {}
    }
    const start = async (name: string, host: object): Promise<void> => {
      const settings = { Image: 'busybox', Cmd: ['sleep', '1000'], StopSignal: 'SIGKILL' }
      await ask(`/containers/create?name=${name}`, { ...settings, HostConfig: host })
      await ask(`/containers/${name}/start`, {})
    }
    const finds = async (container: string, name: string): Promise<boolean> => {
      const wish = { Cmd: ['nslookup', `${name}.`], AttachStdout: true }
      const { Id } = await ask(`/containers/${container}/exec`, wish)
      await ask(`/exec/${Id}/start`, {})
      return (await ask(`/exec/${Id}/json`))['ExitCode'] === 0
    }
    for (const Name of ['front', 'back']) await ask('/networks/create', { Name })
    await start('db', { NetworkMode: 'front' })
    await start('app', { NetworkMode: 'front', Links: ['db:store'] })
    await start('other', { NetworkMode: 'front' })
    await start('apart', { NetworkMode: 'back', Links: ['db:store'] })
    expect(await finds('app', 'store')).toBe(true)
    expect(await finds('other', 'store')).toBe(false)
    expect(await finds('apart', 'store')).toBe(false)

    const links = { Container: 'apart', EndpointConfig: { Links: ['db:base'] } }
    await ask('/networks/front/connect', links)
    expect(await finds('apart', 'base')).toBe(true)
    expect(await finds('apart', 'store')).toBe(false)
    expect(await finds('app', 'base')).toBe(false)
    expect(await ask('/containers/apart/json')).toMatchObject({
      HostConfig: { Links: null },
      NetworkSettings: {
        Networks: { back: { Links: ['db:store'] }, front: { Links: ['db:base'] } },
      },
    })
  },
  60_000,
)
