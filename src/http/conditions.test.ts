import { describe, expect, test } from 'bun:test'
import { requestedRange, weighConditions } from './conditions.ts'

const etag = '"sha256:1"'

function request(headers: Readonly<Record<string, string>>, method = 'GET'): Request {
  return new Request('http://localhost/', { method, headers })
}

describe('weighConditions()', () => {
  test('finds the tag anywhere in a list, weak or strong, and accepts a star', () => {
    for (const header of [etag, `W/${etag}`, `"a", ${etag}`, `"a,b" , W/${etag},"c"`, '*']) {
      expect(weighConditions(request({ 'If-None-Match': header }), etag)).toBe('not-modified')
      expect(weighConditions(request({ 'If-None-Match': header }, 'PUT'), etag)).toBe('failed')
    }
    for (const header of ['"b"', 'sha256:1', '"sha256:1', '']) {
      expect(weighConditions(request({ 'If-None-Match': header }), etag)).toBe('proceed')
    }
  })

  test('requires exactly the tag for If-Match', () => {
    expect(weighConditions(request({ 'If-Match': `"a", ${etag}` }), etag)).toBe('proceed')
    expect(weighConditions(request({ 'If-Match': '*' }), etag)).toBe('proceed')
    for (const header of ['"a"', `W/${etag}`, '']) {
      expect(weighConditions(request({ 'If-Match': header }), etag)).toBe('failed')
    }
  })

  test('treats absent content as content without a tag', () => {
    expect(weighConditions(request({ 'If-Match': '*' }, 'PUT'), undefined)).toBe('failed')
    expect(weighConditions(request({ 'If-None-Match': '*' }, 'PUT'), undefined)).toBe('proceed')
    expect(weighConditions(request({}, 'PUT'), undefined)).toBe('proceed')
  })
})

describe('requestedRange()', () => {
  const rangeOf = (Range: string, headers = {}, method = 'GET') =>
    requestedRange(request({ Range, ...headers }, method), 10, etag)

  test('reads one range of bytes', () => {
    expect(rangeOf('bytes=2-4')).toEqual({ start: 2, end: 5 })
    expect(rangeOf('Bytes=7-')).toEqual({ start: 7, end: 10 })
    expect(rangeOf('bytes=-2')).toEqual({ start: 8, end: 10 })
    expect(rangeOf('bytes=-99')).toEqual({ start: 0, end: 10 })
    expect(rangeOf('bytes=0-99')).toEqual({ start: 0, end: 10 })
    expect(rangeOf('bytes=10-')).toBe('unsatisfiable')
    expect(rangeOf('bytes=-0')).toBe('unsatisfiable')
  })

  test('returns undefined for several or malformed ranges, and for HEAD', () => {
    for (const range of ['bytes=0-1,3-4', 'lines=1-2', 'bytes=4-2', 'bytes=-', 'bytes=a-b']) {
      expect(rangeOf(range)).toBeUndefined()
    }
    expect(rangeOf('bytes=2-4', {}, 'HEAD')).toBeUndefined()
  })

  test('obeys If-Range', () => {
    expect(rangeOf('bytes=2-4', { 'If-Range': etag })).toEqual({ start: 2, end: 5 })
    for (const condition of ['"other"', `W/${etag}`, 'Wed, 21 Oct 2015 07:28:00 GMT']) {
      expect(rangeOf('bytes=2-4', { 'If-Range': condition })).toBeUndefined()
    }
  })
})
