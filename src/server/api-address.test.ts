import { expect, test } from 'bun:test'
import { formatTcp, isLoopback, parseApiAddress } from './api-address.ts'

test('parseApiAddress() reads sockets, addresses with ports, and fd://', () => {
  expect(parseApiAddress('unix:///run/a b.sock')).toEqual({ kind: 'unix', path: '/run/a b.sock' })
  expect(parseApiAddress('fd://')).toEqual({ kind: 'inherited' })
  const tcp = (hostname: string, port: number) => ({ kind: 'tcp', hostname, port }) as const
  expect(parseApiAddress('tcp://192.0.2.1:2376')).toEqual(tcp('192.0.2.1', 2376))
  expect(parseApiAddress('tcp://[::1]:0')).toEqual(tcp('::1', 0))
  expect(parseApiAddress('tcp://localhost:2375')).toEqual(tcp('127.0.0.1', 2375))
})

test('parseApiAddress() refuses what it does not know', () => {
  const wrong = [
    '',
    'unix://',
    'unix://run/x',
    'tcp://:2375',
    'tcp://a',
    'tcp://a:70000',
    'npipe://x',
  ]
  for (const text of [...wrong, '/run/x', 'tcp://a:1/x', 'fd://3', 'tcp://[x]:1']) {
    expect(() => parseApiAddress(text)).toThrow(`Cannot listen on ${text}: expected unix:///PATH`)
  }
})

test('isLoopback() knows the addresses of this machine alone', () => {
  expect(['127.0.0.1', '127.9.9.9', '::1'].every(isLoopback)).toBe(true)
  const others = ['0.0.0.0', '::', '192.0.2.1', '127.example.com', '127.0.0.1.example.com']
  expect(others.some(isLoopback)).toBe(false)
  expect(formatTcp('::1', 5)).toBe('tcp://[::1]:5')
})
