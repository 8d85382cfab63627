import { expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openTokens } from '#registry/access/open-auth'
import { makeApiToken } from '#registry/identity/api-token'
import { openStoredRegistry } from './registry.ts'
import { serveConfigured } from './serve-configured.ts'

test('the audit log names a robot that logs in as everywhere else', async () => {
  const root = await mkdtemp(join(tmpdir(), 'strake-audit-'))
  try {
    const files = { htpasswd: `${root}/users`, tokens: `${root}/tokens`, key: `${root}/key` }
    const { token, text } = makeApiToken({
      kind: 'robot',
      owner: 'ci',
      label: '',
      createdAt: Date.now(),
    })
    await using tokens = openTokens(files)
    await tokens.put(token)
    await using served = await openStoredRegistry(join(root, 'data'))
    const lines: unknown[] = []
    await using server = await serveConfigured(served, {
      config: { listen: { port: 0 }, log: { audit: 'stderr' } },
      files,
      writeLine: (line) => lines.push(JSON.parse(line)),
    })
    const login = (password: string) =>
      fetch(`${server.url}/v2/_token?service=strake`, {
        headers: { Authorization: `Basic ${btoa(`robot+ci:${password}`)}` },
      })
    expect((await login(text)).status).toBe(200)
    expect((await login('wrong')).status).toBe(401)
    expect(lines).toEqual([
      {
        time: expect.any(Number),
        action: 'login',
        principal: 'robot+ci',
        address: '127.0.0.1',
        status: 200,
      },
      {
        time: expect.any(Number),
        action: 'login',
        address: '127.0.0.1',
        status: 401,
        reason: 'wrong credentials',
      },
    ])
  } finally {
    await rm(root, { recursive: true })
  }
})
