import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import {
  addBusybox,
  busyboxMissing,
  openWorkshop,
  refusalOf,
  type Workshop,
} from '../testing/fixture.ts'

describe.skipIf(busyboxMissing !== undefined)(`COPY (${busyboxMissing ?? 'above images'})`, () => {
  let workshop: Workshop
  let context: string
  beforeAll(async () => {
    workshop = await openWorkshop()
    await addBusybox(workshop)
    await workshop.addImage('rooted', {
      'usr/lib/x': '',
      lib: { link: 'usr/lib' },
      'etc/passwd': 'app:x:1000:1001::/:/bin/sh\n',
      'etc/group': 'staff:x:50:\n',
      host: { link: '/etc/shadow' },
    })
    context = await workshop.context('context', { a: 'a', 'd/b': 'b', 'd/c': 'c' })
  })
  afterAll(() => workshop[Symbol.asyncDispose]())

  const copy = async (lines: string, base = 'rooted'): Promise<Record<string, string>> => {
    const dockerfile = { text: `FROM ${base}\n${lines}\n` }
    const { layers } = await workshop.build({ context, dockerfile })
    const layer = layers.at(-1)
    return layer === undefined ? {} : workshop.list(layer)
  }

  test('copy keeps directories of the image as they are and follows its links', async () => {
    expect(await copy('COPY a /lib/')).toEqual({ 'usr/lib/a': 'file 644 0:0 "a"' })
    expect(await copy('COPY d /etc')).toEqual({
      'etc/b': 'file 644 0:0 "b"',
      'etc/c': 'file 644 0:0 "c"',
    })
  })

  test("copy gives files and new directories the owner of --chown, by the image's names", async () => {
    expect(await copy('COPY --chown=app:staff --chmod=u=rwX,go= d /new/d')).toEqual({
      new: 'directory 755 1000:50',
      'new/d': 'directory 755 1000:50',
      'new/d/b': 'file 600 1000:50 "b"',
      'new/d/c': 'file 600 1000:50 "c"',
    })
    for (const [chown, owner] of [
      ['app', '1000:1001'],
      ['app:0', '1000:0'],
      [':staff', '0:50'],
      ['7', '7:7'],
      ['1000', '1000:1000'],
      ['7:', '7:7'],
      ['7:staff', '7:50'],
    ] as const) {
      expect(await copy(`COPY --chown=${chown} a /x`)).toEqual({ x: `file 644 ${owner} "a"` })
      expect(await copy(`ADD --chown=${chown} a /x`)).toEqual({ x: `file 644 ${owner} "a"` })
    }
    const sentence = async (chown: string): Promise<string | undefined> =>
      (await refusalOf(copy(`COPY --chown=${chown} a /x`))).message.split('\n')[0]
    expect(await sentence('nobody')).toBe(
      "Cannot copy with --chown=nobody: unable to find user nobody in the image's /etc/passwd",
    )
    expect(await sentence('7:none')).toBe(
      "Cannot copy with --chown=7:none: unable to find group none in the image's /etc/group",
    )
  })

  test('copy gives directories below the destination the owner and mode of the source', async () => {
    const setup = [
      'RUN mkdir -p /d/e /s/e && chown 2:2 /d && chmod 711 /d && chown 1:1 /d/e',
      'RUN echo x > /s/e/x && chmod 700 /s/e && chown -R 3:3 /s',
    ].join('\n')
    const lines = `${setup}\nFROM busybox\n${setup}\n`
    expect(await copy(`${lines}COPY --from=0 --chown=9:9 /s /d/`, 'busybox')).toEqual({
      'd/e': 'directory 700 9:9',
      'd/e/x': 'file 644 9:9 "x\\n"',
    })
    expect(await copy(`${lines}COPY --from=0 /s /d\nCOPY a /d/e/y`, 'busybox')).toEqual({
      'd/e/y': 'file 644 0:0 "a"',
    })
    const found = `${lines}COPY --from=0 /s /tmp\nCOPY --from=0 /s/e /tmp/\nRUN ls /tmp/e /tmp/.keep /tmp`
    await copy(found, 'busybox')
    expect(workshop.stateOf('RUN ls')).toBe('done')
  })

  test('copy gives new directories the mode of --chmod too', async () => {
    expect(await copy('COPY --chmod=700 d /p/q')).toEqual({
      p: 'directory 700 0:0',
      'p/q': 'directory 700 0:0',
      'p/q/b': 'file 700 0:0 "b"',
      'p/q/c': 'file 700 0:0 "c"',
    })
    expect(await copy('COPY --chmod=600 a /p1/p2/f')).toMatchObject({
      p1: 'directory 600 0:0',
      'p1/p2': 'directory 600 0:0',
    })
    expect(await copy('COPY --chmod=1777 d /q')).toMatchObject({
      q: 'directory 777 0:0',
      'q/b': 'file 1777 0:0 "b"',
    })
    expect(Object.keys(await copy('COPY --chmod=700 d /etc'))).toEqual(['etc/b', 'etc/c'])
    expect(await copy('COPY --chmod=u=rwx,go= . /q')).toMatchObject({
      q: 'directory 755 0:0',
      'q/d': 'directory 700 0:0',
    })
  })

  test('copy accepts only numbers without a passwd file', async () => {
    expect(await copy('COPY --chown=7:8 a /x', 'scratch')).toEqual({ x: 'file 644 7:8 "a"' })
    const refused = copy('COPY --chown=app a /x', 'scratch')
    expect((await refusalOf(refused)).message).toContain('has no /etc/passwd')
  })

  test('copy --link makes a layer that does not depend on the image', async () => {
    expect(await copy('COPY --link a /lib/x/')).toEqual({
      lib: 'directory 755 0:0',
      'lib/x': 'directory 755 0:0',
      'lib/x/a': 'file 644 0:0 "a"',
    })
  })

  test('copy --link runs once for all bases, so it accepts only numbers', async () => {
    await workshop.addImage('link:1', { x: '1' })
    await workshop.addImage('link:2', { x: '2' })
    await copy('COPY --link --chown=9 a /l', 'link:1')
    expect(await copy('COPY --link --chown=9 a /l', 'link:2')).toEqual({ l: 'file 644 9:9 "a"' })
    expect(workshop.stateOf('COPY')).toBe('cached')
    for (const chown of ['app', '9:staff', ':staff']) {
      const refused = await refusalOf(copy(`COPY --link --chown=${chown} a /l`))
      expect(refused.message).toContain('but --link has no image with names')
      expect(refused.remedy).toBe('use a numeric UID[:GID], or omit --link')
    }
  })

  test('copy from a stage keeps owners and modes, and resolves links in the stage', async () => {
    const stage = `RUN mkdir /out && cd /out && echo 1 > f && chown 5:6 f && chmod 4755 f && ln -s f l
RUN ln -s /out /way && ln -s /etc/shadow /shadow
FROM scratch
`
    expect(await copy(`${stage}COPY --from=0 /way /o`, 'busybox')).toEqual({
      o: 'directory 755 0:0',
      'o/f': 'file 4755 5:6 "1\\n"',
      'o/l': 'symlink 777 0:0 f',
    })
    const refused = copy(`${stage}COPY --from=0 /shadow /`, 'busybox')
    expect((await refusalOf(refused)).message).toContain('leads out of that stage or nowhere')
  })

  test('copy from a stage that ran again and made the same files comes from the cache', async () => {
    const lines = (noise: string): string =>
      `RUN echo ${noise} > /noise && echo same > /same\nFROM scratch\nCOPY --from=0 /same /\n`
    await copy(lines('one'), 'busybox')
    await copy(lines('two'), 'busybox')
    expect(workshop.stateOf('RUN echo')).toBe('done')
    expect(workshop.stateOf('COPY --from')).toBe('cached')
  })

  test('copy from a stage runs again when an owner changes', async () => {
    const lines = (owner: number): string =>
      `RUN echo x > /f && chown ${owner} /f\nFROM scratch\nCOPY --from=0 /f /\n`
    expect(await copy(lines(1), 'busybox')).toEqual({ f: 'file 644 1:0 "x\\n"' })
    expect(await copy(lines(2), 'busybox')).toEqual({ f: 'file 644 2:0 "x\\n"' })
  })

  test('copy runs again above another base with the same files', async () => {
    await workshop.addImage('base:1', { 'etc/x': '1' })
    await workshop.addImage('base:2', { 'etc/x': { link: '/usr' } })
    expect(await copy('COPY a /etc/x', 'base:1')).toEqual({ 'etc/x': 'file 644 0:0 "a"' })
    expect(await copy('COPY a /etc/x', 'base:2')).toEqual({ usr: 'file 644 0:0 "a"' })
  })

  test('copy writes heredocs as files', async () => {
    expect(await copy('COPY <<one <<two /h/\n1\none\n2\ntwo')).toEqual({
      h: 'directory 755 0:0',
      'h/one': 'file 644 0:0 "1\\n"',
      'h/two': 'file 644 0:0 "2\\n"',
    })
  })

  test('copy from a stage writes heredocs too', async () => {
    const lines = 'RUN echo f > /f && chmod 600 /f\nFROM scratch\n'
    const heredocs = 'COPY --from=0 f <<a <<b /d/\n1\na\n2\nb'
    expect(await copy(`${lines}${heredocs}`, 'busybox')).toEqual({
      d: 'directory 755 0:0',
      'd/a': 'file 644 0:0 "1\\n"',
      'd/b': 'file 644 0:0 "2\\n"',
      'd/f': 'file 600 0:0 "f\\n"',
    })
  })

  test('copy with a wildcard names a match as the destination, and the last match wins', async () => {
    expect(await copy('COPY a* /app.jar')).toEqual({ 'app.jar': 'file 644 0:0 "a"' })
    expect(await copy('COPY d/* /all')).toEqual({ all: 'file 644 0:0 "c"' })
    expect(Object.keys(await copy('COPY d/* /all/'))).toEqual(['all', 'all/b', 'all/c'])
  })

  test('copy of a wildcard that matches nothing changes nothing', async () => {
    const dockerfile = { text: 'FROM scratch\nCOPY no* /none/\n' }
    expect((await workshop.build({ context, dockerfile })).layers).toEqual([])
  })
})
