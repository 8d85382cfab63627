import { expect, test } from 'bun:test'
import { commands } from '../table.ts'
import { createTestContext } from '../testing/fixture.ts'
import { absentOfDocker, absentOfPodman, findAbsence } from './absent.ts'
import { Command, InvalidValue } from './command.ts'
import { parseCommand, UsageError } from './parse-command.ts'
import { describeUnknown, describeUsageError } from './usage.ts'

/** Returns the message for an invalid command line. */
function refusalOf(argv: readonly string[]): string {
  const command = new Command('job')
    .argument('<name>')
    .argument('[kind]', '', ['a', 'b'])
    .option('-q, --quiet')
    .option('--pull <when>', '', { choices: ['always', 'never'] })
    .option('-t, --time <seconds>', '', () => {
      throw new InvalidValue('it is a whole number')
    })
    .action(() => {})
  try {
    parseCommand(command, argv)
  } catch (error) {
    if (error instanceof UsageError) return describeUsageError(error)
    throw error
  }
  throw new Error('it was accepted')
}

test('describeUsageError() names the missing argument and a remedy', () => {
  expect(refusalOf([])).toBe("Cannot run 'strake job': <name> is missing\n  try: strake job --help")
  expect(refusalOf(['x', '--pull'])).toStartWith('Cannot use --pull: its value is missing')
})

test('describeUsageError() names surplus arguments', () => {
  expect(refusalOf(['x', 'a', 'y'])).toStartWith(
    "Cannot run 'strake job': it takes at most 2 arguments, but was given 3 (x, a, y)\n",
  )
})

test('describeUsageError() suggests an option that is close', () => {
  expect(refusalOf(['x', '--quite'])).toBe("unknown flag: --quite: did you mean '--quiet'?")
  expect(refusalOf(['x', '--foo'])).toBe("unknown flag: --foo: see 'strake job --help'")
})

test('describeUsageError() suggests no other option for one that only Docker has', () => {
  expect(refusalOf(['x', '--squash'])).toBe('unknown flag: --squash: strake does not have it yet')
})

test('describeUsageError() names the valid values', () => {
  expect(refusalOf(['x', '--pull', 'foo'])).toBe(
    'Cannot use --pull foo: expected one of always, never',
  )
  expect(refusalOf(['x', '-t', 'y'])).toBe('Cannot use --time y: it is a whole number')
  expect(refusalOf(['x', 'c'])).toBe("Cannot run 'strake job c': expected one of a, b")
})

test('describeUsageError() repeats no control character', () => {
  expect(refusalOf(['x', '--pull', '\u001b[2J'])).toContain('\\u001b[2J')
})

test('describeUnknown() names a replacement for a command that strake lacks', () => {
  const context = describeUnknown('context', { close: undefined, path: '' })
  expect(context).toBe(
    "unknown command 'context': there is no daemon to choose\n  try: strake --root DIR for another store, or ssh HOST strake for another machine",
  )
  expect(describeUnknown('plugin', { close: undefined, path: '' })).toBe(
    "unknown command 'plugin': there is no daemon that plugins could extend",
  )
  expect(describeUnknown('trust', { close: undefined, path: 'image' })).toBe(
    "unknown command 'image trust': signatures are not verified\n  try: name an image by its digest, which is always verified",
  )
  expect(describeUnknown('imagse', { close: 'images', path: '' })).toBe(
    "unknown command 'imagse': did you mean 'strake images'?",
  )
  expect(describeUnknown('-x', { close: undefined, path: '' })).toBe(
    "unknown shorthand flag: 'x' in -x: see 'strake --help'",
  )
})

test('describeUsageError() names a subcommand by its whole path', () => {
  const group = new Command('image')
  group.command('prune').action(() => {})
  const refusal = (...argv: readonly string[]): string => {
    try {
      parseCommand(group, argv)
    } catch (error) {
      if (error instanceof UsageError) return describeUsageError(error)
    }
    throw new Error('it was accepted')
  }
  expect(refusal('prune', '-x')).toBe(
    "unknown shorthand flag: 'x' in -x: see 'strake image prune --help'",
  )
  expect(refusal('prnue')).toBe("unknown command 'image prnue': did you mean 'strake image prune'?")
})

test('findAbsence() knows no command that strake has', async () => {
  for (const path of Object.keys({ ...absentOfDocker, ...absentOfPodman })) {
    const [name = '', verb] = path.split(' ')
    const entry = commands[name]
    const known = await entry?.load()
    const isKnown =
      verb === undefined
        ? known !== undefined
        : known?.define(createTestContext()).commands.some((child) => child.name === verb)
    expect({ path, isKnown }).toEqual({ path, isKnown: false })
  }
  expect(findAbsence('swarm')?.reason).toBe('strake manages one machine')
  expect(findAbsence('run')).toBeUndefined()
})
