import { expect, test } from 'bun:test'
import { LoginGuard } from '#registry/identity/login-guard'
import { describePostgres } from '../../testing/describe-postgres.ts'
import { openPostgresFacts } from '../open.ts'

describePostgres('failed logins of replicas', (server) => {
  /** The guards of two replicas, and the statements that they have sent. */
  const openTwo = async () => {
    const url = await server.createDatabase()
    const opened = new AsyncDisposableStack()
    const clock = { at: 1_000_000 }
    const now = () => clock.at
    let queries = 0
    const open = async () =>
      opened.use(
        await openPostgresFacts({
          ...{ url, now, connections: 4 },
          onQuery: () => {
            queries += 1
          },
        }),
      )
    const [mine, others] = [await open(), await open()]
    const guards = [mine, others].map((facts) => new LoginGuard(now, facts.failures))
    return {
      clock,
      facts: mine,
      guards,
      queries: () => queries,
      isFree: (guard: LoginGuard | undefined, address: string, user: string) =>
        guard?.begin(address, user).then(
          () => true,
          () => false,
        ),
      rows: async () =>
        Number(
          (
            await mine.postgres.query('SELECT count(*)::integer AS c FROM strake_failed_logins')
          )[0]?.['c'],
        ),
      [Symbol.asyncDispose]: () => opened.disposeAsync(),
    }
  }

  test('are counted together, and cost one statement each', async () => {
    await using place = await openTwo()
    const { guards, isFree, clock } = place
    for (let count = 0; count < 5; count += 1) {
      const attempt = await guards[count % 2]?.begin('192.0.2.1', 'alice')
      const before = place.queries()
      await attempt?.failed()
      expect(place.queries() - before).toBe(1)
    }
    for (const guard of guards) {
      expect(await isFree(guard, '192.0.2.1', 'bob')).toBe(false)
      expect(await isFree(guard, '192.0.2.9', 'alice')).toBe(false)
      expect(await isFree(guard, '192.0.2.9', 'bob')).toBe(true)
    }
    clock.at += 1000
    const [here, there] = guards
    const attempt = await here?.begin('192.0.2.1', 'alice')
    await attempt?.succeeded()
    expect(await place.rows()).toBe(0)
    expect(await isFree(there, '192.0.2.1', 'alice')).toBe(true)
    const free = await here?.begin('192.0.2.1', 'alice')
    const before = place.queries()
    await free?.succeeded()
    expect(place.queries()).toBe(before)
  })

  test('are counted when many come at once, and forgotten after fifteen minutes', async () => {
    await using place = await openTwo()
    const { guards, isFree, clock, facts } = place
    const attempts = await Promise.all(
      Array.from({ length: 40 }, (_, count) =>
        guards[count % 2]?.begin('192.0.2.1', count % 10 === 0 ? 'mallory' : `user${count % 3}`),
      ),
    )
    await Promise.all(
      attempts.map((attempt, count) =>
        count % 10 === 0 ? attempt?.succeeded() : attempt?.failed(),
      ),
    )
    clock.at += 200_000
    expect(await isFree(guards[0], '192.0.2.1', 'other')).toBe(false)
    await (await guards[0]?.begin('192.0.2.2', 'zero\0name'))?.failed()
    clock.at += 15 * 60_000
    expect(await isFree(guards[1], '192.0.2.1', 'other')).toBe(true)
    expect(await place.rows()).toBeGreaterThan(0)
    clock.at += 1
    await facts.failures.sweep()
    expect(await place.rows()).toBe(0)
  })

  test('of a guesser with many addresses are bounded', async () => {
    await using place = await openTwo()
    await place.facts.postgres.query(
      `INSERT INTO strake_failed_logins
         SELECT 'address ' || n, 1, 900000 + n FROM generate_series(1, 100010) AS n`,
    )
    await place.facts.failures.sweep()
    expect(await place.rows()).toBe(100_000)
    expect(await place.facts.failures.find(['address 10', 'address 100010'])).toEqual(
      new Map([['address 100010', { count: 1, at: 1_000_010 }]]),
    )
  })
})
