import { describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bidi, GrpcError, tunnel, unary } from '#grpc'
import { messageOf } from '#grpc/testing/message-of'
import { fromBuffer } from '#stream'
import { hasAgent, openAgentSocket } from './agent.ts'
import { readCredentials } from './credentials.ts'
import { Credentials } from './messages/auth.ts'
import { SendFile } from './messages/files.ts'
import { Check } from './messages/health.ts'
import { GetSecret } from './messages/secrets.ts'
import { CheckAgent, ForwardAgent } from './messages/ssh.ts'
import { Pull } from './messages/upload.ts'
import { readSecret } from './secrets.ts'
import { sendArchive } from './send-archive.ts'
import { openClient } from './testing/open-client.ts'
import { pullUpload } from './upload.ts'

const nothing = unary(Check, async () => ({}))

describe('readCredentials()', () => {
  const known: Readonly<Record<string, { username: string; secret: string }>> = {
    'registry-1.docker.io': { username: 'me', secret: 'word' },
    'token.example': { username: '', secret: 'identity' },
  }
  const method = unary(Credentials, async ({ host }) => known[host] ?? {})

  test('returns a password, an identity token, or nothing', async () => {
    await using client = await openClient([method])
    const read = (host: string) => readCredentials(client.session, host)
    expect(await read('docker.io')).toMatchObject({ username: 'me', password: 'word' })
    expect(await read('token.example')).toMatchObject({ username: '', identityToken: 'identity' })
    expect(await read('other.example')).toBeUndefined()
  })

  test('returns nothing for a client that serves none', async () => {
    await using client = await openClient([nothing])
    expect(await readCredentials(client.session, 'docker.io')).toBeUndefined()
  })
})

test('readSecret() returns the secret, and nothing for an unknown one', async () => {
  const method = unary(GetSecret, async ({ id }) => {
    if (id === 'known') return { data: new Uint8Array([0, 255]) }
    throw new GrpcError(id === 'broken' ? 'UNKNOWN' : 'NOT_FOUND', `no secret ${id}`)
  })
  await using client = await openClient([method])
  expect(await readSecret(client.session, 'known')).toEqual(Buffer.from([0, 255]))
  expect(await readSecret(client.session, 'other')).toBeUndefined()
  expect(await messageOf(readSecret(client.session, 'broken'))).toContain('no secret broken')
  await using other = await openClient([nothing])
  expect(await readSecret(other.session, 'known')).toBeUndefined()
})

describe('an agent of the client', () => {
  const check = unary(CheckAgent, async ({ id }) => {
    if (id === 'default') return {}
    throw new GrpcError('UNKNOWN', `unset ssh forward key ${id}`)
  })
  const ids: string[] = []
  /** Answers what it receives in upper case, until the other side ends. */
  const forward = bidi(ForwardAgent, async (stream, { metadata }) => {
    ids.push(metadata.first('buildkit.ssh.id') ?? '')
    const connection = tunnel(stream)
    for await (const chunk of connection) {
      await new Promise((resolve) => connection.write(String(chunk).toUpperCase(), resolve))
    }
  })

  test('hasAgent() asks for it', async () => {
    await using client = await openClient([check, forward])
    expect(await hasAgent(client.session, 'default')).toBe(true)
    expect(await hasAgent(client.session, 'other')).toBe(false)
  })

  test('openAgentSocket() connects every connection to it', async () => {
    await using client = await openClient([check, forward])
    const directory = mkdtempSync(join(tmpdir(), 'agent-'))
    {
      await using agent = await openAgentSocket(client.session, 'default', directory)
      const answers = await Promise.all(
        ['one', 'two'].map(async (word) => {
          const socket = connect({ path: agent.path, allowHalfOpen: true })
          socket.write(word)
          const answer = await new Promise((resolve) => socket.once('data', resolve))
          socket.end()
          await new Promise((resolve) => socket.once('close', resolve))
          return String(answer)
        }),
      )
      expect(answers).toEqual(['ONE', 'TWO'])
      expect(ids).toEqual(['default', 'default'])
    }
    rmSync(directory, { recursive: true })
  })
})

test('pullUpload() returns the bytes that the client offers', async () => {
  const paths: string[] = []
  const method = bidi(Pull, async (stream, { metadata }) => {
    paths.push(`${metadata.first('urlhost')} ${metadata.first('urlpath')}`)
    for (const text of ['a', '', 'bc']) await stream.send({ data: new TextEncoder().encode(text) })
  })
  await using client = await openClient([method])
  const chunks = await Array.fromAsync(pullUpload(client.session, 'abc'), (chunk) =>
    Buffer.from(chunk).toString(),
  )
  expect(chunks.join('')).toBe('abc')
  expect(paths).toEqual(['buildkit-session /abc'])
})

describe('sendArchive()', () => {
  test('sends the bytes and the facts, and waits for the client', async () => {
    let size = 0
    let isWritten = false
    const facts: (string | undefined)[] = []
    const method = bidi(SendFile, async (stream, { metadata }) => {
      facts.push(metadata.first('buildkit-attachable-exporter-id'))
      facts.push(metadata.first('exporter-md-image.name'))
      for await (const { data } of stream) size += data.length
      await Bun.sleep(20)
      isWritten = true
    })
    await using client = await openClient([method])
    const bytes = fromBuffer(new Uint8Array(3_000_000))
    await sendArchive(client.session, bytes, { output: 1, facts: { 'image.name': 'app' } })
    expect({ size, isWritten, facts }).toEqual({
      size: 3_000_000,
      isWritten: true,
      facts: ['1', 'app'],
    })
  })

  test('throws the refusal of the client, also in the middle', async () => {
    const method = bidi(SendFile, async () => {
      throw new GrpcError('ALREADY_EXISTS', 'target already exists')
    })
    await using client = await openClient([method])
    const bytes = (async function* () {
      for (let index = 0; index < 100; index++) {
        yield new Uint8Array(1024 * 1024)
        await Bun.sleep(1)
      }
    })()
    expect(await messageOf(sendArchive(client.session, bytes, { output: 0 }))).toContain(
      'target already exists',
    )
  })

  test('cancels the call when the bytes break off', async () => {
    const { promise, resolve } = Promise.withResolvers<string>()
    const method = bidi(SendFile, async (stream) => {
      resolve(await messageOf(Array.fromAsync(stream)))
    })
    await using client = await openClient([method])
    const bytes = (async function* () {
      yield new Uint8Array(2 * 1024 * 1024)
      await Bun.sleep(20)
      throw new Error('the disk broke')
    })()
    expect(await messageOf(sendArchive(client.session, bytes, { output: 0 }))).toContain(
      'disk broke',
    )
    expect(await promise).toBe('the client has cancelled the call')
  })
})
