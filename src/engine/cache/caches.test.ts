import { expect, test } from 'bun:test'
import type { ProgressEvent } from '#stream'
import { openTestEngine } from '../testing/fixture.ts'
import { openCaches } from './caches.ts'

test('openCaches() cancels a cache that is read when the build ends, without an unhandled rejection', async () => {
  const asked = Promise.withResolvers<void>()
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch(request) {
      asked.resolve()
      return new Promise<Response>((resolve) => {
        request.signal.addEventListener('abort', () => resolve(new Response(null)))
      })
    },
  })
  const unhandled: unknown[] = []
  const onUnhandled = (reason: unknown): void => void unhandled.push(reason)
  process.on('unhandledRejection', onUnhandled)
  try {
    await using engine = await openTestEngine()
    const events: ProgressEvent[] = []
    const reference = `127.0.0.1:${server.port}/app:cache`
    {
      await using _caches = await openCaches(engine, {
        imports: [{ kind: 'registry', reference, insecure: true }],
        exports: [],
        cacheMounts: engine.root,
        emit: (event) => void events.push(event),
      })
      await asked.promise
    }
    const states = events.flatMap((event) => (event.type === 'step' ? [event.state] : []))
    expect(states).toEqual(['started', 'canceled'])
    await Bun.sleep(0)
    expect(unhandled).toEqual([])
  } finally {
    process.off('unhandledRejection', onUnhandled)
    await server.stop(true)
  }
})
