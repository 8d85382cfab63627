import { expect, test } from 'bun:test'
import { confirmed, printPruned } from './prune.ts'
import { createTestContext } from './testing/fixture.ts'

test("printPruned() uses Docker's words", () => {
  const context = createTestContext()
  printPruned(context, {
    containers: ['c1'],
    untagged: ['app:1'],
    images: ['sha256:aa'],
    networks: ['n'],
    volumes: ['v'],
    cache: [],
    reclaimed: 1_500_000,
    holders: [{ purpose: 'save app', pid: 7, acquiredAt: Date.now() - 300_000 }],
  })
  expect(context.err.text).toBe('kept for process 7, running for 5 minutes: strake save app\n')
  expect(context.out.text).toBe(
    [
      'Deleted Containers:\nc1\n\n',
      'Deleted Networks:\nn\n\n',
      'Deleted Images:\nuntagged: app:1\ndeleted: sha256:aa\n\n',
      'Deleted Volumes:\nv\n\n',
      'Total reclaimed space: 1.5MB\n',
    ].join(''),
  )
})

test('confirmed() does not ask with --force', async () => {
  const context = createTestContext()
  expect(await confirmed(context, 'Continue?', true)).toBe(true)
  expect(context.err.text).toBe('')
})
