import { open } from 'node:fs/promises'
import { StrakeError } from '#oci'
import { isSystemError, programEnvironment, spawnProcess } from '#platform'

/** An SSH agent of strake with keys of files. It ends with strake, also when strake is killed. */
export interface KeyAgent extends AsyncDisposable {
  readonly socket: string
}

/** The longest path of a socket, by the kernel. */
const longestSocket = 107

/** The largest file that may be a private key. */
const maxKey = 1024 * 1024

/**
 * Starts an SSH agent with the private keys of files, which must not be encrypted. The
 * agent ends soon after its command, which reads a pipe of this process until it closes.
 * Throws `INVALID` for a file that is no such key, and `UNSUPPORTED` without OpenSSH.
 */
export async function startKeyAgent(socket: string, keys: readonly string[]): Promise<KeyAgent> {
  if (Buffer.byteLength(socket) > longestSocket) {
    throw new StrakeError(
      'INVALID',
      `Cannot start an SSH agent: ${socket} is too long for a socket`,
      {
        remedy: 'choose a shorter STRAKE_RUN',
      },
    )
  }
  const command = ['/bin/sh', '-c', 'echo "$SSH_AGENT_PID" && exec cat >/dev/null']
  const child = start(['ssh-agent', '-a', socket, ...command])
  const pid = await firstNumber(child.stdout)
  const end = async (): Promise<void> => {
    if (pid !== undefined) stop(pid)
    await child.stdin?.end()
    await child.exited
  }
  try {
    if (pid === undefined) {
      throw new StrakeError('UNSUPPORTED', 'Cannot use an SSH key: no SSH agent can be started', {
        remedy: 'install openssh-client, or name the socket of an agent',
      })
    }
    for (const key of keys) await addKey(socket, key)
    return { socket, [Symbol.asyncDispose]: end }
  } catch (error) {
    await end()
    throw error
  }
}

function start(argv: readonly string[], socket?: string): ReturnType<typeof spawnProcess> {
  const env = { ...programEnvironment, ...(socket !== undefined && { SSH_AUTH_SOCK: socket }) }
  // In a session of its own the program has no terminal to ask for a passphrase.
  return spawnProcess(argv, { stdio: ['pipe', 'pipe', 'ignore'], env, cwd: '/', ownSession: true })
}

/** Reads the first line of output as a process ID. */
async function firstNumber(
  output: AsyncIterable<Uint8Array> | undefined,
): Promise<number | undefined> {
  let text = ''
  for await (const chunk of output ?? []) {
    text += Buffer.from(chunk).toString('latin1')
    if (text.includes('\n') || text.length > 32) break
  }
  const pid = /^(\d{1,10})\n/.exec(text)?.[1]
  return pid === undefined ? undefined : Number(pid)
}

/** The key travels by a pipe, so that its mode and its name do not matter to ssh-add. */
async function addKey(socket: string, path: string): Promise<void> {
  const key = await readKey(path)
  const child = start(['ssh-add', '-q', '-'], socket)
  await child.stdin?.write(key)
  await child.stdin?.end()
  for await (const _ of child.stdout ?? []);
  const { code } = await child.exited
  if (code === 0) return
  throw refuseKey(path, 'it is encrypted, or no private key')
}

async function readKey(path: string): Promise<Uint8Array> {
  try {
    await using file = await open(path, 'r')
    const status = await file.stat()
    if (!status.isFile() || status.size > maxKey) throw refuseKey(path, 'it is no private key')
    return await file.readFile()
  } catch (cause) {
    if (isSystemError(cause)) throw refuseKey(path, 'it cannot be read', cause)
    throw cause
  }
}

function stop(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM')
  } catch {
    // It has ended already.
  }
}

function refuseKey(path: string, reason: string, cause?: unknown): StrakeError {
  return new StrakeError('INVALID', `Cannot use the SSH key ${path}: ${reason}`, {
    cause,
    remedy: `give the key to an agent with ssh-add ${path}, and build with --ssh default`,
  })
}
