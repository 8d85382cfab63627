import { expect, test } from 'bun:test'
import { missingForTests, openTestbed } from '../testing/testbed.ts'

test.skipIf(missingForTests() !== undefined)(
  'the first attach() removes the bridges of deleted stores, and no others',
  async () => {
    await using bed = openTestbed()
    await using driver = bed.openDriver()
    const make = (name: string, alias: string): void => {
      bed.exec(bed.host, 'ip', 'link', 'add', name, 'type', 'bridge')
      bed.exec(bed.host, 'ip', 'link', 'set', name, 'alias', alias)
    }
    make('strakegone', `${bed.run}/gone/network`)
    bed.exec(bed.host, 'nft', 'add table ip strakegone; add chain ip strakegone c { counter; }')
    make('strakekept', bed.run)
    make('strakebusy', `${bed.run}/gone/network`)
    bed.exec(bed.host, 'ip', 'link', 'add', 'port', 'master', 'strakebusy', 'type', 'veth')
    make('othergone', `${bed.run}/gone/network`)
    await driver.attach({ containerId: 'one', ip: '10.89.0.2' })
    const links = bed.exec(bed.host, 'ip', '-o', 'link', 'show', 'type', 'bridge')
    const names = links.split('\n').flatMap((line) => line.split(': ')[1] ?? [])
    expect(names.sort()).toEqual(['othergone', 'strake0', 'strakebusy', 'strakekept'])
    expect(bed.exec(bed.host, 'nft', 'list', 'tables')).not.toContain('strakegone')
    expect(bed.exec(bed.host, 'ip', 'link', 'show', 'strake0')).toContain(`alias ${bed.run}`)
  },
)

test.skipIf(missingForTests() !== undefined)(
  'stores that start and end at the same time do not disturb each other',
  async () => {
    await using bed = openTestbed()
    // Every store that starts removes the bridges of deleted stores.
    for (const name of ['strakegone1', 'strakegone2', 'strakegone3']) {
      bed.exec(bed.host, 'ip', 'link', 'add', name, 'type', 'bridge')
      bed.exec(bed.host, 'ip', 'link', 'set', name, 'alias', `${bed.run}/gone`)
      bed.exec(bed.host, 'nft', `add table ip ${name}; add chain ip ${name} c { counter; }`)
    }
    const rounds = async (store: string): Promise<readonly string[]> => {
      await using driver = bed.openDriver(store)
      const failures: string[] = []
      for (let round = 0; round < 8; round++) {
        for (const call of [
          { method: 'attach', options: { containerId: 'one', kind: 'bridge' } },
          { method: 'detach', containerId: 'one' },
          { method: 'remove' },
        ] as const) {
          const { error } = await driver.call(call)
          if (error !== undefined) failures.push(`${call.method}: ${error.message}`)
        }
      }
      return failures
    }
    const failures = await Promise.all(['a', 'b', 'c', 'd'].map(rounds))
    expect(failures.flat()).toEqual([])
    expect(bed.exec(bed.host, 'nft', 'list', 'tables')).not.toContain('strakegone')
  },
  60_000,
)
