import { expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectRegistry } from '#registry'
import { parseConfig } from '#registry/config/parse-config'
import type { CloudEvent } from '#registry/notify/cloud-event'
import { parseSecrets, signatures } from '#registry/notify/sign'
import { fromBuffer } from '#stream'
import { emptyConfig, manifest } from '../registry/testing/fixtures.ts'
import { openStoredRegistry } from './registry.ts'
import { serveConfigured } from './serve-configured.ts'

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const images = ['one', 'two'].map((version) => manifest({ annotations: { version } }))

test('a server tells a webhook about pushes, moved tags and deletes, also after a restart', async () => {
  const root = await mkdtemp(join(tmpdir(), 'strake-webhooks-'))
  const events: CloudEvent[] = []
  const changed = new EventTarget()
  let [isDown, refused] = [false, 0]
  using receiver = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request) {
      const body = await request.text()
      const { headers } = request
      const signed = {
        id: headers.get('webhook-id') ?? '',
        timestamp: Number(headers.get('webhook-timestamp')),
        body,
      }
      const isRight =
        headers.get('webhook-signature') === signatures(parseSecrets(secret), signed) && !isDown
      if (isRight) events.push(...[JSON.parse(body)].flat())
      else refused += 1
      changed.dispatchEvent(new Event('change'))
      return new Response('', { status: isRight ? 204 : 503 })
    },
  })
  const until = async (isDone: () => boolean): Promise<void> => {
    while (!isDone()) {
      await new Promise((resolve) => changed.addEventListener('change', resolve, { once: true }))
    }
  }
  try {
    await Bun.write(join(root, 'secret'), `${secret}\n`)
    const text = `webhooks:
  - name: ci
    url: http://localhost:${receiver.port}/hook?key=1
    secretFile: secret
    allowPrivate: true
    events: [push, tag, delete, pull]
`
    const config = await parseConfig(text, join(root, 'registry.yml'))
    const files = { htpasswd: `${root}/users`, tokens: `${root}/tokens`, key: `${root}/key` }
    const open = async () => {
      await using opened = new AsyncDisposableStack()
      const served = opened.use(await openStoredRegistry(join(root, 'data')))
      const listen = { port: 0, url: 'https://registry.example.com', allowHosts: ['127.0.0.1'] }
      const server = opened.use(
        await serveConfigured(served, {
          config: { ...config, listen },
          files,
          writeLine: () => {},
        }),
      )
      const owned = opened.move()
      return { url: server.url, [Symbol.asyncDispose]: () => owned.disposeAsync() }
    }
    const seen = () =>
      events.map(({ type, subject, data }) => [type.split('.').at(-1), subject, data.previous])
    const [one, two] = images.map(({ descriptor }) => descriptor.digest)
    {
      await using server = await open()
      const app = connectRegistry(new URL(server.url).host).repository('team/app')
      await app.write(emptyConfig.descriptor, fromBuffer(emptyConfig.raw))
      for (const { descriptor, raw } of images) {
        await app.write(descriptor, fromBuffer(raw))
        await app.tag('v1', descriptor)
      }
      const history = `${server.url}/v2/team/app/_oci/tag-history/v1`
      expect((await fetch(history, { method: 'POST' })).status).toBe(201)
      await until(() => events.length >= 7)
      expect(seen()).toEqual([
        ['push', `team/app@${one}`, undefined],
        ['push', 'team/app:v1', undefined],
        ['tag', 'team/app:v1', undefined],
        ['push', `team/app@${two}`, undefined],
        ['push', 'team/app:v1', undefined],
        ['tag', 'team/app:v1', one],
        ['tag', 'team/app:v1', two],
      ])
      expect(events[0]?.source).toBe('https://registry.example.com')
      isDown = true
      await fetch(`${server.url}/v2/team/app/manifests/v1`)
      await until(() => refused === 1)
      await fetch(`${server.url}/v2/team/app/manifests/v1`, { method: 'DELETE' })
    }
    isDown = false
    await using _again = await open()
    await until(() => events.length >= 9)
    expect(seen().slice(7).toSorted()).toEqual([
      ['delete', 'team/app:v1', undefined],
      ['pull', 'team/app:v1', undefined],
    ])
  } finally {
    await rm(root, { recursive: true })
  }
})
