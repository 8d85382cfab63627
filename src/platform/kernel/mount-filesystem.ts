import { check, cString, symbols } from '../call/libc.ts'

const c = symbols({
  mount: { args: ['ptr', 'ptr', 'ptr', 'u64', 'ptr'], returns: 'i32' },
})

/** `MS_*` flags by the words of mount(8): what a word sets, and what it clears. */
const words: Readonly<Record<string, readonly [set: number, clear: number]>> = {
  defaults: [0, 0],
  ro: [1, 0],
  rw: [0, 1],
  nosuid: [2, 0],
  suid: [0, 2],
  nodev: [4, 0],
  dev: [0, 4],
  noexec: [8, 0],
  exec: [0, 8],
  sync: [16, 0],
  async: [0, 16],
  mand: [64, 0],
  nomand: [0, 64],
  dirsync: [128, 0],
  noatime: [1024, 0],
  atime: [0, 1024],
  nodiratime: [2048, 0],
  diratime: [0, 2048],
  bind: [4096, 0],
  rbind: [4096 | 16384, 0],
  relatime: [1 << 21, 0],
  norelatime: [0, 1 << 21],
  strictatime: [1 << 24, 0],
  nostrictatime: [0, 1 << 24],
  lazytime: [1 << 25, 0],
}

const [bind, remount, privately] = [4096, 32, (1 << 18) | 16384]
/** Flags that the kernel ignores in the call that makes a bind mount. */
const restrictions = 1 | 2 | 4 | 8 | 1024 | 2048

export interface Filesystem {
  /** The type that the kernel knows: `nfs`, `cifs`, `tmpfs`, `ext4`; any text for a bind mount. */
  readonly type: string
  readonly device: string
  /** Words of mount(8). Words that are not flags are data for the file system. */
  readonly options: readonly string[]
}

/** Returns the flags and the data of mount options. */
export function splitMountOptions(options: readonly string[]): {
  readonly flags: number
  readonly data: string
} {
  let flags = 0
  const data: string[] = []
  for (const option of options) {
    const known = Object.hasOwn(words, option) ? words[option] : undefined
    if (known === undefined) data.push(option)
    else flags = (flags | known[0]) & ~known[1]
  }
  return { flags, data: data.join(',') }
}

/** Mounts a file system at `target`, privately. Throws `SystemError` with the reason of the kernel. */
export function mountFilesystem(target: string, { type, device, options }: Filesystem): void {
  const { flags, data } = splitMountOptions(options)
  const text = cString(data)
  // The kernel reads one page and would cut the rest.
  if (text.length > 4096) throw new RangeError(`mount options of ${text.length} bytes`)
  const path = cString(target)
  const call = (source: string, now: number): void => {
    check(c().mount(cString(source), path, cString(type), now, text), 'mount', device)
  }
  call(device, flags)
  const isRestricted = (flags & bind) !== 0 && (flags & restrictions) !== 0
  if (isRestricted) call('none', remount | bind | (flags & restrictions))
  check(c().mount(null, path, null, privately, null), 'mount', target)
}
