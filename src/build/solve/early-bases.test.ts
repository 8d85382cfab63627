import { expect, test } from 'bun:test'
import { openWorkshop, type Workshop } from '../testing/fixture.ts'

interface Fetched {
  readonly signal: AbortSignal | undefined
  /** True when the context was read before. */
  readonly isLate: boolean
}

/** Adds a base image whose layers come later, and returns the calls that fetch them. */
async function addDeferred(
  workshop: Workshop,
  name: string,
  fetchLayers: (signal: AbortSignal | undefined) => Promise<void> = async () => {},
): Promise<readonly Fetched[]> {
  const image = await workshop.addImage(name, { 'etc/name': name })
  const calls: Fetched[] = []
  let running: Promise<void> | undefined
  const fetch = (signal?: AbortSignal): Promise<void> => {
    if (running === undefined) {
      const state = workshop.stateOf('[internal] load build context')
      calls.push({ signal, isLate: state === 'done' })
    }
    running ??= fetchLayers(signal)
    return running
  }
  workshop.images.set(name, { ...image, fetch })
  return calls
}

const dockerfile = `FROM tools AS unused
COPY a /a
FROM base AS below
COPY a /a
FROM below
COPY a /b
`

test('a build fetches the base of its result while it reads the context, and no other base', async () => {
  await using workshop = await openWorkshop()
  const [base, tools] = [await addDeferred(workshop, 'base'), await addDeferred(workshop, 'tools')]
  const context = await workshop.context('context', { Dockerfile: dockerfile, a: 'a' })
  await workshop.build({ context })
  expect(base).toMatchObject([{ isLate: false }])
  expect(tools).toEqual([])
})

test('a build without a kept result fetches no base that no step needs', async () => {
  await using workshop = await openWorkshop()
  const base = await addDeferred(workshop, 'base')
  const context = await workshop.context('context', {
    Dockerfile: 'FROM base\nCOPY --link a /\n',
    a: '',
  })
  await workshop.build({ context, keepsResult: false })
  expect(base).toEqual([])
})

test('a build that fails ends the fetch of its base, and waits for that', async () => {
  await using workshop = await openWorkshop()
  const ended: unknown[] = []
  const fetchLayers = async (signal: AbortSignal | undefined): Promise<void> => {
    await new Promise((resolve) => signal?.addEventListener('abort', resolve))
    ended.push(signal?.reason)
    throw signal?.reason
  }
  await addDeferred(workshop, 'base', fetchLayers)
  const context = await workshop.context('context', { Dockerfile: 'FROM base\nCOPY absent /\n' })
  await expect(workshop.build({ context })).rejects.toThrow('Cannot copy absent')
  expect(ended).toMatchObject([{ name: 'AbortError' }])
})

test('a build throws the failure of its base', async () => {
  await using workshop = await openWorkshop()
  await addDeferred(workshop, 'base', () => Promise.reject(new Error('the registry is gone')))
  const context = await workshop.context('context', { Dockerfile: 'FROM base\nCOPY a /\n', a: '' })
  await expect(workshop.build({ context })).rejects.toThrow('the registry is gone')
})
