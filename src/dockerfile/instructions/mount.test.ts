import { describe, expect, test } from 'bun:test'
import { expandMount, parseMount } from './mount.ts'

describe('parseMount()', () => {
  test('parseMount() reads CSV, with quotes around a field with a comma', () => {
    expect(parseMount('"source=a,b",target=/c').options).toEqual({ source: 'a,b', target: '/c' })
    expect(parseMount('target=/c,"source=a""b"').options).toEqual({ target: '/c', source: 'a"b' })
    expect(() => parseMount('"source=a,target=/c')).toThrow('unbalanced quote')
    expect(() => parseMount('target=/c,')).toThrow("unexpected key '' in ''")
  })

  test('parseMount() uses the last of repeated fields, and accepts the type at any place', () => {
    expect(parseMount('required,id=a,target=/b,target=/c,type=secret')).toEqual({
      type: 'secret',
      options: { required: 'true', id: 'a', target: '/c' },
    })
  })
})

describe('expandMount()', () => {
  test('expandMount() substitutes everywhere but in from, and checks the result', () => {
    const mount = parseMount('type=cache,target=$dir,from=base,mode=$mode')
    const values: Readonly<Record<string, string>> = { $dir: '/cache', $mode: '0700' }
    expect(expandMount(mount, (value) => values[value] ?? value).options).toEqual({
      target: '/cache',
      from: 'base',
      mode: '0700',
    })
    expect(() => expandMount(mount, () => '/')).toThrow('invalid value for mode: /')
    expect(() => expandMount(parseMount('target=$dir'), () => '/')).toThrow(
      "invalid mount target '/'",
    )
  })
})
