import { afterAll, beforeAll, expect, test } from 'bun:test'
import { rm, utimes, writeFile } from 'node:fs/promises'
import { encodeJson, sha256 } from '#oci'
import { toBuffer } from '#stream'
import { fixtureTime, openWorkshop, refusalOf, type Workshop } from './testing/fixture.ts'

let workshop: Workshop
beforeAll(async () => {
  workshop = await openWorkshop()
})
afterAll(() => workshop[Symbol.asyncDispose]())

test('build() writes an OCI image whose blobs are all in the store', async () => {
  const context = await workshop.context('oci', {
    Dockerfile: 'FROM scratch\nCOPY a /x/\nENV k=v\nCOPY none* /\nHEALTHCHECK CMD true\n',
    a: 'text',
  })
  const { descriptor, manifest, config, imageId, layers } = await workshop.build({ context })
  const raw = await toBuffer(workshop.store.read(descriptor), 1e6)
  expect(raw).toEqual(encodeJson(manifest))
  expect(imageId).toBe(sha256(encodeJson(config)))
  expect(layers).toHaveLength(1)
  expect(layers[0]?.descriptor).toMatchObject({
    mediaType: 'application/vnd.oci.image.layer.v1.tar',
    digest: config.rootfs.diff_ids[0],
  })
  expect(config.history?.map((entry) => entry.empty_layer === true)).toEqual([
    false,
    true,
    true,
    true,
  ])
  expect(config.created).toBe(new Date(fixtureTime * 1000).toISOString().replace('.000', ''))
  expect(config.config?.Healthcheck?.Test).toEqual(['CMD-SHELL', 'true'])
})

test('build() makes layers of files with their modes and links, and root as owner', async () => {
  const context = await workshop.context('modes', {
    Dockerfile: 'FROM scratch\nCOPY . /app\n',
    '.dockerignore': 'Dockerfile\n.dockerignore\n*.log\n',
    'bin/run': { text: '#!', mode: 0o755 },
    link: { link: 'bin/run' },
    'drop.log': 'x',
  })
  const { layers } = await workshop.build({ context })
  expect(layers.map((layer) => workshop.list(layer))).toHaveLength(1)
  const [layer] = layers
  expect(layer && (await workshop.list(layer))).toEqual({
    app: 'directory 755 0:0',
    'app/bin': 'directory 755 0:0',
    'app/bin/run': 'file 755 0:0 "#!"',
    'app/link': 'symlink 777 0:0 bin/run',
  })
})

test('build() makes the same digest in another directory and another store', async () => {
  const files = {
    Dockerfile: 'FROM scratch\nWORKDIR /w\nCOPY --chmod=644 . .\nLABEL a=b\nCMD ["x"]\n',
    'b/c': 'c',
    a: 'a',
    é: 'not ASCII',
  }
  const first = await workshop.build({ context: await workshop.context('here', files) })
  await using other = await openWorkshop()
  const reversed = Object.fromEntries(Object.entries(files).reverse())
  const second = await other.build({ context: await other.context('there', reversed) })
  expect(second.descriptor).toEqual(first.descriptor)
})

test('build() with an epoch does not depend on the times of files', async () => {
  const files = { Dockerfile: 'FROM scratch\nCOPY . /\n', a: 'a' }
  const old = await workshop.context('old', files, 1_000_000)
  const recent = await workshop.context('recent', files, 1_900_000_000)
  const buildArgs = { SOURCE_DATE_EPOCH: '1500000000' }
  const first = await workshop.build({ context: old, buildArgs })
  await using other = await openWorkshop()
  const second = await other.build({ context: recent, epoch: 1_500_000_000 })
  expect(second.descriptor).toEqual(first.descriptor)
  expect(first.config.created).toBe('2017-07-14T02:40:00Z')
  const third = await workshop.build({ context: old, epoch: 1_500_000_001 })
  expect(third.layers).not.toEqual(first.layers)
})

test('build() runs a step again for a changed byte, and not for a changed time', async () => {
  const context = await workshop.context('cached', {
    Dockerfile: 'FROM scratch\nCOPY a /a\nCOPY b /b\n',
    a: 'a',
    b: 'b',
  })
  const first = await workshop.build({ context })
  expect(workshop.stateOf('COPY a')).toBe('done')
  await utimes(`${context}/a`, 1, 1)
  const second = await workshop.build({ context })
  expect(workshop.stateOf('COPY a')).toBe('cached')
  expect(workshop.stateOf('COPY b')).toBe('cached')
  expect(second.layers).toEqual(first.layers)
  await writeFile(`${context}/b`, 'B')
  await workshop.build({ context, explain: true })
  expect(workshop.stateOf('COPY a')).toBe('cached')
  expect(workshop.stateOf('COPY b')).toBe('done')
  expect(workshop.events.findLast(({ type }) => type === 'explanation')).toMatchObject({
    name: '[2/2] COPY b /b',
    outcome: 'run',
    causes: [{ kind: 'file', subject: 'b' }],
  })
  await workshop.build({ context, noCache: true })
  expect(workshop.stateOf('COPY a')).toBe('done')
})

test('build() makes a layer again when its blob is absent', async () => {
  const context = await workshop.context('gone', {
    Dockerfile: 'FROM scratch\nCOPY a /\n',
    a: 'gone',
  })
  const { layers, descriptor } = await workshop.build({ context })
  const [layer] = layers
  if (layer === undefined) throw new Error('there is no layer')
  await workshop.store.delete(layer.descriptor)
  expect((await workshop.build({ context })).descriptor).toEqual(descriptor)
  expect(workshop.stateOf('COPY a')).toBe('done')
  expect(await workshop.store.has(layer.descriptor)).toBe(true)
})

test('build() replaces labels of the Dockerfile by labels of the options', async () => {
  const dockerfile = { text: 'FROM scratch\nLABEL a=1 b=1\n' }
  const { config } = await workshop.build({ dockerfile, labels: { b: '2', c: '2' } })
  expect(config.config?.Labels).toEqual({ a: '1', b: '2', c: '2' })
  expect(config.rootfs.diff_ids).toEqual([])
})

test('build() keeps the times of files and the current time with timestamp now', async () => {
  const context = await workshop.context('now', {
    Dockerfile: 'FROM scratch\nCOPY a /\n',
    a: 'now',
  })
  const before = Math.floor(Date.now() / 1000)
  const { config } = await workshop.build({ context, timestamp: 'now' })
  expect(Date.parse(config.created ?? '') / 1000).toBeGreaterThanOrEqual(before)
})

test('build() uses the ignore file of the Dockerfile instead of that of the context', async () => {
  const context = await workshop.context('ignore', {
    'docker/App': 'FROM scratch\nCOPY . /\n',
    'docker/App.dockerignore': '*\n!keep\n',
    '.dockerignore': 'keep\n',
    keep: 'k',
    drop: 'd',
  })
  const { layers } = await workshop.build({ context, dockerfile: `${context}/docker/App` })
  const [layer] = layers
  expect(Object.keys(layer === undefined ? {} : await workshop.list(layer))).toEqual(['keep'])
})

test('build() shows the line of a missing source and a suggestion', async () => {
  const context = await workshop.context('missing', {
    Dockerfile: 'FROM scratch\n\nCOPY package.jsn /\n',
    'package.json': '{}',
  })
  const { message, remedy } = await refusalOf(workshop.build({ context }))
  expect(message).toStartWith('Cannot copy package.jsn: it is not in the build context\n')
  expect(message).toContain('3 | >>> COPY package.jsn /\n')
  expect(remedy).toBe('did you mean package.json')
})

test('build() shows every mistake of a Dockerfile', async () => {
  const dockerfile = { text: 'FROM scratch\nCOPPY a b\nRUNN x\n' }
  const { message, diagnostics } = await refusalOf(workshop.build({ dockerfile }))
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toHaveLength(2)
  expect(message).toContain('>>> COPPY a b')
  expect(message).toContain('>>> RUNN x')
})

test('build() follows neither a Dockerfile nor an ignore file out of the context', async () => {
  await writeFile(`${workshop.path}/outside`, 'FROM scratch\nLABEL canary=1\n')
  const context = await workshop.context('escape', {
    Dockerfile: { link: '../outside' },
    '.dockerignore': { link: '../outside' },
  })
  const reason = 'it is a link that leads out of the build context or nowhere'
  await expect(workshop.build({ context })).rejects.toThrow(`Cannot read Dockerfile: ${reason}`)
  await rm(`${context}/Dockerfile`)
  await writeFile(`${context}/Dockerfile`, 'FROM scratch\nCOPY . /\n')
  await expect(workshop.build({ context })).rejects.toThrow(`Cannot read .dockerignore: ${reason}`)
})

test('build() refuses names of whiteouts, which would remove files of the image', async () => {
  const context = await workshop.context('whiteout', {
    Dockerfile: 'FROM scratch\nCOPY . /\n',
    'etc/.wh.passwd': '',
  })
  await expect(workshop.build({ context })).rejects.toThrow('mark removed files')
})

test('build() releases its lease when it fails, and keeps it when it succeeds', async () => {
  const { records } = workshop
  await expect(
    workshop.build({ dockerfile: { text: 'FROM scratch\nCOPY x /\n' } }),
  ).rejects.toThrow()
  expect(records.leases.held().size).toBe(0)
})

test('build() warns of unused build arguments', async () => {
  await workshop.build({
    dockerfile: { text: 'ARG used\nFROM scratch\n' },
    buildArgs: { used: '1', stray: '1', http_proxy: 'x' },
  })
  expect(workshop.events).toContainEqual({
    type: 'warning',
    message: 'one or more build-args stray were not consumed',
  })
})

test('build() stops with the reason of its signal', async () => {
  const reason = new Error('enough')
  const context = await workshop.context('cancel', { Dockerfile: 'FROM scratch\nCOPY . /\n' })
  const building = workshop.build({ context, signal: AbortSignal.abort(reason) })
  expect(await building.catch((error: unknown) => error)).toBe(reason)
})
