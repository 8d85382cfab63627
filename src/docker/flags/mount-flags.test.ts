import { expect, test } from 'bun:test'
import { parseMount, parseTmpfs, parseVolume, parseVolumesFrom } from './mount-flags.ts'

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
    relabel: 'z',
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
    byMountFlag: true,
  })
  expect(parseMount('source=data,target=/b,readonly=false,consistency=cached')).toEqual({
    type: 'volume',
    source: 'data',
    destination: '/b',
    byMountFlag: true,
  })
  expect(
    parseMount(
      'src=data,dst=/b,volume-subpath=./a/b,volume-driver=local,volume-label=x=1,volume-label=y,volume-opt=type=tmpfs',
    ),
  ).toEqual({
    type: 'volume',
    source: 'data',
    destination: '/b',
    subpath: 'a/b',
    labels: { x: '1', y: '' },
    driverOptions: { type: 'tmpfs' },
    byMountFlag: true,
  })
  expect(parseMount('type=tmpfs,destination=/t,tmpfs-size=1.5m,tmpfs-mode=700')).toEqual({
    type: 'tmpfs',
    destination: '/t',
    options: ['size=1572864', 'mode=700'],
    byMountFlag: true,
  })
  expect(parseMount('type=image,source=alpine:3,target=/i,image-subpath=etc')).toEqual({
    type: 'image',
    source: 'alpine:3',
    destination: '/i',
    subpath: 'etc',
    byMountFlag: true,
  })
})

test('parseMount() reads recursion of binds and commas in quotes', () => {
  const bind = 'type=bind,source=/a,target=/b'
  expect(parseMount(`${bind},bind-recursive=disabled`)).toMatchObject({ recursion: 'disabled' })
  expect(parseMount(`${bind},ro,bind-recursive=writable`)).toMatchObject({ recursion: 'writable' })
  expect(parseMount(`${bind},bind-recursive=enabled`).recursion).toBeUndefined()
  const forced = `${bind},ro,bind-recursive=readonly`
  expect(parseMount(`${forced},bind-propagation=rprivate`)).toMatchObject({ recursion: 'readonly' })
  for (const text of [
    forced,
    `${bind},bind-recursive=writable`,
    `${bind},bind-recursive=readonly`,
    `${bind},bind-recursive=yes`,
  ]) {
    expect(() => parseMount(text)).toThrow('bind-recursive')
  }
  expect(parseMount('type=bind,"source=/a,b""c",target=/b')).toMatchObject({ source: '/a,b"c' })
  for (const text of ['type=bind,"source=/a', 'type=bind,source="/a",target=/b', '"a"b']) {
    expect(() => parseMount(text)).toThrow('a quote is in the wrong place')
  }
})

test('parseMount() refuses unknown types, keys of another type and relative paths', () => {
  for (const text of [
    'type=npipe,source=a,target=/b',
    'type=image,target=/b',
    'type=image,source=a,target=/b,volume-subpath=c',
    'type=tmpfs,source=/a,target=/b',
    'type=tmpfs,target=/b,tmpfs-size=big',
    'type=tmpfs,target=/b,tmpfs-mode=888',
    'type=bind,source=a,target=/b',
    'type=bind,source=/a,target=b',
    'type=bind,source=/a,target=/b,bind-propagation=up',
    'type=volume,source=/a,target=/b',
    'type=volume,source=a,target=/b,volume-subpath=../c',
    'type=volume,source=a,target=/b,volume-subpath=/c',
    'type=volume,source=a,target=/b,volume-driver=nfs',
  ]) {
    expect(() => parseMount(text)).toThrow(`Cannot mount ${text}: `)
  }
})

test('parseVolumesFrom() reads a container and its access', () => {
  expect(parseVolumesFrom('db')).toEqual({ container: 'db', readOnly: false, text: 'db' })
  expect(parseVolumesFrom('db:ro,z')).toEqual({ container: 'db', readOnly: true, text: 'db:ro,z' })
  expect(parseVolumesFrom('db:rw').readOnly).toBe(false)
  for (const text of ['', ':ro', 'db:', 'db:what', 'db:shared', 'db:ro,rw']) {
    expect(() => parseVolumesFrom(text)).toThrow()
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
