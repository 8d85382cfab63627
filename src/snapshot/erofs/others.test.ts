import { expect, test } from 'bun:test'
import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { chainFixtures } from '../../erofs/testing/chains.ts'
import { layerFixtures } from '../../erofs/testing/fixture.ts'
import { furnish, has, unpackWithUmoci } from '../../layer/testing/fixture.ts'
import {
  type Description,
  describeTree,
  Home,
  importAll,
  isRoot,
  makeLayers,
  nameLayers,
  unlessRoot,
} from './testing/fixture.ts'

const fixtures = Object.entries({ ...layerFixtures, ...chainFixtures })

/** The fixtures where umoci's result differs, with the reason. */
const notUmoci: Readonly<Record<string, string>> = {
  'modes, owners and times': 'it keeps times before 1970, and Docker does not',
  'attributes and capabilities': 'it keeps user.overlay.*, and drops empty values',
  'many attributes': 'it drops empty values',
  'parents that are missing, or links': 'it resolves .. in dangling links lexically',
  'whiteouts in the form of overlayfs, and bookkeeping of aufs': 'it knows neither',
  'hard links to themselves and onto others': 'it refuses them',
  'hard links with metadata of their own':
    'it ignores the metadata of a link, and Docker applies it',
}
/** The same for GNU tar, which does not know about layers: only the first layer is compared. */
const notTar: Readonly<Record<string, string>> = {
  'modes, owners and times': 'it has no upper limit for times',
  'hard links with metadata of their own':
    'it ignores the metadata of a link, and Docker applies it',
  'the same path more than once': 'it does not replace a directory that is not empty',
  'parents that are missing, or links': 'it does not create the target of a dangling parent link',
}

/**
 * Leaves out the times of directories: other unpackers do not set them for directories without an
 * entry.
 */
function withoutDirectoryTimes(all: Description): Description {
  return Object.fromEntries(
    Object.entries(all).map(([path, each]) => [
      path,
      { ...each, mtime: each.mode.startsWith('4') ? 0n : each.mtime },
    ]),
  )
}

const attributes = ['--xattrs', '--xattrs-include=user.*', '--xattrs-include=security.capability']

function unpackWithTar(home: Home, archive: Uint8Array): string {
  const root = `${home.path}/tar`
  mkdirSync(root, { mode: 0o755 })
  const flags = [...attributes, '--xattrs-exclude=user.overlay.*', '--same-owner']
  const args = ['-xpf', '-', ...flags, '--numeric-owner', '-C', root]
  execFileSync('tar', args, { input: archive, stdio: 'pipe' })
  return root
}

async function shownByIndex(home: Home, archives: readonly Uint8Array[]): Promise<Description> {
  const snapshots = await home.open()
  await using view = await snapshots.view(await importAll(snapshots, nameLayers(archives)))
  return describeTree(view.root)
}

const noUmoci = has('umoci') ? unlessRoot : ' (skipped: no umoci)'

test.skipIf(noUmoci !== '').each(fixtures.filter(([name]) => notUmoci[name] === undefined))(
  `a mounted index shows what umoci makes of %s${noUmoci}`,
  async (_, entries) => {
    using home = new Home()
    const archives = (await makeLayers(entries)).map(({ archive }) => archive)
    const expected = describeTree(unpackWithUmoci(home.path, archives))
    const shown = await shownByIndex(home, archives)
    expect(withoutDirectoryTimes(shown)).toEqual(withoutDirectoryTimes(expected))
  },
)

test.skipIf(!isRoot).each(fixtures.filter(([name]) => notTar[name] === undefined))(
  `a mounted index shows what GNU tar makes of the first layer of %s${unlessRoot}`,
  async (_, entries) => {
    using home = new Home()
    const [layer] = await makeLayers(entries.slice(0, 1))
    if (layer === undefined) throw new RangeError('no layers')
    const expected = describeTree(unpackWithTar(home, layer.archive))
    const shown = await shownByIndex(home, [layer.archive])
    expect(withoutDirectoryTimes(shown)).toEqual(withoutDirectoryTimes(expected))
  },
)

test.skipIf(!isRoot).each([
  ['tar', ['--format=oldgnu']],
  ['tar', ['--format=gnu', '--sparse']],
  ['tar', ['--format=posix', ...attributes]],
  ['tar', ['--format=posix', ...attributes, '--sparse', '--sparse-version=0.0']],
  ['tar', ['--format=posix', ...attributes, '--sparse', '--sparse-version=1.0']],
  ['bsdtar', ['--format=pax', '--xattrs']],
  ['bsdtar', ['--format=gnutar']],
])(`a mounted index shows what %s %p packed${unlessRoot}`, async (program, flags) => {
  if (!has(program)) return
  using home = new Home()
  const from = `${home.path}/from`
  mkdirSync(from)
  furnish(from)
  const packed = execFileSync(program, ['-cf', '-', ...flags, '-C', from, '.'], {
    maxBuffer: 2 ** 28,
  })
  const whole = (all: Description): Description =>
    Object.fromEntries(
      Object.entries(all).map(([path, each]) => [
        path,
        flags.includes('--xattrs') ? each : { ...each, xattrs: '' },
      ]),
    )
  expect(whole(await shownByIndex(home, [packed]))).toEqual(whole(describeTree(from)))
})
