import { type Digest, isStrakeError } from '#oci'
import { isAlive, ownIdentity, type ProcessIdentity, type SqlRow } from '#platform'
import type { RecordsContext } from '../context.ts'
import { Fields, readRows } from '../fields.ts'

/** Keeps content from being collected while somebody makes it or is about to use it. */
export interface Lease extends Disposable {
  readonly id: string
  /** From now on the content is kept. Hold before asking whether it is there. */
  hold(...digests: readonly Digest[]): void
  /** Lets it live for another `lifetime`. */
  renew(): void
  /** Ends it; disposing does the same. */
  release(): void
}

export interface LeaseOptions {
  /** What for, to be shown: `pull docker.io/library/app:1`. */
  readonly purpose: string
  /** Milliseconds until it ends by itself, a day unless given. */
  readonly lifetime?: number
  /** The process whose death ends it; this one unless given. */
  readonly owner?: ProcessIdentity
  /** It keeps what it holds and nothing else: for work that reads and adds nothing. */
  readonly isExact?: boolean
}

/** A lease as others see it. */
export interface LeaseRecord {
  readonly purpose: string
  readonly pid: number
  /** Milliseconds since 1970. */
  readonly acquiredAt: number
}

export interface Leases {
  acquire(options: LeaseOptions): Lease
  /** Everything that live leases hold. Ask inside the transaction that deletes. */
  held(): Set<Digest>
  isHeld(digest: Digest): boolean
  /** When the oldest live lease was acquired that is not exact, milliseconds since 1970: a process has worked since then. */
  oldest(): number | undefined
  /** The live leases, oldest first. */
  list(): LeaseRecord[]
  /** Drops the leases of dead processes, of earlier boots, and those past their time; says how many. */
  expire(): number
}

const day = 24 * 60 * 60 * 1000

export function createLeases(context: RecordsContext): Leases {
  const { database, now, reportIn } = context
  const report = reportIn('leases')
  const findDead = () =>
    readRows(database.all('SELECT * FROM leases'), readOwner, report).filter(
      ({ owner, expiresAt }) => expiresAt <= now() || !isAlive(owner),
    )
  const expire = (): number => {
    // Mostly there is none, and to read alone locks nobody out.
    if (database.isReadOnly || findDead().length === 0) return 0
    return database.transaction(() => {
      const dead = findDead()
      for (const { id } of dead) database.run('DELETE FROM leases WHERE id = ?', id)
      return dead.length
    })
  }
  const held = (): Set<Digest> => {
    expire()
    const rows = database.all('SELECT DISTINCT digest FROM lease_holds')
    return new Set(readRows(rows, (row) => new Fields('a lease', row).digest('digest'), report))
  }
  return {
    // Where nothing can be written, nothing can be collected either.
    acquire: (options) => (database.isReadOnly ? noLease : acquire(context, options)),
    held,
    isHeld: (digest) => {
      expire()
      return database.get('SELECT 1 FROM lease_holds WHERE digest = ?', digest) !== undefined
    },
    oldest: () => {
      expire()
      const acquired = database.get(
        'SELECT min(acquired_at) AS at FROM leases WHERE is_exact = 0',
      )?.['at']
      return typeof acquired === 'number' ? acquired : undefined
    },
    list: () => {
      expire()
      return readRows(
        database.all('SELECT * FROM leases ORDER BY acquired_at, id'),
        (row) => {
          const fields = new Fields(`the lease ${String(row['id'])}`, row)
          const [purpose, pid] = [fields.text('purpose'), fields.number('pid')]
          return { purpose, pid, acquiredAt: fields.number('acquired_at') }
        },
        report,
      )
    },
    expire,
  }
}

const noLease: Lease = {
  id: '',
  hold() {},
  renew() {},
  release() {},
  [Symbol.dispose]() {},
}

function acquire({ database, now }: RecordsContext, options: LeaseOptions): Lease {
  const { purpose, lifetime = day, owner = ownIdentity(), isExact = false } = options
  const id = crypto.randomUUID()
  database.run(
    'INSERT INTO leases (id, purpose, pid, start_time, boot_id, acquired_at, expires_at, is_exact) VALUES (?,?,?,?,?,?,?,?)',
    ...[id, purpose, owner.pid, owner.startTime, owner.bootId, now(), now() + lifetime, isExact],
  )
  const release = (): void => {
    database.run('DELETE FROM leases WHERE id = ?', id)
  }
  return {
    id,
    hold: (...digests) =>
      database.transaction(() => {
        for (const digest of digests) {
          database.run('INSERT OR IGNORE INTO lease_holds (digest, lease) VALUES (?,?)', digest, id)
        }
      }),
    renew: () => {
      database.run('UPDATE leases SET expires_at = ? WHERE id = ?', now() + lifetime, id)
    },
    release,
    [Symbol.dispose]: () => {
      try {
        release()
      } catch (error) {
        // On a full disk it ends with the process; what failed before matters more.
        if (!isStrakeError(error, 'UNAVAILABLE')) throw error
      }
    },
  }
}

function readOwner(row: SqlRow): { id: string; owner: ProcessIdentity; expiresAt: number } {
  const fields = new Fields(`the lease ${String(row['id'])}`, row)
  const owner = {
    pid: fields.number('pid'),
    startTime: fields.text('start_time'),
    bootId: fields.text('boot_id'),
  }
  return { id: fields.text('id'), owner, expiresAt: fields.number('expires_at') }
}
