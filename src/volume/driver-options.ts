import { parseSize } from '#dockerfile/size'
import { StrakeError } from '#oci'
import type { Filesystem } from '#platform'

/** The options of the driver `local`, as in Docker. */
const known: ReadonlySet<string> = new Set(['type', 'o', 'device', 'size'])

/**
 * Reads the options of a volume: `type` (`nfs`, `cifs`, `tmpfs`, `none` for a bind mount, or any
 * type of the kernel), `device` and `o`, the words of mount(8); or `size`, see `readQuota`. Returns the
 * file system to mount in place of the volume's directory; `undefined` for a volume without such
 * options. Throws `INVALID`.
 */
export function readDriverOptions(
  name: string,
  options: Readonly<Record<string, string>>,
): Filesystem | undefined {
  for (const key of Object.keys(options)) {
    if (known.has(key)) continue
    throw new StrakeError('INVALID', `Cannot create volume ${name}: there is no option ${key}`, {
      remedy: 'use type, device and o, or size',
    })
  }
  const { type, device, o = '' } = options
  if (type === undefined && device === undefined && options['o'] === undefined) return undefined
  if (type === undefined || type === '') throw missing(name, 'type')
  if (device === undefined || device === '') throw missing(name, 'device')
  if (options['size'] !== undefined) {
    const message = `Cannot create volume ${name}: its own file system has no quota`
    throw new StrakeError('INVALID', message, {
      remedy: 'leave size out; the size of a tmpfs is -o o=size=SIZE',
    })
  }
  const words = o.split(',').filter((word) => word !== '')
  const isBind = words.some((word) => word === 'bind' || word === 'rbind')
  if ([type, device, o].some((text) => text.includes('\0')))
    throw invalid(name, 'it has a NUL byte')
  if (isBind && !device.startsWith('/')) {
    throw invalid(name, `the directory ${device} is not absolute`)
  }
  if (words.includes('remount')) throw invalid(name, 'remount is no option of a new mount')
  if (Buffer.byteLength(o) > 4000) throw invalid(name, 'its options are longer than 4000 bytes')
  return { type, device, options: words }
}

/** Returns the bytes that the files of a volume may have, 0 without a limit. Throws `INVALID`. */
export function readQuota(name: string, { size }: Readonly<Record<string, string>>): number {
  const bytes = size === undefined ? 0 : parseSize(size)
  if (bytes !== undefined && bytes <= Number.MAX_SAFE_INTEGER) return bytes
  throw new StrakeError('INVALID', `Cannot create volume ${name}: invalid size: '${size}'`, {
    remedy: 'write a number and a unit, such as 512m or 10g',
  })
}

function missing(name: string, option: string): StrakeError {
  return new StrakeError(
    'INVALID',
    `Cannot create volume ${name}: the option ${option} is missing`,
    {
      remedy: `set it with --opt ${option}=…`,
    },
  )
}

function invalid(name: string, reason: string): StrakeError {
  return new StrakeError('INVALID', `Cannot create volume ${name}: ${reason}`)
}
