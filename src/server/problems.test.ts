import { expect, test } from 'bun:test'
import { channel } from 'node:diagnostics_channel'
import { reportProblems } from './problems.ts'

test('reportProblems() says each sentence once a minute, without queries of URLs', () => {
  const said: string[] = []
  let time = 0
  const reporting = reportProblems(
    (sentence) => said.push(sentence),
    () => time,
  )
  const error = new Error('no answer', { cause: new Error('refused') })
  const publish = () =>
    channel('registry:error').publish({ url: 'http://localhost/v2/app/tags/list?token=x', error })
  publish()
  publish()
  expect(said).toEqual(['Cannot answer /v2/app/tags/list: no answer: refused'])
  channel('registry:bad-user-line').publish({
    path: 'users',
    line: 3,
    reason: 'expected NAME:HASH',
  })
  expect(said[1]).toBe('Ignored line 3 of users: expected NAME:HASH')
  channel('registry:webhook-failure').publish({ hook: 'ci', error })
  expect(said.pop()).toBe('Webhook ci: no answer: refused')
  time += 60_000
  publish()
  expect(said).toHaveLength(3)
  reporting[Symbol.dispose]()
  time += 60_000
  publish()
  expect(said).toHaveLength(3)
})
