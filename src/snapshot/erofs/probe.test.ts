import { expect, test } from 'bun:test'
import { readFileSync, writeFileSync } from 'node:fs'
import { openSnapshots } from '../open.ts'
import { type ErofsWay, knownProbe, probeErofs } from './probe.ts'
import { Home, isRoot, unlessRoot } from './testing/fixture.ts'

test.skipIf(!isRoot)(
  `probeErofs() tries once and keeps the answer for this boot and store${unlessRoot}`,
  async () => {
    using home = new Home()
    const tried: ErofsWay[] = []
    const probe = () => probeErofs(home.root, home.run, (_, way) => void tried.push(way))
    const first = await probe()
    // Mounting a file on tmpfs is never tried.
    expect(first).toEqual({
      way: 'memory',
      reason:
        'layers are mounted as they are, with a copy of their index in memory, for files on tmpfs cannot be mounted',
    })
    expect(await probe()).toMatchObject(first)
    expect(knownProbe(home.root, home.run)).toMatchObject(first)
    expect(tried).toEqual(['memory'])
    const path = `${home.run}/erofs.json`
    for (const change of [
      { kernel: '6.12.1' },
      { boot: 'another' },
      { device: '1:2' },
      { way: 'magic' },
    ]) {
      writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), ...change }))
      expect(knownProbe(home.root, home.run)).toBeUndefined()
      await probe()
    }
    writeFileSync(path, 'no JSON')
    await probe()
    expect(tried).toHaveLength(6)
  },
)

test.skipIf(!isRoot)(
  `probeErofs() returns the reason when no way works, and openSnapshots() then unpacks${unlessRoot}`,
  async () => {
    using home = new Home()
    const found = await probeErofs(home.root, home.run, () => {
      throw new Error('it is broken')
    })
    expect(found).toEqual({ reason: 'files on tmpfs cannot be mounted and it is broken' })
    const best = await openSnapshots(home.root, home.run, { kind: 'best' })
    expect(best.kind).toBe('directory')
    expect(best.reason).toEndWith('for files on tmpfs cannot be mounted and it is broken')
    const forced = openSnapshots(home.root, home.run, { kind: 'erofs' })
    expect(await forced.catch(String)).toStartWith(
      'StrakeError: Cannot use erofs snapshots: files on tmpfs',
    )
  },
)

test.skipIf(!isRoot)(
  `openSnapshots() refuses a way that does not work here${unlessRoot}`,
  async () => {
    using home = new Home()
    const forced = openSnapshots(home.root, home.run, { kind: 'erofs', way: 'file' })
    expect(await forced.catch(String)).toBe(
      'StrakeError: Cannot use erofs snapshots: files on tmpfs cannot be mounted',
    )
    expect((await openSnapshots(home.root, home.run)).kind).toBe('erofs')
  },
)
