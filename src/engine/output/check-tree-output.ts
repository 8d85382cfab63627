import { lstatSync, realpathSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { StrakeError } from '#oci'
import { mountsBelow } from '#platform'
import { requireRoot } from '../require-root.ts'
import type { TreeOutput } from './build-output.ts'

/** A file or directory that an output must not remove. */
export interface KeptPlace {
  /** For messages: `the build context`. */
  readonly what: string
  readonly path: string
}

export interface TreeOutputCheck {
  /** What the build reads, and what it writes besides. */
  readonly kept: readonly KeptPlace[]
  /** The directory of the store. */
  readonly store: string
}

/** Refuses a directory that cannot be written or must not be emptied, before the build. */
export function checkTreeOutput(output: TreeOutput, { kept, store }: TreeOutputCheck): void {
  const { kind, destination, isMirror } = output
  requireRoot(`write the files of an image as ${kind}`)
  if (kind !== 'local' || destination === undefined) return
  const place = resolveLinks(destination)
  const found = lstatSync(place, { throwIfNoEntry: false })
  if (found !== undefined && !found.isDirectory()) {
    throw refusal(`Cannot write to ${destination}: it is not a directory`)
  }
  // A file of the image could replace a blob or the records.
  if (isWithin(place, resolveLinks(store))) {
    throw refusal(`Cannot write to ${destination}: the store is there`)
  }
  if (isMirror) checkMirror(destination, place, [...kept, { what: 'the store', path: store }])
}

function checkMirror(destination: string, place: string, kept: readonly KeptPlace[]): void {
  const cannotEmpty = `Cannot empty ${destination} with mode=delete`
  const current = { what: 'the working directory', path: process.cwd() }
  for (const { what, path } of [current, ...kept]) {
    // A link is kept with the file that it leads to.
    if (!isWithin(resolveLinks(path), place) && !isWithin(resolveParent(path), place)) continue
    throw refusal(`${cannotEmpty}: ${what} is in it`)
  }
  const mount = mountsBelow(place).find(({ target }) => target !== place)
  if (mount !== undefined) throw refusal(`${cannotEmpty}: ${mount.target} is mounted in it`)
}

function refusal(message: string): StrakeError {
  return new StrakeError('INVALID', message, { remedy: 'name another directory with dest=' })
}

/** Resolves the links of a path. What does not exist yet has none. */
function resolveLinks(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return resolveParent(path)
  }
}

/** Resolves the links of a path except one at its end. */
function resolveParent(path: string): string {
  const absolute = resolve(path)
  const parent = dirname(absolute)
  return absolute === parent ? absolute : resolve(resolveLinks(parent), basename(absolute))
}

function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory === '/' ? '/' : `${directory}/`)
}
