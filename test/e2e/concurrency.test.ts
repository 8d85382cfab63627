import { describe, expect, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import { importBusybox, writeContext } from './busybox.ts'
import { damage, writeSmallImage } from './fault-rig.ts'
import { serveStrakeRegistry } from './servers.ts'
import { missing, openStrake } from './strake.ts'

// Many processes work on one store.

const reason = missing()
if (reason !== undefined) console.log(`skipped concurrency: ${reason}`)

describe.skipIf(reason !== undefined)('many processes', () => {
  test('eight pulls of one image succeed and fetch each blob once', async () => {
    await using source = await openStrake()
    const archive = await writeSmallImage(`${source.directory}/kept.tar`, 'kept:1', 'kept')
    await source.ok('load', '-i', archive)
    await using server = await serveStrakeRegistry(source)
    const name = `${server.host}/kept:1`
    await source.ok('tag', 'kept:1', name)
    await source.ok('push', name)
    await using strake = await openStrake()
    const pulls = await Promise.all(Array.from({ length: 8 }, () => strake('pull', name)))
    expect(pulls.filter(({ exitCode }) => exitCode !== 0).map(({ stderr }) => stderr)).toEqual([])
    await strake.ok('tag', name, 'kept:1')
    expect(await damage(strake)).toEqual([])
  })

  test('pull and save beside rmi and prune fail only for an absent image', async () => {
    await using source = await openStrake()
    await using server = await serveStrakeRegistry(source)
    const names: string[] = []
    for (const word of ['one', 'two']) {
      const name = `${server.host}/${word}:1`
      const path = `${source.directory}/${word}.tar`
      await source.ok('load', '-i', await writeSmallImage(path, `${word}:1`, word))
      await source.ok('tag', `${word}:1`, name)
      await source.ok('push', name)
      names.push(name)
    }
    const [one = '', two = ''] = names
    await using strake = await openStrake()
    const end = Date.now() + 6000
    const failures: string[] = []
    const repeat = async (...commands: readonly (readonly string[])[]): Promise<void> => {
      while (Date.now() < end) {
        for (const args of commands) {
          const { exitCode, stderr } = await strake(...args)
          const isTrue = /No such image/.test(stderr) && args[0] === 'save'
          const isWatched = args[0] === 'pull' || args[0] === 'save'
          if (exitCode === 0 || !isWatched || isTrue) continue
          failures.push(`${args.join(' ')}: ${stderr}`)
        }
      }
    }
    const saved = (word: string): string => `${strake.directory}/${word}.tar`
    await Promise.all([
      repeat(['pull', one], ['save', '-o', saved('a'), one]),
      repeat(['pull', one], ['save', '-o', saved('b'), one]),
      repeat(['pull', two], ['save', '-o', saved('c'), two]),
      repeat(['rmi', one]),
      repeat(['system', 'prune', '--force']),
    ])
    expect(failures).toEqual([])
    for (const name of names) await strake.ok('pull', name)
    await strake.ok('tag', one, 'kept:1')
    expect(await damage(strake)).toEqual([])
  }, 60_000)

  test('load, tag and save of an index beside rmi and prune lose no platform', async () => {
    await using strake = await openStrake()
    const archive = `${strake.directory}/index.tar`
    const context = await writeContext(`${strake.directory}/index`, {
      Dockerfile: 'FROM scratch\nARG TARGETARCH\nCOPY <<EOF /own\nfor $TARGETARCH\nEOF\n',
    })
    const platforms = 'linux/amd64,linux/arm64,linux/s390x'
    const output = `type=oci,dest=${archive},name=multi:1`
    await strake.ok('build', '-q', '--platform', platforms, '-o', output, context)
    const end = Date.now() + 5000
    const failures: string[] = []
    const repeat = async (...commands: readonly (readonly string[])[]): Promise<void> => {
      while (Date.now() < end) {
        for (const args of commands) {
          const { exitCode, stderr } = await strake(...args)
          if (exitCode === 0 || /No such image/.test(stderr) || args[0] === 'rmi') continue
          failures.push(`${args.join(' ')}: ${stderr}`)
        }
      }
    }
    const load = ['load', '-q', '-i', archive]
    await Promise.all([
      repeat(load, ['save', '-o', `${strake.directory}/a.tar`, 'multi:1']),
      repeat(load, ['tag', 'multi:1', 'multi:2'], ['rmi', 'multi:2']),
      repeat(['rmi', 'multi:1']),
      repeat(['image', 'prune', '--all', '--force']),
      repeat(['system', 'prune', '--force']),
    ])
    expect(failures).toEqual([])
    await strake.ok(...load)
    await strake.ok('save', '-o', `${strake.directory}/whole.tar`, 'multi:1')
    const [document] = JSON.parse(await strake.ok('inspect', 'multi:1'))
    expect(document.Manifests.map((each: { Available: boolean }) => each.Available)).toEqual([
      true,
      true,
      true,
    ])
    await strake.ok('load', '-i', await writeSmallImage(`${strake.directory}/k.tar`, 'kept:1', 'k'))
    expect(await damage(strake)).toEqual([])
  }, 60_000)

  test('60 runs succeed beside every prune, and no prune fails', async () => {
    await using strake = await openStrake()
    await importBusybox(strake, 'box')
    await strake.ok('run', '--name', 'kept', 'box', 'true')
    const failures: string[] = []
    const said = async (...args: readonly string[]): Promise<void> => {
      const { exitCode, stderr } = await strake(...args)
      if (exitCode !== 0 || stderr !== '') failures.push(`${args.join(' ')}: ${exitCode} ${stderr}`)
    }
    let isOver = false
    const repeat = async (...args: readonly string[]): Promise<void> => {
      while (!isOver) await said(...args)
    }
    const runs = async (): Promise<void> => {
      for (let round = 0; round < 30; round++) {
        await said('run', '--rm', ...(round % 2 === 0 ? ['--network', 'none'] : []), 'box', 'true')
      }
    }
    const prunes = [
      ['container', 'prune', '--force'],
      ['system', 'prune', '--force'],
      ['image', 'prune', '--force'],
      ['builder', 'prune', '--force'],
    ].map((args) => repeat(...args))
    await Promise.all([runs(), runs()])
    isOver = true
    await Promise.all(prunes)
    expect(failures).toEqual([])
    expect(await strake.ok('ps', '--all', '--quiet')).toBe('')
    expect(readdirSync(`${strake.root}/containers`)).toEqual([])
  }, 120_000)
})
