import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { importBusybox } from './busybox.ts'
import { command, missing, openStrake, type Strake } from './strake.ts'

const reason = missing('busybox', 'tar')
if (reason) console.info(`skipped: images: ${reason}`)

describe.skipIf(reason !== undefined)('images', () => {
  let strake: Strake
  let imageId: string

  beforeAll(async () => {
    strake = await openStrake()
    imageId = await importBusybox(strake)
  })
  afterAll(async () => strake[Symbol.asyncDispose]())

  test('images lists imported images in Docker columns', async () => {
    const [header, row] = (await strake.ok('images')).split('\n')
    expect(header?.split(/\s{2,}/)).toEqual(['REPOSITORY', 'TAG', 'IMAGE ID', 'CREATED', 'SIZE'])
    expect(row?.split(/\s{2,}/).slice(0, 3)).toEqual([
      'busybox',
      'latest',
      imageId.replace('sha256:', '').slice(0, 12),
    ])
  })

  test('images --format json prints one object per line', async () => {
    const row = JSON.parse(await strake.ok('images', '--format', 'json'))
    expect(row).toMatchObject({ Repository: 'busybox', Tag: 'latest' })
  })

  test('images --digests shows the digest of an image that no registry has', async () => {
    const digest = await strake.ok('inspect', '-f', '{{.Descriptor.Digest}}', 'busybox')
    expect(digest).toMatch(/^sha256:/)
    const [header, row] = (await strake.ok('images', '--digests')).split('\n')
    expect(header).toMatch(/^REPOSITORY +TAG +DIGEST +IMAGE ID/)
    expect(row?.split(/\s{2,}/)[2]).toBe(digest)
    expect(await strake.ok('images', '--digests', '--format', 'raw')).toContain(
      `tag: latest\ndigest: ${digest}\nimage_id: `,
    )
  })

  test('images --format json counts the containers, and --tree marks an image in use', async () => {
    const count = async (): Promise<string> =>
      JSON.parse(await strake.ok('images', '--format', 'json')).Containers
    expect(await count()).toBe('0')
    expect(await strake.ok('images', '--tree')).not.toMatch(/U$/m)
    await strake.ok('create', '--name', 'user', '--network', 'none', 'busybox')
    expect(await count()).toBe('1')
    const [header, name, platform] = (await strake.ok('images', '--tree')).split('\n')
    expect(header).toMatch(/^IMAGE +ID +DISK USAGE +CONTENT SIZE +EXTRA$/)
    expect(name).toMatch(/^busybox:latest +\w{12} .* U$/)
    expect(platform).toMatch(/^└─ linux\/\w+ +\w{12} .* U$/)
    await strake.ok('rm', 'user')
  })

  test('images counts and marks the containers of each platform of an image', async () => {
    await using second = await openStrake()
    const input = 'FROM scratch\nCOPY <<file /file\nx\nfile\nCMD ["/file"]\n'
    const platforms = 'linux/amd64,linux/arm64'
    await second.with({ input }, 'build', '-q', '--platform', platforms, '-t', 'both', '-')
    await second.ok('create', '--network', 'none', '--platform', 'linux/arm64', 'both')
    expect(await second.ok('images', '--format', '{{.Containers}}')).toBe('1')
    const [, name, amd64, arm64] = (await second.ok('images', '--tree')).split('\n')
    expect(name).toMatch(/^both:latest .* U$/)
    expect(amd64).toMatch(/^├─ linux\/amd64 .*\dk?B$/)
    expect(arm64).toMatch(/^└─ linux\/arm64 .* U$/)
  })

  test('images -q prints only IDs', async () => {
    expect(await strake.ok('images', '-q', '--no-trunc')).toBe(imageId)
  })

  test('inspect shows the configuration in the shape of Docker', async () => {
    const [document] = JSON.parse(await strake.ok('inspect', 'busybox'))
    expect(document).toMatchObject({
      Id: imageId,
      RepoTags: ['busybox:latest'],
      Os: 'linux',
      Config: { Cmd: ['sh'] },
      RootFS: { Type: 'layers' },
    })
  })

  test('history names the import', async () => {
    expect((await strake.ok('history', 'busybox')).split('\n')).toHaveLength(2)
  })

  test('diff lists the changes of a container and of an image', async () => {
    const script = 'echo x > /new; rm /etc/group; chmod 700 /home'
    await strake.ok('run', '--name', 'changer', '--network', 'none', 'busybox', 'sh', '-c', script)
    const changes = ['C /etc', 'D /etc/group', 'C /home', 'A /new']
    expect((await strake.ok('diff', 'changer')).split('\n')).toEqual(changes)
    expect(await strake.ok('container', 'diff', 'changer', '--format', 'json')).toContain(
      '{"Kind":"D","Path":"/etc/group"}',
    )
    expect(await strake.ok('ps', '-a', '--size', '--format', 'json')).not.toContain('"0B (virtual')
    const [sized] = JSON.parse(await strake.ok('inspect', '--size', 'changer'))
    expect(sized.SizeRw).toBeGreaterThan(0)
    expect(sized.SizeRootFs).toBeGreaterThan(sized.SizeRw)
    expect(await strake.ok('inspect', 'changer')).not.toContain('SizeRw')
    await strake.ok('rm', 'changer')
    const dockerfile = 'FROM busybox\nRUN echo x > /new && rm /etc/group\nRUN rm -r /home\n'
    await strake.with({ input: dockerfile }, 'build', '-q', '-t', 'changed', '-')
    expect((await strake.ok('diff', 'changed')).split('\n')).toContain('D /home')
    const both = (await strake.ok('diff', 'changed', 'busybox')).split('\n')
    expect(both).toEqual(expect.arrayContaining(['D /etc/group', 'D /home', 'A /new']))
    expect(await strake.ok('diff', 'busybox', 'busybox')).toBe('')
    expect((await strake('diff', 'nothing')).stderr).toContain('No such container: nothing')
    const cached = (await strake.ok('builder', 'du')).split('\n')
    expect(cached[0]).toMatch(/^ID +RECLAIMABLE +SIZE +LAST USED$/)
    expect(cached.slice(1, 3).join('\n')).toMatch(/^\w{12} +false /)
    expect(cached.at(-1)).toMatch(/^Total: +\d/)
    await strake.ok('rmi', 'changed')
    expect(await strake.ok('builder', 'du', '--format', 'json')).toContain('"Reclaimable":"true"')
  })

  test('tag, tag log and tag rollback move a name and back', async () => {
    const other = await importBusybox(strake, 'other', 'CMD ["ls"]')
    await strake.ok('tag', 'busybox', 'moving:1')
    await strake.ok('tag', 'other', 'moving:1')
    const moves = (await strake.ok('tag', 'log', 'moving:1', '--format', 'json')).split('\n')
    expect(moves).toHaveLength(2)
    expect(await strake.ok('images', '-q', '--no-trunc', 'moving')).toBe(other)
    await strake.ok('tag', 'rollback', 'moving:1')
    expect(await strake.ok('images', '-q', '--no-trunc', 'moving')).toBe(imageId)
    await strake.ok('rmi', 'moving:1')
  })

  test('load restores a saved image with its ID and its name', async () => {
    const archive = join(strake.directory, 'busybox.tar')
    await strake.ok('save', '-o', archive, 'busybox')
    await using second = await openStrake()
    expect(await second.ok('load', '-i', archive)).toBe('Loaded image: busybox:latest')
    expect(await second.ok('images', '-q', '--no-trunc')).toBe(imageId)
  })

  test('save writes the same bytes every time', async () => {
    const hash = async (): Promise<string> => {
      const file = join(strake.directory, 'again.tar')
      await strake.ok('save', '-o', file, 'busybox')
      return new Bun.CryptoHasher('sha256').update(await Bun.file(file).bytes()).digest('hex')
    }
    expect(await hash()).toBe(await hash())
  })

  test('load reads a compressed archive from a pipe', async () => {
    const archive = join(strake.directory, 'piped.tar')
    await strake.ok('save', '-o', archive, 'busybox')
    const gzipped = Bun.gzipSync(new Uint8Array(await readFile(archive)))
    await using second = await openStrake()
    const outcome = await second.with({ input: gzipped }, 'load')
    expect(outcome).toMatchObject({ exitCode: 0, stdout: 'Loaded image: busybox:latest\n' })
  })

  test('rmi untags, then deletes with the last name, and the content is gone', async () => {
    await using second = await openStrake()
    await importBusybox(second)
    await second.ok('tag', 'busybox', 'copy')
    expect(await second.ok('rmi', 'busybox')).toBe('Untagged: busybox:latest')
    expect(await second.ok('rmi', 'copy')).toContain('Deleted: sha256:')
    const blobs = await command(['find', join(second.root, 'blobs'), '-type', 'f'])
    expect(blobs.stdout).toBe('')
  })

  test('the store is an OCI image layout', async () => {
    const layout = JSON.parse(await readFile(join(strake.root, 'oci-layout'), 'utf8'))
    expect(layout).toEqual({ imageLayoutVersion: '1.0.0' })
    const index = JSON.parse(await readFile(join(strake.root, 'index.json'), 'utf8'))
    expect(
      index.manifests.map(
        (entry: { annotations: Record<string, string> }) =>
          entry.annotations['org.opencontainers.image.ref.name'],
      ),
    ).toContain('docker.io/library/busybox:latest')
  })

  test('other users cannot enter the store', async () => {
    const { stdout } = await command(['stat', '-c', '%a', strake.root])
    expect(stdout.trim()).toBe('700')
  })

  test('two processes work on one store at the same time', async () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f']
    await Promise.all(names.map((name) => strake.ok('tag', 'busybox', `together:${name}`)))
    const rows = (await strake.ok('images', 'together', '--format', 'json')).split('\n')
    expect(rows.map((row) => JSON.parse(row).Tag).sort()).toEqual(names)
    await strake.ok('rmi', ...names.map((name) => `together:${name}`))
  })
})
