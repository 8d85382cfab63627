import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { mkdtempDisposable, type TemporaryDirectory } from '#platform'
import { findCdiDevice, findCdiEdits } from './cdi.ts'

describe('findCdiDevice()', () => {
  let directory: TemporaryDirectory
  let directories: readonly string[]
  beforeAll(async () => {
    directory = await mkdtempDisposable(tmpdir(), 'strake-cdi-')
    directories = [`${directory.path}/etc`, `${directory.path}/run`]
    for (const each of directories) mkdirSync(each)
    const write = (name: string, text: string): void =>
      writeFileSync(`${directory.path}/${name}`, text)
    write(
      'etc/a.yaml',
      `kind: vendor.com/gpu
containerEdits:
  env: [ALL=1]
devices:
  - name: one
    containerEdits:
      deviceNodes:
        - { path: /dev/one, hostPath: /dev/null, permissions: rw }
      mounts:
        - { hostPath: /usr/lib/x, containerPath: /x, options: [ro, bind] }
  - name: two
    containerEdits: { env: [TWO=1], deviceNodes: [{ path: /dev/two }] }
`,
    )
    write('etc/b.json', JSON.stringify({ kind: 'vendor.com/nic', devices: [{ name: 'n' }] }))
    write(
      'run/c.json',
      JSON.stringify({
        kind: 'vendor.com/nic',
        devices: [{ name: 'n', containerEdits: { env: ['RUN=1'] } }],
      }),
    )
    write(
      'etc/d.json',
      JSON.stringify({
        kind: 'vendor.com/hook',
        devices: [
          { name: 'h', containerEdits: { hooks: [{ hookName: 'prestart', path: '/bin/x' }] } },
        ],
      }),
    )
    write('etc/ignored.txt', '{')
  })
  afterAll(() => directory[Symbol.asyncDispose]())

  test('findCdiDevice() finds one device, all, or the first, with what all of them need', async () => {
    expect(await findCdiDevice('vendor.com/gpu=one', directories)).toEqual({
      nodes: [{ source: '/dev/null', destination: '/dev/one', access: 'rw' }],
      env: ['ALL=1'],
      mounts: [{ source: '/usr/lib/x', destination: '/x', readOnly: true }],
    })
    const all = await findCdiDevice('vendor.com/gpu=*', directories)
    expect(all?.nodes.map(({ source }) => source)).toEqual(['/dev/null', '/dev/two'])
    expect((await findCdiDevice('vendor.com/gpu', directories))?.nodes).toHaveLength(1)
    for (const name of ['vendor.com/gpu=three', 'other/x=y', 'vendor.com/gpu=', '']) {
      expect(await findCdiDevice(name, directories)).toBeUndefined()
    }
  })

  test('findCdiDevice() prefers the later directory', async () => {
    expect((await findCdiDevice('vendor.com/nic=n', directories))?.env).toEqual(['RUN=1'])
  })

  test('findCdiDevice() refuses hooks and broken specifications by their file', async () => {
    await expect(findCdiDevice('vendor.com/hook=h', directories)).rejects.toThrow('it needs hooks')
    const broken = `${directory.path}/broken`
    mkdirSync(broken)
    for (const text of ['{', '{}', '{"kind":1}']) {
      writeFileSync(`${broken}/x.json`, text)
      await expect(findCdiDevice('a/b=c', [broken])).rejects.toThrow(`${broken}/x.json`)
    }
    writeFileSync(
      `${broken}/x.json`,
      JSON.stringify({
        kind: 'a/b',
        containerEdits: { deviceNodes: [{ path: 'dev/x' }] },
        devices: [{ name: 'c' }],
      }),
    )
    await expect(findCdiDevice('a/b=c', [broken])).rejects.toThrow('is no absolute path')
    expect(await findCdiDevice('a/b=c', [`${directory.path}/none`])).toBeUndefined()
  })
})

describe('findCdiEdits()', () => {
  test('findCdiEdits() returns hooks of a file that only root can write', async () => {
    await using directory = await mkdtempDisposable(tmpdir(), 'strake-cdi-')
    const hook = {
      hookName: 'createContainer',
      path: '/usr/bin/hook',
      args: ['hook', 'x'],
      timeout: 5,
    }
    const file = `${directory.path}/a.json`
    const write = (one: object): void => {
      const devices = [{ name: 'h', containerEdits: { hooks: [one] } }]
      writeFileSync(file, JSON.stringify({ kind: 'a.b/c', devices }))
    }
    write(hook)
    const find = () => findCdiEdits('a.b/c=h', [directory.path])
    const isRoot = process.getuid?.() === 0
    if (isRoot) {
      const { path, args, timeout } = hook
      const expected = { name: 'createContainer' as const, path, args, env: [], timeout }
      expect((await find())?.hooks).toEqual([expected])
      chmodSync(file, 0o666)
    }
    await expect(find()).rejects.toThrow('others than root can write it')
    write({ ...hook, hookName: 'later' })
    await expect(find()).rejects.toThrow('"later" is no hook')
    write({ ...hook, path: 'relative' })
    await expect(find()).rejects.toThrow('is no absolute path')
  })
})
