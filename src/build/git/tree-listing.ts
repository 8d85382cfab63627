import { StrakeError } from '#oci'
import type { Repository } from './repository.ts'

/** What the trees of a checkout may still have. */
export interface TreeBudget {
  files: number
  bytes: number
}

/** A submodule in a tree. */
export interface TreeLink {
  readonly path: string
  readonly commit: string
}

/** The longest record: a name of the kernel's longest path, and the fields before it. */
const longestRecord = 8192

/**
 * Reads the listing of a tree and takes its files from the budget. Returns the
 * submodules. Throws `INVALID` as soon as the budget is used up: a small repository may
 * name billions of files.
 */
export async function listTree(
  repository: Repository,
  tree: string,
  budget: TreeBudget,
): Promise<readonly TreeLink[]> {
  const links: TreeLink[] = []
  let rest = Buffer.alloc(0)
  const onOutput = (chunk: Uint8Array): void => {
    const bytes = Buffer.concat([rest, chunk])
    let start = 0
    for (let end = bytes.indexOf(0); end !== -1; end = bytes.indexOf(0, start)) {
      readRecord(bytes.subarray(start, end).toString('latin1'))
      start = end + 1
    }
    rest = Buffer.from(bytes.subarray(start))
    if (rest.length > longestRecord) throw tooMuch(repository.remote)
  }
  const readRecord = (record: string): void => {
    const [, type, hash = '', size = '', path = ''] =
      /^[0-7]+ (\w+) ([0-9a-f]+) +(\d+|-)\t(.*)$/s.exec(record) ?? []
    budget.files -= 1
    if (type === 'commit')
      links.push({ path: Buffer.from(path, 'latin1').toString(), commit: hash })
    else budget.bytes -= Number(size)
    if (budget.files < 0 || !(budget.bytes >= 0)) throw tooMuch(repository.remote)
  }
  await repository.must(['ls-tree', '-r', '-l', '-z', tree], { onOutput })
  return links
}

function tooMuch(remote: string): StrakeError {
  return new StrakeError(
    'INVALID',
    `Cannot check out ${remote}: it has too many files, or too large ones`,
    { remedy: 'name a subdirectory: #REF:DIRECTORY' },
  )
}
