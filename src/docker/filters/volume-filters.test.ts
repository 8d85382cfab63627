import { expect, test } from 'bun:test'
import { passesVolumeFilter } from '#engine/volume/volume-filter'
import { parseVolumeFilters } from './volume-filters.ts'

const volume = { name: 'app-data', labels: { tier: 'db' } }

test('parseVolumeFilters() reads the conditions of Docker', () => {
  const cases: readonly (readonly [readonly string[], boolean, boolean])[] = [
    [[], true, true],
    [['dangling=true'], false, true],
    [['dangling=0'], true, false],
    [['driver=local'], true, true],
    [['driver=nfs'], false, false],
    [['label=tier'], true, true],
    [['label=tier=db', 'label=other'], false, false],
    [['name=data'], true, true],
    [['name=x', 'name=app'], true, true],
    [['name=x'], false, false],
  ]
  for (const [words, whenUsed, whenUnused] of cases) {
    const filter = parseVolumeFilters(words)
    expect([words, passesVolumeFilter(filter, volume, true)]).toEqual([words, whenUsed])
    expect([words, passesVolumeFilter(filter, volume, false)]).toEqual([words, whenUnused])
  }
})

test('parseVolumeFilters() refuses unknown conditions', () => {
  for (const word of ['size=1', 'dangling=maybe', 'label']) {
    expect(() => parseVolumeFilters([word])).toThrow(`Cannot filter volumes by '${word}'`)
  }
})
