import { expect, test } from 'bun:test'
import { Command, InvalidValue } from './command.ts'
import { parseCommand, runParsed, UsageError } from './parse-command.ts'
import { collect, parseWhole } from './values.ts'

const job = (): Command =>
  new Command('job')
    .argument('[image]')
    .argument('[words...]')
    .option('--rm')
    .option('-i, --interactive')
    .option('-t, --tty')
    .option('-e, --env <pair>', '', collect)
    .option('-p, --publish <port>')
    .option('-c, --count <number>', '', { read: parseWhole, default: 3 })
    .option('--no-sig-proxy')
    .option('--no-cache')
    .option('-H, --human', '', { default: true })
    .option('--no-human')
    .action(() => {})

const usual = { sigProxy: true, cache: true, human: true, count: 3 }

function options(...argv: readonly string[]): Readonly<Record<string, unknown>> {
  return { ...parseCommand(job(), argv, {}).options }
}

test('parseCommand() returns the defaults of negated switches and of options', () => {
  expect(options()).toEqual(usual)
  expect(options('--no-cache', '--no-human', '-c', '5')).toEqual({
    ...usual,
    cache: false,
    human: false,
    count: 5,
  })
})

test('parseCommand() reads switches with a value, as Docker does', () => {
  expect(options('--rm=false', '--tty=true', '-i=1', '--human=false', '--sig-proxy=false')).toEqual(
    {
      ...usual,
      tty: true,
      interactive: true,
      human: false,
      sigProxy: false,
    },
  )
  expect(options('--sig-proxy=true', '--no-cache=false')).toEqual(usual)
  expect(options('--no-cache=true')).toEqual({ ...usual, cache: false })
  expect(options('--rm', '--rm=false')).toEqual(usual)
  expect(options('--rm=T', '--no-cache=0')).toEqual({ ...usual, rm: true })
  for (const bad of ['maybe', 'yes', 'tRUE', '']) {
    expect(() => options(`--rm=${bad}`)).toThrow(`Cannot use --rm=${bad}: expected true or false`)
  }
})

test('parseCommand() takes values from the word or the next one', () => {
  for (const words of [['-p80:80'], ['-p=80:80'], ['-p', '80:80'], ['--publish=80:80']]) {
    expect(options(...words)).toEqual({ ...usual, publish: '80:80' })
  }
  expect(options('-ite=A=1', '--env', '--rm=false', '-eB=2')).toEqual({
    ...usual,
    interactive: true,
    tty: true,
    env: ['A=1', '--rm=false', 'B=2'],
  })
  expect(options('--publish==')).toEqual({ ...usual, publish: '=' })
})

test('parseCommand() treats an empty text as absent, unless the option declares another meaning', () => {
  const command = (): Command =>
    new Command('job')
      .option('--pull <when>', '', { choices: ['always', 'never'], default: 'never' })
      .option('--name <name>')
      .option('--entry <word>', '', { empty: 'kept' })
      .option('--net <mode>', '', { empty: 'refused', default: 'bridge' })
      .option('--count <n>', '', parseWhole)
      .option('--label <pair>', '', collect)
      .action(() => {})
  const read = (...words: readonly string[]): unknown => parseCommand(command(), words, {}).options
  expect(read('--pull', '', '--name=')).toEqual({ pull: 'never', net: 'bridge' })
  expect(read('--pull=always', '--pull=', '--name=x', '--name', '')).toEqual({
    pull: 'never',
    net: 'bridge',
  })
  expect(read('--entry', '')).toEqual({ pull: 'never', entry: '', net: 'bridge' })
  expect(read('--label', '')).toEqual({ pull: 'never', label: [''], net: 'bridge' })
  for (const flag of ['--net', '--count']) expect(() => read(flag, '')).toThrow('bad-value')
})

test('parseCommand() reads options after arguments, and none after --', () => {
  const { arguments: words, options } = parseCommand(job(), ['a', '--rm', 'b', '--', '--tty', '-'])
  expect(words).toEqual(['a', ['b', '--tty', '-']])
  expect(options).toEqual({ ...usual, rm: true })
})

test('parseCommand() leaves the words of a container unchanged', () => {
  const run = job().passThroughOptions()
  const { arguments: words, options } = parseCommand(run, ['--rm', 'a', 'sh', '--tty', '--', '-c'])
  expect(words).toEqual(['a', ['sh', '--tty', '--', '-c']])
  expect(options).toEqual({ ...usual, rm: true })
})

test('parseCommand() descends to the subcommand of the first word', () => {
  const group = new Command('image')
  group
    .command('prune')
    .option('-f, --force')
    .action(() => {})
  const { command, options } = parseCommand(group, ['prune', '--force=true'])
  expect(command.name).toBe('prune')
  expect(options).toEqual({ force: true })
  for (const [words, kind] of [
    [[], 'incomplete'],
    [['help'], 'incomplete'],
    [['prnue'], 'unknown-command'],
    [['prune', '--help'], 'help'],
    [['prune', '-h'], 'help'],
    [['prune', '-x'], 'unknown-option'],
    [['prune', 'all'], 'too-many-arguments'],
  ] as const) {
    expect(() => parseCommand(group, words)).toThrow(kind)
  }
})

test('parseCommand() reads a default from an environment variable and checks it', () => {
  const build = new Command('build')
    .option('--progress <kind>', '', { choices: ['tty', 'plain'], default: 'tty', env: 'KIND' })
    .action(() => {})
  expect(parseCommand(build, [], {}).options).toEqual({ progress: 'tty' })
  expect(parseCommand(build, [], { KIND: 'plain' }).options).toEqual({ progress: 'plain' })
  expect(parseCommand(build, ['--progress=tty'], { KIND: 'plain' }).options).toEqual({
    progress: 'tty',
  })
  expect(() => parseCommand(build, [], { KIND: 'x' })).toThrow('bad-value')
})

test('runParsed() calls the action with the arguments and the options', async () => {
  const seen: unknown[] = []
  const command = new Command('rm').argument('<name...>').option('-f, --force')
  command.action(async (...given: readonly unknown[]) => void seen.push(...given))
  await runParsed(parseCommand(command, ['a', 'b', '-f']))
  expect(seen).toEqual([['a', 'b'], { force: true }])
})

test('parseCommand() refuses a value that its reader refuses, and rethrows other errors', () => {
  const reading = (error: Error): Command =>
    new Command('x')
      .action(() => {})
      .option('-n, --number <n>', '', () => {
        throw error
      })
  const refusing = reading(new InvalidValue('it is odd'))
  expect(() => parseCommand(refusing, ['-n', '1'])).toThrow('bad-value')
  expect(() => parseCommand(reading(new RangeError('mine')), ['-n', '1'])).toThrow('mine')
})

test('parseCommand() passes every word of a raw command on, but a single --help', () => {
  const raw = new Command('compose').argument('[words...]').passThroughAll()
  raw.action(() => {})
  for (const words of [[], ['-f', 'x', '--', 'up', '-d'], ['up', '--help'], ['help']]) {
    expect(parseCommand(raw, words).arguments).toEqual([words])
  }
  expect(() => parseCommand(raw, ['--help'])).toThrow(UsageError)
})
