import { expect, test } from 'bun:test'
import type { PublishedPort } from '#network'
import { portLines } from './port-lines.ts'

const ports: readonly PublishedPort[] = [
  { hostIp: '0.0.0.0', hostPort: 8080, containerPort: 80, protocol: 'tcp' },
  { hostIp: '::', hostPort: 8080, containerPort: 80, protocol: 'tcp' },
  { hostIp: '127.0.0.1', hostPort: 5353, containerPort: 53, protocol: 'udp' },
]

test('portLines() lists all ports as Docker does', () => {
  expect(portLines('web', ports, undefined)).toEqual([
    '53/udp -> 127.0.0.1:5353',
    '80/tcp -> 0.0.0.0:8080',
    '80/tcp -> [::]:8080',
  ])
  expect(portLines('web', [], undefined)).toEqual([])
})

test('portLines() orders ports by their number', () => {
  const two = [443, 80].map((port) => ({
    hostIp: '127.0.0.1',
    hostPort: port,
    containerPort: port,
    protocol: 'tcp' as const,
  }))
  expect(portLines('web', two, undefined)).toEqual([
    '80/tcp -> 127.0.0.1:80',
    '443/tcp -> 127.0.0.1:443',
  ])
})

test('portLines() shows where one port is published', () => {
  expect(portLines('web', ports, '80')).toEqual(['0.0.0.0:8080', '[::]:8080'])
  expect(portLines('web', ports, '53/UDP')).toEqual(['127.0.0.1:5353'])
  expect(() => portLines('web', ports, '53')).toThrow(
    'Cannot show port 53/tcp: container web does not publish it',
  )
  for (const text of ['x', '80/foo', '70000', '']) {
    expect(() => portLines('web', ports, text)).toThrow(`Cannot show port ${text}: `)
  }
})
