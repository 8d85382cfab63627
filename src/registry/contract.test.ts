import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serve } from '#platform'
import { connectRegistry } from './client/connect.ts'
import type { Registry } from './registry.ts'
import { createRegistryHandler } from './server/handler.ts'
import { openDirectoryRegistry } from './store/directory/directory.ts'
import { createMemoryRegistry } from './store/memory.ts'
import { testRegistry } from './testing/contract.ts'

const keep = (registry: Registry): { registry: Registry } & AsyncDisposable => ({
  registry,
  async [Symbol.asyncDispose]() {},
})

const clientOf = (registry: Registry): Registry =>
  connectRegistry('localhost', { fetch: createRegistryHandler(registry) })

testRegistry('memory', async () => keep(createMemoryRegistry()))

testRegistry('directory', async () => {
  const root = await mkdtemp(join(tmpdir(), 'strake-registry-'))
  return {
    registry: await openDirectoryRegistry(root),
    [Symbol.asyncDispose]: () => rm(root, { recursive: true }),
  }
})

testRegistry('client against handler', async () => keep(clientOf(createMemoryRegistry())))

testRegistry('client in chunks against handler', async () =>
  keep(
    connectRegistry('localhost', {
      fetch: createRegistryHandler(createMemoryRegistry()),
      chunkSize: 64 * 1024,
    }),
  ),
)

testRegistry('proxy: client against handler of client against handler', async () =>
  keep(clientOf(clientOf(createMemoryRegistry()))),
)

testRegistry('client against handler over a socket', async () => {
  const server = await serve(createRegistryHandler(createMemoryRegistry()))
  return {
    registry: connectRegistry(`127.0.0.1:${server.port}`),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
})
