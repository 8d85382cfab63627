import { parseSignal } from '#container'
import { isStrakeError, StrakeError } from '#oci'
import { type Fields, member, object, texts } from './fields.ts'
import { checkLimits } from './limit-checks.ts'
import { mountProblem } from './mount-checks.ts'
import { networkProblem } from './network-checks.ts'

/**
 * Refuses the body of `POST /containers/create` where Docker does, in its words: clients and their
 * tests compare them. What only strake refuses is found later. Throws `INVALID`.
 */
export function checkContainerBody(body: Fields): void {
  const host = object(body, 'HostConfig') ?? {}
  checkLimits(host)
  const problem =
    processProblem(body) ??
    healthProblem(body) ??
    hostProblem(host) ??
    restartProblem(host) ??
    modeProblem(host) ??
    networkProblem(body, host) ??
    mountProblem(host)
  if (problem !== undefined) throw new StrakeError('INVALID', problem)
}

function processProblem(body: Fields): string | undefined {
  for (const variable of texts(body, 'Env') ?? []) {
    if (variable === '' || variable.startsWith('='))
      return `invalid environment variable: ${variable}`
  }
  // The kernel ends a text at a NUL, so the process would get another one than was asked for.
  const words = [
    ...(texts(body, 'Env') ?? []),
    ...(texts(body, 'Cmd') ?? []),
    ...(typeof body['Entrypoint'] === 'string' ? [] : (texts(body, 'Entrypoint') ?? [])),
    member(body, 'WorkingDir', 'string') ?? '',
    member(body, 'User', 'string') ?? '',
  ]
  const bad = words.find((word) => word.includes('\0'))
  if (bad !== undefined) return `invalid text ${JSON.stringify(bad)}: it has a NUL`
  const directory = member(body, 'WorkingDir', 'string') ?? ''
  if (directory !== '' && !directory.startsWith('/')) {
    return `the working directory '${directory}' is invalid, it needs to be an absolute path`
  }
  const hostname = member(body, 'Hostname', 'string') ?? ''
  if (Buffer.byteLength(hostname) > 64) {
    return `hostname "${hostname}" is too long (maximum 64 bytes)`
  }
  const signal = member(body, 'StopSignal', 'string') ?? ''
  return signal === '' || isSignal(signal) ? undefined : `invalid signal: ${signal}`
}

function isSignal(text: string): boolean {
  try {
    parseSignal(text)
    return true
  } catch (error) {
    if (isStrakeError(error, 'INVALID')) return false
    throw error
  }
}

/** Nanoseconds. */
const leastTime = 1_000_000

function healthProblem(body: Fields): string | undefined {
  const check = object(body, 'Healthcheck') ?? {}
  for (const name of ['Interval', 'Timeout', 'StartPeriod', 'StartInterval']) {
    const time = member(check, name, 'number') ?? 0
    if (time !== 0 && time < leastTime) return `${name} in Healthcheck cannot be less than 1ms`
  }
  const isNegative = (member(check, 'Retries', 'number') ?? 0) < 0
  return isNegative ? 'Retries in Healthcheck cannot be negative' : undefined
}

function hostProblem(host: Fields): string | undefined {
  if ((member(host, 'ShmSize', 'number') ?? 0) < 0) return 'SHM size can not be less than 0'
  const score = member(host, 'OomScoreAdj', 'number') ?? 0
  if (score < -1000 || score > 1000) {
    return `Invalid value ${score}, range for oom score adj is [-1000, 1000]`
  }
  const isolation = member(host, 'Isolation', 'string') ?? ''
  if (!['', 'default'].includes(isolation.toLowerCase())) {
    return `invalid isolation (${isolation}): linux only supports 'default'`
  }
  const runtime = member(host, 'Runtime', 'string') ?? ''
  const isRuntime = /^(|crun|runc|youki|runsc|io\.containerd\.runc\.v2|\/.*)$/.test(runtime)
  return isRuntime ? undefined : `unknown or invalid runtime name: ${runtime}`
}

const policies = ['', 'no', 'always', 'on-failure', 'unless-stopped']

function restartProblem(host: Fields): string | undefined {
  const policy = object(host, 'RestartPolicy') ?? {}
  const name = member(policy, 'Name', 'string') ?? ''
  const count = member(policy, 'MaximumRetryCount', 'number') ?? 0
  const begin = 'invalid restart policy:'
  if (!policies.includes(name)) {
    return `${begin} unknown policy '${name}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'`
  }
  if (count !== 0 && name !== 'on-failure') {
    return `${begin} maximum retry count can only be used with 'on-failure'`
  }
  if (count < 0) return `${begin} maximum retry count cannot be negative`
  const restarts = name !== '' && name !== 'no'
  if (restarts && member(host, 'AutoRemove', 'boolean')) {
    return "can't create 'AutoRemove' container with restart policy"
  }
  return undefined
}

/** The values of the members that choose a namespace. */
const modes = [
  ['PidMode', 'PID mode', /^(|host|private|container:.+)$/],
  ['IpcMode', 'IPC mode', /^(|host|none|private|shareable|container:.+)$/],
  ['UTSMode', 'UTS mode', /^(|host|private)$/],
  ['CgroupnsMode', 'cgroup namespace mode', /^(|host|private)$/],
] as const

function modeProblem(host: Fields): string | undefined {
  for (const [name, title, form] of modes) {
    const mode = member(host, name, 'string') ?? ''
    if (!form.test(mode)) return `invalid ${title}: ${mode}`
  }
  return undefined
}
