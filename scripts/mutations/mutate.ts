import { spawn, spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { files } from './list/index.ts'
import { broken, describe, type Mutation, mutationsOf } from './mutation.ts'

type Outcome = 'noticed' | 'unnoticed'

const project = resolve(import.meta.dir, '../..')
/** Milliseconds for the tests of one mutation, because a break may make a loop endless. */
const longest = 120_000

/** Runs tests in a mount namespace of their own, so that mounts of a failed test end with it. */
const inOwnMounts = process.getuid?.() === 0 ? ['unshare', '--mount'] : []

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    list: { type: 'boolean', default: false },
    jobs: { type: 'string', default: '1' },
  },
})

const chosen = mutationsOf(files).filter(
  ({ file }) => positionals.length === 0 || positionals.some((word) => file.includes(word)),
)
/** A copy of the files, so that a user can keep editing the tree. */
const originals = new Map(
  chosen
    .filter(({ file }) => existsSync(join(project, file)))
    .map(({ file }) => [file, readFileSync(join(project, file), 'utf8')] as const),
)
const original = (file: string): string => originals.get(file) ?? ''
const stale = chosen.filter((mutation) => broken(original(mutation.file), mutation) === undefined)
for (const { file, find } of stale) console.log(`not once in ${file}: ${find}`)
if (values.list) {
  for (const mutation of chosen) console.log(describe(original(mutation.file), mutation))
} else {
  await tryAll(chosen.filter((mutation) => !stale.includes(mutation)))
}
if (stale.length > 0) process.exitCode = 1

async function tryAll(mutations: readonly Mutation[]): Promise<void> {
  const top = mkdtempSync(join(process.env['STRAKE_TEST_TMP'] ?? '/dev/shm', 'strake-mutate-'))
  process.on('exit', () => rmSync(top, { recursive: true, force: true }))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130))
  const waiting = [...mutations]
  const outcomes = new Map<Mutation, Outcome>()
  const workers = Array.from({ length: Number(values.jobs) }, async (_, index) => {
    const tree = copyTree(join(top, String(index)))
    const sound = new Map<string, Promise<boolean>>()
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const tests = next.tests.join(' ')
      const isSound = sound.get(tests) ?? passes(tree, next.tests)
      sound.set(tests, isSound)
      if (!(await isSound)) {
        throw new Error(`Cannot try ${next.file}: its tests fail although nothing is broken`)
      }
      const outcome = await tryOne(tree, next)
      outcomes.set(next, outcome)
      const known = outcome === 'unnoticed' && next.unnoticed !== undefined ? ' (known)' : ''
      console.log(`${outcome}${known}: ${describe(original(next.file), next)}`)
    }
  })
  await Promise.all(workers)
  summarize(outcomes)
}

/** The files that git tracks or would add, and the installed packages. */
function copyTree(tree: string): string {
  const listed = spawnSync('git', ['ls-files', '-coz', '--exclude-standard'], { cwd: project })
  for (const file of listed.stdout.toString().split('\0')) {
    if (file === '' || !existsSync(join(project, file))) continue
    mkdirSync(join(tree, dirname(file)), { recursive: true })
    const text = originals.get(file)
    if (text === undefined)
      cpSync(join(project, file), join(tree, file), { verbatimSymlinks: true })
    else writeFileSync(join(tree, file), text)
  }
  symlinkSync(join(project, 'node_modules'), join(tree, 'node_modules'))
  return tree
}

async function tryOne(tree: string, mutation: Mutation): Promise<Outcome> {
  const text = original(mutation.file)
  const path = join(tree, mutation.file)
  writeFileSync(path, broken(text, mutation) ?? text)
  try {
    return (await passes(tree, mutation.tests)) ? 'unnoticed' : 'noticed'
  } finally {
    writeFileSync(path, text)
  }
}

/** Runs tests in a session of their own, so that processes that they leave behind can be killed. */
async function passes(tree: string, tests: readonly string[]): Promise<boolean> {
  const temporary = `${tree}.tmp`
  mkdirSync(temporary)
  const [program = '', ...words] = [...inOwnMounts, 'scripts/bun', 'test', '--bail']
  const runner = spawn(program, [...words, '--timeout', '60000', ...tests], {
    cwd: tree,
    detached: true,
    stdio: 'ignore',
    env: { ...process.env, TMPDIR: temporary },
  })
  const end = (): void => {
    try {
      process.kill(-(runner.pid ?? 0), 'SIGKILL')
    } catch {
      // All processes of the session have ended.
    }
  }
  const timer = setTimeout(end, longest)
  process.on('exit', end)
  try {
    return await new Promise((done, fail) => {
      runner.on('error', fail)
      runner.on('exit', (code) => done(code === 0))
    })
  } finally {
    clearTimeout(timer)
    process.off('exit', end)
    end()
    rmSync(temporary, { recursive: true, force: true })
  }
}

function summarize(outcomes: ReadonlyMap<Mutation, Outcome>): void {
  const all = [...outcomes].map(([mutation, outcome]) => ({ mutation, outcome }))
  const folders = Map.groupBy(all, ({ mutation }) => dirname(mutation.file))
  const count = (some: typeof all, outcome: Outcome): number =>
    some.filter((each) => each.outcome === outcome).length
  console.log('')
  for (const [folder, some] of folders) {
    console.log(`${count(some, 'noticed')} of ${some.length} noticed  ${folder}`)
  }
  const missed = all.filter(
    ({ mutation, outcome }) => outcome === 'unnoticed' && mutation.unnoticed === undefined,
  )
  const wrong = all.filter(
    ({ mutation, outcome }) => outcome === 'noticed' && mutation.unnoticed !== undefined,
  )
  console.log(`${count(all, 'noticed')} of ${all.length} noticed`)
  for (const [title, some] of [
    ['No test notices, and the list has no reason:', missed],
    ['A test notices, although the list says that none can:', wrong],
  ] as const) {
    if (some.length === 0) continue
    console.log(`\n${title}`)
    for (const { mutation } of some) console.log(describe(original(mutation.file), mutation))
    process.exitCode = 1
  }
}
