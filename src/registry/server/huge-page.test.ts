import { expect, test } from 'bun:test'
import type { Registry, Repository } from '../registry.ts'
import { createMemoryRegistry } from '../store/memory.ts'
import { emptyConfig, manifest } from '../testing/fixtures.ts'
import { createRegistryHandler } from './handler.ts'

/** A registry with endless lists that counts the entries that are read. */
function endless() {
  const asked = { names: 0 }
  const names = async function* (): AsyncGenerator<string> {
    for (;;) yield `name${String(asked.names++).padStart(9, '0')}`
  }
  const memory = createMemoryRegistry()
  const attached = async function* () {
    for (;;) {
      asked.names += 1
      yield manifest({ subject: emptyConfig.descriptor, annotations: { n: `${asked.names}` } })
        .descriptor
    }
  }
  const repository = (name: string): Repository =>
    Object.assign(memory.repository(name), { tags: names, referrers: attached })
  const registry: Registry = { repository, repositories: names }
  return { asked, handler: createRegistryHandler(registry) }
}

test('a page is never longer than the limit of the server, even with a larger n', async () => {
  for (const [path, most] of [
    ['/v2/app/tags/list?n=1000000000', 10_000],
    ['/v2/app/tags/list', 10_000],
    ['/v2/_catalog?n=1000000000', 1_000],
    ['/v2/_catalog', 1_000],
    [`/v2/app/referrers/${emptyConfig.descriptor.digest}?n=99999999`, 1_000],
  ] as const) {
    const { asked, handler } = endless()
    const response = await handler(new Request(`http://localhost${path}`))
    expect(response.status).toBe(200)
    expect(asked.names).toBeLessThanOrEqual(most + 1)
    expect(response.headers.get('Link')).toContain('rel="next"')
  }
})

test('n that is not a number is refused', async () => {
  const { handler } = endless()
  for (const n of ['-1', 'x', '1e9', '9'.repeat(40), '1&n=2']) {
    expect((await handler(new Request(`http://localhost/v2/_catalog?n=${n}`))).status).toBe(400)
  }
})
