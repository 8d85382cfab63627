import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readdirSync, readlinkSync } from 'node:fs'
import { importBusybox } from './busybox.ts'
import { copyOf, damage, inventory, kill, seed } from './fault-rig.ts'
import { textOf } from './processes.ts'
import { command, missing, openStrake, type Strake } from './strake.ts'

// Every command that changes a container, a network or a volume is killed before a system call that
// changes the store. A quick run tries some calls, and others with another STRAKE_FAULT_SEED.
// STRAKE_FAULTS=all tries every call.

const reason = missing('busybox', 'tar', 'runc', 'nft', 'ip')
if (reason !== undefined) console.log(`skipped kills of containers: ${reason}`)
const isTraceable = process.arch === 'x64'
const isThorough = process.env['STRAKE_FAULTS'] === 'all'
const limit = isThorough ? 7_200_000 : 120_000
/** The approximate number of kills of a command in a quick run. */
const quickKills = 2
/** Milliseconds that a killed command's processes are watched. Monitors do not end. */
const patience = 300

interface Case {
  readonly args: readonly string[]
  /** Commands before it. */
  readonly before?: readonly (readonly string[])[]
  /** What the repeated command may say when the killed one had done its work. */
  readonly done?: RegExp
}

const box = ['run', '-d', '--name', 'box', '--network', 'none', 'kept:1', 'sleep', '1000']
const onNetwork = ['run', '-d', '--name', 'box', '--network', 'net', 'kept:1', 'sleep', '1000']
const taken = /is already in use/
const gone = /No such|not found|no such/

const cases: readonly Case[] = [
  { args: ['create', '--name', 'made', 'kept:1', 'true'], done: taken },
  {
    args: ['run', '-d', '--name', 'made', '-v', 'data:/data', 'kept:1', 'sleep', '1000'],
    done: taken,
  },
  { args: ['start', 'made'], before: [['create', '--name', 'made', 'kept:1', 'sleep', '1000']] },
  { args: ['restart', '-t', '0', 'box'], before: [box] },
  { args: ['stop', '-t', '0', 'box'], before: [box] },
  { args: ['kill', 'box'], before: [box], done: /is not running/ },
  { args: ['rm', '-f', '-v', 'box'], before: [box], done: gone },
  { args: ['rename', 'box', 'other'], before: [box], done: gone },
  { args: ['exec', 'box', 'touch', '/made'], before: [box] },
  { args: ['commit', 'box', 'made:1'], before: [box] },
  { args: ['network', 'create', 'made'], done: /already exists/ },
  { args: ['network', 'rm', 'net'], before: [['network', 'create', 'net']], done: gone },
  {
    args: ['network', 'connect', 'more', 'box'],
    before: [['network', 'create', 'net'], ['network', 'create', 'more'], onNetwork],
    done: /already exists in network|already/,
  },
  {
    args: ['network', 'disconnect', 'net', 'box'],
    before: [['network', 'create', 'net'], onNetwork],
    done: /is not connected/,
  },
  { args: ['volume', 'create', 'made'] },
  { args: ['volume', 'rm', 'vol'], before: [['volume', 'create', 'vol']], done: gone },
]

describe.skipIf(reason !== undefined || !isTraceable)('a killed command', () => {
  let base: Strake
  beforeAll(async () => {
    base = await openStrake()
    await importBusybox(base, 'kept:1')
    // The first run probes how this machine mounts, and keeps the answer.
    await base.ok('run', '--rm', '--network', 'none', 'kept:1', 'true')
  })
  afterAll(async () => base[Symbol.asyncDispose]())

  for (const each of cases) {
    const title = `${each.args
      .filter((word) => !word.startsWith('-'))
      .slice(0, 2)
      .join(
        ' ',
      )} leaves a container, a network or a volume whole or gone, and succeeds when repeated`
    test(title, () => sweep(base, each), limit)
  }
})

async function sweep(base: Strake, each: Case): Promise<void> {
  const violations: string[] = []
  const { calls, clean } = await unhurt(base, each)
  const step = isThorough ? 1 : Math.max(1, Math.floor(calls / quickKills))
  let injected = 0
  for (let when = 1 + (isThorough ? 0 : seed % step); when <= calls; when += step) {
    await using strake = await prepared(base, each)
    const { killedAt } = await kill(strake, each, when, patience)
    if (killedAt === undefined) break
    injected++
    const found = [
      ...(await lies(strake)),
      ...(await repeat(strake, each)),
      ...(await lies(strake)),
      ...(await leftovers(strake, clean)),
    ]
    violations.push(...found.map((text) => `killed before call ${when}, ${killedAt}: ${text}`))
  }
  console.log(
    `${each.args.slice(0, 2).join(' ')}: ${injected} of ${calls} calls, ${violations.length} violations`,
  )
  expect(violations).toEqual([])
  expect(injected).toBeGreaterThan(0)
}

async function prepared(base: Strake, { before = [] }: Case): Promise<Strake> {
  const strake = await copyOf(base)
  for (const args of before) await strake.ok(...args)
  return strake
}

/** The number of calls of the command, and what a store has when everything is removed after it. */
async function unhurt(
  base: Strake,
  each: Case,
): Promise<{ readonly calls: number; readonly clean: readonly string[] }> {
  await using strake = await prepared(base, each)
  const { calls } = await kill(strake, each, 0, patience)
  expect(await lies(strake)).toEqual([])
  await removeAll(strake)
  return { calls, clean: lasting(strake) }
}

interface Listed {
  readonly ID: string
  readonly State: string
}

/** What the lists say and the kernel does not: a container that runs without a process, or the other way round. */
async function lies(strake: Strake): Promise<readonly string[]> {
  const listed = await strake.ok('ps', '--all', '--no-trunc', '--format', 'json')
  const rows: readonly Listed[] = listed
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
  const living = processesOf(strake)
  const found: string[] = []
  for (const { ID, State } of rows) {
    const inside = living.filter(({ groups }) => groups.includes(ID))
    if (!['created', 'running', 'exited'].includes(State)) found.push(`a container is ${State}`)
    if (State === 'running' && inside.length === 0) found.push('a running container has no process')
    if (State !== 'running' && inside.length > 0)
      found.push(`a container that is ${State} has processes`)
    if (State !== 'running') continue
    const monitor = await strake.ok('inspect', '-f', '{{.State.Pid}}', ID)
    if (!living.some(({ pid }) => pid === Number(monitor)))
      found.push('it has another first process')
  }
  for (const kind of ['network', 'volume']) await strake.ok(kind, 'ls')
  return [...found, ...(await damage(strake))]
}

async function repeat(strake: Strake, { args, done }: Case): Promise<readonly string[]> {
  const { exitCode, stderr } = await strake(...args)
  return exitCode === 0 || done?.test(stderr) ? [] : [`again: ${stderr}`]
}

async function leftovers(strake: Strake, clean: readonly string[]): Promise<readonly string[]> {
  const networks = await strake.ok('network', 'ls', '-q', '--filter', 'type=custom')
  await removeAll(strake)
  const now = lasting(strake)
  const links = (await command(['ip', '-o', 'link'])).stdout
  return [
    ...now.filter((name) => !clean.includes(name)).map((name) => `${name} was left over`),
    ...clean
      .filter((name) => !now.includes(name) && !madeForNetworks.test(name))
      .map((name) => `${name} is gone`),
    ...networks.split('\n').filter((id) => id !== '' && links.includes(`br-${id}`)),
    ...processesOf(strake).map(({ pid }) => `process ${pid} was left over`),
  ]
}

/** Absent where the first network came to nothing, and the name was then taken. */
const madeForNetworks = /^run\/(?:netns|network\/(?:subnet|lock))$/

/** What a store has, but for the directories of networks: they are made at the first use, and stay empty. */
function lasting(strake: Strake): readonly string[] {
  return inventory(strake).filter((name) => !/^run\/network(?:\/attachments)?$/.test(name))
}

async function removeAll(strake: Strake): Promise<void> {
  const ids = async (...args: readonly string[]): Promise<readonly string[]> =>
    (await strake.ok(...args)).split('\n').filter(Boolean)
  const containers = await ids('ps', '-aq')
  if (containers.length > 0) await strake.ok('rm', '-f', '-v', ...containers)
  const networks = await ids('network', 'ls', '-q', '--filter', 'type=custom')
  if (networks.length > 0) await strake.ok('network', 'rm', ...networks)
  await strake.ok('volume', 'prune', '--all', '--force')
  const images = (await ids('images', '--format', '{{.Repository}}:{{.Tag}}')).filter(
    (name) => name !== 'kept:1',
  )
  if (images.length > 0) await strake.ok('rmi', '-f', ...images)
  await strake.ok('system', 'cleanup')
  await strake.ok('system', 'prune', '--force')
}

interface Living {
  readonly pid: number
  /** The lines of its control groups, which name its container. */
  readonly groups: string
}

/** The processes of a store: those of its containers, and those that work in its directory. */
function processesOf({ directory, root }: Strake): readonly Living[] {
  const containers = namesIn(`${root}/containers`)
  return namesIn('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const groups = textOf(`/proc/${name}/cgroup`)
      const links = ['cwd', 'root', ...namesIn(`/proc/${name}/fd`).map((fd) => `fd/${fd}`)]
      const isOurs =
        containers.some((id) => groups.includes(id)) ||
        links.some((link) => targetOf(`/proc/${name}/${link}`).startsWith(directory))
      return isOurs ? [{ pid: Number(name), groups }] : []
    })
}

function namesIn(path: string): readonly string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}

function targetOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}
