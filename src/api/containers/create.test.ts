import { expect, test } from 'bun:test'
import { addTestImage, cannotContain, openTestEngine } from '../../engine/testing/fixture.ts'
import { createApi } from '../create-api.ts'

const post = (path: string, body: unknown = {}): Request =>
  new Request(`http://docker${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  })

test.skipIf(cannotContain !== undefined)(
  'a container may have a name with which the IDs of others begin',
  async () => {
    await using engine = await openTestEngine()
    await addTestImage(engine, { names: ['image'] })
    for (const end of ['1', '2']) {
      const id = `ab${end.padStart(62, '0')}`
      engine.records.containers.insert({ id, name: `n${end}`, image: null, config: {}, state: {} })
    }
    const handler = createApi(engine, {
      connections: () => Promise.reject(new Error('nobody builds')),
      signal: new AbortController().signal,
    })
    const ask = async (path: string, body?: unknown): Promise<number> =>
      (await handler(post(path, body), { address: '' })).status
    const body = { Image: 'image', Cmd: ['/x'] }
    expect(await ask('/containers/create?name=ab', body)).toBe(201)
    expect(await ask('/containers/create?name=ab', body)).toBe(409)
    expect(engine.records.containers.findByName('ab')?.name).toBe('ab')
    expect(engine.records.containers.findByName('ab0')).toBeUndefined()
  },
)

test('a wrong digest is the mistake of the client', async () => {
  await using engine = await openTestEngine()
  const handler = createApi(engine, {
    connections: () => Promise.reject(new Error('nobody builds')),
    signal: new AbortController().signal,
  })
  const request = post('/images/create?fromImage=a@sha256:x')
  expect((await handler(request, { address: '' })).status).toBe(400)
})
