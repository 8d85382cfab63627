import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { addBusybox, busyboxMissing, openWorkshop, refusalOf, type Workshop } from '../fixture.ts'

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

  test("copy gives files and the directories it makes to --chown, by the image's names", async () => {
    expect(await copy('COPY --chown=app:staff --chmod=u=rwX,go= d /new/d')).toEqual({
      new: 'directory 755 1000:50',
      'new/d': 'directory 755 1000:50',
      'new/d/b': 'file 600 1000:50 "b"',
      'new/d/c': 'file 600 1000:50 "c"',
    })
    expect(await copy('COPY --chown=app a /x')).toEqual({ x: 'file 644 1000:1000 "a"' })
    expect(await copy('COPY --chown=7 a /x')).toEqual({ x: 'file 644 7:7 "a"' })
    const refused = copy('COPY --chown=nobody a /x')
    expect((await refusalOf(refused)).message).toContain('/etc/passwd does not list nobody')
  })

  test('copy without a passwd file takes numbers only', async () => {
    expect(await copy('COPY --chown=7:8 a /x', 'scratch')).toEqual({ x: 'file 644 7:8 "a"' })
    const refused = copy('COPY --chown=app a /x', 'scratch')
    expect((await refusalOf(refused)).message).toContain('has no /etc/passwd')
  })

  test('copy --link stands on nothing', async () => {
    expect(await copy('COPY --link a /lib/x/')).toEqual({
      lib: 'directory 755 0:0',
      'lib/x': 'directory 755 0:0',
      'lib/x/a': 'file 644 0:0 "a"',
    })
  })

  test('copy --link is done once for all bases, except by the names of a base', async () => {
    const passwd = (id: number): Record<string, string> => ({
      'etc/passwd': `app:x:${id}:${id}::/:/bin/sh\n`,
    })
    await workshop.addImage('names:1', passwd(1))
    await workshop.addImage('names:2', passwd(2))
    await copy('COPY --link --chown=9 a /l', 'names:1')
    await copy('COPY --link --chown=9 a /l', 'names:2')
    expect(workshop.stateOf('COPY')).toBe('cached')
    const named = 'COPY --link --chown=app a /l'
    expect(await copy(named, 'names:1')).toEqual({ l: 'file 644 1:1 "a"' })
    expect(await copy(named, 'names:2')).toEqual({ l: 'file 644 2:2 "a"' })
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

  test('copy from a stage built anew with the same files is not done again', async () => {
    const lines = (noise: string): string =>
      `RUN echo ${noise} > /noise && echo same > /same\nFROM scratch\nCOPY --from=0 /same /\n`
    await copy(lines('one'), 'busybox')
    await copy(lines('two'), 'busybox')
    expect(workshop.stateOf('RUN echo')).toBe('done')
    expect(workshop.stateOf('COPY --from')).toBe('cached')
  })

  test('copy from a stage tells owners apart', async () => {
    const lines = (owner: number): string =>
      `RUN echo x > /f && chown ${owner} /f\nFROM scratch\nCOPY --from=0 /f /\n`
    expect(await copy(lines(1), 'busybox')).toEqual({ f: 'file 644 1:0 "x\\n"' })
    expect(await copy(lines(2), 'busybox')).toEqual({ f: 'file 644 2:0 "x\\n"' })
  })

  test('copy is done again above a base that changed, though the files did not', async () => {
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

  test('copy of a single match of a wildcard may rename it', async () => {
    expect(await copy('COPY a* /app.jar')).toEqual({ 'app.jar': 'file 644 0:0 "a"' })
    expect(await copy('COPY d/* /all')).toEqual({
      all: 'directory 755 0:0',
      'all/b': 'file 644 0:0 "b"',
      'all/c': 'file 644 0:0 "c"',
    })
  })
})
