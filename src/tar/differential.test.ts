import { expect, test } from 'bun:test'
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { StrakeError } from '#oci'
import { type ReadEntry, readAll } from './testing/archives.ts'
import { packTar } from './write/write.ts'

/** Archives with which other projects test their readers, in the folders of Debian's packages. */
const corpora = [
  '/usr/share/go-1.19/src/archive/tar/testdata',
  '/usr/lib/python3.11/test',
  '/usr/share/go-1.24/src/archive/tar/testdata',
].filter((directory) => existsSync(directory))

const archives = corpora.flatMap((directory) =>
  readdirSync(directory)
    .filter((name) => name.endsWith('.tar'))
    .map((name) => join(directory, name)),
)

function has(program: string): boolean {
  return spawnSync(program, ['--version']).status === 0
}

const hasPython = has('python3')
const noCorpus = archives.length === 0 ? ' (skipped: golang-1.19-src is not installed)' : ''

/** Our result, or `undefined` when we refuse the archive. */
async function ours(path: string): Promise<ReadEntry[] | undefined> {
  try {
    return await readAll(readFileSync(path))
  } catch (error) {
    if (error instanceof StrakeError) return undefined
    throw error
  }
}

const pythonListing = `
import sys, json, tarfile
kinds = {b'0': 'file', b'\\0': 'file', b'7': 'file', b'S': 'file', b'1': 'hardlink', b'2': 'symlink',
  b'3': 'character', b'4': 'block', b'5': 'directory', b'6': 'fifo'}
def listing(path):
  try:
    tar = tarfile.open(path, 'r:', encoding='utf-8', errors='surrogateescape')
    return [[kinds.get(m.type, '?'), m.name, m.size if m.isreg() else 0,
      m.linkname if m.islnk() or m.issym() else '', m.uid, m.gid, m.mode & 0o7777] for m in tar]
  except Exception:
    return None
print(json.dumps([listing(path) for path in sys.argv[1:]]))
`

// Sizes of 60 GB are listed and not read.
const small = archives.filter((path) => !/sparse-big/.test(path))

/** Archives that these readers read in another way than Docker, which we follow; see `docker.test.ts`. */
const likeDocker: Readonly<Record<string, string>> = {
  'gnu-multi-hdrs.tar': 'Docker uses the last of two long names',
  'invalid-go17.tar': "Docker reads a prefix in the place of GNU's times if it is not a time",
  'pax-global-records.tar': 'Docker ignores global headers',
  'pax-multi-hdrs.tar': 'Docker uses only the last of two pax headers',
}
const comparable = small.filter((path) => likeDocker[basename(path)] === undefined)

test.skipIf(small.length === 0 || !hasPython)(
  `readTar() lists what Python lists, or refuses the archive${noCorpus}`,
  async () => {
    // Python uses the size in the archive as that of the file when pax has both.
    const paths = comparable.filter((path) => !path.includes('pax-nil-sparse'))
    const output = execFileSync('python3', ['-c', pythonListing, ...paths], { encoding: 'utf8' })
    const listings: ((string | number)[][] | null)[] = JSON.parse(output)
    let compared = 0
    for (const [i, path] of paths.entries()) {
      const entries = await ours(path)
      const listing = listings[i] ?? null
      if (listing === null || entries === undefined) continue
      compared++
      const found = entries.map((entry) => [
        entry.type,
        entry.path.replace(/(?<=.)\/+$/, ''),
        entry.size,
        entry.linkpath,
        entry.uid,
        entry.gid,
        entry.mode,
      ])
      expect({ path, found }).toEqual({ path, found: listing })
    }
    expect(compared).toBeGreaterThan(20)
  },
)

test.skipIf(small.length === 0)(
  `readTar() lists what GNU tar and bsdtar list, or refuses the archive${noCorpus}`,
  async () => {
    for (const path of comparable) {
      const entries = await ours(path)
      if (entries === undefined) continue
      const names = entries.map((entry) => entry.path + (entry.type === 'directory' ? '/' : ''))
      if (names.some((name) => !/^[\x20-\x5b\x5d-\x7e]+$/.test(name))) continue
      for (const program of ['tar', 'bsdtar']) {
        const listing = spawnSync(program, ['-tf', path], { encoding: 'utf8' })
        if (listing.error !== undefined || listing.status !== 0) continue
        const theirs = listing.stdout.split('\n').filter((line) => line !== '')
        expect({ path, program, names }).toEqual({ path, program, names: theirs })
      }
    }
  },
)

test.skipIf(!hasPython)(
  `writeTar() writes what Python reads${hasPython ? '' : ' (skipped: no python3)'}`,
  async () => {
    const tar = await packTar([
      { path: 'dir', type: 'directory', mode: 0o1777 },
      { path: `${'long/'.repeat(60)}ü\udcff`, body: Buffer.from('12345'), uid: 3_000_000, gid: 7 },
      { path: 'ascii\udcff', mode: 0o4711 },
      { path: 'link', type: 'symlink', linkpath: `${'../'.repeat(50)}x` },
      { path: 'hard', type: 'hardlink', linkpath: 'dir/x' },
      { path: 'null', type: 'character', deviceMajor: 1, deviceMinor: 3 },
      { path: 'fifo', type: 'fifo', mode: 0o600 },
    ])
    const program = ['-c', pythonListing, '/dev/stdin']
    const listing = execFileSync('python3', program, { input: tar, encoding: 'utf8' })
    expect(JSON.parse(listing)[0]).toEqual([
      ['directory', 'dir', 0, '', 0, 0, 0o1777],
      ['file', `${'long/'.repeat(60)}ü\udcff`, 5, '', 3_000_000, 7, 0o644],
      ['file', 'ascii\udcff', 0, '', 0, 0, 0o4711],
      ['symlink', 'link', 0, `${'../'.repeat(50)}x`, 0, 0, 0o777],
      ['hardlink', 'hard', 0, 'dir/x', 0, 0, 0o644],
      ['character', 'null', 0, '', 0, 0, 0o644],
      ['fifo', 'fifo', 0, '', 0, 0, 0o600],
    ])
  },
)
