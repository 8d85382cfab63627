import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { resolve } from 'node:path'
import type { TarInput } from '#tar'
import { readIndexHead } from '../superblock.ts'
import { capability, dir, file, hardlink, raw, root, symlink, text, whiteout } from './entries.ts'

/** Chains of layers, lowest first, each named after its special case. */
export const layerFixtures: Readonly<Record<string, readonly (readonly TarInput[])[]>> = {
  'entries of every type': [
    [
      root,
      dir('dev'),
      {
        path: 'dev/null',
        type: 'character',
        deviceMajor: 1,
        deviceMinor: 3,
        mode: 0o666,
        mtime: 5,
      },
      { path: 'dev/sda', type: 'block', deviceMajor: 259, deviceMinor: 1_048_575, mtime: 5 },
      { path: 'dev/fifo', type: 'fifo', mode: 0o600, uid: 7, gid: 8, mtime: 5 },
      symlink('dev/fd', '/proc/self/fd'),
      file('empty', ''),
      file('big', 'x'.repeat(100_001)),
      hardlink('big2', 'big'),
      hardlink('fd2', 'dev/fd'),
      hardlink('fifo2', 'dev/fifo', { mode: 0o600, uid: 7, gid: 8, mtime: 5 }),
    ],
  ],
  'modes, owners and times': [
    [
      root,
      file('suid', 'x', { mode: 0o6755, uid: 1, gid: 2 }),
      dir('sticky', { mode: 0o1777 }),
      file('none', 'x', { mode: 0 }),
      file('far', 'x', { uid: 4_294_967_294, gid: 3_000_000_000 }),
      file('old', 'x', { mtime: -1, mtimeNanoseconds: 999_999_999 }),
      file('older', 'x', { mtime: -2_147_483_648 }),
      file('late', 'x', { mtime: 15_032_385_535, mtimeNanoseconds: 1 }),
      file('later', 'x', { mtime: 99_999_999_999 }),
      file('nanoseconds', 'x', { mtime: 1, mtimeNanoseconds: 123_456_789 }),
    ],
  ],
  'attributes and capabilities': [
    [
      root,
      file('ping', 'x', { xattrs: new Map([['security.capability', capability]]) }),
      file('user', 'x', {
        xattrs: new Map([
          ['user.a', text('1')],
          ['user.empty', text('')],
        ]),
      }),
      file('large', 'x', { xattrs: new Map([['user.large', new Uint8Array(3000).fill(7)]]) }),
      dir('d', { xattrs: new Map([['user.d', text('dir')]]) }),
      file('hostile', 'x', {
        xattrs: new Map([
          ['trusted.overlay.redirect', text('/etc')],
          ['user.overlay.opaque', text('y')],
          ['security.selinux', text('label')],
        ]),
      }),
    ],
    [dir('d', { xattrs: new Map([['user.e', text('second')]]) })],
  ],
  'names that are not text, or that sort differently': [
    [
      root,
      dir(raw),
      file(`${raw}/${raw}`),
      file('größe'),
      file('日本'),
      file('😀'),
      file('!before'),
      file('-'),
      file('..x'),
      file('.hidden'),
      file(' '),
      file('a\nb'),
      file('n'.repeat(255)),
      symlink('l', raw),
      hardlink('h', `${raw}/${raw}`),
    ],
  ],
  'long links and wide directories': [
    [
      root,
      ...Array.from({ length: 12 }, (_, i) => symlink(`l${i}`, 'x/'.repeat(20 + i * 40))),
      symlink('longest', `${'p/'.repeat(1023)}${'q'.repeat(2000)}`),
      dir('wide'),
      ...Array.from({ length: 700 }, (_, i) => file(`wide/file-${i * 7919}`, `${i}`)),
      ...Array.from({ length: 40 }, (_, i) => dir(`d${i}`)),
    ],
  ],
  'the same path more than once': [
    [
      root,
      file('a', 'first'),
      file('a', 'second', { mode: 0o600 }),
      dir('d', { mode: 0o700 }),
      file('d/x'),
      dir('d', { mode: 0o711 }),
      file('t'),
      dir('t'),
      file('t/y'),
      symlink('s', 'd'),
      dir('s'),
      file('s/z'),
      dir('gone'),
      file('gone/x'),
      file('gone', 'now a file'),
    ],
  ],
  'parents that are missing, or links': [
    [
      root,
      file('implicit/a/b/c'),
      dir('usr/lib'),
      symlink('lib', 'usr/lib'),
      symlink('lib64', '/usr/lib'),
      symlink('up', '../../../usr'),
      file('lib/x'),
      file('lib64/y'),
      file('up/lib/z'),
      symlink('dangling', '/made/here'),
      file('dangling/w'),
      dir('p'),
      symlink('p/q', '../p2/../p3'),
      file('p/q/v'),
    ],
  ],
  whiteouts: [
    [
      root,
      dir('etc'),
      file('etc/a'),
      file('etc/b'),
      dir('etc/sub'),
      file('etc/sub/c'),
      file('top'),
    ],
    [whiteout('etc/.wh.a'), whiteout('etc/.wh.sub'), whiteout('.wh.top'), whiteout('none/.wh.x')],
    [file('etc/a', 'again'), whiteout('.wh.absent')],
  ],
  'opaque directories': [
    [
      root,
      dir('d'),
      file('d/a'),
      dir('d/sub'),
      file('d/sub/b'),
      dir('e'),
      file('e/x'),
      dir('f'),
      file('f/y'),
    ],
    [
      dir('d', { mode: 0o700, mtime: 9 }),
      file('d/new'),
      dir('d/sub', { mtime: 9 }),
      file('d/sub/kept'),
      whiteout('d/.wh..wh..opq'),
      dir('e'),
      whiteout('e/.wh..wh..opq'),
    ],
    [whiteout('.wh..wh..opq'), dir('f', { mtime: 10 }), file('f/z')],
  ],
  'whiteouts beside entries of the same name, in either order': [
    [root, dir('d'), file('d/low'), dir('e'), file('e/low'), file('f', 'low'), file('g', 'low')],
    [
      whiteout('.wh.d'),
      dir('d', { mtime: 9 }),
      file('d/high'),
      dir('e', { mtime: 9 }),
      file('e/high'),
      whiteout('.wh.e'),
      whiteout('.wh.f'),
      file('f', 'high'),
      file('g', 'high'),
      whiteout('.wh.g'),
    ],
  ],
  'whiteouts in the form of overlayfs, and bookkeeping of aufs': [
    [root, file('a'), file('b'), dir('c'), file('c/d')],
    [
      { path: 'a', type: 'character', deviceMajor: 0, deviceMinor: 0 },
      { path: 'c', type: 'character', deviceMajor: 0, deviceMinor: 0 },
      file('.wh..wh.aufs', 'x'),
      dir('.wh..wh.plnk'),
      file('.wh..wh.plnk/1.2', 'x'),
    ],
  ],
  'types that change between layers': [
    [
      root,
      file('file'),
      dir('dir'),
      file('dir/x'),
      symlink('link', 'dir'),
      { path: 'fifo', type: 'fifo', mtime: 1 },
    ],
    [
      dir('file'),
      file('file/in'),
      file('dir', 'was a directory'),
      dir('link'),
      file('link/in'),
      symlink('fifo', 'file'),
      file('fifo/through', 'x'),
    ],
  ],
  'directories that were renamed': [
    [root, dir('old'), dir('old/deep'), file('old/deep/a'), file('old/b')],
    [whiteout('.wh.old'), dir('new'), dir('new/deep'), file('new/deep/a'), file('new/b')],
  ],
  'parents of lower layers: links, owners and modes stay': [
    [
      root,
      dir('usr', { mode: 0o751, uid: 3 }),
      dir('usr/lib', { mode: 0o700, gid: 4 }),
      symlink('lib', 'usr/lib'),
    ],
    [file('lib/new'), file('usr/lib/other'), whiteout('lib/.wh.new')],
    [whiteout('lib/.wh.other')],
  ],
  'hard links over layers': [
    [root, dir('d'), file('d/a', 'shared'), symlink('s', 'd/a'), symlink('e', 'd')],
    [hardlink('b', 'd/a'), hardlink('c', 'e/a'), hardlink('s2', 's')],
    [file('d/a', 'replaced'), hardlink('d2', 'b'), whiteout('.wh.c')],
  ],
  'hard links with metadata of their own': [
    [
      root,
      file('a', 'x', { mode: 0o4755, uid: 1 }),
      hardlink('a2', 'a', { mode: 0o711, uid: 7, gid: 8, mtime: 9, mtimeNanoseconds: 5 }),
      file('ping', 'x', { xattrs: new Map([['security.capability', capability]]) }),
      hardlink('ping2', 'ping', { mode: 0o700, xattrs: new Map([['user.n', text('v')]]) }),
      file('pong', 'x', { xattrs: new Map([['security.capability', capability]]) }),
      hardlink('pong2', 'pong', { uid: 3 }),
      symlink('s', 'a'),
      hardlink('s2', 's', { mode: 0o600, uid: 5, mtime: 6 }),
      { path: 'fifo', type: 'fifo' },
      hardlink('fifo2', 'fifo', { mode: 0o620, gid: 5, mtime: 6 }),
    ],
    [hardlink('a', 'a', { mode: 0o600 }), hardlink('new', 'ping', { mode: 0o4711, gid: 1 })],
  ],
  'hard links to themselves and onto others': [
    [
      root,
      file('a'),
      hardlink('a', 'a'),
      hardlink('b', 'a'),
      hardlink('b', './a'),
      file('x'),
      hardlink('x', 'b'),
      dir('d'),
      hardlink('d', 'a'),
    ],
    [hardlink('a', 'b'), whiteout('.wh..wh..opq')],
  ],
}

/** The `fsck.erofs` of this machine, or the one that `scripts/setup peers` installs. */
const checker: string | undefined = [
  'fsck.erofs',
  resolve(import.meta.dir, '../../../test/.cache/erofs-utils/fsck.erofs'),
].find(isNewEnough)

function isNewEnough(program: string): boolean {
  const { stdout } = spawnSync(program, ['-V'], { encoding: 'utf8' })
  const [, major, minor] = /([0-9]+)\.([0-9]+)/.exec(stdout ?? '') ?? []
  return Number(major) > 1 || (Number(major) === 1 && Number(minor) >= 6)
}

/** The reason why this machine cannot check indexes; `''` when it can. */
export const noChecker: string =
  checker === undefined ? ' (skipped: needs fsck.erofs 1.6 or later)' : ''

/**
 * Throws the errors that `fsck.erofs` reports about an index. Does nothing where that program is
 * missing.
 */
export function checkIndex(index: Uint8Array, devices: ReadonlyMap<string, Uint8Array>): void {
  if (checker === undefined) return
  const path = mkdtempSync(`${tmpdir()}/strake-fsck-`)
  try {
    const args = readIndexHead(index).devices.map(({ tag }, i) => {
      writeFileSync(`${path}/${i}`, devices.get(tag) ?? '')
      return `--device=${path}/${i}`
    })
    writeFileSync(`${path}/index`, index)
    const { status, stdout, stderr } = spawnSync(checker, ['-d3', ...args, `${path}/index`], {
      encoding: 'utf8',
    })
    const text = `${stdout}${stderr}`
    if (status !== 0 || !text.includes('No errors found')) throw new Error(text)
  } finally {
    rmSync(path, { recursive: true, force: true })
  }
}
