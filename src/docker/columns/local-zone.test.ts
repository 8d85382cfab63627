import { expect, test } from 'bun:test'

test('inLocalZone() shifts an instant by the offset of the zone', async () => {
  const source = `
    const { inLocalZone } = await import(${JSON.stringify(`${import.meta.dirname}/local-zone.ts`)})
    console.log(JSON.stringify(inLocalZone(new Date('2026-01-02T03:04:05.678Z'))))`
  const shown = (zone: string): unknown => {
    const env = { TZ: zone }
    const { stdout } = Bun.spawnSync([process.execPath, '-e', source], { env })
    return JSON.parse(stdout.toString())
  }
  expect(shown('UTC')).toEqual({ text: '2026-01-02T03:04:05.678', offset: '+0000' })
  expect(shown('Asia/Kolkata')).toEqual({ text: '2026-01-02T08:34:05.678', offset: '+0530' })
  expect(shown('America/St_Johns')).toEqual({ text: '2026-01-01T23:34:05.678', offset: '-0330' })
})
