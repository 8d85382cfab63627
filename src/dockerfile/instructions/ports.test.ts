import { describe, expect, test } from 'bun:test'
import { parsePortSpec } from './ports.ts'

describe('parsePortSpec()', () => {
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['80', '80-80/tcp'],
    ['0', '0-0/tcp'],
    ['53/UDP', '53-53/udp'],
    ['8000-8010/sctp', '8000-8010/sctp'],
    ['80:8080', '8080-8080/tcp mapped'],
    ['[::1]:80:8080/udp', '8080-8080/udp mapped'],
    ['65535', '65535-65535/tcp'],
    ['65536', undefined],
    ['90-80', undefined],
    ['80/', '80-80/tcp'],
    ['80/icmp', undefined],
    ['80/tcp/x', undefined],
    ['80-', undefined],
    ['http', undefined],
    ['', undefined],
    [' 80', undefined],
  ]
  for (const [text, expected] of rows) {
    test(`parsePortSpec() reads ${JSON.stringify(text)} as ${expected}`, () => {
      const spec = parsePortSpec(text)
      const printed =
        spec && `${spec.first}-${spec.last}/${spec.protocol}${spec.mapped ? ' mapped' : ''}`
      expect(printed).toBe(expected)
    })
  }
})
