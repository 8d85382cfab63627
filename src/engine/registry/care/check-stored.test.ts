import { expect, test } from 'bun:test'
import { chmod, readdir, readFile, unlink, writeFile } from 'node:fs/promises'
import type { Digest } from '#oci'
import { connectRegistry } from '#registry'
import type { CheckSummary, RegistryFault } from '#registry/check/fault'
import { openStoredRegistry, serveRegistry } from '#server'
import { fromBuffer } from '#stream'
import { blob, emptyConfig, manifest, noise } from '../../../registry/testing/fixtures.ts'
import { openTestEngine, type TestEngine } from '../../testing/fixture.ts'
import { type CheckStoredOptions, checkStoredRegistry } from './check-stored.ts'

const layers = [blob(noise(10_000)), blob(noise(300_000))] as const
const image = manifest({ layers: layers.map(({ descriptor }) => descriptor) })

async function pushTo(url: string, name: string): Promise<void> {
  const repository = connectRegistry(new URL(url).host).repository(name)
  for (const { descriptor, raw } of [emptyConfig, ...layers, image]) {
    await repository.write(descriptor, fromBuffer(raw))
  }
  await repository.tag('latest', image.descriptor)
}

/** Serves a registry in a directory, with the same image in two repositories. */
async function serveFilled(engine: TestEngine, name: string) {
  const storage = `${engine.directory}/${name}`
  const served = await openStoredRegistry(storage)
  const server = await serveRegistry(served, { port: 0 })
  for (const repository of ['team/app', 'other/app']) await pushTo(server.url, repository)
  return {
    url: server.url,
    storage,
    facts: served.facts,
    path: (digest: Digest) => served.blobs.pathOf(digest),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await served[Symbol.asyncDispose]()
    },
  }
}

async function check(
  engine: TestEngine,
  options: CheckStoredOptions,
): Promise<{ readonly faults: readonly RegistryFault[]; readonly summary: CheckSummary }> {
  const faults: RegistryFault[] = []
  const found = checkStoredRegistry(engine, options)
  for (;;) {
    const next = await found.next()
    if (next.done === true) return { faults, summary: next.value }
    faults.push(next.value)
  }
}

/** Changes one byte of a blob, whose file is read-only. */
async function damage(path: string): Promise<Buffer<ArrayBuffer>> {
  const bytes = await readFile(path)
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
  await chmod(path, 0o600)
  await writeFile(path, bytes)
  await chmod(path, 0o444)
  return bytes
}

test('a sound registry has no faults, and content of two repositories is read once', async () => {
  await using engine = await openTestEngine()
  await using registry = await serveFilled(engine, 'data')
  const { faults, summary } = await check(engine, registry)
  expect(faults).toEqual([])
  const all = [emptyConfig, ...layers, image]
  const bytes = all.reduce((sum, { raw }) => sum + raw.byteLength, 0)
  expect(summary).toEqual({ repositories: 2, manifests: 2, blobs: 6, tags: 2, bytes })
})

test('a check without repair reports damage and changes nothing', async () => {
  await using engine = await openTestEngine()
  await using registry = await serveFilled(engine, 'data')
  const [small, large] = layers.map(({ descriptor }) => descriptor.digest) as [Digest, Digest]
  const bytes = await damage(registry.path(large))
  await unlink(registry.path(small))
  for (let round = 0; round < 2; round += 1) {
    const { faults } = await check(engine, registry)
    expect(new Set(faults.map(({ digest, problem }) => `${problem} ${digest}`))).toEqual(
      new Set([`absent ${small}`, `damaged ${large}`]),
    )
    expect(faults).toHaveLength(4)
  }
  expect(await readFile(registry.path(large))).toEqual(bytes)
})

test('a repair keeps the damaged bytes aside and gets sound ones from another registry', async () => {
  await using engine = await openTestEngine()
  await using registry = await serveFilled(engine, 'data')
  await using replica = await serveFilled(engine, 'replica')
  const [small, large] = layers.map(({ descriptor }) => descriptor.digest) as [Digest, Digest]
  const bytes = await damage(registry.path(large))
  await unlink(registry.path(small))
  await damage(registry.path(image.descriptor.digest))
  const repaired = await check(engine, { ...registry, repair: true, from: [replica.url] })
  expect(repaired.faults.map(({ isRepaired }) => isRepaired)).toEqual([true, true, true])
  expect((await check(engine, registry)).faults).toEqual([])
  const aside = await readdir(`${registry.storage}/damaged`)
  expect(aside).toHaveLength(2)
  const kept = aside.find((name) => name.startsWith(large.replace(':', '-'))) ?? ''
  expect(await readFile(`${registry.storage}/damaged/${kept}`)).toEqual(bytes)
})

test('a repair without a source says what is lost, and a later push brings it back', async () => {
  await using engine = await openTestEngine()
  await using registry = await serveFilled(engine, 'data')
  await damage(registry.path(layers[0].descriptor.digest))
  const { faults } = await check(engine, { ...registry, repair: true })
  expect(faults.map(({ isRepaired }) => isRepaired)).toEqual([false, false])
  // The server, whose blob another process took away, believes for a second that it has it.
  await Bun.sleep(1100)
  await pushTo(registry.url, 'team/app')
  expect((await check(engine, registry)).faults).toEqual([])
})

test('a manifest whose blob left the repository, and a tag without its manifest, are found', async () => {
  await using engine = await openTestEngine()
  await using registry = await serveFilled(engine, 'data')
  await using replica = await serveFilled(engine, 'replica')
  const facts = registry.facts.repository('team/app')
  const missing = layers[0].descriptor.digest
  await facts.remove('blob', missing)
  const at = { repository: 'team/app', kind: 'manifest', digest: image.descriptor.digest }
  const fault = { ...at, problem: 'incomplete', missing } as const
  expect((await check(engine, registry)).faults as object[]).toEqual([
    { ...fault, isRepaired: false },
  ])
  const repaired = await check(engine, { ...registry, repair: true, from: [replica.url] })
  expect(repaired.faults as object[]).toEqual([{ ...fault, isRepaired: true }])
  expect(await facts.find('blob', missing)).toBeDefined()
  await facts.setTag('odd', `sha256:${'0'.repeat(64)}`)
  const [odd] = (await check(engine, registry)).faults
  expect(odd).toMatchObject({ kind: 'tag', tag: 'odd', problem: 'incomplete' })
})

test('a registry that cannot be asked for content is named', async () => {
  await using engine = await openTestEngine()
  await using registry = await serveFilled(engine, 'data')
  await damage(registry.path(layers[0].descriptor.digest))
  const failures: string[] = []
  const { faults } = await check(engine, {
    ...{ storage: registry.storage, repair: true, from: ['http://127.0.0.1:1'] },
    onFailure: ({ message }) => failures.push(message),
  })
  expect(faults.map(({ isRepaired }) => isRepaired)).toContain(false)
  expect(new Set(failures).size).toBe(1)
  expect(failures[0]).toContain('127.0.0.1:1')
  await expect(
    check(engine, { storage: registry.storage, from: ['http://127.0.0.1:1'] }),
  ).rejects.toThrow('without a repair')
})
