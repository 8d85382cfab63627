import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Member } from '../facts.ts'
import { namesIn, readIfThere, writeDurable } from './durable.ts'
import type { MemberFiles } from './member-files.ts'
import { nameFile } from './name-list.ts'

/**
 * Makes the list of names if it is absent. An earlier layout kept facts by repository,
 * `NAME/_blobs/ALGORITHM/HEX`, and had no list; its facts are written by digest first.
 * After a crash before the list exists, the next call starts again.
 */
export async function upgradeFacts(root: string, members: MemberFiles): Promise<void> {
  const [list, unfinished] = [join(root, '_names'), join(root, `.names-${process.pid}`)]
  if (existsSync(list)) return
  const old = [...oldRepositories(root, '')]
  const names = new Set([...old, ...members.repositories()])
  if (names.size === 0) return
  await mkdir(unfinished, { recursive: true, mode: 0o700 })
  for (const name of old) {
    for (const member of oldMembers(join(root, name))) await members.add(name, member)
  }
  for (const name of names) await writeDurable(join(unfinished, nameFile(name)), '')
  await rename(unfinished, list).catch(async (error: unknown) => {
    // Another process made it first.
    await rm(unfinished, { recursive: true, force: true })
    if (!existsSync(list)) throw error
  })
  for (const name of old) {
    await rm(join(root, name, '_blobs'), { recursive: true, force: true })
    await rm(join(root, name, '_manifests'), { recursive: true, force: true })
  }
}

function* oldRepositories(directory: string, prefix: string): Generator<string> {
  for (const child of namesIn(directory)) {
    if (child.startsWith('_') || child.startsWith('.')) continue
    const name = `${prefix}${child}`
    const inside = join(directory, child)
    if (namesIn(inside).some((entry) => entry.startsWith('_'))) yield name
    yield* oldRepositories(inside, `${name}/`)
  }
}

function* oldMembers(repository: string): Generator<Member> {
  for (const kind of ['_blobs', '_manifests']) {
    for (const algorithm of namesIn(join(repository, kind))) {
      for (const hex of namesIn(join(repository, kind, algorithm))) {
        const text = readIfThere(join(repository, kind, algorithm, hex))
        if (text !== undefined && !hex.startsWith('.')) yield JSON.parse(text) as Member
      }
    }
  }
}
