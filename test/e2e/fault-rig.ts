import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { encodeJson, mediaType, sha256 } from '#oci'
import { mountsBelow } from '#platform'
import { packTar, type TarInput } from '#tar'
import type { Killing } from './kill-at-call.ts'
import { command, type Outcome, openStrake, program, type Strake } from './strake.ts'

/** A command for faults, and the names that it makes when it succeeds. */
export interface Operation {
  readonly args: readonly string[]
  readonly makes: readonly string[]
}

/** The result of one row of injections. */
export interface Tally {
  injected: number
  detected: number
  readonly violations: string[]
}

/**
 * System calls that need space, with the step between faults in a quick run;
 * `STRAKE_FAULTS=all` tries every call.
 */
const writingCalls: Readonly<Record<string, number>> = {
  fsync: 11,
  rename: 7,
  mkdir: 15,
  unlinkat: 15,
  utimensat: 15,
  pwrite64: 41,
  write: 51,
}

/** The approximate number of kills of a command in a quick run. */
const quickKills = 4

const isThorough = process.env['STRAKE_FAULTS'] === 'all'

/** The first fault of a quick run. It is constant by default, so that two runs can be compared. */
export const seed: number = Number(process.env['STRAKE_FAULT_SEED'] ?? 20_780)

/** Writes an image layout of three small layers named `name`. The text decides the digests. */
export async function writeSmallImage(path: string, name: string, text: string): Promise<string> {
  const layers = await Promise.all(
    [0, 1, 2].map((index) =>
      packTar([
        { path: 'etc', type: 'directory' },
        { path: `etc/file${index}`, body: Buffer.from(`${text} ${index}\n`.repeat(3000)) },
        { path: `link${index}`, type: 'symlink', linkpath: `etc/file${index}` },
        ...(index === 2 ? [{ path: 'etc/.wh.file0', body: new Uint8Array(0) }] : []),
      ]),
    ),
  )
  const config = encodeJson({
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    os: 'linux',
    config: { Cmd: ['/none'] },
    rootfs: { type: 'layers', diff_ids: layers.map((layer) => sha256(layer)) },
  })
  const blobs = layers.map((layer) => new Uint8Array(gzipSync(layer)))
  const describe = (type: string, bytes: Uint8Array) => ({
    mediaType: type,
    digest: sha256(bytes),
    size: bytes.length,
  })
  const manifest = encodeJson({
    schemaVersion: 2,
    mediaType: mediaType.ociManifest,
    config: describe(mediaType.ociConfig, config),
    layers: blobs.map((blob) => describe(mediaType.ociLayerGzip, blob)),
  })
  const named = { annotations: { 'io.containerd.image.name': name } }
  const top = { ...describe(mediaType.ociManifest, manifest), ...named }
  const entries: TarInput[] = [
    { path: 'oci-layout', body: encodeJson({ imageLayoutVersion: '1.0.0' }) },
    { path: 'index.json', body: encodeJson({ schemaVersion: 2, manifests: [top] }) },
    ...[manifest, config, ...blobs].map((body) => ({
      path: `blobs/sha256/${sha256(body).slice('sha256:'.length)}`,
      body,
    })),
  ]
  await writeFile(path, await packTar(entries))
  return path
}

/** Opens a new store with the content of `base`, which was used in the same way. */
export async function copyOf(base: Strake): Promise<Strake> {
  const way = base.env['STRAKE_SNAPSHOTTER']
  const copy = await openStrake(way === undefined ? {} : { STRAKE_SNAPSHOTTER: way })
  // Node copies neither device nodes nor attributes of unpacked layers.
  await cp(base.root, copy.root)
  if (existsSync(probeOf(base))) {
    mkdirSync(dirname(probeOf(copy)))
    await cp(probeOf(base), probeOf(copy))
  }
  return copy
}

async function cp(from: string, to: string): Promise<void> {
  const { exitCode, stderr } = await command(['cp', '-a', from, to])
  if (exitCode !== 0) throw new Error(stderr)
}

/** The file in which a store records how it mounts. */
function probeOf({ env }: Strake): string {
  return `${env['STRAKE_RUN']}/erofs.json`
}

/** Makes a store mount through loop devices. It must have mounted or imported something before. */
export function mountByLoop(strake: Strake): void {
  const probe = JSON.parse(readFileSync(probeOf(strake), 'utf8')) as object
  writeFileSync(probeOf(strake), JSON.stringify({ ...probe, way: 'loop', reason: 'of a test' }))
}

/** The store for faults, and a store with only `kept:1`. */
export interface Stores {
  readonly base: Strake
  readonly kept: Strake
}

/**
 * Kills `operation` on copies of `base` before one call after the other that changes
 * something, in any thread or process. After each kill the store must be whole, and the
 * same command must succeed. When all but `kept:1` is removed after that, no more may be
 * left than without the kill.
 */
export async function sweepKills({ base, kept }: Stores, operation: Operation): Promise<Tally> {
  const tally: Tally = { injected: 0, detected: 0, violations: [] }
  await using unhurt = await copyOf(base)
  const { calls } = await kill(unhurt, operation, 0)
  tally.violations.push(...(await aftermath(unhurt, operation, contents(kept), contents)))
  const clean = inventory(unhurt)
  const step = isThorough ? 1 : Math.max(1, Math.floor(calls / quickKills))
  for (let when = 1 + (isThorough ? 0 : seed % step); ; when += step) {
    await using strake = await copyOf(base)
    const { killedAt, exitCode, left } = await kill(strake, operation, when)
    if (killedAt === undefined) return tally
    tally.injected++
    if (exitCode !== 0) tally.detected++
    const running = left.map((text) => `${text} ran on`)
    const found = [...running, ...(await aftermath(strake, operation, clean))]
    const at = `${operation.args[0]}, killed before call ${when}, ${killedAt}`
    tally.violations.push(...found.map((text) => `${at}: ${text}`))
  }
}

/**
 * Runs a command and kills it before call `when`; 0 kills nothing. Throws when the command fails by
 * itself. Waits at most `patience` milliseconds for the processes that it leaves.
 */
export async function kill(
  strake: Strake,
  { args }: Pick<Operation, 'args'>,
  when: number,
  patience = 10_000,
): Promise<Killing> {
  const report = join(strake.directory, 'killing')
  const killer = join(import.meta.dir, 'kill-at-call.ts')
  const { stderr } = await command(
    [process.execPath, killer, report, strake.directory, String(when), program, ...args],
    { env: { ...strake.env, KILL_PATIENCE: String(patience) } },
  )
  if (!existsSync(report)) throw new Error(`the killer ended early: ${stderr}`)
  const killing = JSON.parse(await readFile(report, 'utf8')) as Killing
  if (killing.killedAt === undefined && killing.exitCode !== 0) {
    throw new Error(`${args.join(' ')} does not work by itself: ${stderr}`)
  }
  return killing
}

/** Like `sweepKills`, with failing calls, such as `ENOSPC`. Calls are counted per thread. */
export async function sweepErrors(
  { base, kept }: Stores,
  operation: Operation,
  error: string,
): Promise<Tally> {
  const tally: Tally = { injected: 0, detected: 0, violations: [] }
  const clean = contents(kept)
  for (const [call, usual] of Object.entries(writingCalls)) {
    const step = isThorough ? 1 : usual
    for (let when = 1 + (isThorough ? 0 : seed % step); ; when += step) {
      await using strake = await copyOf(base)
      const trace = join(strake.directory, 'trace')
      const inject = `inject=${call}:error=${error}:when=${when}`
      const outcome = await command(
        ['strace', '-f', '-qqq', '-o', trace, '-e', `trace=${call}`, '-e', inject].concat(
          program,
          ...operation.args,
        ),
        { env: strake.env },
      )
      const traced = await readFile(trace, 'utf8')
      if (!traced.includes('(INJECTED)')) break
      tally.injected++
      if (outcome.exitCode !== 0) tally.detected++
      const left = await aftermath(strake, operation, clean, contents)
      // Threads count separately, and one of those writes may be the message.
      const isUnsaid = /write\(2, .*\(INJECTED\)/.test(traced)
      const found = [...(isUnsaid ? [] : complaints(outcome)), ...left]
      const at = `${operation.args[0]}, ${error} at ${call} ${when}`
      tally.violations.push(...found.map((text) => `${at}: ${text}`))
    }
  }
  return tally
}

/** Returns the problems after a fault, after repeating the command, and after removing its result. */
async function aftermath(
  strake: Strake,
  operation: Operation,
  clean: readonly string[],
  look: (strake: Strake) => readonly string[] = inventory,
): Promise<readonly string[]> {
  const found = [...(await damage(strake)), ...(await repeat(strake, operation))]
  return [...found, ...difference(clean, look(strake))]
}

/** A failure must print one sentence and no stack. */
function complaints({ exitCode, stderr }: Outcome): readonly string[] {
  if (exitCode === 0) return []
  const isPlain = /^strake: Cannot /m.test(stderr) && !/^\s+at /m.test(stderr)
  return isPlain ? [] : [`said ${JSON.stringify(stderr.slice(-300))}`]
}

/** Returns damage that no fault may cause: blobs with a wrong digest, incomplete images. */
export async function damage(strake: Strake): Promise<readonly string[]> {
  const found: string[] = []
  const folder = join(strake.root, 'blobs/sha256')
  for (const hex of existsSync(folder) ? readdirSync(folder) : []) {
    const actual = createHash('sha256')
      .update(readFileSync(join(folder, hex)))
      .digest('hex')
    if (actual !== hex) found.push(`the blob ${hex} is not what its name says`)
  }
  for (const name of await namesOf(strake)) {
    const saved = await strake('save', '-o', join(strake.directory, 'saved.tar'), name)
    if (saved.exitCode !== 0) found.push(`${name} is not whole: ${saved.stderr}`)
  }
  if (!(await namesOf(strake)).includes('kept:1')) found.push('kept:1 is lost')
  const checked = await strake('system', 'check')
  if (checked.exitCode !== 0) found.push(`system check: ${checked.stdout}${checked.stderr}`)
  return found
}

export async function namesOf(strake: Strake): Promise<readonly string[]> {
  const listed = await strake.ok('images', '--format', 'json')
  const lines = listed.split('\n').filter((line) => line !== '')
  return lines.map((line) => {
    const { Repository, Tag } = JSON.parse(line) as { Repository: string; Tag: string }
    return `${Repository}:${Tag}`
  })
}

/** Repeats the command, which must succeed; then removes everything but `kept:1`. */
async function repeat(strake: Strake, { args, makes }: Operation): Promise<readonly string[]> {
  const again = await strake(...args)
  const isDone = args[0] === 'rmi' && /No such image/.test(again.stderr)
  if (again.exitCode !== 0 && !isDone) return [`again: ${again.stderr}`]
  const names = await namesOf(strake)
  const found = [...abandoned(strake, args[0]), ...(await damage(strake))]
  for (const name of makes) if (!names.includes(name)) found.push(`${name} was not made`)
  const others = names.filter((name) => name !== 'kept:1')
  if (others.length > 0) await strake.ok('rmi', '--force', ...others)
  await strake.ok('system', 'cleanup')
  await strake.ok('system', 'prune', '--force')
  return found
}

/**
 * Returns mounts and unfinished work of a killed process that the next command left. Notes
 * of a killed `run` about the use of a chain do not count; the next change of the store
 * removes them.
 */
function abandoned(strake: Strake, verb: string | undefined): readonly string[] {
  const left =
    /^run\/(?:builds|mounts|users)\/(?:[0-9a-f]+\.)?(?:build|active|view)-[^/]*$|^root\/staging\/./
  const found = inventory(strake)
    .filter((name) => left.test(name))
    .filter((name) => verb !== 'run' || !name.startsWith('run/users/'))
  return found.map((name) => `${name} was left by the next command`)
}

/** Returns every name in a store, its mounts, and its loop devices. */
export function inventory(strake: Strake): readonly string[] {
  const names = ['root', 'run'].flatMap((folder) => {
    const path = join(strake.directory, folder)
    const inside = existsSync(path) ? readdirSync(path, { recursive: true, encoding: 'utf8' }) : []
    return inside.map((name) => `${folder}/${name}`)
  })
  const mounts = mountsBelow(strake.directory).map(({ target }) => `mount ${target}`)
  // A temporary file of a cache below `run` may stay until the machine restarts. Records of builds
  // have random names, and the latest fifty stay.
  const passing =
    /strake\.db-(?:wal|shm)$|^root\/build-records(?:\/|$)|^run\/(?:mounts|users)$|^run\/[^/]*\.json\.[^/]*$/
  const kept = names.filter((name) => !passing.test(name))
  return [...kept, ...mounts, ...loopsOver(strake.directory)]
}

/** Returns the names that belong to images. */
function contents(strake: Strake): readonly string[] {
  const folders =
    /^root\/(?:blobs|chains|containers|ingest|layers|staging|trash)\/.|^(?:mount|loop device) /
  return inventory(strake).filter((name) => folders.test(name))
}

/** Returns the files below a directory that loop devices hold. */
function loopsOver(directory: string): readonly string[] {
  return readdirSync('/sys/block')
    .map((name) => backingFile(`/sys/block/${name}/loop/backing_file`))
    .filter((file) => file.startsWith(directory))
    .map((file) => `loop device of ${file}`)
}

/** A loop device of another process may end at any moment. */
function backingFile(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return ''
  }
}

function difference(before: readonly string[], after: readonly string[]): readonly string[] {
  return [
    ...after.filter((name) => !before.includes(name)).map((name) => `${name} was left over`),
    ...before.filter((name) => !after.includes(name)).map((name) => `${name} is gone`),
  ]
}
