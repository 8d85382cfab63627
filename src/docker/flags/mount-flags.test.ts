import { expect, test } from 'bun:test'
import { parseMount, parseTmpfs, parseVolume } from './mount-flags.ts'

test('parseVolume() distinguishes binds, named volumes and anonymous volumes', () => {
  expect(parseVolume('/host/./a:/b/:ro,rslave')).toEqual({
    type: 'bind',
    source: '/host/a',
    destination: '/b',
    readOnly: true,
    createSource: true,
    propagation: 'rslave',
  })
  expect(parseVolume('data:/b:nocopy,z')).toEqual({
    type: 'volume',
    source: 'data',
    destination: '/b',
    noCopy: true,
  })
  expect(parseVolume('/b')).toEqual({ type: 'volume', destination: '/b' })
})

test('parseVolume() refuses ambiguous and malformed texts', () => {
  for (const text of ['a:b', '../a:/b', 'a/b:/c', '/a:/b:ro:x', ':/b', '/a:/', '/a:/b:what']) {
    expect(() => parseVolume(text)).toThrow(`Cannot mount ${text}: `)
  }
})

test('parseVolume() refuses options that exclude each other', () => {
  for (const options of ['ro,rw', 'rw,ro', 'ro,ro', 'z,Z', 'shared,slave', 'nocopy,nocopy']) {
    expect(() => parseVolume(`data:/b:${options}`)).toThrow('exclude each other')
  }
})

test('parseMount() reads every key and its short names', () => {
  expect(parseMount('type=bind,src=/a,dst=/b,ro,bind-propagation=shared')).toEqual({
    type: 'bind',
    source: '/a',
    destination: '/b',
    readOnly: true,
    propagation: 'shared',
  })
  expect(parseMount('source=data,target=/b,readonly=false')).toEqual({
    type: 'volume',
    source: 'data',
    destination: '/b',
  })
  expect(parseMount('type=tmpfs,destination=/t,tmpfs-size=1m,tmpfs-mode=700')).toEqual({
    type: 'tmpfs',
    destination: '/t',
    options: ['size=1m', 'mode=700'],
  })
})

test('parseMount() refuses unknown types, keys of another type and relative paths', () => {
  for (const text of [
    'type=image,source=a,target=/b',
    'type=tmpfs,source=/a,target=/b',
    'type=bind,source=a,target=/b',
    'type=bind,source=/a,target=b',
    'type=bind,source=/a,target=/b,bind-propagation=up',
    'type=volume,source=/a,target=/b',
  ]) {
    expect(() => parseMount(text)).toThrow(`Cannot mount ${text}: `)
  }
})

test('parseMount() accepts true, 1, false, 0 or no value for a boolean', () => {
  const mount = (field: string): unknown => parseMount(`type=volume,source=data,target=/b,${field}`)
  for (const key of ['readonly', 'ro', 'volume-nocopy']) {
    const name = key === 'volume-nocopy' ? 'noCopy' : 'readOnly'
    for (const on of ['', '=true', '=1']) expect(mount(key + on)).toHaveProperty(name, true)
    for (const off of ['=false', '=0']) expect(mount(key + off)).not.toHaveProperty(name)
    for (const bad of ['TRUE', 't', 'True', 'yes', 'on', '2', ' true', 'true ']) {
      expect(() => mount(`${key}=${bad}`)).toThrow('Cannot mount type=volume')
    }
    expect(() => mount(`${key}=`)).toThrow(`the value of ${key} is empty`)
  }
})

test('parseMount() refuses a key without a value and blanks around words', () => {
  for (const text of [
    'type=volume,source,target=/b',
    'type=volume,target=/b,',
    'type=volume,source=,target=/b',
    'type=volume, source=a,target=/b',
    'type=volume,source =a,target=/b',
    'type=volume,source=a ,target=/b',
  ]) {
    expect(() => parseMount(text)).toThrow(`Cannot mount ${text}: `)
  }
})

test('parseTmpfs() reads options after a colon', () => {
  expect(parseTmpfs('/t:size=1m,exec')).toEqual({
    type: 'tmpfs',
    destination: '/t',
    options: ['size=1m', 'exec'],
    byTmpfsFlag: true,
  })
  expect(parseTmpfs('/t')).toMatchObject({ destination: '/t', options: [] })
})
