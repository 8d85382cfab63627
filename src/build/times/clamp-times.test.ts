import { expect, test } from 'bun:test'
import { lstatSync, lutimesSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { mkdtempDisposable } from '#platform'
import { clampTimes } from './clamp-times.ts'

test('clampTimes() clamps late times, links and odd names included, and nothing outside', async () => {
  await using directory = await mkdtempDisposable(tmpdir())
  const root = Buffer.from(`${directory.path}/root`)
  const outside = Buffer.from(`${directory.path}/outside`)
  mkdirSync(root)
  const at = (name: string): Buffer => Buffer.concat([root, Buffer.from(`/${name}`, 'latin1')])
  mkdirSync(at('d\xff'))
  for (const path of [outside, at('early'), at('late'), at('d\xff/\xef'), at('fraction')]) {
    writeFileSync(path, '')
  }
  symlinkSync(outside, at('link'))
  const times: readonly (readonly [Buffer, number])[] = [
    [at('early'), 999],
    [at('fraction'), 1000.5],
    [at('late'), 2000],
    [at('d\xff/\xef'), 2000],
    [at('link'), 2000],
    [at('d\xff'), 2000],
    [outside, 2000],
  ]
  for (const [path, time] of times) lutimesSync(path, time, time)
  clampTimes(root.toString(), 1000)
  const after = times.map(([path]) => lstatSync(path).mtimeMs)
  expect(after).toEqual([999_000, 1_000_000, 1_000_000, 1_000_000, 1_000_000, 1_000_000, 2_000_000])
})
