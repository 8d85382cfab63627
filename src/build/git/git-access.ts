import { mkdir, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { programEnvironment } from '#platform'
import type { GitSource } from '../model/graph.ts'
import type { SshAgent } from '../model/mounts.ts'

/** The values that a build may use for reaching repositories. */
export interface GitCredentials {
  /** `GIT_AUTH_TOKEN` and `GIT_AUTH_HEADER`, also with `.HOST` at the end. */
  readonly secrets: ReadonlyMap<string, Uint8Array>
  /** The agent `default` signs for SSH. */
  readonly agents: ReadonlyMap<string, SshAgent>
  /** `user:password` of URLs, by remote. */
  readonly userinfo: ReadonlyMap<string, string>
  /** Environment with the proxy variables. */
  readonly env: Readonly<Record<string, string | undefined>>
}

/** A remote that git may connect to, and how. */
export interface GitTarget {
  readonly remote: string
  /** The address to connect to. Absent for any address of the host. */
  readonly address?: string | undefined
  /** True for a repository that the Dockerfile names, false for a submodule. */
  readonly isNamed: boolean
}

/**
 * Writes the configuration of one git process, and returns its environment. Git sees
 * no configuration of the user or of the system, asks no question, runs no hook, and
 * speaks only HTTP, SSH and its own protocol. Passwords are in a file that only this
 * user can read, because other users see arguments of processes.
 */
export async function prepareAccess(
  home: string,
  target: GitTarget,
  credentials: GitCredentials,
): Promise<Record<string, string>> {
  await mkdir(home, { recursive: true, mode: 0o700 })
  await mkdir(`${home}/template`, { recursive: true, mode: 0o700 })
  await writeFile(`${home}/.gitconfig`, configuration(home, target, credentials), { mode: 0o600 })
  const socket = credentials.agents.get('default')?.socket
  return {
    ...programEnvironment,
    ...networkSettings(credentials.env),
    ...(socket !== undefined && { SSH_AUTH_SOCK: socket }),
    HOME: home,
    XDG_CONFIG_HOME: home,
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: '/bin/true',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_ALLOW_PROTOCOL: 'http:https:ssh:git',
    GIT_SSH_COMMAND: sshCommand(home, target, socket),
    GIT_SSH_VARIANT: 'ssh',
  }
}

function configuration(home: string, target: GitTarget, credentials: GitCredentials): string {
  const { remote, address } = target
  const lines = [
    '[core]',
    'hooksPath = /dev/null',
    'fsmonitor = false',
    'attributesFile = /dev/null',
    'autocrlf = false',
    'logAllRefUpdates = false',
    '[init]',
    `templateDir = ${quoted(`${home}/template`)}`,
    'defaultBranch = main',
    '[gc]',
    'auto = 0',
    '[maintenance]',
    'auto = false',
    '[fetch]',
    'recurseSubmodules = false',
    'writeCommitGraph = false',
    '[submodule]',
    'recurse = false',
    '[credential]',
    'helper =',
    '[http]',
    // A redirect would leave the address that was checked.
    `followRedirects = ${address === undefined ? 'initial' : 'false'}`,
    'lowSpeedLimit = 100',
    'lowSpeedTime = 60',
  ]
  if (/^https?:/.test(remote)) {
    const { origin, hostname, port, protocol } = new URL(remote)
    if (address !== undefined) {
      const usual = protocol === 'https:' ? '443' : '80'
      const shown = address.includes(':') ? `[${address}]` : address
      lines.push(`curloptResolve = ${quoted(`${hostname}:${port || usual}:${shown}`)}`)
    }
    const header = authorization(target, credentials)
    if (header !== undefined) {
      lines.push(`[http ${quoted(`${origin}/`)}]`, `extraHeader = ${quoted(header)}`)
    }
  }
  return `${lines.join('\n')}\n`
}

/** The `Authorization` header for a remote. A secret travels only with TLS or on this machine. */
function authorization(
  { remote, isNamed }: GitTarget,
  { secrets, userinfo }: GitCredentials,
): string | undefined {
  const basic = (words: string): string =>
    `Authorization: Basic ${Buffer.from(words).toString('base64')}`
  const own = userinfo.get(remote)
  if (own !== undefined) return basic(own.includes(':') ? own : `${own}:`)
  const { hostname, protocol } = new URL(remote)
  const isPrivate =
    protocol === 'https:' || /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname)
  if (!isPrivate) return undefined
  // A submodule may name any host, so only a secret for that host is for it.
  const names = [`.${hostname}`, ...(isNamed ? [''] : [])]
  for (const suffix of names) {
    const header = textOf(secrets.get(`GIT_AUTH_HEADER${suffix}`))
    if (header !== undefined) return `Authorization: ${header}`
    const token = textOf(secrets.get(`GIT_AUTH_TOKEN${suffix}`))
    if (token !== undefined) return basic(`x-access-token:${token}`)
  }
  return undefined
}

function textOf(secret: Uint8Array | undefined): string | undefined {
  if (secret === undefined) return undefined
  const text = Buffer.from(secret).toString().trim()
  return text === '' || /[\r\n\0]/.test(text) ? undefined : text
}

/** Quotes a value of a git configuration. */
function quoted(value: string): string {
  return `"${value.replace(/[\r\n\0]/g, '').replace(/["\\]/g, '\\$&')}"`
}

/**
 * The SSH client takes keys from the agent alone. It verifies keys of hosts that the
 * user knows, and accepts keys of other hosts, as Docker does.
 */
function sshCommand(
  home: string,
  { address, remote }: GitTarget,
  socket: string | undefined,
): string {
  const known = [`${home}/known_hosts`, `${homedir()}/.ssh/known_hosts`]
  const options = [
    'BatchMode=yes',
    'StrictHostKeyChecking=accept-new',
    `UserKnownHostsFile=${known.map((path) => `"${path}"`).join(' ')}`,
    'IdentityFile=none',
    `IdentityAgent=${socket === undefined ? 'none' : 'SSH_AUTH_SOCK'}`,
    'PermitLocalCommand=no',
    'ClearAllForwardings=yes',
    'ForwardAgent=no',
    'ConnectTimeout=30',
    ...(address === undefined ? [] : [`HostKeyAlias=${hostOf(remote)}`, `HostName=${address}`]),
  ]
  const words = options.flatMap((option) => ['-o', `'${option.replaceAll("'", "'\\''")}'`])
  return ['ssh', '-F', '/dev/null', ...words].join(' ')
}

/** The host of a remote, of a URL or of SSH's own form. */
export function hostOf(remote: GitSource['remote']): string {
  if (remote.includes('://')) return new URL(remote).hostname
  return /@([^:]*):/.exec(remote)?.[1] ?? ''
}

const settings = [
  'HTTP_PROXY',
  'http_proxy',
  'HTTPS_PROXY',
  'https_proxy',
  'NO_PROXY',
  'no_proxy',
  'ALL_PROXY',
  'all_proxy',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'GIT_SSL_CAINFO',
]

function networkSettings(env: GitCredentials['env']): Record<string, string> {
  return Object.fromEntries(
    settings.flatMap((name) => {
      const value = env[name]
      return value === undefined || value === '' ? [] : [[name, value]]
    }),
  )
}
