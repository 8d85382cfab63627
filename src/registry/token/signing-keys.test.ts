import { expect, test } from 'bun:test'
import { AccessTokens } from './access-token.ts'
import { createRotatedKeys, type KeyFacts, type KeyRecord, rotation } from './signing-keys.ts'

const minute = 60_000
const identity = { kind: 'user', name: 'alice', groups: [] } as const

/** Keys in memory, which several replicas share. */
function openRig() {
  let records: readonly KeyRecord[] = []
  let [time, looks, isDown] = [Date.now(), 0, false]
  const facts: KeyFacts = {
    async list() {
      looks += 1
      if (isDown) throw new Error('no database')
      return records
    },
    async rotate(key, { newestBefore, dropBefore }) {
      if (!records.some(({ madeAt }) => madeAt > newestBefore)) records = [key, ...records]
      records = records.filter(({ madeAt }) => madeAt >= dropBefore)
      return records
    },
  }
  const now = () => time
  const open = () =>
    new AccessTokens({
      keys: createRotatedKeys({ facts, now, lifetime: 5 * minute }),
      ...{ service: 'strake', lifetime: 5 * minute, now },
    })
  return {
    open,
    facts,
    pass: (milliseconds: number) => {
      time += milliseconds
    },
    setDown: (value: boolean) => {
      isDown = value
    },
    looks: () => looks,
    records: () => records,
    sign: (tokens: AccessTokens) => tokens.sign({ identity, scopes: [] }),
    kid: (text: string) =>
      JSON.parse(Buffer.from(text.split('.')[0] ?? '', 'base64url').toString()).kid as string,
  }
}

test('createRotatedKeys() lets every replica prove what another has signed, over a change of the key', async () => {
  const rig = openRig()
  const [one, two] = [rig.open(), rig.open()]
  const first = await rig.sign(one)
  expect(rig.records()).toHaveLength(1)
  expect(await two.prove(first)).toMatchObject({ identity })
  rig.pass(rotation - minute)
  const last = await rig.sign(two)
  expect(rig.kid(last)).toBe(rig.kid(first))
  rig.pass(minute)
  // The new key is there, and signs when every replica has read it.
  const during = await rig.sign(one)
  expect(rig.records()).toHaveLength(2)
  expect(rig.kid(during)).toBe(rig.kid(first))
  rig.pass(2 * minute)
  const next = await rig.sign(one)
  expect(rig.kid(next)).not.toBe(rig.kid(first))
  for (const text of [last, during, next]) expect(await two.prove(text)).toMatchObject({ identity })
})

test('createRotatedKeys() drops a key when its last tokens have ended', async () => {
  const rig = openRig()
  const tokens = rig.open()
  const first = rig.kid(await rig.sign(tokens))
  for (let hours = 0; hours < 49; hours += 1) {
    rig.pass(60 * minute)
    await rig.sign(tokens)
  }
  expect(rig.records().map(({ id }) => id)).not.toContain(first)
  expect(rig.records()).toHaveLength(2)
})

test('createRotatedKeys() refuses keys of others, without a query for each of their tokens', async () => {
  const [rig, other] = [openRig(), openRig()]
  const tokens = rig.open()
  await rig.sign(tokens)
  const forged = await other.sign(other.open())
  const before = rig.looks()
  for (let count = 0; count < 20; count += 1) {
    expect(await tokens.prove(`${forged.slice(0, -3)}${100 + count}`)).toBeUndefined()
    expect(await tokens.prove(forged)).toBeUndefined()
    rig.pass(100)
  }
  expect(rig.looks() - before).toBeLessThanOrEqual(2)
})

test('createRotatedKeys() goes on with known keys while the database does not answer', async () => {
  const rig = openRig()
  const tokens = rig.open()
  rig.setDown(true)
  await expect(rig.sign(tokens)).rejects.toThrow('no database')
  rig.setDown(false)
  const text = await rig.sign(tokens)
  rig.setDown(true)
  rig.pass(2 * minute)
  expect(await tokens.prove(text)).toMatchObject({ identity })
  expect(rig.kid(await rig.sign(tokens))).toBe(rig.kid(text))
})
