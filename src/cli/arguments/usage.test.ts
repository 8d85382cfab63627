import { expect, test } from 'bun:test'
import { Argument, Command, type CommanderError, InvalidArgumentError, Option } from 'commander'
import { commandPath, describeUnknown, describeUsageError } from './usage.ts'

/** What a command line that cannot be read gets. */
function refusalOf(argv: readonly string[], path = 'job'): string {
  const command = new Command('job')
    .argument('<name>')
    .addArgument(new Argument('[kind]').choices(['a', 'b']))
    .option('-q, --quiet')
    .addOption(new Option('--pull <when>').choices(['always', 'never']))
    .option('-t, --time <seconds>', '', () => {
      throw new InvalidArgumentError('it is a whole number')
    })
    .exitOverride()
    .configureOutput({ outputError() {} })
    .action(() => {})
  try {
    command.parse([...argv], { from: 'user' })
  } catch (error) {
    return describeUsageError(error as CommanderError, path).text
  }
  throw new Error('it was accepted')
}

test('describeUsageError() names what is missing and where to look', () => {
  expect(refusalOf([])).toBe(
    "strake: Cannot run 'strake job': <name> is missing\n  try: strake job --help\n",
  )
  expect(refusalOf(['x', '--pull'])).toStartWith('strake: Cannot use --pull: its value is missing')
})

test('describeUsageError() names what is too much', () => {
  expect(refusalOf(['x', 'a', 'y'])).toStartWith(
    "strake: Cannot run 'strake job': it takes at most 2, and here are 3 (x, a, y)\n",
  )
})

test('describeUsageError() suggests an option that is close', () => {
  expect(refusalOf(['x', '--quite'])).toBe(
    "strake: unknown option '--quite': did you mean '--quiet'?\n",
  )
  expect(refusalOf(['x', '--foo'])).toBe(
    "strake: unknown option '--foo': see 'strake job --help'\n",
  )
})

test('describeUsageError() says what a value may be', () => {
  expect(refusalOf(['x', '--pull', 'foo'])).toBe(
    'strake: Cannot use --pull foo: it is one of always, never\n',
  )
  expect(refusalOf(['x', '-t', 'y'])).toBe('strake: Cannot use --time y: it is a whole number\n')
  expect(refusalOf(['x', 'c'])).toBe("strake: Cannot run 'strake job c': it is one of a, b\n")
})

test('describeUsageError() repeats no control character', () => {
  expect(refusalOf(['x', '--pull', '\u001b[2J'])).toContain('\\u001b[2J')
})

test('describeUnknown() says what does the work of a command that only Docker has', () => {
  const cp = describeUnknown('cp', { close: undefined, path: 'container' })
  expect(cp).toBe(
    "unknown command 'container cp': strake does not have it yet\n  try: strake exec NAME tar c PATH | tar x",
  )
  expect(describeUnknown('imagse', { close: 'images', path: '' })).toBe(
    "unknown command 'imagse': did you mean 'strake images'?",
  )
  expect(describeUnknown('-x', { close: undefined, path: '' })).toBe(
    "unknown option '-x': see 'strake --help'",
  )
})

test('commandPath() has the two words of a group', () => {
  expect(commandPath(['image', 'prune', '-f'])).toBe('image prune')
  expect(commandPath(['tag', 'log', 'x'])).toBe('tag log')
  expect(commandPath(['tag', 'a', 'b'])).toBe('tag')
  expect(commandPath(['ps', '-a'])).toBe('ps')
})
