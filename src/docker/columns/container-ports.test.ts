import { expect, test } from 'bun:test'
import { formatPorts } from './container-ports.ts'

const web = { hostIp: '0.0.0.0', hostPort: 8080, containerPort: 80, protocol: 'tcp' } as const
const same = (port: number, hostIp = '0.0.0.0') => ({
  ...web,
  hostIp,
  hostPort: port,
  containerPort: port,
})

test('formatPorts() writes ports that are only exposed, then published ones', () => {
  const exposed = ['80/tcp', '443/tcp']
  expect(formatPorts({ published: [web], exposed })).toBe('443/tcp, 0.0.0.0:8080->80/tcp')
  const both = [{ ...web, hostIp: '::' }, web]
  expect(formatPorts({ published: both, exposed: [] })).toBe(
    '0.0.0.0:8080->80/tcp, [::]:8080->80/tcp',
  )
  expect(formatPorts({ published: [], exposed: [] })).toBe('')
})

test('formatPorts() sorts by the port of the container, and joins neighbours to ranges', () => {
  const udp = { ...web, hostPort: 5353, containerPort: 53, protocol: 'udp' } as const
  expect(formatPorts({ published: [web, udp], exposed: [] })).toBe(
    '0.0.0.0:5353->53/udp, 0.0.0.0:8080->80/tcp',
  )
  expect(formatPorts({ published: [], exposed: ['82/udp', '81/tcp', '82/tcp', '84/tcp'] })).toBe(
    '81-82/tcp, 84/tcp, 82/udp',
  )
  const range = [same(90), same(90, '::'), same(91), same(91, '::')]
  expect(formatPorts({ published: range, exposed: [] })).toBe(
    '0.0.0.0:90-91->90-91/tcp, [::]:90-91->90-91/tcp',
  )
})
