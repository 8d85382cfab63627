import { expect, test } from 'bun:test'
import { StartError } from './failure.ts'
import { startFailure } from './start-failure.ts'

function fail(message: string, command = '/nope') {
  const log = JSON.stringify({ level: 'error', msg: message, time: '' })
  const { exitCode, message: text } = startFailure(log, command)
  return { exitCode, text }
}

const runc = 'runc run failed: unable to start container process: '

test('startFailure() distinguishes a missing command from one that cannot be executed, for both runtimes', () => {
  const missing = {
    exitCode: 127,
    text: 'Cannot start the container: /nope: no such file or directory in the image',
  }
  expect(fail(`${runc}exec: "/nope": stat /nope: no such file or directory`)).toEqual(
    missing as never,
  )
  expect(fail('executable file `/nope` not found in $PATH: No such file or directory')).toEqual(
    missing as never,
  )
  expect(fail(`${runc}exec: "nope": executable file not found in $PATH`, 'nope')).toMatchObject({
    ...{
      exitCode: 127,
      text: 'Cannot start the container: nope: executable file not found in $PATH',
    },
  })
  expect(fail('open executable: Permission denied')).toMatchObject({ exitCode: 126 })
  expect(fail(`${runc}exec /nope: exec format error`)).toMatchObject({ exitCode: 126 })
})

test('startFailure() returns 125 and the message of the runtime for everything else', () => {
  expect(fail(`${runc}error mounting "/x" to rootfs: no such file or directory`)).toEqual({
    exitCode: 125,
    text: 'Cannot start the container: error mounting "/x" to rootfs: no such file or directory',
  })
  expect(startFailure('', 'x').message).toBe(
    'Cannot start the container: the runtime gave no reason',
  )
})

test('startFailure() names the setting of the kernel that the runtime could not write', () => {
  const absent = 'sysctl net.foo.bar: a container of this kernel does not have it'
  const invalid = 'sysctl kernel.msgmax: the kernel refuses the value: invalid argument'
  for (const [words, reason] of [
    ['error during container init: open /proc/sys/net/foo/bar: no such file or directory', absent],
    ['open `/proc/sys/net/foo/bar`: No such file or directory', absent],
    ['error during container init: write /proc/sys/kernel/msgmax: invalid argument', invalid],
    ['write to `/proc/sys/kernel/msgmax`: Invalid argument', invalid],
    [
      'failed to write sysctl kernel.msgmax = "x": write fsmount:fscontext:proc/./sys/kernel/msgmax: invalid argument',
      invalid,
    ],
  ] as const) {
    expect(fail(words)).toEqual({ exitCode: 125, text: `Cannot start the container: ${reason}` })
  }
})

test('StartError.from() restores a failure from its text', () => {
  const { exitCode, text } = fail('open executable: Permission denied')
  expect(StartError.from(exitCode, text)).toMatchObject({ exitCode: 126, message: text })
})

test('startFailure() reads the log of every version of crun and runc', () => {
  const missing = { exitCode: 127 }
  const denied = { exitCode: 126 }
  const time = '2026-11-28T23:27:13Z'
  const crun = (msg: string): string => JSON.stringify({ msg, level: 'error', time })
  // crun 1.28 writes an object over several lines and escapes slashes.
  const newCrun = (msg: string): string =>
    JSON.stringify({ msg, level: 'error', time }, null, 2).replaceAll('/', '\\/')
  for (const log of [crun, newCrun]) {
    const words = (text: string, command = '/nope') => startFailure(log(text), command)
    expect(words('executable file `/nope` not found: No such file or directory')).toMatchObject(
      missing,
    )
    expect(
      words('the path `/nope` exists but it is not executable: Operation not permitted'),
    ).toMatchObject(denied)
    expect(words('the path `/nope` is not a regular file: Operation not permitted')).toMatchObject(
      denied,
    )
    expect(words('exec container process `/nope`: Exec format error')).toMatchObject(denied)
    expect(words('controller `pids` is not available')).toMatchObject({
      exitCode: 125,
      message: 'Cannot start the container: controller `pids` is not available',
    })
  }
  const warning = {
    error: 'no memory.events',
    level: 'warning',
    msg: 'unable to get oom kill count',
  }
  const error = { level: 'error', msg: `${runc}exec: "/nope": is a directory`, time }
  const lines = [warning, error].map((value) => JSON.stringify(value)).join('\n')
  expect(startFailure(`${lines}\n`, '/nope')).toMatchObject({
    ...denied,
    message: 'Cannot start the container: /nope: it is a directory: permission denied',
  })
})

test('startFailure() reads the logs of youki and gVisor', () => {
  const youki = { timestamp: '2026-11-29T23:55:06Z', level: 'ERROR', target: 'youki' }
  const message = 'error in executing command: failed to create container: no seccomp'
  expect(startFailure(JSON.stringify({ ...youki, message }), 'sh')).toMatchObject({
    exitCode: 125,
    message: 'Cannot start the container: failed to create container: no seccomp',
  })
  const msg =
    'executing processes for container: error finding executable "nope" in PATH [/bin]: no such file or directory'
  expect(startFailure(JSON.stringify({ msg, level: 'error' }), 'nope')).toMatchObject({
    exitCode: 127,
    message: 'Cannot start the container: nope: executable file not found in $PATH',
  })
})
