import { expect, test } from 'bun:test'
import { parseDeviceBytes, parseDeviceOperations, parseDeviceWeight } from './device-limits.ts'

test('the limits of a device are read', () => {
  const flag = '--device-read-bps'
  expect(parseDeviceBytes(flag, '/dev/sda:10mb')).toEqual({ path: '/dev/sda', value: 10485760 })
  expect(parseDeviceBytes(flag, '/dev/disk/by-path/a:b:1K').path).toBe('/dev/disk/by-path/a:b')
  expect(parseDeviceOperations(flag, '/dev/sda:5').value).toBe(5)
  expect(parseDeviceWeight(flag, '/dev/sda:200').value).toBe(200)
})

test('limits that a kernel would not take are refused', () => {
  for (const text of ['/dev/sda', 'sda:1mb', '/dev/sda:0', '/dev/sda:', '/dev/sda:1x', ':1']) {
    expect(() => parseDeviceBytes('--device-read-bps', text)).toThrow(
      `Cannot use --device-read-bps ${text}: expected`,
    )
  }
  expect(() => parseDeviceOperations('--device-read-iops', '/dev/sda:1k')).toThrow('expected')
  expect(() => parseDeviceWeight('--blkio-weight-device', '/dev/sda:9')).toThrow('10 to 1000')
})
