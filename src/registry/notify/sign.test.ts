import { expect, test } from 'bun:test'
import { parseSecrets, signatures } from './sign.ts'

test('signatures() are those of Standard Webhooks, one for each secret', () => {
  // The example of the specification's libraries.
  const signed = {
    id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    timestamp: 1614265330,
    body: '{"test": 2432232314}',
  }
  const secrets = parseSecrets(
    'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n\n a secret of other form \n',
  )
  const [first, second] = signatures(secrets, signed).split(' ')
  expect(first).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=')
  expect(second).toMatch(/^v1,[A-Za-z0-9+/]{43}=$/)
})

test('parseSecrets() refuses what can be guessed', () => {
  expect(() => parseSecrets('\n')).toThrow('the file has no secret')
  expect(() => parseSecrets('secret')).toThrow('less than 16 bytes')
  expect(() => parseSecrets('whsec_c2hvcnQ=')).toThrow('less than 16 bytes')
})
