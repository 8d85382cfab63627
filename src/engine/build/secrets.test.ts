import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { mkdtempDisposable, type TemporaryDirectory } from '#platform'
import { readSecrets, type SecretSource } from './secrets.ts'

let directory: TemporaryDirectory
beforeAll(async () => {
  directory = await mkdtempDisposable(tmpdir())
})
afterAll(() => directory[Symbol.asyncDispose]())

describe('readSecrets()', () => {
  const read = async (source: SecretSource, env = {}): Promise<string | undefined> => {
    const value = (await readSecrets([source], env)).get(source.id)
    return value === undefined ? undefined : Buffer.from(value).toString()
  }

  test('readSecrets() reads files and variables', async () => {
    const file = `${directory.path}/f`
    writeFileSync(file, 'from a file\n')
    expect(await read({ id: 'a', file })).toBe('from a file\n')
    expect(await read({ id: 'a', env: 'V' }, { V: 'from a variable' })).toBe('from a variable')
    expect(await read({ id: 'a', env: 'V' })).toBe('')
  })

  test('readSecrets() reads an ID alone as a variable, or else as a file', async () => {
    const id = `${directory.path}/id`
    writeFileSync(id, 'file')
    expect(await read({ id })).toBe('file')
    expect(await read({ id }, { [id]: 'variable' })).toBe('variable')
    expect(await read({ id, file: id }, { [id]: 'variable' })).toBe('file')
  })

  test('readSecrets() takes a value before a file and a variable', async () => {
    const value = Buffer.from('itself')
    expect(await read({ id: 'V', value, file: '/absent' }, { V: 'variable' })).toBe('itself')
    const large = { id: 'V', value: Buffer.alloc(500 * 1024 + 1) }
    await expect(read(large)).rejects.toThrow('it is larger than 500 KiB')
  })

  test('readSecrets() refuses an absent file, a directory, and a large file', async () => {
    const file = `${directory.path}/large`
    writeFileSync(file, Buffer.alloc(500 * 1024 + 1))
    await expect(read({ id: 'a', file })).rejects.toThrow('it is larger than 500 KiB')
    writeFileSync(file, Buffer.alloc(500 * 1024))
    expect(await read({ id: 'a', file })).toHaveLength(500 * 1024)
    await expect(read({ id: 'a', file: '/dev/zero' })).rejects.toThrow('larger than 500 KiB')
    await expect(read({ id: 'a', file: directory.path })).rejects.toThrow('is a directory')
    await expect(read({ id: 'a', file: '/no/such' })).rejects.toThrow(
      'Cannot read the secret a: there is no /no/such',
    )
    const pipe = `${directory.path}/pipe`
    expect(Bun.spawnSync(['mkfifo', pipe]).exitCode).toBe(0)
    await expect(read({ id: 'a', file: pipe })).rejects.toThrow(`${pipe} is a named pipe`)
    const passed = `import { readSecrets } from '${import.meta.dir}/secrets.ts'
      const read = await readSecrets([{ id: 'a', file: '/dev/stdin' }], {})
      process.stdout.write(read.get('a'))`
    const { stdout } = Bun.spawnSync([
      'sh',
      '-c',
      'echo piped | "$0" -e "$1"',
      process.execPath,
      passed,
    ])
    expect(stdout.toString()).toBe('piped\n')
    await expect(read({ id: 'NONE' })).rejects.toMatchObject({
      remedy: 'set the variable NONE, or name the file: --secret id=NONE,src=FILE',
    })
  })
})
