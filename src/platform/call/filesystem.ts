import { check, cString, symbols } from './libc.ts'

const calls = symbols({ statfs: { args: ['ptr', 'ptr'], returns: 'i32' } })

const filesystemNames: Readonly<Record<string, string>> = {
  ef53: 'ext4',
  '58465342': 'xfs',
  '9123683e': 'btrfs',
  '1021994': 'tmpfs',
  '794c7630': 'overlay',
  '6969': 'nfs',
  '65735546': 'fuse',
  ff534d42: 'cifs',
  e0f5e1e2: 'erofs',
  '2fc12fc1': 'zfs',
  f2f52010: 'f2fs',
  ca451a4e: 'bcachefs',
  '1021997': '9p',
  '4d44': 'vfat',
  '9fa0': 'proc',
  '2011bab0': 'exfat',
}

/** Facts of a file system. */
export interface FilesystemStatus {
  /** `ext4`; the hexadecimal number of a type without a name here. */
  readonly type: string
  /** The file system or its mount is read-only. */
  readonly isReadOnly: boolean
}

const readOnlyFlag = 1

/** Returns the file system that holds `path`. */
export function filesystemOf(path: string): FilesystemStatus {
  const buffer = new Uint8Array(256)
  check(calls().statfs(cString(path), buffer), 'statfs', path)
  const view = new DataView(buffer.buffer)
  const magic = view.getUint32(0, true).toString(16)
  const flags = view.getUint32(80, true)
  return {
    type: filesystemNames[magic] ?? `0x${magic}`,
    isReadOnly: (flags & readOnlyFlag) !== 0,
  }
}

/** Returns the type of the file system that holds `path`, named as by `filesystemOf`. */
export function filesystemType(path: string): string {
  return filesystemOf(path).type
}
