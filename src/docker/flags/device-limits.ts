import type { DeviceLimit } from '#runtime'
import { refuse } from './refuse.ts'

const units: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 1024,
  m: 1024 ** 2,
  g: 1024 ** 3,
  t: 1024 ** 4,
}

/** Reads `--device-read-bps` and `--device-write-bps`: `/dev/sda:10mb`. Throws `INVALID`. */
export function parseDeviceBytes(flag: string, text: string): DeviceLimit {
  const { path, rest } = split(flag, text)
  const [, digits, unit = ''] = /^(\d+)([bkmgt]?)(?:i?b)?$/i.exec(rest) ?? []
  const value = Number(digits) * (units[unit.toLowerCase()] ?? Number.NaN)
  if (!Number.isSafeInteger(value) || value === 0) {
    throw refuse(flag, text, 'expected /dev/NODE:SIZE, such as /dev/sda:10mb')
  }
  return { path, value }
}

/** Reads `--device-read-iops` and `--device-write-iops`: `/dev/sda:1000`. Throws `INVALID`. */
export function parseDeviceOperations(flag: string, text: string): DeviceLimit {
  const { path, rest } = split(flag, text)
  const value = /^\d{1,15}$/.test(rest) ? Number(rest) : 0
  if (value === 0) throw refuse(flag, text, 'expected /dev/NODE:COUNT, such as /dev/sda:1000')
  return { path, value }
}

/** Reads `--blkio-weight-device`: `/dev/sda:200`. Throws `INVALID`. */
export function parseDeviceWeight(flag: string, text: string): DeviceLimit {
  const { path, rest } = split(flag, text)
  const value = /^\d{1,4}$/.test(rest) ? Number(rest) : 0
  if (value < 10 || value > 1000) {
    throw refuse(flag, text, 'expected /dev/NODE:WEIGHT with a weight of 10 to 1000')
  }
  return { path, value }
}

function split(flag: string, text: string): { readonly path: string; readonly rest: string } {
  const at = text.lastIndexOf(':')
  const path = text.slice(0, at)
  if (at < 0 || !path.startsWith('/dev/')) {
    throw refuse(flag, text, 'expected a device below /dev/, a colon and a number')
  }
  return { path, rest: text.slice(at + 1) }
}
