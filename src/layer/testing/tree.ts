import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { treeCalls } from '#platform'
import type { Emit } from '#stream'
import { encodeName, packTar, type TarInput } from '#tar'
import { overwriting } from '../../stream/testing/overwriting.ts'
import { type AppliedLayer, type ApplyLayerOptions, applyLayer } from '../apply.ts'

/** Owners, devices and overlay marks can only be made as root. */
export const isRoot: boolean = process.getuid?.() === 0
/** Ends the name of a test that needs root, so that a skipped test shows the reason. */
export const unlessRoot: string = isRoot ? '' : ' (skipped: needs root)'

/** A new empty directory; removed with the scope. */
export function scratch(): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'strake-layer-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

/**
 * A root for hostile layers, with neighbours that must not change: a directory with a secret, and
 * one whose name begins with the name of the root.
 */
export class Arena implements Disposable {
  readonly #scratch = scratch()
  readonly root: string
  readonly outside: string
  readonly #before: string

  constructor() {
    this.root = join(this.#scratch.path, 'root')
    this.outside = join(this.#scratch.path, 'outside')
    mkdirSync(this.root, { mode: 0o755 })
    for (const directory of [this.outside, `${this.root}-evil`]) {
      mkdirSync(join(directory, 'sub'), { recursive: true })
      writeFileSync(join(directory, 'victim'), 'untouched', { mode: 0o640 })
      writeFileSync(join(directory, 'sub', 'victim'), 'untouched')
      symlinkSync('victim', join(directory, 'link'))
      for (const name of ['victim', 'sub/victim', 'sub', '.']) {
        utimesSync(join(directory, name), 1_000_000, 1_000_000)
      }
    }
    this.#before = this.#neighbours()
  }

  /** Applies a layer of these entries; returns the warnings, and the error if it throws. */
  async apply(
    entries: Iterable<TarInput>,
    options: ApplyLayerOptions = {},
  ): Promise<{
    readonly error?: unknown
    readonly applied?: AppliedLayer
    readonly warnings: string[]
  }> {
    const warnings: string[] = []
    const emit: Emit = (event) => {
      if (event.type === 'warning') warnings.push(event.message)
    }
    try {
      const tar = one(await packTar(entries))
      return { applied: await applyLayer(tar, this.root, { emit, ...options }), warnings }
    } catch (error) {
      return { error, warnings }
    }
  }

  /** What has changed outside the root; `''` when the layer was contained. */
  escaped(): string {
    const after = this.#neighbours()
    return after === this.#before ? '' : `was:\n${this.#before}\nis:\n${after}`
  }

  [Symbol.dispose](): void {
    this.#scratch[Symbol.dispose]()
  }

  #neighbours(): string {
    const lines = readdirSync(this.#scratch.path).map((name) => {
      const path = join(this.#scratch.path, name)
      return path === this.root ? 'root' : describeTree(path, { inodes: true })
    })
    return lines.join('\n')
  }
}

/** Yields pieces whose ends are not aligned with the blocks of an archive. */
export function one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  return overwriting(bytes, 65_521)
}

/** One line for each name in a tree: type, mode, owner, time, links, attributes, contents. */
export function describeTree(
  root: string,
  { inodes = false }: { readonly inodes?: boolean } = {},
): string {
  const lines: string[] = []
  const visit = (path: string, shown: string): void => {
    const status = lstatSync(path, { bigint: true })
    const kind = status.isSymbolicLink()
      ? `-> ${readlinkSync(path)}`
      : status.isFile()
        ? `= ${readFileSync(path).toString('base64').slice(0, 200)}`
        : `dev ${status.rdev}`
    const numbers = [
      status.mode.toString(8),
      `${status.uid}:${status.gid}`,
      `${status.mtimeNs}`,
      status.isDirectory() ? '' : `links ${status.nlink}`,
      inodes ? `inode ${status.ino}` : '',
      attributesOf(path),
      status.isDirectory() ? '' : kind,
    ]
    lines.push(`${shown} ${numbers.filter((text) => text !== '').join(' ')}`)
    if (!status.isDirectory()) return
    for (const name of readdirSync(path).sort()) visit(join(path, name), `${shown}/${name}`)
  }
  visit(root, '.')
  return lines.join('\n')
}

function attributesOf(path: string): string {
  if (!isRoot || lstatSync(path).isSymbolicLink()) return ''
  const dir = treeCalls.openRoot(join(path, '..'))
  const fd = treeCalls.openFileAt(dir, encodeName(path.slice(path.lastIndexOf('/') + 1)))
  treeCalls.closeDescriptor(dir)
  if (fd === undefined) return ''
  try {
    return treeCalls
      .listAttributes(fd)
      .map((name) => {
        const value = Buffer.from(treeCalls.readAttribute(fd, name) ?? []).toString('hex')
        return `${Buffer.from(name)}=${value}`
      })
      .sort()
      .join(',')
  } finally {
    treeCalls.closeDescriptor(fd)
  }
}
