import { expect, test } from 'bun:test'
import { tmpdir } from 'node:os'
import { mkdtempDisposable } from '#platform'
import { addUser } from '../identity/user-facts.ts'
import { openUserFile } from '../identity/user-file.ts'
import type { Action } from '../policy/rule.ts'
import { createRegistryHandler } from '../server/handler.ts'
import { createMemoryRegistry } from '../store/memory.ts'
import { blob } from '../testing/fixtures.ts'
import { authFiles, openAuth } from './open-auth.ts'

const { digest } = blob('content').descriptor
const session = '0'.repeat(32)

/** Every method of every endpoint, and the rights that it needs. */
const requests: readonly (readonly [string, string, readonly Action[]])[] = [
  ['GET', '/v2/app/tags/list', ['pull']],
  ['GET', `/v2/app/referrers/${digest}`, ['pull']],
  ['GET', '/v2/app/manifests/1', ['pull']],
  ['HEAD', `/v2/app/manifests/${digest}`, ['pull']],
  ['PUT', '/v2/app/manifests/1', ['pull', 'push']],
  ['PUT', `/v2/app/manifests/${digest}?tag=1`, ['pull', 'push']],
  ['POST', '/v2/app/manifests/1', ['pull', 'push']],
  ['DELETE', '/v2/app/manifests/1', ['pull', 'delete']],
  ['DELETE', `/v2/app/manifests/${digest}`, ['pull', 'delete']],
  ['GET', `/v2/app/blobs/${digest}`, ['pull']],
  ['HEAD', `/v2/app/blobs/${digest}`, ['pull']],
  ['DELETE', `/v2/app/blobs/${digest}`, ['pull', 'delete']],
  ['POST', '/v2/app/blobs/uploads/', ['pull', 'push']],
  ['POST', `/v2/app/blobs/uploads/?digest=${digest}`, ['pull', 'push']],
  ['POST', `/v2/app/blobs/uploads/?mount=${digest}`, ['pull', 'push']],
  ['GET', `/v2/app/blobs/uploads/${session}`, ['pull', 'push']],
  ['PATCH', `/v2/app/blobs/uploads/${session}`, ['pull', 'push']],
  ['PUT', `/v2/app/blobs/uploads/${session}?digest=${digest}`, ['pull', 'push']],
  ['DELETE', `/v2/app/blobs/uploads/${session}`, ['pull', 'push']],
  ['GET', '/v2/app/_oci/tag-history/1', ['pull']],
  ['POST', '/v2/app/_oci/tag-history/1', ['pull', 'push']],
]

const combinations: readonly (readonly Action[])[] = [
  [],
  ['pull'],
  ['push'],
  ['delete'],
  ['pull', 'push'],
  ['pull', 'delete'],
  ['push', 'delete'],
  ['pull', 'push', 'delete'],
]

test('every method of every endpoint needs its rights, and all of them', async () => {
  await using directory = await mkdtempDisposable(tmpdir(), 'strake-matrix-')
  const files = authFiles({}, directory.path)
  await addUser(openUserFile(files.htpasswd), 'alice', 'alice-secret')
  const Authorization = `Basic ${btoa('alice:alice-secret')}`
  for (const actions of combinations) {
    const rules = [{ repositories: ['app'], subjects: ['user:alice'], actions }]
    await using auth = await openAuth({ access: { rules } }, { files })
    await using handler = createRegistryHandler(createMemoryRegistry(), { access: auth.access })
    const send = async (method: string, path: string, headers: Record<string, string>) =>
      (await handler(new Request(`http://localhost${path}`, { method, headers }))).status
    for (const [method, path, needed] of requests) {
      const isAllowed = needed.every((action) => actions.includes(action))
      const status = await send(method, path, { Authorization })
      expect([actions, method, path, status !== 403 && status !== 401]).toEqual([
        actions,
        method,
        path,
        isAllowed,
      ])
      expect(await send(method, path, {})).toBe(401)
      // Another repository is none of the rule.
      const other = path.replace('/v2/app/', '/v2/app2/')
      expect(await send(method, other, { Authorization })).toBe(403)
    }
  }
})
