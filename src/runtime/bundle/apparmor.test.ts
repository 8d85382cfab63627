import { expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { apparmorConfig, apparmorProfile, checkApparmor, lacksUsualProfile } from './apparmor.ts'
import { usualRules } from './usual-profile.ts'

const absent = '/nowhere/profiles'

/** Calls `use` with a file that lists profiles as the kernel does. */
function withProfiles(text: string, use: (file: string) => void): void {
  const directory = mkdtempSync(join(tmpdir(), 'strake-apparmor-'))
  try {
    const file = join(directory, 'profiles')
    writeFileSync(file, text)
    use(file)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

test('apparmorConfig() confines a container by docker-default, if the kernel has it', () => {
  withProfiles('/usr/bin/man (enforce)\ndocker-default (enforce)\nmy own (complain)\n', (file) => {
    expect(apparmorConfig({}, file)).toEqual({ apparmorProfile: 'docker-default' })
    expect(apparmorConfig({ privileged: true }, file)).toEqual({})
    expect(apparmorConfig({ apparmor: 'unconfined' }, file)).toEqual({
      apparmorProfile: 'unconfined',
    })
    expect(apparmorConfig({ apparmor: 'my own', privileged: true }, file)).toEqual({
      apparmorProfile: 'my own',
    })
  })
  withProfiles('docker-default-old (enforce)\n', (file) => {
    expect(apparmorConfig({}, file)).toEqual({})
  })
})

test('apparmorConfig() writes nothing for a kernel without AppArmor', () => {
  expect(apparmorConfig({}, absent)).toEqual({})
  expect(apparmorConfig({ apparmor: 'unconfined' }, absent)).toEqual({})
})

test('checkApparmor() refuses a profile that the kernel does not have', () => {
  withProfiles('docker-default (enforce)\nmy own (complain)\n', (file) => {
    checkApparmor(undefined, file)
    checkApparmor('unconfined', file)
    checkApparmor('my own', file)
    expect(() => checkApparmor('my', file)).toThrow('AppArmor profile "my": it is not loaded')
  })
  checkApparmor('unconfined', absent)
  expect(() => checkApparmor('mine', absent)).toThrow('this kernel has no AppArmor')
})

test('apparmorProfile() names the profile for inspect', () => {
  withProfiles('docker-default (enforce)\n', (file) => {
    expect(apparmorProfile({}, file)).toBe('docker-default')
    expect(apparmorProfile({ privileged: true }, file)).toBe('unconfined')
    expect(apparmorProfile({ apparmor: 'mine' }, file)).toBe('mine')
  })
  expect(apparmorProfile({}, absent)).toBe('')
  expect(apparmorProfile({ privileged: true }, absent)).toBe('')
})

test('lacksUsualProfile() is true for a container that gets docker-default, where it is not loaded', () => {
  withProfiles('/usr/bin/man (enforce)\n', (file) => {
    expect(lacksUsualProfile({}, file)).toBe(true)
    expect(lacksUsualProfile({ apparmor: 'docker-default', privileged: true }, file)).toBe(true)
    expect(lacksUsualProfile({ privileged: true }, file)).toBe(false)
    expect(lacksUsualProfile({ apparmor: 'unconfined' }, file)).toBe(false)
    checkApparmor('docker-default', file)
  })
  withProfiles('docker-default (enforce)\n', (file) => {
    expect(lacksUsualProfile({}, file)).toBe(false)
  })
  expect(lacksUsualProfile({}, absent)).toBe(false)
})

test('usualRules() are rules that the parser of AppArmor reads', () => {
  expect(usualRules('docker-default', true)).toStartWith('abi <abi/3.0>,\nprofile docker-default ')
  const parser = Bun.which('apparmor_parser')
  if (parser === null) return
  const read = Bun.spawnSync([parser, '--skip-kernel-load', '--skip-cache'], {
    stdin: Buffer.from(usualRules('docker-default', false)),
  })
  expect(read.stderr.toString()).not.toContain('error')
  expect(read.exitCode).toBe(0)
})
