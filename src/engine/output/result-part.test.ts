import { expect, test } from 'bun:test'
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { mkdtempDisposable } from '#platform'
import { openResultPart } from './result-part.ts'

test('openResultPart() resolves links and .. as in a container, and never out of the tree', async () => {
  await using directory = await mkdtempDisposable(tmpdir())
  const root = `${directory.path}/root`
  mkdirSync(`${root}/srv/site`, { recursive: true })
  mkdirSync(`${directory.path}/etc`)
  writeFileSync(`${directory.path}/etc/canary`, '')
  writeFileSync(`${root}/srv/site/page`, '')
  mkdirSync(`${root}/etc`)
  symlinkSync('/srv', `${root}/absolute`)
  symlinkSync('../../../../srv', `${root}/srv/up`)
  symlinkSync('../etc', `${root}/out`)
  const listed = (path: string): readonly string[] => {
    using part = openResultPart(root, path)
    return readdirSync(part.root)
  }
  for (const path of ['srv/site', '/srv/site/', 'absolute/site', 'srv/up/site', '../srv/site']) {
    expect(listed(path)).toEqual(['page'])
  }
  expect(listed('out')).toEqual([])
  expect(listed('/')).toContain('srv')
  expect(() => listed('srv/none')).toThrow('Cannot write src=srv/none: the result has no such')
  expect(() => listed('srv/site/page')).toThrow('it is not a directory of the result')
})
