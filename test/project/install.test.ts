import { expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const project = resolve(import.meta.dir, '../..')

/** The files below a directory, sorted. */
function files(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(directory, name)).isFile())
    .sort()
}

test('install writes all files under DESTDIR and PREFIX, and --remove removes all of them', () => {
  const directory = mkdtempSync(join(tmpdir(), 'strake-install-'))
  try {
    const run = (...words: readonly string[]): void => {
      const { exitCode, stderr } = Bun.spawnSync([`${project}/scripts/install`, ...words], {
        env: {
          PATH: process.env['PATH'],
          DESTDIR: directory,
          PREFIX: '/usr',
          PROGRAM: join(project, 'LICENSE'),
        },
      })
      expect({ exitCode, stderr: stderr.toString() }).toEqual({ exitCode: 0, stderr: '' })
    }
    run()
    const installed = files(directory)
    for (const name of [
      'usr/bin/strake',
      'usr/lib/systemd/system/strake-api.service',
      'usr/lib/systemd/system/strake-registry.service',
      'usr/lib/systemd/system/strake.service',
      'usr/lib/systemd/system/strake.socket',
      'usr/share/bash-completion/completions/strake',
      'usr/share/doc/strake/README.md',
      'usr/share/doc/strake/THIRD-PARTY.md',
      'usr/share/fish/vendor_completions.d/strake.fish',
      'usr/share/man/man1/strake-run.1',
      'usr/share/man/man1/strake.1',
      'usr/share/zsh/site-functions/_strake',
    ]) {
      expect(installed).toContain(name)
    }
    expect(statSync(join(directory, 'usr/bin/strake')).mode & 0o777).toBe(0o755)
    const unit = join(directory, 'usr/lib/systemd/system/strake-registry.service')
    expect(readFileSync(unit, 'utf8')).toContain('ExecStart=/usr/bin/strake registry serve\n')
    run('--remove')
    expect(files(directory)).toEqual([])
  } finally {
    rmSync(directory, { recursive: true })
  }
})

const analyze = Bun.which('systemd-analyze')
if (analyze === null) console.info('skipped: units: needs systemd-analyze')

test.skipIf(analyze === null)('the units have nothing that systemd does not know', () => {
  const directory = mkdtempSync(join(tmpdir(), 'strake-units-'))
  try {
    const names = [
      'strake.service',
      'strake.socket',
      'strake-api.service',
      'strake-registry.service',
    ]
    const paths = names.map((name) => join(directory, name))
    for (const [index, name] of names.entries()) {
      const text = readFileSync(`${project}/scripts/package/${name}`, 'utf8')
      // systemd-analyze wants the program to exist, and knows nothing of our manual pages.
      const unit = text.replaceAll(/@PREFIX@\/bin\/strake/g, '/bin/true').replace(/^Doc.*$/m, '')
      writeFileSync(paths[index] ?? '', unit)
    }
    // Together, because the socket names its service.
    const { exitCode, stderr } = Bun.spawnSync(['systemd-analyze', 'verify', ...paths])
    expect({ exitCode, stderr: stderr.toString() }).toEqual({ exitCode: 0, stderr: '' })
    // In tenths of its scale: an ordinary unit has 96.
    const rating = ['security', '--offline=yes', '--threshold=60', paths[3] ?? '']
    expect(Bun.spawnSync(['systemd-analyze', ...rating]).exitCode).toBe(0)
  } finally {
    rmSync(directory, { recursive: true })
  }
})
