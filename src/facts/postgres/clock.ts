import type { Postgres } from '#platform'

/** Milliseconds between two looks at the clock of the database. */
const interval = 60_000

/** The time of a database, in milliseconds since 1970. Disposal ends the looks at it. */
export interface DatabaseClock extends Disposable {
  now(): number
}

/**
 * Follows the clock of the database, so that all replicas have the same time whatever their own clocks
 * say. Between two looks the time goes on by a counter of this process that nobody can set.
 */
export async function followClock(
  postgres: Postgres,
  counter: () => number = () => performance.now(),
): Promise<DatabaseClock> {
  const look = async (): Promise<{ readonly time: number; readonly at: number }> => {
    const before = counter()
    const query = 'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now'
    const [row] = await postgres.query(query)
    return { time: Number(row?.['now']), at: (before + counter()) / 2 }
  }
  let last = await look()
  const timer = setInterval(() => {
    look().then(
      (next) => {
        last = next
      },
      // While the database does not answer, the time goes on from the last look.
      () => {},
    )
  }, interval)
  timer.unref()
  return {
    now: () => Math.round(last.time + counter() - last.at),
    [Symbol.dispose]: () => clearInterval(timer),
  }
}
