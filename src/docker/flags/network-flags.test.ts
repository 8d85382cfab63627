import { expect, test } from 'bun:test'
import { parseConnection, parseNetworks } from './network-flags.ts'

test('parseNetworks() reads names and long forms', () => {
  expect(parseNetworks({})).toEqual({ network: undefined, ip: undefined })
  expect(parseNetworks({ networks: ['default'] })).toEqual({ network: 'bridge', ip: undefined })
  expect(parseNetworks({ networks: ['none'] })).toEqual({ network: 'none' })
  const long =
    'name=back,alias=db,alias=sql,ip=10.5.0.9,mac-address=02-42-AC-11-00-02,gw-priority=-1'
  const mac = '02:42:ac:11:00:02'
  expect(parseNetworks({ networks: [long, 'front'] })).toEqual({
    network: 'bridge',
    networks: [
      { name: 'back', aliases: ['db', 'sql'], ip: '10.5.0.9', mac, gatewayPriority: -1 },
      { name: 'front' },
    ],
  })
})

test('parseNetworks() applies --network-alias, --ip and --mac-address to the first network', () => {
  const mac = '02:42:ac:11:00:02'
  expect(
    parseNetworks({ networks: ['a', 'b'], aliases: ['x'], ip: '10.5.0.9', mac }).networks,
  ).toEqual([{ name: 'a', aliases: ['x'], ip: '10.5.0.9', mac }, { name: 'b' }])
  expect(parseNetworks({ ip: '10.5.0.9' })).toEqual({ network: undefined, ip: '10.5.0.9' })
  expect(parseNetworks({ mac }).networks).toEqual([
    { name: 'bridge', aliases: [], ip: undefined, mac },
  ])
})

test('parseNetworks() writes IPv6 addresses in the usual form', () => {
  const networks = ['name=a,ip6=FD00:0::9', 'b']
  expect(parseNetworks({ networks }).networks).toEqual([
    { name: 'a', aliases: [], ip6: 'fd00::9' },
    { name: 'b' },
  ])
  expect(parseNetworks({ ip6: 'fd00:0:0::8' }).networks).toEqual([
    { name: 'bridge', aliases: [], ip6: 'fd00::8' },
  ])
})

test.each([
  [{ networks: ['host', 'back'] }, 'only if a user made them'],
  [{ networks: ['back', 'back'] }, 'the network is given twice'],
  [{ networks: ['alias=a'] }, 'it has no name='],
  [{ networks: ['name=a,ip=::1'] }, 'the value of ip is malformed'],
  [{ networks: ['name=a,gw-priority=x'] }, 'the value of gw-priority is malformed'],
  [{ networks: ['name=a,ip6=fd00::g'] }, 'expected an IPv6 address'],
  [{ networks: ['a'], ip6: '10.0.0.2' }, 'expected an IPv6 address'],
  [{ networks: ['name=a,ip6=fd00::2'], ip6: 'fd00::3' }, '--network has another one, fd00::2'],
  [{ networks: ['none'], ip6: 'fd00::2' }, 'the network none gives no addresses'],
  [{ networks: ['name=a,color=red'] }, 'color is unknown'],
  [{ networks: ['name=a,ip=10.0.0.2'], ip: '10.0.0.3' }, '--network has another one, 10.0.0.2'],
  [{ networks: ['a'], mac: '01:00:5e:00:00:01' }, 'expected the address of one interface'],
  [{ networks: ['none'], ip: '10.0.0.2' }, 'the network none gives no addresses'],
  [
    { aliases: ['db'] },
    'Cannot use --network-alias db: network-scoped aliases are only supported for user-defined networks, and bridge is not one',
  ],
])('parseNetworks() refuses %p', (flags, message) => {
  expect(() => parseNetworks(flags)).toThrow(message)
})

test('parseConnection() refuses an alias on the usual network', () => {
  expect(() => parseConnection({ network: 'bridge', aliases: ['db'] })).toThrow(
    'Cannot use --alias db: network-scoped aliases are only supported for user-defined networks',
  )
})
