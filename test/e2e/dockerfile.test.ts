import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { importBusybox, writeContext } from './busybox.ts'
import { missing, openStrake, type Strake } from './strake.ts'

let strake: Strake
beforeAll(async () => {
  strake = await openStrake()
})
afterAll(() => strake[Symbol.asyncDispose]())

const wrong = 'from alpine as Build\nrun  echo \\\n\n hi\nUSER me\nCMD echo $x\n'

async function write(text: string): Promise<string> {
  const path = join(strake.directory, 'Dockerfile')
  await writeFile(path, text, { mode: 0o640 })
  return path
}

describe('strake dockerfile lint', () => {
  test('dockerfile lint prints problems with their lines, and opens no store', async () => {
    const path = await write(wrong)
    const found = await strake('dockerfile', 'lint', path)
    expect(found.exitCode).toBe(1)
    expect(found.stdout).toContain('   6 | >>> CMD echo $x\n')
    expect(found.stdout).toEndWith('0 errors and 5 warnings\n')
    await expect(stat(strake.root)).rejects.toThrow('ENOENT')
    expect(await strake('dockerfile', 'lint', '--fail-on', 'error', path)).toMatchObject({
      exitCode: 0,
    })
  })

  test('dockerfile lint --fix rewrites only what has a fix, and --diff shows it', async () => {
    const path = await write(wrong)
    const shown = await strake('dockerfile', 'lint', '--fix', '--diff', path)
    expect(shown.stdout).toContain('+FROM alpine AS build\n+RUN  echo \\\n  hi\n')
    expect(await readFile(path, 'utf8')).toBe(wrong)
    const fixed = await strake('dockerfile', 'lint', '--fix', path)
    expect(fixed.stdout).toContain('0 errors and 1 warning\n')
    expect(await readFile(path, 'utf8')).toBe(
      'FROM alpine AS build\nRUN  echo \\\n hi\nUSER me\nCMD echo $x\n',
    )
  })

  test('dockerfile lint --format writes documents for other programs', async () => {
    const path = await write('FROM a\nRNU x\n')
    const sarif = await strake('dockerfile', 'lint', '--format', 'sarif', path)
    expect(JSON.parse(sarif.stdout)).toMatchObject({
      version: '2.1.0',
      runs: [{ results: [{ ruleId: 'unknown-instruction', level: 'error' }] }],
    })
    const github = await strake('dockerfile', 'lint', '--format', 'github', path)
    expect(github.stdout).toContain(
      'line=2,col=1,endLine=2,endColumn=4,title=unknown-instruction::',
    )
  })
})

describe('strake dockerfile fmt', () => {
  test('dockerfile fmt prints, checks and writes the usual layout', async () => {
    const path = await write(wrong)
    const usual = 'FROM alpine AS Build\nRUN echo \\\n    hi\nUSER me\nCMD echo $x\n'
    const input = await strake.with({ input: wrong }, 'dockerfile', 'fmt', '-')
    expect(input).toMatchObject({ exitCode: 0, stdout: usual })
    const differs = await strake('dockerfile', 'fmt', '--check', path)
    expect(differs).toMatchObject({ exitCode: 1, stdout: `${path}\n` })
    await strake.ok('dockerfile', 'fmt', '--write', path)
    expect(await readFile(path, 'utf8')).toBe(usual)
    expect((await stat(path)).mode & 0o777).toBe(0o640)
    expect(await strake('dockerfile', 'fmt', '--check', path)).toMatchObject({ exitCode: 0 })
  })
})

describe('strake dockerfile lsp', () => {
  test('dockerfile lsp answers an editor, and goes on after a broken message', async () => {
    const frame = (text: string): string =>
      `Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`
    const textDocument = { uri: 'file:///Dockerfile', text: 'FROM a as b\n' }
    const messages = [
      { id: 1, method: 'initialize', params: {} },
      { method: 'textDocument/didOpen', params: { textDocument } },
      { id: 2, method: 'textDocument/documentSymbol', params: { textDocument } },
      { id: 3, method: 'shutdown' },
      { method: 'exit' },
    ].map((message) => frame(JSON.stringify({ jsonrpc: '2.0', ...message })))
    const input = [messages[0], frame('{x}'), ...messages.slice(1)].join('')
    const served = await strake.with({ input }, 'dockerfile', 'lsp', '--stdio')
    expect(served).toMatchObject({ exitCode: 0, stderr: '' })
    expect(served.stdout).toContain('"name":"strake"')
    expect(served.stdout).toContain('"code":-32700')
    expect(served.stdout).toContain('"code":"FromAsCasing"')
    expect(served.stdout).toContain('"id":3,"result":null')
    const impatient = await strake.with({ input: messages.at(-1) ?? '' }, 'dockerfile', 'lsp')
    expect(impatient.exitCode).toBe(1)
  })
})

const reason = missing('busybox', 'tar', 'runc')
if (reason) console.info(`skipped: builds with extensions: ${reason}`)

describe.skipIf(reason !== undefined)('a Dockerfile with extensions', () => {
  const files = {
    Dockerfile: [
      '# strake: extensions',
      'ARG DEBUG=',
      'INCLUDE parts/base',
      'ARG DEBUG',
      'IF $DEBUG',
      'ENV MODE=debug',
      'ELSE',
      'ENV MODE=release',
      'ENDIF',
      'COPY --optional config.json none.json gone/file /app/',
      'COPY --optional absent /absent',
      'COPY --from=base --optional /etc/none /etc/copied /x/',
      '',
    ].join('\n'),
    'parts/base': 'FROM busybox AS base\nRUN echo copied > /etc/copied\nFROM base\n',
    'config.json': '{}',
  }

  test('build gives the image of the Dockerfile that dockerfile print shows', async () => {
    await importBusybox(strake)
    const context = await writeContext(join(strake.directory, 'extended'), files)
    const built = await strake.ok('build', '-q', '-t', 'extended', context)
    const plain = await strake.ok('dockerfile', 'print', context)
    expect(plain).toContain('ENV MODE=release\nCOPY config.jso[n] none.jso[n] gon[e]/file /app/\n')
    expect(await strake.ok('build', '--print', context)).toBe(plain)
    await writeFile(join(context, 'plain'), `${plain}\n`)
    const again = await strake(
      'build',
      '--progress',
      'plain',
      '-f',
      join(context, 'plain'),
      context,
    )
    expect(again.stderr).not.toMatch(/^#\d+ RUN.*\n(?!#\d+ CACHED)/m)
    expect(await strake.ok('build', '-q', '-f', join(context, 'plain'), context)).toBe(built)
    const shown = await strake.ok(
      'run',
      '--rm',
      '--network',
      'none',
      'extended',
      'ls',
      '/app',
      '/x',
    )
    expect(shown.split(/\s+/)).toEqual(['/app:', 'config.json', '/x:', 'copied'])
    const debug = await strake.ok('dockerfile', 'print', '--build-arg', 'DEBUG=1', context)
    expect(debug).toContain('ENV MODE=debug\nCOPY')
  })

  test('build names the file and the line of a mistake, also in an included file', async () => {
    const context = await writeContext(join(strake.directory, 'wrong'), {
      Dockerfile: '# strake: extensions\nFROM scratch\nINCLUDE parts/run\n',
      'parts/run': '# a part\nRNU x\n',
    })
    const mistake = await strake('build', context)
    expect(mistake.exitCode).toBe(1)
    expect(mistake.stderr).toContain('unknown instruction: RNU (did you mean RUN?)\nparts/run:2\n')
    expect(mistake.stderr).toContain('   2 | >>> RNU x')
    await writeFile(join(context, 'parts/run'), 'INCLUDE ../outside\n')
    const outside = await strake('build', context)
    expect(outside.stderr).toContain('"../outside" is outside the build context\nparts/run:1\n')
    await rm(join(context, 'parts/run'))
    await symlink('/etc/passwd', join(context, 'parts/run'))
    const link = await strake('build', context)
    expect(link.exitCode).toBe(1)
    expect(link.stderr).not.toContain('root:')
  })
})
