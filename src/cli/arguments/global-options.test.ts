import { expect, test } from 'bun:test'
import { ignoredServer, parseGlobalOptions } from './global-options.ts'

test('parseGlobalOptions() reads the options before the command', () => {
  expect(
    parseGlobalOptions(['--root', '/a', '-D', '--snapshotter=erofs', 'ps', '--root', 'x']),
  ).toEqual({ root: '/a', snapshotter: 'erofs', debug: true, argv: ['ps', '--root', 'x'] })
  expect(parseGlobalOptions(['ps'])).toEqual({ debug: false, argv: ['ps'] })
  expect(parseGlobalOptions([])).toEqual({ debug: false, argv: [] })
  expect(parseGlobalOptions(['--config', '/c', 'login'])).toMatchObject({ config: '/c' })
})

test('parseGlobalOptions() names an option without a value', () => {
  for (const argv of [['--root'], ['--root='], ['--root', ''], ['-D', '--root']]) {
    expect(parseGlobalOptions(argv)).toMatchObject({
      refusal: { message: 'Cannot use --root: its value is missing' },
      argv: [],
    })
  }
})

test('parseGlobalOptions() accepts the options of Docker that mean this machine', () => {
  const argv = ['--context', 'default', '-c=default', '--log-level', 'warn', '-l', 'error', 'ps']
  expect(parseGlobalOptions(argv)).toEqual({ debug: false, argv: ['ps'] })
  expect(parseGlobalOptions(['-l', 'debug', 'ps']).debug).toBe(true)
  expect(parseGlobalOptions(['-H', 'unix:///x.sock', 'ps'])).toEqual({
    debug: false,
    warning: '--host unix:///x.sock has no effect: strake works without a daemon',
    argv: ['ps'],
  })
})

test('parseGlobalOptions() refuses the options of Docker that mean another machine', () => {
  for (const [argv, option] of [
    [['--context', 'far', 'ps'], '--context far'],
    [['-H', 'tcp://far:2375', 'ps'], '--host tcp://far:2375'],
    [['--host=ssh://far', 'ps'], '--host ssh://far'],
  ] as const) {
    expect(parseGlobalOptions(argv).refusal?.message).toBe(
      `Cannot use ${option}: strake works without a daemon`,
    )
  }
  expect(parseGlobalOptions(['--log-level', 'loud', 'ps']).refusal?.message).toContain(
    'Cannot use --log-level loud: expected debug',
  )
})

test('ignoredServer() names the variable that chooses another server for Docker', () => {
  const said = (env: Record<string, string>) => ignoredServer(env, '/run/strake')
  expect(said({ DOCKER_HOST: 'ssh://far' })).toBe(
    'DOCKER_HOST=ssh://far has no effect: strake works without a daemon',
  )
  expect(said({ DOCKER_CONTEXT: 'far' })).toStartWith('DOCKER_CONTEXT=far has no effect')
  for (const env of [
    {},
    { DOCKER_HOST: '', DOCKER_CONTEXT: 'default' },
    { DOCKER_HOST: 'unix:///run/strake/docker.sock' },
  ]) {
    expect(said(env)).toBeUndefined()
  }
})
