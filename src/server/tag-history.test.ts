import { expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromBuffer } from '#stream'
import { emptyConfig, manifest } from '../registry/testing/fixtures.ts'
import { openStoredRegistry, serveRegistry } from './registry.ts'

const event = 'org.opencontainers.distribution.tag.event'

test('the history of a tag can be read, paged, filtered and rolled back over the API', async () => {
  const root = await mkdtemp(join(tmpdir(), 'strake-tag-history-'))
  try {
    await using served = await openStoredRegistry(root)
    await using server = await serveRegistry(served, { port: 0 })
    const app = served.registry.repository('team/app')
    await app.write(emptyConfig.descriptor, fromBuffer(emptyConfig.raw))
    const [one, two] = ['one', 'two'].map((version) => manifest({ annotations: { version } }))
    if (one === undefined || two === undefined) throw new TypeError('no fixture')
    for (const { descriptor, raw } of [one, two]) {
      await app.write(descriptor, fromBuffer(raw))
      await app.tag('v1', descriptor)
    }
    const base = `${server.url}/v2/team/app/_oci/tag-history/v1`
    const read = async (url: string) => {
      const response = await fetch(url)
      const { manifests } = (await response.json()) as {
        manifests: { digest: string; size: number; annotations: Record<string, string> }[]
      }
      const link = /<([^>]*)>/.exec(response.headers.get('Link') ?? '')?.[1]
      return { status: response.status, manifests, next: link && `${server.url}${link}` }
    }
    const first = await read(`${base}?n=1`)
    expect(first.manifests).toMatchObject([
      { ...two.descriptor, annotations: { [event]: 'created' } },
    ])
    const second = await read(first.next ?? '')
    expect(second.manifests).toMatchObject([one.descriptor])
    expect(second.next).toBeUndefined()
    expect((await read(`${base}?n=0`)).manifests).toEqual([])
    const only = await read(`${base}?digest=${one.descriptor.digest}`)
    expect(only.manifests).toHaveLength(1)

    const back = await fetch(base, { method: 'POST' })
    expect(back.status).toBe(201)
    expect(back.headers.get('Docker-Content-Digest')).toBe(one.descriptor.digest)
    expect(await app.resolve('v1')).toMatchObject({ digest: one.descriptor.digest })
    await app.untag('v1')
    const gone = await read(`${base}?n=1`)
    expect(gone.manifests).toMatchObject([
      { ...one.descriptor, annotations: { [event]: 'deleted' } },
    ])
    const chosen = await fetch(`${base}?digest=${two.descriptor.digest}`, { method: 'POST' })
    expect(chosen.status).toBe(201)
    expect(await app.resolve('v1')).toMatchObject({ digest: two.descriptor.digest })

    const wrong = [
      [`${base}?digest=sha256:${'0'.repeat(64)}`, 404],
      [`${base}?before=yesterday`, 400],
      [`${base}?last=x`, 400],
      [base.replace('team/app', 'absent'), 404],
      [`${base}%2f..`, 400],
    ] as const
    for (const [url, status] of wrong)
      expect([url, (await fetch(url)).status]).toEqual([url, status])
  } finally {
    await rm(root, { recursive: true })
  }
})
