import { expect, test } from 'bun:test'
import { createMemoryStore } from '#content'
import { mediaType } from '#oci'
import { connectRegistry } from '../client/connect.ts'
import { createRegistryHandler } from '../server/handler.ts'
import { createLocalRegistry } from '../store/local.ts'
import { createMemoryFacts } from '../store/memory.ts'
import { blob, emptyConfig, type Fixture, manifest } from '../testing/fixtures.ts'
import { createProxy } from './create-proxy.ts'

const right = manifest({ annotations: { image: 'right' } })
const wrong = manifest({ annotations: { image: 'wrong' } })

/** A cache of an upstream that answers as `answer` says, and everything that is asked for anywhere. */
function openRig(answer: (request: Request) => Response | Promise<Response>) {
  const asked: string[] = []
  const local = createLocalRegistry(createMemoryStore(), createMemoryFacts())
  const registry = connectRegistry('registry.example', {
    fetch: async (request) => {
      asked.push(request.url)
      return await answer(request)
    },
    resolve: async () => ['203.0.113.5'],
    retry: { attempts: 1 },
  })
  const proxy = createProxy(local, { upstreams: [{ prefix: 'lab', registry, ttl: 1000 }] })
  const serve = createRegistryHandler(proxy, { isCached: () => true })
  const get = (path: string) => serve(new Request(`http://localhost/v2/lab/app/${path}`))
  const isKept = async ({ descriptor }: Fixture) =>
    await local.repository('lab/app').has(descriptor)
  return { asked, get, isKept, local }
}

const manifestAnswer = (claimed: Fixture, sent: Fixture): Response =>
  new Response(sent.raw, {
    headers: {
      'Content-Type': claimed.descriptor.mediaType,
      'Content-Length': String(sent.raw.length),
      'Docker-Content-Digest': claimed.descriptor.digest,
    },
  })

test('a manifest with the right digest in its header and another body is neither served nor kept', async () => {
  const rig = openRig(() => manifestAnswer(right, wrong))
  for (const reference of ['v1', right.descriptor.digest]) {
    const response = await rig.get(`manifests/${reference}`)
    expect([reference, response.status >= 400]).toEqual([reference, true])
  }
  expect([await rig.isKept(right), await rig.isKept(wrong)]).toEqual([false, false])
})

test('a tag whose HEAD and GET differ never means a manifest that was not proved', async () => {
  const rig = openRig(({ method }) =>
    method === 'HEAD' ? manifestAnswer(right, right) : manifestAnswer(right, wrong),
  )
  expect((await rig.get('manifests/v1')).status).toBeGreaterThanOrEqual(400)
  const head = await rig.get(`manifests/${right.descriptor.digest}`)
  expect(head.status).toBeGreaterThanOrEqual(400)
  expect(await rig.isKept(wrong)).toBe(false)
  expect(await Array.fromAsync(rig.local.repository('lab/app').tags()).catch(() => [])).toEqual([])
})

test('a cache asks nobody but its upstream: not the URLs of a layer, and no address inside', async () => {
  const foreign = blob('foreign')
  const urls = ['http://169.254.169.254/latest/meta-data/', 'http://10.0.0.1/layer']
  const layer = { ...foreign.descriptor, mediaType: mediaType.dockerForeignLayer, urls }
  const image = manifest({ layers: [layer] })
  const inside = ['http://169.254.169.254/x', 'https://127.0.0.1/x', 'https://[::1]/x']
  let redirected = 0
  const rig = openRig((request) => {
    if (request.url.includes('/manifests/')) return manifestAnswer(image, image)
    const location = inside[redirected % inside.length] ?? ''
    redirected += 1
    return new Response(null, { status: 307, headers: { Location: location } })
  })
  expect((await rig.get('manifests/v1')).status).toBe(200)
  for (const { descriptor } of [foreign, emptyConfig, blob('other')]) {
    const response = await rig.get(`blobs/${descriptor.digest}`)
    const body = await response.arrayBuffer().catch(() => undefined)
    expect(response.status >= 400 || body === undefined).toBe(true)
  }
  expect(redirected).toBeGreaterThan(0)
  expect(rig.asked.filter((url) => !url.startsWith('https://registry.example/'))).toEqual([])
})

test('a refused login of the cache, and wrong content, are faults of the upstream to every client', async () => {
  const refuse = openRig(() => new Response('{}', { status: 401 }))
  const lie = openRig((request) =>
    request.url.includes('/blobs/') ? new Response('x') : manifestAnswer(right, wrong),
  )
  const blobPath = `blobs/${blob('data').descriptor.digest}`
  for (const path of ['manifests/v1', `manifests/${right.descriptor.digest}`, blobPath]) {
    // With 401 a client would ask its user for a password.
    expect([path, (await refuse.get(path)).status]).toEqual([path, 403])
    expect([path, (await lie.get(path)).status]).toEqual([path, 503])
  }
})
