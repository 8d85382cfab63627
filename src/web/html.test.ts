import { expect, test } from 'bun:test'
import { html } from './html.ts'

test('a template escapes every value, and only once', () => {
  const evil = `"><script>alert('x')</script>&amp;`
  const inner = html`<b title="${evil}">${[evil, 1, undefined]}</b>`
  const safe = '&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;amp;'
  expect(String(inner)).toBe(`<b title="${safe}">${safe}1</b>`)
  expect(String(html`<p>${inner}</p>`)).toBe(`<p>${inner}</p>`)
})

test('a value cannot pretend to be markup of the program', () => {
  const pretended = JSON.parse('{"text":"<i>","toString":1}') as readonly string[]
  expect(() => String(html`${pretended}`)).toThrow()
})

test('invisible characters and those that change the direction of text become visible', () => {
  expect(String(html`${'a\u202egnp.exe\u0000\u200b\u{1f600}\ud800\n\t'}`)).toBe(
    'a\\u{202e}gnp.exe\\u{0}\\u{200b}\u{1f600}\\u{d800}\n\t',
  )
})
