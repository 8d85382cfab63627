import { channel } from 'node:diagnostics_channel'
import { StrakeError } from '#oci'
import type { SqlRow } from './database.ts'

const queries = channel('postgres:query')

/** A value of a parameter. Arrays of texts become `text[]`. */
export type PostgresValue = string | number | boolean | null | readonly string[]

/** Connections to one PostgreSQL database. Every call has a deadline. */
export interface Postgres extends AsyncDisposable {
  /**
   * Runs one statement with `$1`, `$2` and returns its rows, again after a deadlock. Throws
   * `UNAVAILABLE` without an answer, and `INVALID` for a text with a zero character.
   */
  query(text: string, ...values: readonly PostgresValue[]): Promise<readonly SqlRow[]>
  /** Runs statements without parameters as one transaction. */
  execute(text: string): Promise<void>
  /** Runs the statements of `work` as one transaction, on one connection. */
  transaction<T>(
    work: (query: Postgres['query']) => Promise<T>,
    isolation?: 'read committed' | 'repeatable read',
  ): Promise<T>
  /** Calls `work` for every notification, and after a lost connection. Notifications may get lost. */
  listen(channel: string, work: (payload: string) => void): Promise<void>
}

export interface PostgresOptions {
  /** `postgres://user:password@host:port/database`. */
  readonly url: string
  /** Default: 10. */
  readonly connections?: number | undefined
  /** Milliseconds for one statement. Default: 10,000. */
  readonly timeout?: number | undefined
  /** Called before every statement. */
  readonly onQuery?: (() => void) | undefined
}

/** How often a statement is tried that the server undoes because of another connection. */
const mostTries = 5

/** Opens connections when they are needed. Throws `UNSUPPORTED` on another runtime than Bun. */
export function connectPostgres(options: PostgresOptions): Postgres {
  const { url, connections = 10, timeout = 10_000, onQuery } = options
  if (typeof Bun === 'undefined') {
    throw new StrakeError(
      'UNSUPPORTED',
      'Cannot use PostgreSQL: this program is not running on Bun',
    )
  }
  const sql = new Bun.SQL(url, {
    max: connections,
    idleTimeout: 60,
    connectionTimeout: Math.ceil(timeout / 1000),
    connection: { statement_timeout: timeout, application_name: 'strake' },
  })
  const bounded = async <T>(work: Promise<T>, giveUp: () => void = () => {}): Promise<T> => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const late = new Promise<never>((_, reject) => {
      // The server ends the statement; this is for a server that does not answer at all.
      timer = setTimeout(() => {
        giveUp()
        reject(new Error('no answer in time'))
      }, timeout * 1.5)
    })
    try {
      return await Promise.race([work, late])
    } catch (error) {
      throw explained(error)
    } finally {
      clearTimeout(timer)
    }
  }
  const run = async (
    on: Pick<Bun.SQL, 'unsafe'>,
    text: string,
    values: readonly PostgresValue[],
  ): Promise<readonly SqlRow[]> => {
    const work = on.unsafe(text, values.map(converted)) as Bun.SQL.Query<SqlRow[]>
    // Without a cancellation, statements that wait for a connection fill the memory, and run later.
    return [...(await bounded(Promise.resolve(work), () => work.cancel()))]
  }
  return {
    async query(text, ...values) {
      onQuery?.()
      for (let tries = 1; ; tries += 1) {
        try {
          return queries.hasSubscribers
            ? await published(text, () => run(sql, text, values))
            : await run(sql, text, values)
        } catch (error) {
          if (tries >= mostTries || !isUndone(error)) throw error
          await new Promise((resolve) => setTimeout(resolve, Math.random() * 20 * tries))
        }
      }
    },
    async execute(text) {
      await bounded(
        sql.begin(async (transaction) => {
          await transaction.unsafe(text).simple()
        }) as Promise<void>,
      )
    },
    async transaction<T>(
      work: (query: Postgres['query']) => Promise<T>,
      isolation = 'read committed',
    ) {
      let ofWork: { readonly error: unknown } | undefined
      const begun = Promise.withResolvers<void>()
      const done = Promise.withResolvers<void>()
      const whole = sql.begin(`isolation level ${isolation}`, async (transaction) => {
        begun.resolve()
        try {
          return await work((text, ...values) => run(transaction, text, values))
        } catch (error) {
          ofWork = { error }
          throw error
        } finally {
          done.resolve()
        }
      }) as Promise<T>
      try {
        // The work may take its time, and the server may not.
        await bounded(Promise.race([begun.promise, whole]))
        await Promise.race([done.promise, whole])
        return await bounded(whole)
      } catch (error) {
        whole.catch(() => {})
        // Errors of the work are not those of the connection.
        throw ofWork === undefined ? explained(error) : ofWork.error
      }
    },
    async listen(channel, work) {
      await bounded(Promise.resolve(sql.listen(channel, work)))
    },
    async [Symbol.asyncDispose]() {
      await sql.close({ timeout: 2 })
    },
  }
}

/** Publishes how long a statement took, and its SQLSTATE or error if it failed. */
async function published<T>(text: string, work: () => Promise<T>): Promise<T> {
  const started = performance.now()
  const publish = (error?: string): void =>
    queries.publish({ text, duration: performance.now() - started, error })
  try {
    const result = await work()
    publish()
    return result
  } catch (error) {
    publish(sqlState(error) ?? (error instanceof Error ? error.name : 'Error'))
    throw error
  }
}

/** Throws `INVALID` for a text that the database cannot have, such as a name that a client asks for. */
function converted(value: PostgresValue): string | number | boolean | null {
  const plain = typeof value === 'object' && value !== null ? arrayLiteral(value) : value
  if (typeof plain !== 'string' || !plain.includes('\0')) return plain
  throw new StrakeError('INVALID', 'Cannot look for a text with a zero character')
}

/** The text form of `text[]`. */
function arrayLiteral(values: readonly string[]): string {
  return `{${values.map((value) => `"${value.replaceAll(/["\\]/g, '\\$&')}"`).join(',')}}`
}

/** Turns an error of the connection into `UNAVAILABLE`, and leaves errors of statements as they are. */
function explained(error: unknown): unknown {
  if (error instanceof StrakeError) return error
  const code = error instanceof Error && 'errno' in error ? String(error.errno) : ''
  const message = error instanceof Error ? error.message : String(error)
  // Class 08: connections; 53: resources; 57: the operator; 25006: a read-only standby.
  const isStatement = /^(?!08|53|57|25006)[0-9A-Z]{5}$/.test(code)
  if (isStatement) return error
  return new StrakeError('UNAVAILABLE', `Cannot use the database: ${message}`, { cause: error })
}

/** Returns true when the server has undone a statement: after a deadlock, or because another transaction has changed what it read. */
function isUndone(error: unknown): boolean {
  return ['40P01', '40001'].includes(sqlState(error) ?? '')
}

/** Returns the SQLSTATE of an error of a statement, such as `23505`. */
export function sqlState(error: unknown): string | undefined {
  return error instanceof Error && 'errno' in error ? String(error.errno) : undefined
}
