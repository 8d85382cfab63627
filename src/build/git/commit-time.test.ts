import { afterAll, describe, expect, test } from 'bun:test'
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { mkdtempDisposable } from '#platform'
import { addBusybox, busyboxMissing, openWorkshop } from '../testing/fixture.ts'
import { gitCommitTime } from './commit-time.ts'

const directory = await mkdtempDisposable(tmpdir(), 'strake-git-')
afterAll(() => directory[Symbol.asyncDispose]())
const hasGit = spawnSync('git', ['--version']).status === 0

function git(cwd: string, args: readonly string[], time = 1_600_000_000): string {
  const identity = { NAME: 'me', EMAIL: 'me@example.org', DATE: `${time} +0200` }
  const env = Object.fromEntries(
    Object.entries(identity).flatMap(([key, value]) => [
      [`GIT_AUTHOR_${key}`, value],
      [`GIT_COMMITTER_${key}`, value],
    ]),
  )
  const result = spawnSync('git', args, {
    cwd,
    encoding: 'utf8',
    env: { ...env, PATH: process.env['PATH'] ?? '', GIT_CONFIG_GLOBAL: '/dev/null' },
  })
  if (result.status !== 0) throw new Error(result.stderr)
  return result.stdout
}

function repository(name: string): string {
  const path = `${directory.path}/${name}`
  mkdirSync(path)
  git(path, ['init', '-q', '-b', 'main'])
  writeFileSync(`${path}/a`, 'a')
  git(path, ['add', 'a'])
  git(path, ['commit', '-q', '-m', 'first'])
  return path
}

describe.skipIf(!hasGit)(`gitCommitTime (${hasGit ? 'with git' : 'git is missing'})`, () => {
  test('gitCommitTime() reads a loose commit, from a directory below too', async () => {
    const path = repository('loose')
    mkdirSync(`${path}/sub`)
    expect(await gitCommitTime(path)).toBe(1_600_000_000)
    expect(await gitCommitTime(`${path}/sub`)).toBe(1_600_000_000)
    git(path, ['checkout', '-q', '--detach'])
    expect(await gitCommitTime(path)).toBe(1_600_000_000)
  })

  test('gitCommitTime() reads packed commits, also as deltas', async () => {
    const path = repository('packed')
    const filler = Array.from({ length: 200 }, (_, index) => `line ${index}`).join('\n')
    for (let index = 1; index <= 20; index++) {
      const time = 1_600_000_000 + index
      git(path, ['commit', '-q', '--allow-empty', '-m', `${filler}\n${index}`], time)
    }
    git(path, ['pack-refs', '--all'])
    git(path, ['repack', '-a', '-d', '-f', '-q', '--depth=10', '--window=50'])
    const commits = git(path, ['rev-list', 'HEAD']).trim().split('\n')
    const deltas = git(path, ['verify-pack', '-v', ...packs(path)])
      .split('\n')
      .filter((line) => /^\S+ commit \d+ \d+ \d+ \d+ /.test(line))
    expect(deltas.length).toBeGreaterThan(0)
    for (const [index, commit] of commits.entries()) {
      git(path, ['checkout', '-q', '--detach', commit])
      expect(await gitCommitTime(path)).toBe(1_600_000_020 - index)
    }
  })

  test('gitCommitTime() follows the .git file of a work tree', async () => {
    const path = repository('main')
    git(path, ['worktree', 'add', '-q', '../tree'])
    expect(await gitCommitTime(`${directory.path}/tree`)).toBe(1_600_000_000)
  })

  test('gitCommitTime() is undefined without a commit, and runs no program of the repository', async () => {
    const path = `${directory.path}/empty`
    mkdirSync(path)
    git(path, ['init', '-q'])
    git(path, ['config', 'core.fsmonitor', `touch ${path}/canary`])
    expect(await gitCommitTime(path)).toBeUndefined()
    expect(await gitCommitTime(tmpdir())).toBeUndefined()
    expect(await Bun.file(`${path}/canary`).exists()).toBe(false)
  })

  test('build() in a clone makes the digest of the original, with and without a cache', async () => {
    const path = repository('original')
    const text = 'FROM scratch\nCOPY a /a\nCOPY . /all\n'
    writeFileSync(`${path}/Dockerfile`, text)
    writeFileSync(`${path}/.dockerignore`, '.git\n')
    git(path, ['add', '.'])
    git(path, ['commit', '-q', '-m', 'second'], 1_600_000_100)
    await using warm = await openWorkshop()
    const before = await warm.build({ context: path })
    writeFileSync(`${path}/new`, 'new')
    git(path, ['add', '.'])
    git(path, ['commit', '-q', '-m', 'third'], 1_600_000_200)
    const after = await warm.build({ context: path })
    expect(warm.stateOf('COPY a')).toBe('cached')
    expect(after.config.created).toBe('2020-09-13T12:30:00Z')
    expect(after.descriptor).not.toEqual(before.descriptor)

    git(directory.path, ['clone', '-q', path, 'clone'])
    await using cold = await openWorkshop()
    const clone = await cold.build({ context: `${directory.path}/clone` })
    expect(clone.descriptor).toEqual(after.descriptor)
  })
})

test.skipIf(!hasGit || busyboxMissing !== undefined)(
  'build() gives cached RUN layers the times of the commit they are built for',
  async () => {
    const path = repository('run')
    writeFileSync(`${path}/Dockerfile`, 'FROM busybox\nRUN mkdir /d && echo x > /d/f\nCOPY a /\n')
    git(path, ['add', '.'])
    git(path, ['commit', '-q', '-m', 'second'], 1_600_000_100)
    await using warm = await openWorkshop()
    await addBusybox(warm)
    await warm.build({ context: path })
    git(path, ['commit', '-q', '--allow-empty', '-m', 'third'], 1_600_000_200)
    const after = await warm.build({ context: path })
    expect(warm.stateOf('RUN')).toBe('cached')
    await using cold = await openWorkshop()
    await addBusybox(cold)
    const fresh = await cold.build({ context: path })
    expect(cold.stateOf('RUN')).toBe('done')
    expect(fresh.descriptor).toEqual(after.descriptor)
    const again = await warm.build({ context: path })
    expect(again.descriptor).toEqual(after.descriptor)
  },
)

function packs(path: string): string[] {
  const folder = `${path}/.git/objects/pack`
  return [...new Bun.Glob('*.idx').scanSync(folder)].map((name) => `${folder}/${name}`)
}
