import { expect, test } from 'bun:test'
import { expectCode } from '../testing/expect-code.ts'
import { eraseFromHelper, getFromHelper, storeInHelper } from './helper.ts'
import { openTestbed } from './testing/testbed.ts'

test('getFromHelper() returns undefined when the helper has no credential', async () => {
  await using bed = await openTestbed()
  await bed.helper('none', 'echo "credentials not found in native keychain"; exit 1')
  expect(await getFromHelper('none', 'quay.io', bed)).toBeUndefined()
  expect(await eraseFromHelper('none', 'quay.io', bed)).toBe(false)
})

test('a helper name that is more than one word is never run', async () => {
  await using bed = await openTestbed()
  for (const name of ['../../bin/sh', 'a/b', '-x', 'a b', 'a;touch x', '', 'a\0', '..']) {
    await expectCode(getFromHelper(name, 'quay.io', bed), ['INVALID'])
  }
})

test('what a helper prints is not shown', async () => {
  await using bed = await openTestbed()
  await bed.helper('loud', 'echo "the password is hunter2"; echo "hunter2" >&2; exit 3')
  await bed.helper('odd', 'echo hunter2')
  for (const name of ['loud', 'odd']) {
    const message = await expectCode(getFromHelper(name, 'quay.io', bed), ['UNAVAILABLE'])
    expect(message).not.toContain('hunter2')
  }
})

test('a helper that does not end is killed', async () => {
  await using bed = await openTestbed()
  await bed.helper('slow', 'exec sleep 60')
  const work = getFromHelper('slow', 'quay.io', { ...bed, timeout: 200 })
  expect(await expectCode(work, ['UNAVAILABLE'])).toContain('did not answer in time')
})

test('get() does not wait for a process that a helper leaves behind', async () => {
  await using bed = await openTestbed()
  const answer = `echo '{"Username":"ann","Secret":"s3cret"}'`
  await bed.helper('agent', `sleep 20 & echo $! >> ${bed.root}/left; ${answer}`)
  await bed.helper('stuck', `sleep 20 & echo $! >> ${bed.root}/left; wait`)
  expect(await getFromHelper('agent', 'quay.io', bed)).toMatchObject({ secret: 's3cret' })
  const work = getFromHelper('stuck', 'quay.io', { ...bed, timeout: 200 })
  expect(await expectCode(work, ['UNAVAILABLE'])).toContain('did not answer in time')
  // Both are still there.
  for (const pid of (await bed.read('left')).trim().split('\n')) process.kill(Number(pid))
})

test('a helper that floods is killed', async () => {
  await using bed = await openTestbed()
  await bed.helper('flood', 'exec yes')
  await expectCode(getFromHelper('flood', 'quay.io', bed), ['UNAVAILABLE'])
})

test('storeInHelper() passes server, user name and secret only on standard input', async () => {
  await using bed = await openTestbed()
  await bed.helper('keep', `echo "$@" > ${bed.root}/args; cat > ${bed.root}/stored`)
  const credential = { username: 'ann', secret: 's3cret; rm -rf /' }
  await storeInHelper('keep', 'quay.io', credential, bed)
  expect(JSON.parse(await bed.read('stored'))).toEqual({
    ServerURL: 'quay.io',
    Username: 'ann',
    Secret: 's3cret; rm -rf /',
  })
  expect(await bed.read('args')).toBe('store\n')
})
