import { expect, test } from 'bun:test'
import { Command } from 'commander'
import { normalizeFlags } from './flags.ts'

const command = (name = 'run'): Command =>
  new Command(name)
    .option('--rm')
    .option('-i, --interactive')
    .option('-t, --tty')
    .option('-e, --env <pair>')
    .option('-p, --publish <port>')
    .option('--no-sig-proxy')
    .option('--no-cache')
    .option('-H, --human', '', true)
    .option('--no-human')

test('normalizeFlags() reads switches with a value, as Docker has them', () => {
  const argv = ['--rm=false', '--tty=true', '-i=1', '--human=false', '--sig-proxy=false', 'image']
  expect(normalizeFlags(command(), argv)).toEqual([
    ...['--tty', '-i', '--no-human', '--no-sig-proxy', 'image'],
  ])
  expect(normalizeFlags(command(), ['--sig-proxy=true', '--no-cache=false'])).toEqual([])
  expect(normalizeFlags(command(), ['--no-cache=true'])).toEqual(['--no-cache'])
})

test('normalizeFlags() takes -p=80:80 apart, and leaves -p80:80 and --env=A=1', () => {
  const argv = ['-p=80:80', '-p80:80', '--env=A=1', '-e=A=1']
  expect(normalizeFlags(command(), argv)).toEqual([
    ...['-p', '80:80', '-p80:80', '--env=A=1', '-e', 'A=1'],
  ])
})

test('normalizeFlags() does not look into the value of an option', () => {
  for (const argv of [
    ['-e', '--rm=false', 'image'],
    ['-ite', '--rm=false', 'image'],
    ['--env', '--rm=false', 'image'],
  ]) {
    expect(normalizeFlags(command(), argv)).toEqual(argv)
  }
})

test('normalizeFlags() leaves the command of a container alone', () => {
  const argv = ['--rm', 'image', 'sh', '--rm=false']
  expect(normalizeFlags(command(), argv)).toEqual(argv)
  expect(normalizeFlags(command('other'), ['word', '--rm=false'])).toEqual(['word'])
  expect(normalizeFlags(command('other'), ['--', '--rm=false'])).toEqual(['--', '--rm=false'])
})

test('normalizeFlags() uses the options of a subcommand after its name', () => {
  const group = new Command('image')
  group.command('prune').option('-f, --force')
  expect(normalizeFlags(group, ['prune', '--force=true'])).toEqual(['prune', '--force'])
})

test('normalizeFlags() refuses a switch that is neither', () => {
  expect(() => normalizeFlags(command(), ['--rm=maybe'])).toThrow(
    'Cannot use --rm=maybe: it is true or false',
  )
})
