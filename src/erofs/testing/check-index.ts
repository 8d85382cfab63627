import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { resolve } from 'node:path'
import { readIndexHead } from '../superblock.ts'

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
