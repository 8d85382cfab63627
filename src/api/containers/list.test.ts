import { expect, test } from 'bun:test'
import { create } from '#engine/container/run'
import { addTestImage, cannotContain, openTestEngine } from '../../engine/testing/fixture.ts'
import { createApi } from '../create-api.ts'

test.skipIf(cannotContain !== undefined)('a list reads each container once', async () => {
  await using engine = await openTestEngine()
  await addTestImage(engine, { names: ['image'] })
  for (const name of ['one', 'two']) await create(engine, { image: 'image', name, command: ['/x'] })
  let lookups = 0
  const find = engine.records.containers.findByNameOrId.bind(engine.records.containers)
  engine.records.containers.findByNameOrId = (name) => {
    lookups += 1
    return find(name)
  }
  const handler = createApi(engine, {
    connections: () => Promise.reject(new Error('nobody builds')),
    signal: new AbortController().signal,
  })
  const request = new Request('http://docker/containers/json?all=1')
  const response = await handler(request, { address: '' })
  expect(await response.json()).toMatchObject([{ Names: ['/two'] }, { Names: ['/one'] }])
  expect(lookups).toBe(0)
})
