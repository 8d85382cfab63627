import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { encodeJson, mediaType, sha256 } from '#oci'
import { mountsBelow } from '#platform'
import { packTar, type TarInput } from '#tar'
import { command, type Outcome, openStrake, program, type Strake } from './strake.ts'

/** What a fault is injected into: a command, and the names it makes when it succeeds. */
export interface Operation {
  readonly args: readonly string[]
  readonly makes: readonly string[]
}

/** What one row of injections came to. */
export interface Tally {
  injected: number
  detected: number
  readonly violations: string[]
}

/**
 * System calls by which a store changes, with the step to go through them in a
 * quick run; `STRAKE_FAULTS=all` tries every one.
 */
const calls: Readonly<Record<string, number>> = {
  fsync: 11,
  rename: 7,
  mkdir: 15,
  unlinkat: 15,
  utimensat: 15,
  pwrite64: 41,
  write: 51,
}

const isThorough = process.env['STRAKE_FAULTS'] === 'all'

/** Where a quick run begins; another place every day, and printed with the result. */
export const seed: number = Number(
  process.env['STRAKE_FAULT_SEED'] ?? Math.floor(Date.now() / 86_400_000),
)

/** Writes an image layout of three small layers that is called `name`; the text decides the digests. */
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

/** A store of its own with the content of `base`. */
export async function copyOf(base: Strake): Promise<Strake> {
  const copy = await openStrake()
  // Node's copy knows neither the device nodes nor the attributes of unpacked layers.
  const { exitCode, stderr } = await command(['cp', '-a', base.root, copy.root])
  if (exitCode !== 0) throw new Error(stderr)
  return copy
}

/**
 * Runs `operation` again and again on copies of `base`, and lets `fault` happen
 * at one system call after the other. After each the store must be whole, and
 * the same command must then succeed; with all but `kept:1` removed after that
 * the store must be as `clean` is.
 */
export async function sweep(
  { base, clean }: { readonly base: Strake; readonly clean: Strake },
  operation: Operation,
  fault: string,
): Promise<Tally> {
  const tally: Tally = { injected: 0, detected: 0, violations: [] }
  const before = inventory(clean)
  for (const [call, usual] of Object.entries(calls)) {
    const step = isThorough ? 1 : usual
    for (let when = 1 + (isThorough ? 0 : seed % step); ; when += step) {
      await using strake = await copyOf(base)
      const { outcome, isHit } = await inject(strake, operation, { call, when, fault })
      if (!isHit) break
      tally.injected++
      if (outcome.exitCode !== 0) tally.detected++
      const found = [
        ...complaints(outcome, fault),
        ...(await damage(strake)),
        ...(await repeat(strake, operation)),
        ...difference(before, inventory(strake)),
      ]
      const at = `${operation.args[0]}, ${fault} at ${call} ${when}`
      tally.violations.push(...found.map((text) => `${at}: ${text}`))
    }
  }
  return tally
}

async function inject(
  strake: Strake,
  { args }: Operation,
  { call, when, fault }: { call: string; when: number; fault: string },
): Promise<{ readonly outcome: Outcome; readonly isHit: boolean }> {
  const trace = join(strake.directory, 'trace')
  const outcome = await command(
    [
      ...['strace', '-f', '-qqq', '-o', trace],
      ...['-e', `trace=${call}`, '-e', `inject=${call}:${fault}:when=${when}`],
      ...[program, ...args],
    ],
    { env: strake.env },
  )
  const isKill = fault.startsWith('signal=SIGKILL')
  const isHit = isKill
    ? outcome.exitCode === 137
    : (await readFile(trace, 'utf8')).includes('(INJECTED)')
  return { outcome, isHit }
}

/** A failure that was noticed is said in one sentence, without a stack. */
function complaints({ exitCode, stderr }: Outcome, fault: string): readonly string[] {
  if (exitCode === 0 || fault.startsWith('signal=')) return []
  const isPlain = /^strake: Cannot /m.test(stderr) && !/^\s+at /m.test(stderr)
  return isPlain ? [] : [`said ${JSON.stringify(stderr.slice(-300))}`]
}

/** Everything that must never be, whatever happened: blobs that are not their digest, images that are not whole. */
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

/** The same command once more, which must succeed; then everything but `kept:1` is removed. */
async function repeat(strake: Strake, { args, makes }: Operation): Promise<readonly string[]> {
  const again = await strake(...args)
  const isDone = args[0] === 'rmi' && /no such image/.test(again.stderr)
  if (again.exitCode !== 0 && !isDone) return [`again: ${again.stderr}`]
  const names = await namesOf(strake)
  const found = [...(await damage(strake))]
  for (const name of makes) if (!names.includes(name)) found.push(`${name} was not made`)
  const others = names.filter((name) => name !== 'kept:1')
  if (others.length > 0) await strake.ok('rmi', '--force', ...others)
  await strake.ok('system', 'cleanup')
  await strake.ok('system', 'prune', '--force')
  return found
}

/** Every name in the store that a leftover could have, and what is mounted. */
function inventory(strake: Strake): readonly string[] {
  const names: string[] = []
  for (const folder of ['.', 'blobs/sha256', 'chains', 'ingest', 'staging', 'trash']) {
    const path = join(strake.root, folder)
    const inside = existsSync(path) ? readdirSync(path) : []
    names.push(...inside.map((name) => `${folder}/${name}`))
  }
  const mounts = mountsBelow(strake.directory).map(({ target }) => `mount ${target}`)
  return [...names.filter((name) => !/strake\.db-(?:wal|shm)$/.test(name)), ...mounts]
}

function difference(before: readonly string[], after: readonly string[]): readonly string[] {
  return [
    ...after.filter((name) => !before.includes(name)).map((name) => `${name} was left over`),
    ...before.filter((name) => !after.includes(name)).map((name) => `${name} is gone`),
  ]
}
