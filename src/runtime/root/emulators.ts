import { fs, readSmallFile } from '#platform'

/** An interpreter that binfmt_misc starts for a file. */
export interface Emulator {
  /** A path. */
  readonly interpreter: string
  /** The kernel opened the interpreter at its registration, so that no image needs the file. */
  readonly isFixed: boolean
}

const registrations = '/proc/sys/fs/binfmt_misc'

/**
 * Returns the interpreter that is registered for a file with this beginning. Only formats
 * with a magic number are read: programs of other machines have one.
 *
 * @see https://docs.kernel.org/admin-guide/binfmt-misc.html
 */
export function findEmulator(
  head: Uint8Array,
  directory: string = registrations,
): Emulator | undefined {
  for (const name of namesIn(directory)) {
    const entry = parseEntry(readSmallFile(`${directory}/${name}`) ?? '')
    if (entry !== undefined && matches(entry, head)) return entry
  }
  return undefined
}

/** Architectures of QEMU's interpreters, by the ends of the names that packages register. */
const emulated: Readonly<Record<string, string>> = {
  aarch64: 'linux/arm64',
  arm: 'linux/arm/v7',
  i386: 'linux/386',
  loongarch64: 'linux/loong64',
  mips64el: 'linux/mips64le',
  ppc64le: 'linux/ppc64le',
  riscv64: 'linux/riscv64',
  s390x: 'linux/s390x',
  x86_64: 'linux/amd64',
}

/** Returns the platforms whose programs QEMU runs on this machine. */
export function emulatedPlatforms(directory: string = registrations): readonly string[] {
  return namesIn(directory)
    .filter((name) => readSmallFile(`${directory}/${name}`)?.startsWith('enabled\n'))
    .flatMap((name) => emulated[/^qemu-(\w+)$/.exec(name)?.[1] ?? ''] ?? [])
    .sort()
}

/** True when a format is registered by a file name, which only the kernel compares. */
export function hasNamedFormats(directory: string = registrations): boolean {
  return namesIn(directory).some((name) =>
    /^extension /m.test(readSmallFile(`${directory}/${name}`) ?? ''),
  )
}

function namesIn(directory: string): readonly string[] {
  try {
    return fs()
      .readdirSync(directory)
      .filter((name) => name !== 'register' && name !== 'status')
  } catch {
    // It is mounted only where a format was registered.
    return []
  }
}

interface Entry extends Emulator {
  readonly offset: number
  readonly magic: Uint8Array
  readonly mask: Uint8Array | undefined
}

function parseEntry(text: string): Entry | undefined {
  const value = (name: string): string => new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1] ?? ''
  const magic = Buffer.from(value('magic'), 'hex')
  if (!text.startsWith('enabled\n') || magic.length === 0) return undefined
  const mask = Buffer.from(value('mask'), 'hex')
  return {
    interpreter: value('interpreter'),
    isFixed: /^flags:.*F/m.test(text),
    offset: Number(value('offset')),
    magic,
    mask: mask.length === magic.length ? mask : undefined,
  }
}

function matches({ offset, magic, mask }: Entry, head: Uint8Array): boolean {
  return magic.every((byte, index) => {
    const bits = mask?.[index] ?? 0xff
    return ((head[offset + index] ?? 0) & bits) === (byte & bits)
  })
}
