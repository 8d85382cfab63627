import { expect, test } from 'bun:test'
import { readQuery } from '../query.ts'
import { bodyContext, solveRequest } from './solve-request.ts'

const read = (parameters: Record<string, string>) =>
  solveRequest(readQuery(new URLSearchParams(parameters)))

test('solveRequest() translates what Docker clients send', () => {
  const request = read({
    remote: 'client-session',
    session: 'abc',
    dockerfile: 'sub/Dockerfile',
    target: 'app',
    buildargs: '{"A":"b","ABSENT":null}',
    labels: '{"x":"y"}',
    cachefrom: '["host.example/a","host.example/b"]',
    networkmode: 'host',
    extrahosts: 'name:10.0.0.1',
    shmsize: '65536',
    ulimits: '[{"Name":"nofile","Soft":10,"Hard":20}]',
    nocache: '1',
    pull: '1',
    platform: 'linux/arm64',
    t: 'one:1',
  })
  expect(request).toMatchObject({
    Session: 'abc',
    Frontend: 'dockerfile.v0',
    Entitlements: ['network.host'],
    Exporters: [{ Type: 'moby', Attrs: { name: 'one:1' } }],
  })
  expect({ ...request.FrontendAttrs }).toEqual({
    filename: 'sub/Dockerfile',
    target: 'app',
    'build-arg:A': 'b',
    'label:x': 'y',
    'cache-from': 'host.example/a,host.example/b',
    'force-network-mode': 'host',
    'add-hosts': 'name=10.0.0.1',
    'shm-size': '65536',
    ulimit: 'nofile=10:20',
    'no-cache': '',
    'image-resolve-mode': 'pull',
    platform: 'linux/arm64',
  })
})

test('solveRequest() takes the context from the body, from a URL, or from the session', () => {
  const context = (parameters: Record<string, string>) => read(parameters).FrontendAttrs['context']
  expect(context({})).toBe(bodyContext)
  expect(context({ remote: 'upload-request' })).toBe(bodyContext)
  expect(context({ remote: 'https://host.example/r.git' })).toBe('https://host.example/r.git')
  expect(context({ remote: 'client-session' })).toBeUndefined()
})

test('solveRequest() reads outputs, and empty lists of clients', () => {
  const outputs = '[{"Type":"local","Attrs":{"dest":"out"}}]'
  expect(read({ outputs }).Exporters).toEqual([{ Type: 'local', Attrs: { dest: 'out' } }])
  expect(read({ outputs: '[{"Type":"cacheonly"}]' }).Exporters).toEqual([])
  expect(read({ outputs: 'null', ulimits: 'null', cachefrom: '[]' }).Exporters).toHaveLength(1)
  const buildargs = '{"BUILDKIT_INLINE_CACHE":"1"}'
  expect(read({ buildargs }).Cache?.Exports).toEqual([{ Type: 'inline', Attrs: {} }])
})

test.each([
  ['ulimits', '{}'],
  ['ulimits', '[1]'],
  ['outputs', '[{"Type":1}]'],
  ['cachefrom', '['],
  ['buildargs', '[]'],
  ['shmsize', 'much'],
])('solveRequest() refuses %s=%s', (name, value) => {
  expect(() => read({ [name]: value })).toThrow()
})
