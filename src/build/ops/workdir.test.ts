import { afterAll, beforeAll, expect, test } from 'bun:test'
import { openWorkshop, refusalOf, type Workshop } from '../testing/fixture.ts'

let workshop: Workshop
beforeAll(async () => {
  workshop = await openWorkshop()
  await workshop.addImage('users', {
    'etc/passwd': 'u:x:50:51::/:/bin/sh\n',
    'etc/group': 'g:x:7:\n',
  })
})
afterAll(() => workshop[Symbol.asyncDispose]())

async function workdir(lines: string, base = 'users'): Promise<Record<string, string>> {
  const { layers } = await workshop.build({ dockerfile: { text: `FROM ${base}\n${lines}\n` } })
  const layer = layers.at(-1)
  return layer === undefined ? {} : workshop.list(layer)
}

test.each([
  ['50', '50:50'],
  ['99', '99:99'],
  ['u', '50:51'],
  ['50:7', '50:7'],
  ['u:g', '50:7'],
  ['99:g', '99:7'],
  ['root', '0:0'],
])('workdir is given to USER %s as %s', async (user, owner) => {
  expect(await workdir(`USER ${user}\nWORKDIR /w`)).toEqual({ w: `directory 755 ${owner}` })
})

test('workdir makes missing directories and keeps existing ones', async () => {
  expect(await workdir('WORKDIR /etc/a/b')).toEqual({
    'etc/a': 'directory 755 0:0',
    'etc/a/b': 'directory 755 0:0',
  })
  expect(Object.keys(await workdir('WORKDIR /etc'))).toContain('etc/passwd')
})

test('workdir on scratch belongs to root, also with USER', async () => {
  expect(await workdir('USER app\nWORKDIR /w', 'scratch')).toEqual({ w: 'directory 755 0:0' })
})

test('workdir names an unknown user, and a file in place of a directory', async () => {
  const first = async (lines: string): Promise<string | undefined> =>
    (await refusalOf(workdir(lines))).message.split('\n')[0]
  expect(await first('USER nosuch\nWORKDIR /w')).toBe(
    "Cannot make /w: unable to find user nosuch in the image's /etc/passwd",
  )
  expect(await first('WORKDIR /etc/passwd/x')).toBe(
    'Cannot make /etc/passwd/x: /etc/passwd is not a directory',
  )
})
