import { expect, test } from 'bun:test'
import type { ProgressEvent } from '#stream'
import { expectCode } from '../testing/expect-code.ts'
import { credentialsFromConfig } from './source.ts'
import { auth, openTestbed } from './testing/testbed.ts'

const config = '.docker/config.json'

test('credentialsFromConfig() is anonymous without any file', async () => {
  await using bed = await openTestbed()
  expect(await credentialsFromConfig(bed.env)('quay.io')).toBeUndefined()
})

test('credentialsFromConfig() reads auths, the most specific key first', async () => {
  await using bed = await openTestbed()
  await bed.write(config, {
    auths: {
      'quay.io': auth('all', 'a:b'),
      'quay.io/org': auth('org', 'x'),
      'https://index.docker.io/v1/': auth('hub', 'y'),
      'old.example': { username: 'plain', password: 'z' },
      'token.example': { auth: 'Og==', identitytoken: 'refresh' },
      'ready.example': { registrytoken: 'bearer' },
    },
  })
  const find = credentialsFromConfig(bed.env)
  expect(await find('quay.io', 'org/app')).toEqual({ username: 'org', secret: 'x' })
  expect(await find('quay.io', 'other/app')).toEqual({ username: 'all', secret: 'a:b' })
  expect(await find('docker.io', 'library/alpine')).toEqual({ username: 'hub', secret: 'y' })
  expect(await find('old.example')).toEqual({ username: 'plain', secret: 'z' })
  expect(await find('token.example')).toMatchObject({ identityToken: 'refresh' })
  expect(await find('ready.example')).toMatchObject({ registryToken: 'bearer' })
})

test('credentialsFromConfig() never returns the credential of another host', async () => {
  await using bed = await openTestbed()
  await bed.write(config, {
    auths: { 'quay.io': auth('u', 'p'), 'localhost:5000': auth('u', 'p') },
  })
  const find = credentialsFromConfig(bed.env)
  for (const host of [
    'quay.io.evil.com',
    'evil-quay.io',
    'localhost:5001',
    'localhost',
    'docker.io',
  ]) {
    expect(await find(host)).toBeUndefined()
  }
})

test('credentialsFromConfig() reads every place in order', async () => {
  await using bed = await openTestbed()
  const places = ['.config/containers/auth.json', 'run/containers/auth.json', config, 'own.json']
  const env = { ...bed.env, XDG_RUNTIME_DIR: `${bed.root}/run` }
  const variables = [env, env, env, { ...env, REGISTRY_AUTH_FILE: `${bed.root}/own.json` }]
  for (const [index, place] of places.entries()) {
    await bed.write(place, { auths: { 'quay.io': auth(place, 'x') } })
    const found = await credentialsFromConfig(variables[index] ?? env)('quay.io')
    expect(found?.username).toBe(place)
  }
  const inline = JSON.stringify({ auths: { 'quay.io': auth('inline', 'x') } })
  const found = await credentialsFromConfig({ ...env, DOCKER_AUTH_CONFIG: inline })('quay.io')
  expect(found?.username).toBe('inline')
  await bed.write('docker/config.json', { auths: { 'quay.io': auth('moved', 'x') } })
  const moved = await credentialsFromConfig({ ...env, DOCKER_CONFIG: `${bed.root}/docker` })(
    'quay.io',
  )
  expect(moved?.username).toBe('moved')
})

test('credentialsFromConfig() calls the helper of the host before auths, and the common helper after', async () => {
  await using bed = await openTestbed()
  await bed.helper(
    'own',
    `read server; echo "{\\"Username\\":\\"own\\",\\"Secret\\":\\"$server\\"}"`,
  )
  await bed.helper(
    'all',
    `read server; echo "{\\"Username\\":\\"<token>\\",\\"Secret\\":\\"rt\\"}"`,
  )
  await bed.write(config, {
    auths: { 'a.example': auth('stored', 'x'), 'b.example': auth('stored', 'x'), 'c.example': {} },
    credHelpers: { 'a.example': 'own', 'docker.io': 'own' },
    credsStore: 'all',
  })
  const find = credentialsFromConfig(bed.env)
  expect(await find('a.example')).toEqual({ username: 'own', secret: 'a.example' })
  expect(await find('b.example')).toEqual({ username: 'stored', secret: 'x' })
  expect(await find('c.example')).toMatchObject({ username: '<token>', identityToken: 'rt' })
  expect((await find('docker.io'))?.secret).toBe('https://index.docker.io/v1/')
})

test('credentialsFromConfig() warns about a missing helper, and continues', async () => {
  await using bed = await openTestbed()
  await bed.write(config, { credsStore: 'missing' })
  await bed.write('.config/containers/auth.json', { auths: { 'a.example': auth('u', 'p') } })
  const events: ProgressEvent[] = []
  const find = credentialsFromConfig(bed.env, { emit: (event) => events.push(event) })
  expect((await find('a.example'))?.username).toBe('u')
  expect(events).toEqual([
    {
      type: 'warning',
      message:
        'Cannot use the credential helper missing: docker-credential-missing is not installed',
    },
  ])
})

test('credentialsFromConfig() refuses a damaged file without showing it', async () => {
  await using bed = await openTestbed()
  await bed.write(config, '{"auths":{"a":{"auth":"c2VjcmV0"}')
  const message = await expectCode(credentialsFromConfig(bed.env)('a'), ['INVALID'])
  expect(message).toContain('not valid JSON')
  expect(message).not.toContain('c2VjcmV0')
})
