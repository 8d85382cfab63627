import { expect, test } from 'bun:test'
import { parseGlobalOptions } from './global-options.ts'

test('parseGlobalOptions() reads the options before the command', () => {
  expect(
    parseGlobalOptions(['--root', '/a', '-D', '--snapshotter=erofs', 'ps', '--root', 'x']),
  ).toEqual({ root: '/a', snapshotter: 'erofs', debug: true, argv: ['ps', '--root', 'x'] })
  expect(parseGlobalOptions(['ps'])).toEqual({ debug: false, argv: ['ps'] })
  expect(parseGlobalOptions([])).toEqual({ debug: false, argv: [] })
})

test('parseGlobalOptions() names an option without a value', () => {
  for (const argv of [['--root'], ['--root='], ['--root', ''], ['-D', '--root']]) {
    expect(parseGlobalOptions(argv)).toMatchObject({ incomplete: '--root', argv: [] })
  }
})
