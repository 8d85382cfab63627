import { afterEach, beforeEach, expect, test } from 'bun:test'
import { execFileSync } from 'node:child_process'
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { containerAt, copy, localAt } from './testing/trees.ts'

let base = ''
let root = ''
let outside = ''

beforeEach(() => {
  base = mkdtempSync(`${tmpdir()}/strake-copy-race-`)
  ;[root, outside] = [`${base}/root`, `${base}/outside`]
  mkdirSync(`${root}/srv`, { recursive: true })
  mkdirSync(outside)
  writeFileSync(`${outside}/secret`, 'secret', { mode: 0o600 })
})

afterEach(() => rmSync(base, { recursive: true, force: true }))

/** Runs `work` while another process exchanges `x` and `y` in the directories. Returns the number of exchanges. */
async function whileSwapping(
  directories: readonly string[],
  work: () => Promise<void>,
): Promise<number> {
  const program = [process.execPath, `${import.meta.dir}/testing/swapper.ts`, ...directories]
  const swapper = Bun.spawn(program, { stdin: 'pipe', stdout: 'pipe' })
  const output = swapper.stdout.values()
  await output.next()
  try {
    await work()
  } finally {
    swapper.stdin.end()
  }
  const rest = await Array.fromAsync({ [Symbol.asyncIterator]: () => output })
  await swapper.exited
  return Number(Buffer.concat(rest).toString())
}

const rounds = 200

/** Whether the copy has arrived in the directory that is exchanged. */
function hasCopy(directory: string): boolean {
  return ['x', 'y'].some((name) => {
    const path = `${directory}/${name}`
    return lstatSync(path).isDirectory() && readdirSync(path).includes('file')
  })
}

/** The contents of all regular files below a directory. */
function contents(directory: string): readonly string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = `${directory}/${entry.name}`
    if (entry.isDirectory()) return contents(path)
    return entry.isFile() ? [readFileSync(path, 'utf8')] : []
  })
}

/** A copy may end with a refusal, because a name was a link when it was used. */
async function attempt(work: () => Promise<unknown>): Promise<void> {
  try {
    await work()
  } catch (error) {
    expect(String(error)).toStartWith('StrakeError: Cannot ')
  }
}

test('a copy out of a container never has a file from outside, although names are exchanged', async () => {
  // A directory and a link, a file and a link, a file and a device that must not be opened.
  for (const name of ['one', 'two', 'three']) mkdirSync(`${root}/srv/${name}`)
  mkdirSync(`${root}/srv/one/x`)
  writeFileSync(`${root}/srv/one/x/secret`, 'inner')
  symlinkSync(outside, `${root}/srv/one/y`)
  writeFileSync(`${root}/srv/two/x`, 'inner')
  symlinkSync(`${outside}/secret`, `${root}/srv/two/y`)
  writeFileSync(`${root}/srv/three/x`, 'inner')
  execFileSync('mkfifo', [`${root}/srv/three/y`])
  const directories = ['one', 'two', 'three'].map((name) => `${root}/srv/${name}`)
  const swaps = await whileSwapping(directories, async () => {
    for (let round = 0; round < rounds; round++) {
      const out = `${base}/out-${round}`
      mkdirSync(out)
      using container = containerAt(root)
      using local = localAt(out)
      for (const path of ['/srv', '/srv/one/x/secret', '/srv/one/x/.', '/srv/two/x']) {
        await attempt(() => copy({ tree: container, path }, { tree: local, path: '.' }))
      }
      const followed = { tree: container, path: '/srv/two/x', follow: true }
      await attempt(() => copy(followed, { tree: local, path: 'followed' }))
      expect(contents(out).filter((text) => text !== 'inner')).toEqual([])
      rmSync(out, { recursive: true })
    }
  })
  expect(swaps).toBeGreaterThan(0)
}, 120_000)

test('a copy into a container never writes outside, although directories and links are exchanged', async () => {
  const home = `${base}/home`
  // Many directories, because the race is about a few microseconds in each of them.
  const names = Array.from({ length: 12 }, (_, index) => `tree/${index}`)
  for (const name of names) {
    mkdirSync(`${home}/${name}/x/deep`, { recursive: true })
    writeFileSync(`${home}/${name}/x/file`, 'copied', { mode: 0o4755 })
    writeFileSync(`${home}/${name}/x/deep/file`, 'copied')
    mkdirSync(`${root}/srv/${name}/x/deep`, { recursive: true })
    symlinkSync(outside, `${root}/srv/${name}/y`)
  }
  writeFileSync(`${home}/secret`, 'copied')
  const before = lstatSync(outside)
  const directories = names.map((name) => `${root}/srv/${name}`)
  const swaps = await whileSwapping(directories, async () => {
    for (let round = 0; round < rounds; round++) {
      using container = containerAt(root)
      using local = localAt(home)
      for (const name of names) {
        const to = { tree: container, path: `/srv/${name}` }
        await attempt(() => copy({ tree: local, path: `${name}/.` }, to))
      }
      for (const path of ['x', 'x/secret', 'x/deep'].map((one) => `/srv/${names[0]}/${one}`)) {
        await attempt(() => copy({ tree: local, path: 'secret' }, { tree: container, path }))
      }
    }
  })
  expect(swaps).toBeGreaterThan(0)
  // A copy succeeds where the directory had its own name all the time.
  expect(directories.some((one) => hasCopy(one))).toBe(true)
  expect(readdirSync(outside)).toEqual(['secret'])
  expect(readFileSync(`${outside}/secret`, 'utf8')).toBe('secret')
  expect(lstatSync(outside)).toMatchObject({ mode: before.mode, mtimeMs: before.mtimeMs })
}, 120_000)
