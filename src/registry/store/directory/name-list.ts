import { existsSync, statSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { lexically } from '../facts.ts'
import { namesIn, writeDurable } from './durable.ts'

/**
 * The names of all repositories, one file each in one directory, so that listing them
 * needs no walk through a tree. Other processes may add names.
 */
export class NameList {
  readonly #directory: string
  readonly #now: () => number
  #known: { readonly changed: bigint; readonly names: readonly string[] } | undefined

  /** `now` returns the time in milliseconds since 1970. */
  constructor(directory: string, now: () => number = Date.now) {
    this.#directory = directory
    this.#now = now
  }

  has(name: string): boolean {
    return existsSync(this.#pathOf(name))
  }

  async add(name: string): Promise<void> {
    if (!this.has(name)) await writeDurable(this.#pathOf(name), '')
  }

  async remove(name: string): Promise<void> {
    await rm(this.#pathOf(name), { force: true })
  }

  /** Yields the names after `after` in lexical order. */
  *list(after = ''): Generator<string> {
    const names = this.#read()
    for (let at = firstAfter(names, after); at < names.length; at += 1) {
      const name = names[at]
      if (name !== undefined) yield name
    }
  }

  #read(): readonly string[] {
    const changed = statSync(this.#directory, { bigint: true, throwIfNoEntry: false })?.mtimeNs
    if (changed === undefined) return []
    if (this.#known?.changed === changed) return this.#known.names
    const found = namesIn(this.#directory).filter((name) => !name.startsWith('.'))
    const names = found.map((file) => file.replaceAll('!', '/')).sort(lexically)
    // The clock of the file system has steps of some milliseconds, so a second change may have the same time.
    const isSettled = this.#now() - Number(changed) / 1e6 > 100
    this.#known = isSettled ? { changed, names } : undefined
    return names
  }

  #pathOf(name: string): string {
    return join(this.#directory, nameFile(name))
  }
}

/** Returns the file name for a repository name, which has at most 255 bytes and no `!`. */
export function nameFile(name: string): string {
  return name.replaceAll('/', '!')
}

function firstAfter(names: readonly string[], after: string): number {
  let [low, high] = [0, names.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((names[middle] ?? '') > after) high = middle
    else low = middle + 1
  }
  return low
}
