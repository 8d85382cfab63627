import { describe, expect, test } from 'bun:test'
import {
  addUser,
  createUserDirectory,
  removeUser,
  setPassword,
  type UserFacts,
} from '../user-facts.ts'

/** A new place for users, which any number of servers and commands can open. */
export interface UserPlace extends AsyncDisposable {
  open(now: () => number): Promise<UserFacts>
}

/** The contract of every `UserFacts`. */
export function testUserFacts(name: string, create: () => Promise<UserPlace>): void {
  const withTwo = async (
    work: (mine: UserFacts, others: UserFacts, clock: { at: number }) => Promise<void>,
  ): Promise<void> => {
    await using place = await create()
    const clock = { at: Date.now() }
    const [mine, others] = [await place.open(() => clock.at), await place.open(() => clock.at)]
    await work(mine, others, clock)
  }

  describe(`${name} as the facts of users`, () => {
    test('another server knows a new user, a new password and a removal within a second', () =>
      withTwo(async (mine, others, clock) => {
        const directory = createUserDirectory(others)
        expect(await directory.check('alice', 'first secret')).toBeUndefined()
        await addUser(mine, 'alice', 'first secret')
        clock.at += 1001
        const identity = await directory.check('alice', 'first secret')
        expect(identity).toMatchObject({ kind: 'user', name: 'alice', groups: [] })
        expect(await directory.find('alice')).toEqual(identity)
        expect(await directory.check('alice', 'another')).toBeUndefined()
        await setPassword(mine, 'alice', 'second secret')
        clock.at += 1001
        expect(await directory.check('alice', 'first secret')).toBeUndefined()
        const changed = await directory.check('alice', 'second secret')
        expect(changed?.secretMark).not.toBe(identity?.secretMark)
        await removeUser(mine, 'alice')
        clock.at += 1001
        expect(await directory.find('alice')).toBeUndefined()
        expect(await directory.check('alice', 'second secret')).toBeUndefined()
      }))

    test('a user is added once, and only a known one is changed', () =>
      withTwo(async (mine, others) => {
        const both = [mine, others].map((each) => addUser(each, 'alice', 'first secret'))
        const outcomes = await Promise.allSettled(both)
        expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
        await expect(addUser(mine, 'alice', 'another one')).rejects.toMatchObject({
          code: 'ALREADY_EXISTS',
        })
        for (const change of [
          () => setPassword(mine, 'bob', 'another one'),
          () => removeUser(mine, 'bob'),
        ]) {
          await expect(change()).rejects.toMatchObject({ code: 'NOT_FOUND' })
        }
        await expect(addUser(mine, 'a:b', 'another one')).rejects.toMatchObject({ code: 'INVALID' })
        await expect(addUser(mine, 'bob', 'short')).rejects.toMatchObject({ code: 'INVALID' })
        expect(await others.find('bob\0')).toBeUndefined()
        await addUser(others, 'Bob', 'another one')
        const list = await mine.list()
        expect(list.map((each) => each.name).sort()).toEqual(['Bob', 'alice'])
        expect(JSON.stringify(list)).not.toContain('another')
      }))
  })
}
