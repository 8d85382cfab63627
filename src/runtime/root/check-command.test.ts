import { afterAll, beforeAll, expect, test } from 'bun:test'
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { StartError } from '../failure.ts'
import { type CheckedProcess, checkCommand } from './check-command.ts'
import { ContainerView } from './container-view.ts'

let root = ''

beforeAll(() => {
  root = mkdtempSync(`${tmpdir()}/strake-command-`)
  for (const name of ['bin', 'sbin', 'work', 'private']) mkdirSync(`${root}/${name}`)
  program('/bin/tool', '#!/bin/interpreter -x\n')
  copyFileSync('/bin/busybox', `${root}/bin/interpreter`)
  program('/sbin/only', '#!/bin/interpreter\n')
  program('/bin/only', '#!/bin/interpreter\n', 0o644)
  program('/script', '#!/no/such\n')
  program('/empty', '')
  program('/text', 'hello\n')
  program('/no-word', '#!  \n')
  program('/self', '#!/self\n')
  program('/bad-elf', '\x7fELF\x02\x01\x01')
  program('/long', `#!/${'x'.repeat(300)}\n`)
  program('/folder-interpreter', '#!/work\n')
  program('/closed-interpreter', '#!/bin/only\n')
  program('/work/local', '#! /bin/interpreter\n')
  program('/closed', '#!/bin/interpreter\n', 0o644)
  program('/private/owned', '#!/bin/interpreter\n', 0o710)
  copyFileSync('/bin/busybox', `${root}/cut`)
  truncateSync(`${root}/cut`, 60)
  symlinkSync('/bin/tool', `${root}/link`)
  symlinkSync('loop', `${root}/loop`)
})

afterAll(() => rmSync(root, { recursive: true, force: true }))

function program(path: string, text: string, mode = 0o755): void {
  writeFileSync(`${root}${path}`, text)
  chmodSync(`${root}${path}`, mode)
}

function check(command: string, more: Partial<CheckedProcess> = {}): string {
  using view = ContainerView.ofRoot(root)
  const process = { env: ['PATH=/bin:/sbin'], cwd: '/work', user: { uid: 0, gid: 0 } }
  try {
    checkCommand(view, { ...process, args: [command], ...more })
    return 'starts'
  } catch (error) {
    if (!(error instanceof StartError)) throw error
    return `${error.exitCode} ${error.message.replace('Cannot start the container: ', '')}`
  }
}

test('checkCommand() finds the program that the kernel would execute', () => {
  for (const command of ['tool', 'only', '/bin/tool', '/link', './local', '../bin/tool']) {
    expect(check(command)).toBe('starts')
  }
})

test('checkCommand() throws 127 for a missing command or interpreter', () => {
  expect(check('nosuch')).toBe('127 nosuch: executable file not found in $PATH')
  expect(check('')).toBe('127 the command is empty')
  const long = 'x'.repeat(5000)
  expect(check(long)).toBe(`127 ${long}: executable file not found in $PATH`)
  expect(check(`/${long}`)).toBe(`127 /${long}: no such file or directory in the image`)
  for (const command of ['/no/such', './nosuch', '/text/x', '/loop']) {
    expect(check(command)).toBe(`127 ${command}: no such file or directory in the image`)
  }
  expect(check('/script')).toBe(
    '127 /script: its interpreter /no/such: no such file or directory in the image',
  )
})

test('checkCommand() throws 126 for a file that cannot be executed', () => {
  const notExecutable = 'it is not a program this machine can execute'
  for (const [command, reason] of [
    ['/closed', 'permission denied'],
    ['/work', 'it is a directory: permission denied'],
    ['/empty', notExecutable],
    ['/text', notExecutable],
    ['/no-word', notExecutable],
    ['/bad-elf', notExecutable],
    ['/cut', notExecutable],
    ['/self', 'its interpreter /self: it is not a program this machine can execute'],
    ['/folder-interpreter', 'its interpreter /work: it is a directory: permission denied'],
    ['/closed-interpreter', 'its interpreter /bin/only: permission denied'],
  ] as const) {
    expect(check(command)).toBe(`126 ${command}: ${reason}`)
  }
})

test('checkCommand() reads the permissions of the user', () => {
  if (process.getuid?.() !== 0) return
  chownSync(`${root}/private/owned`, 5, 6)
  const as = (uid: number, gid: number, ...additionalGids: number[]): string =>
    check('/private/owned', { user: { uid, gid, additionalGids } })
  expect([as(5, 9), as(7, 6), as(7, 9, 6), as(0, 0)]).toEqual(Array(4).fill('starts'))
  expect(as(7, 9)).toBe('126 /private/owned: permission denied')
})

test('checkCommand() leaves files to the runtime that only the kernel can judge', () => {
  for (const command of ['/proc/self/exe', '/proc/nothing', '/sys/x']) {
    expect(check(command)).toBe('starts')
  }
  expect(check('nosuch', { env: [] })).toBe('starts')
  expect(check('nosuch', { env: ['PATH=/proc/x'] })).toBe('starts')
})

test('checkCommand() looks for the loader of a dynamic program', () => {
  copyFileSync(process.execPath, `${root}/dynamic`)
  chmodSync(`${root}/dynamic`, 0o755)
  expect(check('/dynamic')).toMatch(
    /^127 \/dynamic: its interpreter \/lib\S+: no such file or directory in the image$/,
  )
})

test.each([
  ['arm64', 2, 1, 183],
  ['s390x', 2, 2, 22],
  ['arm', 1, 1, 40],
])(
  'checkCommand() names the emulator that a program for %s needs',
  (name, size, order, machine) => {
    if (process.arch !== 'x64') return
    const head = Buffer.alloc(64)
    head.set([0x7f, 0x45, 0x4c, 0x46, size, order, 1])
    const [low, high] = [machine & 0xff, machine >> 8]
    head.set(order === 2 ? [0, 2, high, low] : [2, 0, low, high], 16)
    writeFileSync(`${root}/foreign`, head, { mode: 0o755 })
    expect(check('/foreign')).toBe(
      `126 /foreign: it is a program for ${name}, and this machine has no emulator for ${name}: install the packages qemu-user-static and binfmt-support`,
    )
  },
)
