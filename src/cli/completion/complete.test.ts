import { expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createNetwork } from '../../engine/network/networks.ts'
import { addTestImage, openTestEngine } from '../../engine/testing/fixture.ts'
import { createVolume } from '../../engine/volume/volumes.ts'
import { createTestContext } from '../testing/fixture.ts'
import { complete } from './complete.ts'
import { containerNames } from './names.ts'

async function completions(...words: readonly string[]): Promise<readonly string[]> {
  const context = createTestContext()
  await complete(context, words)
  return context.out.text.split('\n').filter((line) => line !== '')
}

test('complete() offers commands', async () => {
  expect(await completions('im')).toEqual(['image', 'images', 'import'])
})

test('complete() offers options, also after a long form, but no hidden ones', async () => {
  expect(await completions('image', 'ls', '--no')).toEqual(['--no-trunc'])
  expect(await completions('run', '--net')).toEqual(['--network', '--network-alias'])
})

test('complete() offers the words of a group', async () => {
  expect(await completions('image', 'pru')).toEqual(['prune'])
  expect(await completions('image', 'l')).toEqual(['load', 'ls'])
})

test('complete() never fails', async () => {
  expect(await completions('nonsense', '')).toEqual([])
  expect(await completions('rmi', '')).toEqual([])
})

test('complete() offers the values of an option, with and without an equals sign', async () => {
  expect(await completions('run', '--network', '')).toEqual(['bridge', 'host', 'none'])
  expect(await completions('run', '--rm', '--network=h')).toEqual(['--network=host'])
  expect(await completions('build', '--network', '')).toEqual(['default', 'host', 'none'])
  expect(await completions('run', '--pull', 'm')).toEqual(['missing'])
  expect(await completions('run', '-it', '--restart', 'on')).toEqual(['on-failure'])
  expect(await completions('exec', '-it', 'web', 'sh', '--net')).toEqual([])
})

test('complete() understands options before the command', async () => {
  expect(await completions('--ro')).toEqual(['--root'])
  expect(await completions('--root', '/nowhere/a', 'im')).toEqual(['image', 'images', 'import'])
  expect(await completions('--root=/nowhere/a', '-D', 'run', '--netw')).toEqual([
    '--network',
    '--network-alias',
  ])
  expect(await completions('--snapshotter', '')).toEqual(['directory', 'erofs'])
  expect(await completions('--root', '')).toEqual([])
})

test('complete() creates no store', async () => {
  const root = join(tmpdir(), `strake-complete-${process.pid}`)
  expect(await completions('--root', root, 'run', '')).toEqual([])
  expect(existsSync(root)).toBe(false)
})

test('complete() offers choices of arguments, topics of help, and subcommands', async () => {
  expect(await completions('completion', '')).toEqual(['bash', 'fish', 'zsh'])
  expect(await completions('help', 'ru')).toEqual(['run'])
  expect(await completions('registry', 'serve', '--po')).toEqual(['--port'])
})

test('complete() offers images for image arguments, and nothing for the words of a container', async () => {
  await using engine = await openTestEngine()
  await addTestImage(engine, { names: ['app:1', 'app:2'] })
  const offer = async (...words: readonly string[]): Promise<string> => {
    const context = createTestContext(engine)
    await complete(context, ['--root', engine.root, ...words])
    return context.out.text.trim().replaceAll('\n', ' ')
  }
  expect(await offer('run', '-e', 'A=1', 'app')).toBe('app:1 app:2')
  expect(await offer('run', 'app:1', 'app')).toBe('')
  expect(await offer('rmi', 'app:1', 'app:')).toBe('app:1 app:2')
  expect(await offer('tag', 'app:1', 'app')).toBe('')
  expect(await offer('tag', 'log', 'app')).toBe('app:1 app:2')
  expect(await offer('run', '--network', 'app')).toBe('')
})

test('complete() offers volumes for -v and for the commands of volumes', async () => {
  await using engine = await openTestEngine()
  await createVolume(engine, { name: 'data' })
  await createVolume(engine, { name: 'dump' })
  const offer = async (...words: readonly string[]): Promise<string> => {
    const context = createTestContext(engine)
    await complete(context, ['--root', engine.root, ...words])
    return context.out.text.trim().replaceAll('\n', ' ')
  }
  expect(await offer('run', '-v', '')).toBe('data: dump:')
  expect(await offer('run', '--volume=du')).toBe('--volume=dump:')
  expect(await offer('volume', 'rm', 'data', 'd')).toBe('data dump')
  expect(await offer('volume', 'inspect', 'dat')).toBe('data')
  expect(await offer('volume', 'clone', 'dat')).toBe('data')
  expect(await offer('volume', 'cp', 'file', 'dat')).toBe('data:')
  expect(await completions('--root', '/nowhere/a', 'run', '-v', '')).toEqual([])
})

test('complete() offers networks, their containers and values of their options', async () => {
  await using engine = await openTestEngine()
  await createNetwork(engine, { name: 'back' })
  await createNetwork(engine, { name: 'template', traits: { isConfigOnly: true } })
  const offer = async (...words: readonly string[]): Promise<string> => {
    const context = createTestContext(engine)
    await complete(context, ['--root', engine.root, ...words])
    return context.out.text.trim().replaceAll('\n', ' ')
  }
  expect(await offer('network', 'connect', 'b')).toBe('back bridge')
  expect(await offer('network', 'rm', 'back', 't')).toBe('template')
  expect(await offer('network', 'create', '--config-from', 't')).toBe('template')
  expect(await offer('network', 'create', '--driver', '')).toBe('bridge ipvlan macvlan')
  expect(await offer('network', 'create', '--driver=mac')).toBe('--driver=macvlan')
  expect(await offer('search', '--filter', 'is-o')).toBe('is-official=true')
  expect(await offer('port', 'a')).toBe('add')
})

test('containerNames() offers the containers in a state that the command accepts', () => {
  const containers = (['running', 'exited', 'paused', 'created'] as const).map((state) => ({
    name: state,
    state,
  }))
  expect(containerNames(containers, 'exec')).toEqual(['running'])
  expect(containerNames(containers, 'start')).toEqual(['exited', 'created'])
  expect(containerNames(containers, 'unpause')).toEqual(['paused'])
  expect(containerNames(containers, 'stop')).toEqual(['running', 'paused'])
  for (const command of ['logs', 'network connect', 'port add', 'update']) {
    expect(containerNames(containers, command)).toHaveLength(4)
  }
})
