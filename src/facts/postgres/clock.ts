import type { Postgres } from '#platform'

/** Milliseconds between two looks at the clock of the database. */
const interval = 60_000

/** Milliseconds after which an answer is too late to say what time it is. */
const latest = 1000

/** The time of a database, in milliseconds since 1970. Disposal ends the looks at it. */
export interface DatabaseClock extends Disposable {
  now(): number
}

interface Look {
  /** The time of the database, in milliseconds since 1970. */
  readonly time: number
  /** When it was that time, by the counter of this process. */
  readonly at: number
  readonly took: number
}

/**
 * Follows the clock of the database, so that all replicas have the same time whatever their own clocks
 * say. Between two looks the time goes on by a counter of this process that nobody can set.
 */
export async function followClock(
  postgres: Postgres,
  counter: () => number = () => performance.now(),
): Promise<DatabaseClock> {
  const look = async (): Promise<Look> => {
    const before = counter()
    const query = 'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now'
    const [row] = await postgres.query(query)
    const after = counter()
    return { time: Number(row?.['now']), at: (before + after) / 2, took: after - before }
  }
  let last = await look()
  const timer = setInterval(() => {
    look().then(
      (next) => {
        if (next.took < Math.max(latest, last.took)) last = next
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
