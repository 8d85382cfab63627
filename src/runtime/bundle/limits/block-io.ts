import { statSync } from 'node:fs'
import { StrakeError } from '#oci'
import { deviceNumbers } from '../device-numbers.ts'
import type { BlockIoConfig } from '../spec.ts'

/** A number for one block device of the host: bytes or operations a second, or a weight. */
export interface DeviceLimit {
  /** Absolute path of the node. */
  readonly path: string
  readonly value: number
}

/** Limits of the access to block devices. */
export interface BlockIoOptions {
  /** 10 to 1000; absent and 0 mean the default of the kernel. */
  readonly blkioWeight?: number | undefined
  readonly blkioWeightDevices?: readonly DeviceLimit[] | undefined
  /** Bytes a second. */
  readonly deviceReadBps?: readonly DeviceLimit[] | undefined
  readonly deviceWriteBps?: readonly DeviceLimit[] | undefined
  /** Operations a second. */
  readonly deviceReadIops?: readonly DeviceLimit[] | undefined
  readonly deviceWriteIops?: readonly DeviceLimit[] | undefined
}

/** Returns the limits in the form of the runtime. Throws `INVALID`, and `NOT_FOUND` for an absent device. */
export function blockIoConfig(options: BlockIoOptions): BlockIoConfig {
  if (options.blkioWeight) checkWeight(options.blkioWeight)
  const weights = options.blkioWeightDevices ?? []
  for (const { value } of weights) checkWeight(value)
  const rates = (limits: readonly DeviceLimit[] = []): { rate: number }[] =>
    limits.map(({ path, value }) => ({ ...blockDevice(path), rate: value }))
  const config = {
    weightDevice: weights.map(({ path, value }) => ({ ...blockDevice(path), weight: value })),
    throttleReadBpsDevice: rates(options.deviceReadBps),
    throttleWriteBpsDevice: rates(options.deviceWriteBps),
    throttleReadIOPSDevice: rates(options.deviceReadIops),
    throttleWriteIOPSDevice: rates(options.deviceWriteIops),
  }
  const given = Object.entries(config).filter(([, list]) => list.length > 0)
  return {
    ...(options.blkioWeight ? { weight: options.blkioWeight } : {}),
    ...Object.fromEntries(given),
  }
}

function checkWeight(weight: number): void {
  if (weight >= 10 && weight <= 1000) return
  throw new StrakeError('INVALID', `Cannot use block IO weight ${weight}: the range is 10 to 1000`)
}

function blockDevice(path: string): { readonly major: number; readonly minor: number } {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (stats === undefined) {
    throw new StrakeError('NOT_FOUND', `Cannot limit device ${path}: no such file or directory`)
  }
  if (!stats.isBlockDevice()) {
    throw new StrakeError('INVALID', `Cannot limit device ${path}: it is not a block device`)
  }
  return deviceNumbers(stats.rdev)
}
