import { spawn } from 'node:child_process'
import { StrakeError } from '#oci'
import type { Credential } from '../registry.ts'
import { type Environment, isObject } from './config-file.ts'

export interface HelperOptions {
  readonly env: Environment
  /** In milliseconds. Default: a minute, because a helper may ask the user to unlock a key ring. */
  readonly timeout?: number
}

const maxOutput = 1024 * 1024
/** Milliseconds for output that is still in the pipe when the helper has ended. */
const drainTime = 500
const absent = /credentials not found|no credentials server url|no usernames found/i

/**
 * Returns the credential of `docker-credential-NAME get` for `server`, or `undefined`
 * when the helper has none.
 *
 * @see https://github.com/docker/docker-credential-helpers
 */
export async function getFromHelper(
  name: string,
  server: string,
  options: HelperOptions,
): Promise<Credential | undefined> {
  const { code, output } = await runHelper(name, 'get', server, options)
  if (code !== 0) {
    if (absent.test(output)) return undefined
    throw helperError(name, 'it did not give the credential')
  }
  const answer = parseAnswer(output)
  const username = answer?.['Username']
  const secret = answer?.['Secret']
  if (typeof username !== 'string' || typeof secret !== 'string') {
    throw helperError(name, 'its answer is not what a helper gives')
  }
  if (username === '' && secret === '') return undefined
  const identity = username === '<token>' ? { identityToken: secret } : {}
  return { username, secret, ...identity }
}

export async function storeInHelper(
  name: string,
  server: string,
  credential: Credential,
  options: HelperOptions,
): Promise<void> {
  const entry = {
    ServerURL: server,
    Username: credential.identityToken === undefined ? credential.username : '<token>',
    Secret: credential.identityToken ?? credential.secret,
  }
  const { code } = await runHelper(name, 'store', JSON.stringify(entry), options)
  if (code !== 0) throw helperError(name, 'it did not store the credential')
}

/** Returns false when there was nothing to erase. */
export async function eraseFromHelper(
  name: string,
  server: string,
  options: HelperOptions,
): Promise<boolean> {
  const { code, output } = await runHelper(name, 'erase', server, options)
  if (code === 0) return true
  if (absent.test(output)) return false
  throw helperError(name, 'it did not erase the credential')
}

/**
 * Runs the helper. Its name comes from a file and becomes part of a program's name, so
 * it must be one word. Its output is never shown, because it may be the secret.
 */
async function runHelper(
  name: string,
  verb: 'get' | 'store' | 'erase',
  input: string,
  options: HelperOptions,
): Promise<{ readonly code: number | null; readonly output: string }> {
  if (!/^[A-Za-z0-9_][A-Za-z0-9_-]*$/.test(name)) {
    throw new StrakeError(
      'INVALID',
      `Cannot use the credential helper ${JSON.stringify(name.slice(0, 60))}: not a valid name`,
    )
  }
  const child = spawn(`docker-credential-${name}`, [verb], {
    env: { ...options.env },
    stdio: ['pipe', 'pipe', 'ignore'],
    timeout: options.timeout ?? 60_000,
    killSignal: 'SIGKILL',
  })
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code, signal }))
    // A process that the helper started, such as an agent, may keep the pipe open for ever.
    child.once('exit', (code, signal) => {
      const end = (): void => {
        child.stdout.destroy()
        resolve({ code, signal })
      }
      if (signal !== null) end()
      else setTimeout(end, drainTime).unref()
    })
  })
  ended.catch(() => {})
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const chunks: Uint8Array[] = []
  let size = 0
  child.stdout.on('data', (chunk: Buffer) => {
    size += chunk.byteLength
    if (size > maxOutput) child.kill('SIGKILL')
    else chunks.push(chunk)
  })
  try {
    const { code, signal } = await ended
    if (signal !== null) throw helperError(name, 'it did not answer in time')
    return { code, output: Buffer.concat(chunks).toString('utf8') }
  } catch (cause) {
    if (cause instanceof StrakeError) throw cause
    throw helperError(name, `docker-credential-${name} is not installed`, cause)
  }
}

function helperError(name: string, reason: string, cause?: unknown): StrakeError {
  return new StrakeError('UNAVAILABLE', `Cannot use the credential helper ${name}: ${reason}`, {
    cause,
    remedy: 'install it, or remove it from config.json and log in again',
  })
}

function parseAnswer(output: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(output)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}
