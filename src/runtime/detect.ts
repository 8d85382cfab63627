import { mkdirSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { StrakeError } from '#oci'
import {
  findProgram,
  isExecutable,
  isSystemError,
  programEnvironment,
  readPlainFile,
  runCommand,
} from '#platform'
import { hybridControllers } from './cgroup.ts'
import { openRuntime, type Runtime } from './runtime.ts'

export interface DetectRuntimeOptions {
  /** Directory for the runtimes' own state, on a file system that a reboot empties. */
  readonly root: string
  /**
   * The name of a program or an absolute path; then no other runtime is tried. Default:
   * `$STRAKE_RUNTIME`, else the best one.
   */
  readonly preferred?: string | undefined
  /** File that stores versions: running runc for its version takes 20 ms. */
  readonly cache?: string | undefined
}

export interface DetectedRuntime {
  readonly runtime: Runtime
  /** The reason for the choice, which `strake info` prints. */
  readonly reason: string
  readonly rejected: readonly { readonly name: string; readonly reason: string }[]
}

/** Those that are chosen without being asked for, fastest first. */
const known = ['crun', 'runc'] as const

const purpose: Readonly<Record<string, string>> = {
  crun: 'the fastest runtime installed',
  runc: 'the runtime that works here',
}

/**
 * Finds the runtime that works on this machine. Throws `UNSUPPORTED` with all reasons
 * when none works, or when the preferred one does not.
 */
export async function detectRuntime(options: DetectRuntimeOptions): Promise<DetectedRuntime> {
  const asked = options.preferred ?? process.env['STRAKE_RUNTIME']
  const candidates = asked === undefined || asked === '' ? known : [asked]
  const rejected: { name: string; reason: string }[] = []
  for (const candidate of candidates) {
    const found = await inspect(candidate, options.cache)
    if ('reason' in found) rejected.push({ name: candidate, reason: found.reason })
    else {
      mkdirSync(options.root, { recursive: true, mode: 0o700 })
      const runtime = openRuntime({ ...found, root: options.root })
      const reason = asked ? 'asked for' : (purpose[found.name] ?? '')
      return { runtime, reason, rejected }
    }
  }
  throw new StrakeError(
    'UNSUPPORTED',
    `Cannot run containers: ${rejected.map(({ name, reason }) => `${name} ${reason}`).join('; ')}`,
    { remedy: 'install runc, or crun on a machine with cgroup v2' },
  )
}

type Inspected = { name: string; path: string; version: string } | { reason: string }

async function inspect(candidate: string, cache: string | undefined): Promise<Inspected> {
  const path = candidate.startsWith('/')
    ? candidate
    : findProgram(candidate, programEnvironment['PATH'] ?? '')
  if (path === undefined || !isExecutable(path)) return { reason: 'is not installed' }
  const { name, version } = await identify(path, cache)
  if (name === undefined) return { reason: 'is no OCI runtime: it prints no version' }
  const controllers = hybridControllers()
  if (name === 'crun' && controllers.length > 0) {
    return {
      reason: `${version} refuses cgroup v1 with controllers on v2 beside it (${controllers.join(' ')})`,
    }
  }
  if (name === 'runc' && version.startsWith('0.')) {
    return { reason: `${version} lets a container overwrite it (CVE-2019-5736)` }
  }
  return { name, path, version }
}

interface Identity {
  readonly name: string | undefined
  readonly version: string
}

async function identify(path: string, cache: string | undefined): Promise<Identity> {
  const { mtimeMs, size, ino } = statSync(path)
  const key = `${path} ${ino} ${size} ${mtimeMs}`
  const remembered = cache === undefined ? {} : readCache(cache)
  const line =
    remembered[key] ?? (await runCommand([path, '--version'])).stdout.split('\n')[0] ?? ''
  // `runc version 1.3.0`; youki writes `youki version: 0.7.0`, and Kata `kata-runtime  : 3.2.0`.
  const [, name, version = 'unknown'] =
    /^([\w.-]{1,64}) +(?:version:?|:) +(\S{1,64})/.exec(line) ?? []
  // A program that was killed before it printed its version is run again.
  if (cache !== undefined && name !== undefined && remembered[key] === undefined) {
    writeCache(cache, { ...remembered, [key]: line })
  }
  return { name, version }
}

function readCache(path: string): Record<string, string> {
  try {
    const value: unknown = JSON.parse(readPlainFile(path) ?? '')
    if (typeof value !== 'object' || value === null) return {}
    return Object.fromEntries(
      Object.entries(value).filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
    )
  } catch {
    return {}
  }
}

/** Without a cache, the next process runs the runtime for its version again. */
function writeCache(path: string, value: Readonly<Record<string, string>>): void {
  const temporary = `${path}.${process.pid}`
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    writeFileSync(temporary, JSON.stringify(value), { mode: 0o600 })
    renameSync(temporary, path)
  } catch (error) {
    if (!isSystemError(error)) throw error
  }
}
