import { expect, test } from 'bun:test'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { connectRegistry } from './client/connect.ts'
import { redact } from './errors.ts'
import { instantRetries, peer } from './testing/fixtures.ts'

const canaries = ['CANARY-password', 'CANARY-token-value', 'CANARY-signature', 'CANARY-userinfo']

test('no error and no diagnostic shows a password, a token or a signature', async () => {
  const seen: unknown[] = []
  const listen = (message: unknown): void => {
    seen.push(message)
  }
  subscribe('registry:request', listen)
  const evil = 'https://CANARY-userinfo:x@registry.example.com/x?X-Amz-Signature=CANARY-signature'
  const messages: string[] = []
  for (const answer of ['location', 'body', 'server']) {
    const { fetch } = peer((request) => {
      const { pathname } = new URL(request.url)
      if (pathname === '/token') return Response.json({ token: 'CANARY-token-value' })
      if (!request.headers.has('Authorization')) {
        const challenge =
          'Bearer realm="https://registry.example.com/token?token=CANARY-token-value"'
        return new Response(null, { status: 401, headers: { 'WWW-Authenticate': challenge } })
      }
      if (answer === 'location') {
        return new Response(null, { status: 307, headers: { Location: evil } })
      }
      const message = `${request.headers.get('Authorization')} at ${evil}`
      const status = answer === 'body' ? 400 : 503
      return Response.json({ errors: [{ code: 'X', message }] }, { status })
    })
    const credentials = async () => ({ username: 'u', secret: 'CANARY-password' })
    const registry = connectRegistry('registry.example.com', {
      fetch,
      credentials,
      retry: instantRetries(2),
    })
    for (const work of [
      registry.repository('app').resolve('1'),
      registry.repository('app').mount(`sha256:${'0'.repeat(64)}`),
    ]) {
      const error = await work.catch((thrown) => thrown)
      expect(error).toBeInstanceOf(Error)
      messages.push(error.message, error.remedy ?? '', JSON.stringify(error))
    }
  }
  unsubscribe('registry:request', listen)
  const shown = messages.join('\n') + JSON.stringify(seen)
  expect(seen.length).toBeGreaterThan(0)
  for (const canary of canaries) expect(shown).not.toContain(canary)
})

test('redact() keeps text that is not secret', () => {
  expect(redact('https://quay.io/v2/a?digest=sha256:00&n=1')).toBe(
    'https://quay.io/v2/a?digest=sha256:00&n=1',
  )
  expect(redact('https://a:b@quay.io/?access_token=x&n=1')).toBe(
    'https://***@quay.io/?access_token=***&n=1',
  )
})
