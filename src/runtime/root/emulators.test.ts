import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { emulatedPlatforms, findEmulator, hasNamedFormats } from './emulators.ts'

let directory = ''

beforeAll(() => {
  directory = mkdtempSync(`${tmpdir()}/strake-binfmt-`)
})

afterAll(() => rmSync(directory, { recursive: true }))

/** What the kernel prints of a registration by qemu. */
function registration(state: string, flags: string): string {
  return [
    state,
    'interpreter /usr/libexec/qemu-binfmt/aarch64-binfmt-P',
    `flags: ${flags}`,
    'offset 0',
    'magic 7f454c460201010000000000000000000200b700',
    'mask ffffffffffffff00fffffffffffffffffeffffff',
    '',
  ].join('\n')
}

function head(machine: number, type = 2): Uint8Array {
  const bytes = new Uint8Array(64)
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 3])
  bytes.set([type, 0, machine, 0], 16)
  return bytes
}

test('findEmulator() compares the bytes under the mask', () => {
  writeFileSync(`${directory}/qemu-aarch64`, registration('enabled', 'POCF'))
  writeFileSync(`${directory}/status`, 'enabled')
  const interpreter = '/usr/libexec/qemu-binfmt/aarch64-binfmt-P'
  for (const type of [2, 3]) {
    expect(findEmulator(head(183, type), directory)).toMatchObject({ interpreter, isFixed: true })
  }
  expect(findEmulator(head(243), directory)).toBeUndefined()
  expect(findEmulator(new Uint8Array(4), directory)).toBeUndefined()
  writeFileSync(`${directory}/qemu-aarch64`, registration('enabled', 'OC'))
  expect(findEmulator(head(183), directory)).toMatchObject({ isFixed: false })
  writeFileSync(`${directory}/qemu-aarch64`, registration('disabled', 'F'))
  expect(findEmulator(head(183), directory)).toBeUndefined()
  expect(findEmulator(head(183), `${directory}/absent`)).toBeUndefined()
})

test('hasNamedFormats() is true for a format by file name alone', () => {
  expect(hasNamedFormats(directory)).toBe(false)
  writeFileSync(
    `${directory}/java`,
    'enabled\ninterpreter /usr/bin/java\nflags: \nextension .jar\n',
  )
  expect(hasNamedFormats(directory)).toBe(true)
  expect(findEmulator(head(183), directory)).toBeUndefined()
})

test('emulatedPlatforms() reads the names that packages of QEMU register', () => {
  const place = mkdtempSync(`${tmpdir()}/strake-binfmt-`)
  try {
    writeFileSync(`${place}/qemu-aarch64`, registration('enabled', 'PF'))
    writeFileSync(`${place}/qemu-s390x`, registration('disabled', 'PF'))
    writeFileSync(`${place}/qemu-arm`, registration('enabled', ''))
    writeFileSync(`${place}/python3`, registration('enabled', ''))
    expect(emulatedPlatforms(place)).toEqual(['linux/arm/v7', 'linux/arm64'])
    expect(emulatedPlatforms(`${place}/nosuch`)).toEqual([])
  } finally {
    rmSync(place, { recursive: true })
  }
})
