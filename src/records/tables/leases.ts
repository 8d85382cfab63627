import { type Digest, isStrakeError } from '#oci'
import { isAlive, ownIdentity, type ProcessIdentity, type SqlRow, type SqlValue } from '#platform'
import type { RecordsContext } from '../context.ts'
import { Fields, readRows } from '../fields.ts'

/** Keeps content from being collected while a process creates it or is about to use it. */
export interface Lease extends AsyncDisposable {
  readonly id: string
  /** Keeps this content from now on. Call it before you check whether the content exists. */
  hold(...digests: readonly Digest[]): Promise<void>
  /** Extends the lease by another `lifetime`. */
  renew(): Promise<void>
  /** Ends it; disposing does the same. */
  release(): Promise<void>
}

export interface LeaseOptions {
  /** Shown to users: `pull docker.io/library/app:1`. */
  readonly purpose: string
  /** Milliseconds until the lease expires; default: one day. */
  readonly lifetime?: number
  /** The lease ends with this process; default: the current one. */
  readonly owner?: ProcessIdentity
  /** The lease keeps only what it holds: for work that reads and adds nothing. */
  readonly isExact?: boolean
}

/** The public facts of a lease. */
export interface LeaseRecord {
  readonly purpose: string
  readonly pid: number
  /** Milliseconds since 1970. */
  readonly acquiredAt: number
}

export interface Leases {
  acquire(options: LeaseOptions): Promise<Lease>
  /** Everything that live leases hold. Call it inside the transaction that deletes. */
  held(): Set<Digest>
  isHeld(digest: Digest): boolean
  /**
   * When the oldest live lease was acquired that is not exact, in milliseconds since 1970: a
   * process has been adding content since then.
   */
  oldest(): number | undefined
  /** The live leases, oldest first. */
  list(): LeaseRecord[]
  /**
   * The IDs of leases that have expired, or whose process has ended. What these processes were
   * adding may still be there.
   */
  dead(): readonly string[]
  /** Removes these leases; call it after their leftovers were removed. */
  forget(ids: readonly string[]): Promise<void>
}

const day = 24 * 60 * 60 * 1000

export function createLeases(context: RecordsContext): Leases {
  const { database, now, reportIn } = context
  const report = reportIn('leases')
  const all = (): readonly KnownLease[] =>
    readRows(database.all('SELECT * FROM leases ORDER BY acquired_at, id'), readLease, report)
  const isDead = ({ owner, expiresAt }: KnownLease): boolean =>
    expiresAt <= now() || !isAlive(owner)
  const live = (): readonly KnownLease[] => all().filter((lease) => !isDead(lease))
  const dead = (): readonly string[] =>
    all()
      .filter(isDead)
      .map(({ id }) => id)
  return {
    // A store that is read-only cannot be collected.
    acquire: async (options) => (database.isReadOnly ? noLease : await acquire(context, options)),
    held: () => {
      const gone = new Set(dead())
      const rows = database
        .all('SELECT digest, lease FROM lease_holds')
        .filter(({ lease }) => !gone.has(String(lease)))
      return new Set(readRows(rows, (row) => new Fields('a lease', row).digest('digest'), report))
    },
    isHeld: (digest) => {
      const holders = database.values('SELECT lease FROM lease_holds WHERE digest = ?', digest)
      if (holders.length === 0) return false
      const gone = new Set(dead())
      return holders.some(([lease]) => !gone.has(String(lease)))
    },
    oldest: () => live().find(({ isExact }) => !isExact)?.acquiredAt,
    list: () =>
      live().map(({ purpose, owner, acquiredAt }) => ({ purpose, pid: owner.pid, acquiredAt })),
    dead: () => (database.isReadOnly ? [] : dead()),
    forget: (ids) =>
      database.write(() => {
        for (const id of ids) database.run('DELETE FROM leases WHERE id = ?', id)
      }),
  }
}

const noLease: Lease = {
  id: '',
  async hold() {},
  async renew() {},
  async release() {},
  async [Symbol.asyncDispose]() {},
}

async function acquire({ database, now }: RecordsContext, options: LeaseOptions): Promise<Lease> {
  const { purpose, lifetime = day, owner = ownIdentity(), isExact = false } = options
  const id = crypto.randomUUID()
  const write = async (sql: string, ...values: readonly SqlValue[]): Promise<void> => {
    await database.write(() => database.run(sql, ...values))
  }
  await write(
    'INSERT INTO leases (id, purpose, pid, start_time, boot_id, acquired_at, expires_at, is_exact) VALUES (?,?,?,?,?,?,?,?)',
    id,
    purpose,
    owner.pid,
    owner.startTime,
    owner.bootId,
    now(),
    now() + lifetime,
    isExact,
  )
  const release = (): Promise<void> => write('DELETE FROM leases WHERE id = ?', id)
  return {
    id,
    hold: (...digests) =>
      database.write(() => {
        for (const digest of digests) {
          database.run('INSERT OR IGNORE INTO lease_holds (digest, lease) VALUES (?,?)', digest, id)
        }
      }),
    renew: () => write('UPDATE leases SET expires_at = ? WHERE id = ?', now() + lifetime, id),
    release,
    [Symbol.asyncDispose]: async () => {
      try {
        await release()
      } catch (error) {
        // On a full disk the lease ends with its process; the earlier error matters more.
        if (!isStrakeError(error, 'UNAVAILABLE')) throw error
      }
    },
  }
}

/** A row of the table. */
interface KnownLease {
  readonly id: string
  readonly purpose: string
  readonly owner: ProcessIdentity
  readonly acquiredAt: number
  readonly expiresAt: number
  readonly isExact: boolean
}

function readLease(row: SqlRow): KnownLease {
  const fields = new Fields(`the lease ${String(row['id'])}`, row)
  return {
    id: fields.text('id'),
    purpose: fields.text('purpose'),
    owner: {
      pid: fields.number('pid'),
      startTime: fields.text('start_time'),
      bootId: fields.text('boot_id'),
    },
    acquiredAt: fields.number('acquired_at'),
    expiresAt: fields.number('expires_at'),
    isExact: fields.number('is_exact') === 1,
  }
}
