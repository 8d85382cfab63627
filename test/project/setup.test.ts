import { expect, test } from 'bun:test'
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const script = resolve(import.meta.dir, '../../scripts/missing-programs')

/** Returns the output of the script on a system with only these programs. */
function missing(...programs: readonly string[]): readonly string[] {
  const directory = mkdtempSync(join(tmpdir(), 'strake-path-'))
  try {
    for (const name of programs) {
      writeFileSync(join(directory, name), '#!/bin/sh\n')
      chmodSync(join(directory, name), 0o755)
    }
    symlinkSync('/bin/sh', join(directory, 'sh'))
    const { stdout, exitCode } = Bun.spawnSync(['/bin/sh', script], { env: { PATH: directory } })
    expect(exitCode).toBe(0)
    return stdout.toString().split('\n')
  } finally {
    rmSync(directory, { recursive: true })
  }
}

const nearlyAll = ['crun', 'xz', 'bzip2', 'curl', 'npm', 'busybox']

test('missing-programs names the packages of each system and the command for them', () => {
  const install = (manager: string): string => missing(manager, ...nearlyAll)[1] ?? ''
  expect(install('dnf')).toMatch(/^Install them: sudo dnf install nftables iproute\b/)
  expect(install('apk')).toMatch(/^Install them: sudo apk add nftables iproute2\b/)
  expect(install('pacman')).toMatch(/^Install them: sudo pacman -S nftables iproute2\b/)
  expect(install('zypper')).toMatch(/^Install them: sudo zypper install nftables iproute2\b/)
  expect(install('other')).toBe('Install them by the package manager of this system.')
})

test('missing-programs accepts runc in place of crun, and names every missing program', () => {
  expect(missing('dnf', 'runc')[0]).toStartWith('Missing here: nft ip xz bzip2 curl npm')
  expect(missing('dnf')[0]).toStartWith('Missing here: crun nft ip xz bzip2 curl npm')
  expect(missing('apk')[1]).toContain(' busybox-static')
})
