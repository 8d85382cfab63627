import { expect, test } from 'bun:test'
import { madeDirectoryMode, parseModeChange } from './mode.ts'

const cases: readonly (readonly [string, number, boolean, number])[] = [
  ['644', 0o755, false, 0o644],
  ['0755', 0o600, false, 0o755],
  ['4755', 0o644, false, 0o4755],
  ['7777', 0, false, 0o7777],
  ['u=rwX,go=rX', 0o600, false, 0o644],
  ['u=rwX,go=rX', 0o700, false, 0o755],
  ['u=rwX,go=rX', 0o600, true, 0o755],
  ['+x', 0o644, false, 0o755],
  ['a-w', 0o666, false, 0o444],
  ['g+w,o-r', 0o644, false, 0o660],
  ['u+s', 0o755, false, 0o4755],
  ['g+s', 0o755, true, 0o2755],
  ['+t', 0o777, true, 0o1777],
  ['go=u', 0o740, false, 0o777],
  ['u=rw-x+t', 0o755, false, 0o1655],
  ['u=rw', 0o4755, false, 0o655],
  ['g=r', 0o6755, false, 0o4745],
  ['o=r', 0o7755, false, 0o7754],
  ['a=rx', 0o7777, false, 0o555],
  ['ug=rx', 0o7777, false, 0o1557],
]

test.each(cases)(
  'parseModeChange(%p) turns %o into the mode chmod gives',
  (text, mode, isDirectory, expected) => {
    expect(parseModeChange(text)(mode, isDirectory)).toBe(expected)
  },
)

test.each(['', '8', '10000', 'rwx', 'u=q', 'u', '+x,,', '0o755'])(
  'parseModeChange(%p) is refused',
  (text) => {
    expect(() => parseModeChange(text)).toThrow('neither an octal mode')
  },
)

test('madeDirectoryMode() takes the permission bits of an octal mode', () => {
  expect(madeDirectoryMode('7755')).toBe(0o755)
  expect(madeDirectoryMode('644')).toBe(0o644)
  expect(madeDirectoryMode('u+x')).toBeUndefined()
})
