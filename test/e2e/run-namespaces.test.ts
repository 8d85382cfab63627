import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { importBusybox } from './busybox.ts'
import { missing, openStrake, type Strake } from './strake.ts'

// Names, namespaces and the runtime of `run`, as a process in the container sees them.

const reason = missing('busybox', 'tar', 'runc')
if (reason) console.info(`skipped: namespaces: ${reason}`)

describe.skipIf(reason !== undefined)('a container', () => {
  let strake: Strake
  beforeAll(async () => {
    strake = await openStrake()
    await importBusybox(strake)
  })
  afterAll(async () => strake[Symbol.asyncDispose]())

  const sh = (script: string, ...options: readonly string[]): Promise<string> => {
    const words = [...options, 'busybox', 'sh', '-c', script]
    return strake.ok('run', '--rm', '--network', 'none', ...words)
  }
  const refusal = async (...options: readonly string[]): Promise<string> => {
    const { exitCode, stderr } = await strake('run', '--rm', ...options, 'busybox', 'true')
    expect(exitCode).toBe(125)
    return stderr
  }

  test('has the host name of the machine with --uts host', async () => {
    const script = 'readlink /proc/self/ns/uts; hostname'
    const host = `${readlinkSync('/proc/self/ns/uts')}\n${hostname()}`
    expect(await sh(script, '--uts', 'host')).toBe(host)
    expect(await sh(script)).not.toContain(readlinkSync('/proc/self/ns/uts'))
    expect(await refusal('--uts', 'host', '-h', 'x')).toContain('the name of the host')
  })

  test('has a domain name, also in /etc/hosts', async () => {
    const script = 'cat /proc/sys/kernel/domainname; tail -n 1 /etc/hosts | cut -f 2'
    const shown = await sh(script, '--domainname', 'example.org', '-h', 'box')
    expect(shown).toBe('example.org\nbox.example.org box')
  })

  test('has a control group namespace of its own, or that of the machine', async () => {
    const host = readlinkSync('/proc/self/ns/cgroup')
    expect(await sh('readlink /proc/self/ns/cgroup', '--cgroupns', 'host')).toBe(host)
    expect(await sh('readlink /proc/self/ns/cgroup', '--cgroupns', 'private')).not.toBe(host)
  })

  test('refuses the user namespaces of Podman in one sentence', async () => {
    const reason =
      'containers have the user IDs of this machine, or of the user who runs strake\n' +
      '  try: choose the user with --user, or run strake without root, where root is that user\n'
    for (const words of [
      ['--userns', 'keep-id'],
      ['--userns', 'auto:size=10'],
      ['--uidmap', '0'],
    ]) {
      const { exitCode, stderr } = await strake('run', '--rm', ...words, 'busybox', 'true')
      const shown = words[0] === '--uidmap' ? '--uidmap' : words.join(' ')
      expect({ exitCode, stderr }).toEqual({
        exitCode: 125,
        stderr: `strake: Cannot use ${shown}: ${reason}`,
      })
    }
    expect(await strake('run', '--userns', 'x', 'busybox')).toMatchObject({
      exitCode: 125,
      stderr: 'strake: Cannot use --userns x: expected host\n',
    })
  })

  test('has the users of the machine with --userns host', async () => {
    const host = readlinkSync('/proc/self/ns/user')
    expect(await sh('readlink /proc/self/ns/user', '--userns', 'host')).toBe(host)
  })

  test('has annotations in its bundle and in inspect, but none that runtimes obey', async () => {
    const id = await strake.ok('run', '-d', '--annotation', 'a.b=c=d', 'busybox', 'sleep', '1000')
    const bundle = `${strake.root}/containers/${id}/config.json`
    expect(JSON.parse(readFileSync(bundle, 'utf8')).annotations).toEqual({ 'a.b': 'c=d' })
    const [{ HostConfig }] = JSON.parse(await strake.ok('inspect', id))
    expect(HostConfig.Annotations).toEqual({ 'a.b': 'c=d' })
    await strake.ok('rm', '-f', id)
    expect(await refusal('--annotation', 'run.oci.handler=krun')).toContain('it would change how')
  })

  test('runs with the runtime that it was made with, to its end', async () => {
    const runtime = await strake.ok('info', '--format', '{{.DefaultRuntime}}')
    expect(await sh('echo ok', '--runtime', runtime)).toBe('ok')
    expect(await refusal('--runtime', 'kata')).toContain('kata is not installed')
    const [other, calls] = [join(strake.directory, 'other'), join(strake.directory, 'calls')]
    const text = `#!/bin/sh\n[ "$1" = --version ] && exec echo other version 9.9\necho "$@" >>${calls}\nexec runc "$@"\n`
    writeFileSync(other, text, { mode: 0o755 })
    const sleep = ['busybox', 'sh', '-c', 'trap "exit 3" TERM; while :; do sleep 0.05; done']
    const id = await strake.ok('run', '-d', '--runtime', other, '--name', 'own', ...sleep)
    expect(await strake.ok('exec', 'own', 'echo', 'inside')).toBe('inside')
    await strake.ok('update', '--memory', '64m', '--memory-swap', '-1', 'own')
    expect(await strake.ok('inspect', '-f', '{{.HostConfig.Runtime}}', 'own')).toBe('other')
    await strake.ok('stop', 'own')
    expect(await strake.ok('start', 'own')).toBe('own')
    await strake.ok('rm', '-f', 'own')
    const asked = readFileSync(calls, 'utf8')
    for (const verb of ['run --detach', 'exec', 'update', 'delete --force']) {
      expect(asked).toContain(` ${verb}`)
    }
    expect(asked).toContain(id)
  })

  test('gets all devices below a directory', async () => {
    expect(await sh('ls /dev/ours', '--device', '/dev/net:/dev/ours')).toBe('tun')
  })

  test('is refused for options that it cannot have, with a way out', async () => {
    for (const [flag, value, words] of [
      ['--kernel-memory', '10m', 'use --memory'],
      ['--storage-opt', 'size=1g', 'mount a --tmpfs'],
      ['--cpu-rt-runtime', '1000', 'use --cpus'],
      ['--cpu-percent', '50', 'only containers of Windows'],
      ['--isolation', 'hyperv', 'default'],
    ] as const) {
      expect(await refusal(flag, value)).toContain(words)
    }
    expect(await refusal('--use-api-socket')).toContain('start strake system serve')
    expect(await refusal('--disable-content-trust=false')).toContain('by its digest')
    const accepted = ['--isolation', 'default', '--disable-content-trust', '--cgroup-parent', '']
    expect(await sh('echo ok', ...accepted)).toBe('ok')
  })
})
