import { expect, test } from 'bun:test'
import { browserName } from './browser-name.ts'

test('browserName() names the browser and its system, and repeats no other text', () => {
  const chrome =
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36'
  expect(browserName(chrome)).toBe('Chrome 131 on Linux')
  expect(browserName(`${chrome} Edg/131.0.2903.51`)).toBe('Edge 131 on Linux')
  expect(browserName('Mozilla/5.0 (Windows NT 10.0; rv:132.0) Gecko/20100101 Firefox/132.0')).toBe(
    'Firefox 132 on Windows',
  )
  expect(
    browserName(
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1',
    ),
  ).toBe('Safari 18 on iOS')
  expect(browserName('<script>')).toBe('Browser')
  expect(browserName(null)).toBe('Browser')
})
