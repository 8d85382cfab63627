import { expect, test } from 'bun:test'
import { formatPorts } from './container-ports.ts'

test('formatPorts() writes published ports, then those that are only exposed', () => {
  const web = { hostIp: '0.0.0.0', hostPort: 8080, containerPort: 80, protocol: 'tcp' } as const
  const exposed = ['80/tcp', '443/tcp']
  expect(formatPorts({ published: [web], exposed })).toBe('0.0.0.0:8080->80/tcp, 443/tcp')
  const both = [web, { ...web, hostIp: '::' }]
  expect(formatPorts({ published: both, exposed: [] })).toBe(
    '0.0.0.0:8080->80/tcp, [::]:8080->80/tcp',
  )
  expect(formatPorts({ published: [], exposed: [] })).toBe('')
})
