import { describe, expect, test } from 'bun:test'
import { chmodSync, mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { treeCalls } from '#platform'
import { encodeName } from '#tar'
import { listChanges } from './changes.ts'
import { isRoot, scratch, unlessRoot } from './testing/tree.ts'

/** An upper tree above a lower one; both are removed with the scope. */
class Pair implements Disposable {
  readonly #base = scratch()
  readonly upper: string = join(this.#base.path, 'upper')
  readonly lower: string = join(this.#base.path, 'lower')

  constructor() {
    for (const tree of [this.upper, this.lower]) mkdirSync(tree)
  }

  put(where: 'upper' | 'lower', ...paths: readonly string[]): void {
    for (const path of paths) {
      mkdirSync(dirname(join(this[where], path)), { recursive: true })
      if (path.endsWith('/')) mkdirSync(join(this[where], path), { recursive: true })
      else writeFileSync(join(this[where], path), where)
    }
  }

  /** Gives a directory the same time in both trees, so that only its entries differ. */
  settle(...paths: readonly string[]): void {
    for (const path of paths) {
      for (const tree of [this.upper, this.lower]) utimesSync(join(tree, path), 5, 5)
    }
  }

  /** Marks a name as deleted, as overlayfs does. */
  whiteOut(path: string): void {
    const parent = treeCalls.openRoot(join(this.upper, dirname(path)))
    const name = encodeName(path.slice(path.lastIndexOf('/') + 1))
    treeCalls.makeSpecial(parent, name, { type: 'character', major: 0, minor: 0 })
    treeCalls.closeDescriptor(parent)
  }

  hideBelow(path: string): void {
    const fd = treeCalls.openRoot(join(this.upper, path))
    treeCalls.setAttribute(fd, encodeName('trusted.overlay.opaque'), Buffer.from('y'))
    treeCalls.closeDescriptor(fd)
  }

  changes(lower: string | undefined = this.lower): string[] {
    return [...listChanges(this.upper, lower)].map(({ kind, path }) => `${kind} ${path}`)
  }

  [Symbol.dispose](): void {
    this.#base[Symbol.dispose]()
  }
}

describe('listChanges()', () => {
  test('listChanges() yields a directory only when it or an entry in it was changed', () => {
    using pair = new Pair()
    const directories = ['same', 'deep/same', 'deep', 'later', 'inside']
    for (const tree of ['upper', 'lower'] as const) {
      pair.put(tree, ...directories.map((name) => `${name}/`))
    }
    pair.put('upper', 'inside/a', 'inside/b')
    pair.settle(...directories)
    utimesSync(join(pair.upper, 'later'), 6, 6)
    const changes = ['changed inside', 'added inside/a', 'added inside/b', 'changed later']
    expect(pair.changes()).toEqual(changes)
  })

  test('listChanges() detects the mode of a directory, and fractions of a second', () => {
    using pair = new Pair()
    for (const tree of ['upper', 'lower'] as const) pair.put(tree, 'a/', 'b/', 'c/')
    pair.settle('a', 'b', 'c')
    utimesSync(join(pair.upper, 'a'), 5, 5.5)
    chmodSync(join(pair.upper, 'b'), 0o700)
    expect(pair.changes()).toEqual(['changed a', 'changed b'])
  })

  test('listChanges() yields written files as changed, new ones as added, in byte order', () => {
    using pair = new Pair()
    pair.put('upper', 'b', 'a', 'é', 'Z', 'a.b', 'new/z', 'new/y')
    pair.put('lower', 'b', 'kept', 'Z')
    symlinkSync('b', join(pair.upper, 'link'))
    expect(pair.changes()).toEqual([
      'changed Z',
      'added a',
      'added a.b',
      'changed b',
      'added link',
      'added new',
      'added new/y',
      'added new/z',
      'added é',
    ])
  })

  test('listChanges() without a lower tree yields every path as added', () => {
    using pair = new Pair()
    pair.put('upper', 'd/f')
    expect([...listChanges(pair.upper)].map(({ kind, path }) => [kind, path])).toEqual([
      ['added', 'd'],
      ['added', 'd/f'],
    ])
  })

  test.skipIf(!isRoot)(`listChanges() yields what whiteouts delete${unlessRoot}`, () => {
    using pair = new Pair()
    pair.put('lower', 'file', 'directory/f', 'd/gone', 'd/kept')
    pair.put('upper', 'd/')
    for (const path of ['file', 'directory', 'd/gone', 'd/never', 'nothing']) pair.whiteOut(path)
    pair.settle('d')
    expect(pair.changes()).toEqual([
      'changed d',
      'deleted d/gone',
      'deleted directory',
      'deleted file',
    ])
    rmSync(join(pair.lower, 'd'), { recursive: true })
    expect(pair.changes()).toEqual(['added d', 'deleted directory', 'deleted file'])
  })

  test.skipIf(!isRoot)(`listChanges() yields what an opaque directory hides${unlessRoot}`, () => {
    using pair = new Pair()
    pair.put('lower', 'd/a', 'd/c', 'd/again', 'd/sub/f')
    pair.put('upper', 'd/again', 'd/b')
    pair.settle('d')
    pair.hideBelow('d')
    expect(pair.changes()).toEqual([
      'changed d',
      'deleted d/a',
      'changed d/again',
      'added d/b',
      'deleted d/c',
      'deleted d/sub',
    ])
    rmSync(join(pair.lower, 'd'), { recursive: true })
    expect(pair.changes()).toEqual(['added d', 'added d/again', 'added d/b'])
  })
})
