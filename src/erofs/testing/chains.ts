import type { TarInput } from '#tar'
import { capability, dir, file, hardlink, raw, root, symlink, text, whiteout } from './entries.ts'

const sizes = [0, 1, 511, 512, 513, 4095, 4096, 4097, 8192, 65_535, 65_536]
const long = (character: string): string => character.repeat(244)
const deep = Array.from({ length: 30 }, (_, i) => `level-${i}`).join('/')

/** More chains of layers, lowest first: layers that change each other, and sizes at the limits of an index. */
export const chainFixtures: Readonly<Record<string, readonly (readonly TarInput[])[]>> = {
  'a root that changes': [
    [dir('./', { mode: 0o711, uid: 5, xattrs: new Map([['user.a', text('1')]]) }), file('a')],
    [file('b')],
    [dir('./', { mode: 0o1755, gid: 6 })],
  ],
  'layers without entries': [[root, file('a')], [], [file('b')]],
  'long names and deep paths': [
    [
      root,
      file(`${deep}/${'f'.repeat(251)}`),
      symlink('l', `${deep}/${'f'.repeat(251)}`),
      hardlink('h', `${deep}/${'f'.repeat(251)}`),
      dir('d'.repeat(120)),
      file(`${'d'.repeat(120)}/${'é'.repeat(100)}`),
    ],
    [whiteout(`${deep}/.wh.${'f'.repeat(251)}`), file(`${deep}/new`)],
  ],
  'contents around the sizes of blocks': [
    [root, ...sizes.map((size) => file(`s${size}`, 'x'.repeat(size)))],
    [...sizes.map((size) => file(`s${size}`, 'y'.repeat(size + 1)))],
  ],
  'directories around the sizes of blocks': [
    [
      root,
      ...Array.from({ length: 18 }, (_, i) => [
        dir(`d${i}`),
        ...Array.from({ length: i }, (_, j) => file(`d${i}/${long('n')}${j}`, '')),
      ]).flat(),
    ],
  ],
  'many names of one file': [
    [root, file('f'), ...Array.from({ length: 300 }, (_, i) => hardlink(`h${i}`, 'f'))],
    [file('f', 'other'), ...Array.from({ length: 150 }, (_, i) => whiteout(`.wh.h${i * 2}`))],
  ],
  'many attributes': [
    [
      root,
      file('f', 'x', {
        xattrs: new Map(
          Array.from({ length: 40 }, (_, i) => [`user.n${i}`, text('v'.repeat(i * 3))]),
        ),
      }),
      file('same', 'x', { xattrs: new Map([['user.n', text('v')]]) }),
      dir('d', { xattrs: new Map([[`user.${'n'.repeat(240)}`, new Uint8Array(500)]]) }),
    ],
  ],
  'attributes that come and go with their files': [
    [root, file('a', 'x', { mode: 0o755, xattrs: new Map([['security.capability', capability]]) })],
    [
      hardlink('b', 'a', { mode: 0o755 }),
      file('c', 'x', { xattrs: new Map([['user.c', text('1')]]) }),
    ],
    [file('a', 'x', { mode: 0o4755 }), file('c', 'x')],
  ],
  'devices and fifos': [
    [
      root,
      { path: 'zero-one', type: 'character', deviceMajor: 0, deviceMinor: 1, mtime: 1 },
      { path: 'most', type: 'character', deviceMajor: 4095, deviceMinor: 1_048_575, mtime: 1 },
      { path: 'disk', type: 'block', deviceMajor: 0, deviceMinor: 0, mode: 0, mtime: 1 },
      { path: 'fifo', type: 'fifo', mode: 0o1777, mtime: 1 },
    ],
    [
      { path: 'disk', type: 'fifo', mtime: 2 },
      { path: 'fifo', type: 'block', deviceMajor: 8, deviceMinor: 0, mtime: 2 },
    ],
  ],
  'a name that has every type in turn': [
    [root, file('x'), symlink('y', 'x'), dir('z'), file('z/in')],
    [dir('x'), file('x/in'), dir('y'), file('y/in'), symlink('z', 'x')],
    [symlink('x', 'y'), file('y'), { path: 'z', type: 'fifo', mtime: 9 }],
  ],
  'a directory removed and made again, a layer later': [
    [root, dir('d', { mode: 0o700 }), file('d/old'), dir('d/sub'), file('d/sub/old')],
    [whiteout('.wh.d')],
    [file('d/new'), dir('d/sub', { mtime: 9 })],
  ],
  'a file removed and created again': [
    [root, dir('d'), file('d/f', 'one'), hardlink('d/g', 'd/f')],
    [whiteout('d/.wh.f'), dir('d', { mtime: 8 })],
    [file('d/f', 'three'), dir('d', { mtime: 9 })],
  ],
  'opaque directories in one another': [
    [root, dir('a'), file('a/1'), dir('a/b'), file('a/b/2'), dir('a/b/c'), file('a/b/c/3')],
    [
      whiteout('a/b/.wh..wh..opq'),
      dir('a/b/c', { mtime: 8 }),
      whiteout('a/b/c/.wh..wh..opq'),
      file('a/b/c/4'),
    ],
    [whiteout('a/.wh..wh..opq'), file('a/b/c/5'), dir('a', { mtime: 9 })],
  ],
  'an opaque directory above directories that stay': [
    [root, dir('a'), dir('a/b'), dir('a/b/c', { mode: 0o750 }), file('a/b/x'), file('a/b/c/y')],
    [file('a/b/c/new'), whiteout('.wh..wh..opq')],
  ],
  'whiteouts and opaque directories through links': [
    [root, dir('real'), file('real/a'), file('real/b'), dir('kept'), symlink('l', 'real')],
    [whiteout('l/.wh.a'), symlink('m', '/kept'), file('m/x'), whiteout('m/.wh.x')],
    [whiteout('l/.wh..wh..opq'), file('l/c')],
  ],
  'whiteouts of odd names': [
    [
      root,
      ...['wh', '.hidden', '...', 'a b', raw, 'größe', 'x.wh.y'].map((name) => file(name)),
      dir(`d${raw}`),
      file(`d${raw}/f`),
    ],
    [
      ...['wh', '.hidden', '...', 'a b', raw, 'größe'].map((name) => whiteout(`.wh.${name}`)),
      whiteout(`d${raw}/.wh.f`),
    ],
  ],
  'whiteouts below directories that the layer does not name': [
    [root, dir('a', { mode: 0o750, uid: 1 }), dir('a/b', { gid: 2 }), file('a/b/c'), file('a/d')],
    [whiteout('a/b/.wh.c'), whiteout('none/at/all/.wh.x')],
    [whiteout('a/.wh.b')],
  ],
  'directories renamed onto others, and swapped': [
    [
      root,
      ...['a', 'b', 'p', 'q'].flatMap((name) => [dir(name), file(`${name}/in-${name}`)]),
      dir('q/sub'),
    ],
    [
      whiteout('.wh.a'),
      dir('b', { mtime: 9 }),
      whiteout('b/.wh..wh..opq'),
      file('b/in-a', 'a/in-a'),
      whiteout('p/.wh.in-p'),
      file('p/in-q', 'q/in-q'),
      dir('p/sub'),
      whiteout('q/.wh..wh..opq'),
      file('q/in-p', 'p/in-p'),
    ],
  ],
  'a directory renamed there and back': [
    [root, dir('d', { mode: 0o711 }), file('d/f'), hardlink('outside', 'd/f')],
    [whiteout('.wh.d'), dir('e', { mode: 0o711 }), file('e/f', 'd/f')],
    [whiteout('.wh.e'), dir('d', { mode: 0o711 }), hardlink('d/f', 'outside')],
  ],
  'a directory replaced by a link to another': [
    [root, dir('lib'), file('lib/a'), dir('usr'), dir('usr/lib'), file('usr/lib/b')],
    [whiteout('.wh.lib'), symlink('lib', 'usr/lib'), file('usr/lib/a', 'lib/a')],
    [file('lib/c'), whiteout('usr/lib/.wh.b')],
  ],
  'a link replaced by its target directory': [
    [root, dir('usr'), dir('usr/bin'), file('usr/bin/a'), symlink('bin', 'usr/bin')],
    [dir('bin', { mtime: 9 }), file('bin/b'), whiteout('usr/bin/.wh.a')],
  ],
  'hard links that later layers separate': [
    [root, file('a', 'shared'), hardlink('b', 'a'), hardlink('c', 'a')],
    [file('a', 'alone'), hardlink('d', 'a'), hardlink('e', 'b')],
    [whiteout('.wh.b'), whiteout('.wh.a'), hardlink('c', 'd')],
  ],
  'a layer that removes all': [
    [root, dir('d'), file('d/a'), file('b'), symlink('l', 'd')],
    [whiteout('.wh..wh..opq')],
  ],
}
