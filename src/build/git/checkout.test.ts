import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { mkdtempDisposable, type TemporaryDirectory } from '#platform'
import type { GitSource } from '../model/graph.ts'
import { parseGitUrl } from '../source/git-url.ts'
import { checkOut } from './checkout.ts'
import { type GitServices, Repository } from './repository.ts'
import { type GitServer, gitMissing, serveGit, TestRepository } from './testing/git-server.ts'
import type { TreeBudget } from './tree-listing.ts'

describe.skipIf(gitMissing !== undefined)(`checkOut() (${gitMissing ?? 'from a server'})`, () => {
  let directory: TemporaryDirectory
  let server: GitServer
  let main: TestRepository
  let first: string
  let second: string
  let count = 0
  beforeAll(async () => {
    directory = await mkdtempDisposable(tmpdir(), 'strake-git-test-')
    server = serveGit(directory.path)
    main = new TestRepository(`${directory.path}/main.git`)
    first = main.commit({ a: '1', 'sub/b': 'b', 'sub/run': '#!/bin/sh' })
    main.git('tag', '-a', 'v1', '-m', 'v1')
    symlinkSync('/etc', `${main.path}/way`)
    chmodSync(`${main.path}/sub/run`, 0o755)
    second = main.commit({ a: '2' })
    main.git('branch', 'v1-fixes')
  })
  afterAll(async () => {
    server[Symbol.dispose]()
    await directory[Symbol.asyncDispose]()
  })

  const services = (given: Readonly<Record<string, string>> = {}): GitServices => ({
    credentials: {
      secrets: new Map(Object.entries(given).map(([id, text]) => [id, Buffer.from(text)])),
      agents: new Map(),
      userinfo: new Map(),
      env: {},
    },
    addressOf: async () => undefined,
    signal: new AbortController().signal,
  })
  const sourceOf = (path: string): GitSource => {
    const found = parseGitUrl(`${server.url}/${path}`)
    if (found === undefined) throw new Error(`${path} is no repository`)
    return found.source
  }
  const resolve = async (path: string, given = {}): Promise<string> => {
    const source = sourceOf(path)
    const place = `${directory.path}/r${count++}`
    const named = { remote: source.remote, isNamed: true }
    return (await Repository.open(place, named, services(given))).resolve(source)
  }
  const write = async (path: string, options: { keepGitDir?: boolean; most?: TreeBudget } = {}) => {
    const source = sourceOf(path)
    const place = `${directory.path}/c${count++}`
    const { time } = await checkOut(source, await resolve(path), place, {
      ...services(),
      scratch: `${place}.scratch`,
      keepGitDir: options.keepGitDir === true,
      most: options.most,
    })
    expect(existsSync(`${place}.scratch`)).toBe(false)
    return { place, time }
  }

  test('resolve() finds branches, tags with a message, other refs and the default branch', async () => {
    expect(await resolve('main.git')).toBe(second)
    expect(await resolve('main.git#main')).toBe(second)
    expect(await resolve('main.git#v1')).toBe(first)
    expect(await resolve('main.git#refs/tags/v1')).toBe(first)
    expect(await resolve('main.git?tag=v1')).toBe(first)
    expect(await resolve('main.git?branch=v1-fixes')).toBe(second)
    expect(await resolve(`main.git#${first}`)).toBe(first)
    expect(await resolve(`main.git?ref=v1&checksum=${first.slice(0, 8)}`)).toBe(first)
  })

  test('resolve() refuses an absent ref with a suggestion, and another commit', async () => {
    const error = await resolve('main.git#v1-fixs').catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'NOT_FOUND', remedy: 'did you mean v1-fixes' })
    await expect(resolve('main.git?tag=v1&checksum=0000')).rejects.toMatchObject({
      code: 'DIGEST_INVALID',
    })
    await expect(resolve('none.git')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  })

  test('checkOut() writes files with modes of git and the time of the commit', async () => {
    const { place, time } = await write('main.git#v1')
    expect(time).toBe(1_600_001_000)
    expect(readFileSync(`${place}/a`, 'utf8')).toBe('1')
    expect(lstatSync(`${place}/a`).mode & 0o777).toBe(0o644)
    expect(lstatSync(`${place}/a`).mtimeMs).toBe(1_600_001_000_000)
    expect(readdirSync(place).sort()).toEqual(['a', 'sub'])
    const newest = (await write('main.git')).place
    expect(lstatSync(`${newest}/sub/run`).mode & 0o777).toBe(0o755)
    expect(lstatSync(`${newest}/way`).isSymbolicLink()).toBe(true)
  })

  test('checkOut() writes a subdirectory, but no link to one and nothing above', async () => {
    expect(readdirSync((await write('main.git#main:sub')).place).sort()).toEqual(['b', 'run'])
    for (const path of ['way', 'a', 'none', 'sub/b/c']) {
      await expect(write(`main.git#main:${path}`)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    }
  })

  test('checkOut() keeps a repository that git can use, without passwords and hooks', async () => {
    const { place } = await write('main.git#v1', { keepGitDir: true })
    const copy = new TestRepository(`${directory.path}/user`)
    const git = (...args: string[]): string => copy.git('-C', place, ...args)
    expect(git('status', '--porcelain')).toBe('')
    expect(git('rev-parse', 'HEAD')).toBe(first)
    expect(git('config', 'remote.origin.url')).toBe(`${server.url}/main.git`)
    expect(existsSync(`${place}/.git/hooks`)).toBe(false)
    expect(existsSync(`${(await write('main.git#v1')).place}/.git`)).toBe(false)
  })

  test('checkOut() reads repositories with SHA-256', async () => {
    const other = new TestRepository(`${directory.path}/sha256.git`, 'sha256')
    other.commit({ x: 'x' })
    expect(readdirSync((await write('sha256.git')).place)).toEqual(['x'])
  })

  test('checkOut() writes submodules with URLs relative to the repository, in any depth', async () => {
    const inner = new TestRepository(`${directory.path}/inner.git`)
    const inside = inner.commit({ deep: 'deep' })
    const middle = new TestRepository(`${directory.path}/middle.git`)
    const link = (to: TestRepository, path: string, url: string, commit: string): string => {
      to.git('update-index', '--add', '--cacheinfo', `160000,${commit},${path}`)
      mkdirSync(`${to.path}/${path}`, { recursive: true })
      to.git('config', '-f', '.gitmodules', `submodule.m.path`, path)
      to.git('config', '-f', '.gitmodules', `submodule.m.url`, url)
      to.git('add', '.gitmodules')
      to.git('commit', '--quiet', '-m', 'x')
      return to.git('rev-parse', 'HEAD')
    }
    const between = link(middle, 'in', '../inner.git', inside)
    const outer = new TestRepository(`${directory.path}/outer.git`)
    outer.commit({ 'lib/.keep': '' })
    link(outer, 'lib/mid', '../middle.git', between)
    const { place } = await write('outer.git')
    expect(readFileSync(`${place}/lib/mid/in/deep`, 'utf8')).toBe('deep')
    const sub = (await write('outer.git#main:lib')).place
    expect(readFileSync(`${sub}/mid/in/deep`, 'utf8')).toBe('deep')
    expect(readdirSync(`${(await write('outer.git?submodules=false')).place}/lib`)).not.toContain(
      'in',
    )

    const marker = `${directory.path}/marker`
    for (const url of [
      `file://${directory.path}/inner.git`,
      `ext::sh -c "touch ${marker}"`,
      '-x',
      '/x',
    ]) {
      link(outer, 'lib/mid', url, between)
      await expect(write('outer.git')).rejects.toThrow('has a URL that is not allowed')
    }
    expect(existsSync(marker)).toBe(false)
    outer.git('config', '-f', '.gitmodules', 'submodule.m.update', '!touch marker')
    link(outer, 'lib/mid', '../middle.git', between)
    await write('outer.git')
    expect(existsSync('marker')).toBe(false)
  })

  test('checkOut() refuses a repository that names too many files, before it writes one', async () => {
    const bomb = new TestRepository(`${directory.path}/bomb.git`)
    bomb.commit({ x: 'x' })
    let tree = bomb.git('rev-parse', 'HEAD^{tree}')
    for (let level = 0; level < 9; level++) {
      const lines = Array.from({ length: 10 }, (_, at) => `040000 tree ${tree}\tf${at}\n`)
      const made = Bun.spawnSync(['git', '-C', bomb.path, 'mktree'], {
        stdin: Buffer.from(lines.join('')),
      })
      tree = made.stdout.toString().trim()
    }
    const commit = bomb.git('commit-tree', tree, '-m', 'bomb')
    bomb.git('update-ref', 'refs/heads/main', commit)
    const before = readdirSync(directory.path).length
    for (const most of [
      { files: 10_000, bytes: 2 ** 30 },
      { files: 1e9, bytes: 10_000 },
    ]) {
      await expect(write('bomb.git', { most })).rejects.toThrow('it has too many files')
    }
    expect(readdirSync(directory.path).length).toBeLessThan(before + 8)
  })

  test('resolve() sends secrets for the host, and shows none in a refusal', async () => {
    server.authorization = `Basic ${Buffer.from('x-access-token:t0ken').toString('base64')}`
    try {
      expect(await resolve('main.git', { GIT_AUTH_TOKEN: 't0ken' })).toBe(second)
      expect(await resolve('main.git', { 'GIT_AUTH_TOKEN.127.0.0.1': 't0ken' })).toBe(second)
      const wrong = resolve('main.git', { GIT_AUTH_TOKEN: 'wrong!' })
      const error = await wrong.catch((reason: unknown) => reason)
      expect(error).toMatchObject({ code: 'UNAVAILABLE' })
      expect(String(error)).not.toContain('wrong!')
      await expect(resolve('main.git', { 'GIT_AUTH_TOKEN.other': 't0ken' })).rejects.toThrow()
      server.authorization = 'Bearer b'
      expect(await resolve('main.git', { GIT_AUTH_HEADER: 'Bearer b' })).toBe(second)
    } finally {
      server.authorization = undefined
    }
  })
})
