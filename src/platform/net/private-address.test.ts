import { expect, test } from 'bun:test'
import { isLinkAddress, isPrivateAddress } from './private-address.ts'

test.each([
  '0.0.0.0',
  '10.1.2.3',
  '100.64.0.1',
  '127.0.0.1',
  '127.255.255.254',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '224.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  'fd00:ec2::254',
  'fe80::1',
  'ff02::1',
  '::ffff:127.0.0.1',
  '::ffff:a9fe:a9fe',
  '64:ff9b::a9fe:a9fe',
  '64:ff9b::10.0.0.1',
  '2002:7f00:1::1',
])('isPrivateAddress() is true for %s', (address) => {
  expect(isPrivateAddress(address)).toBe(true)
})

test.each([
  '1.1.1.1',
  '100.128.0.1',
  '172.32.0.1',
  '169.253.0.1',
  '192.169.0.1',
  '2606:4700::1111',
  '::ffff:8.8.8.8',
  '64:ff9b::8.8.8.8',
  'localhost',
  '',
])('isPrivateAddress() is false for %p', (address) => {
  expect(isPrivateAddress(address)).toBe(false)
})

test.each([
  '169.254.169.254',
  '169.254.170.2',
  '::ffff:a9fe:a9fe',
  '64:ff9b::169.254.169.254',
  '2002:a9fe:a9fe::1',
  'fe80::1',
  'fd00:ec2::254',
  'fd20:ce::254',
  '100.100.100.200',
])('isLinkAddress() is true for %s', (address) => {
  expect(isLinkAddress(address)).toBe(true)
})

test.each(['169.253.0.1', '10.1.2.3', '127.0.0.1', '::1', 'fd00::1', 'localhost', ''])(
  'isLinkAddress() is false for %p',
  (address) => {
    expect(isLinkAddress(address)).toBe(false)
  },
)
