import { randomBytes } from 'node:crypto'
import { ingestLifetime } from '#content'
import { isStrakeError, StrakeError } from '#oci'
import type { Upload, UploadFacts } from '../../store/uploads.ts'
import { type OpenRepository, Session, type UploadSession } from './session.ts'

export interface UploadLimits {
  /** The most upload sessions at a time. Default: 1,000. */
  readonly maxUploads?: number | undefined
  /** The most upload sessions of one client at a time. Default: 500. */
  readonly maxUploadsPerClient?: number | undefined
  /** Milliseconds without a request after which a session ends. Default: `ingestLifetime`. */
  readonly uploadLifetime?: number | undefined
  /** Milliseconds since the epoch. */
  readonly now?: (() => number) | undefined
}

/** What a request must know to use an upload. */
export interface SessionKey {
  readonly repository: string
  readonly session: string
  /** The name of the sender, who must have begun the upload. */
  readonly sender: string | undefined
}

/** The most ingests that stay open between requests. A reopened one is hashed again. */
const mostOpen = 32

/** Milliseconds that an ingest stays open after a request. */
const openTime = 30_000

/**
 * The uploads of one handler. An ID is 128 random bits and valid for one repository and one
 * user, so it can neither be guessed nor used elsewhere. When there are too many uploads, the one that
 * is idle for longest is dropped. An upload holds memory and a descriptor only while bytes
 * come, and for half a minute after.
 */
export class UploadSessions implements AsyncDisposable {
  readonly #open: OpenRepository
  readonly #facts: UploadFacts
  readonly #limits: Required<{ [K in keyof UploadLimits]: NonNullable<UploadLimits[K]> }>
  /** The known uploads, the least recently used first. */
  readonly #sessions = new Map<string, Session>()
  readonly #working = new Set<Promise<unknown>>()
  #loading: Promise<void> | undefined

  constructor(open: OpenRepository, facts: UploadFacts, limits: UploadLimits) {
    this.#open = open
    this.#facts = facts
    this.#limits = {
      maxUploads: limits.maxUploads ?? 1000,
      maxUploadsPerClient: limits.maxUploadsPerClient ?? 500,
      uploadLifetime: limits.uploadLifetime ?? ingestLifetime,
      now: limits.now ?? Date.now,
    }
  }

  /** The uploads that this handler knows. */
  get count(): number {
    return this.#sessions.size
  }

  /** Begins an upload. Throws `TOOMANYREQUESTS` when there are too many and none is idle. */
  async begin(
    repository: string,
    { owner, sender, algorithm }: Pick<Upload, 'owner' | 'sender' | 'algorithm'>,
  ): Promise<UploadSession> {
    await this.#load()
    await this.#makeRoom(owner)
    const id = randomBytes(16).toString('hex')
    const usedAt = this.#limits.now()
    const session = this.#adopt({ id, repository, owner, sender, algorithm, usedAt })
    try {
      await this.#facts.put(session.upload)
    } catch (error) {
      this.#sessions.delete(id)
      throw error
    }
    return session
  }

  /** Returns a session to read its size, also while another request uses it. */
  async look(key: SessionKey): Promise<UploadSession> {
    const session = await this.#find(key)
    if (!session.isBusy) return this.#work(session, async (own) => own)
    await session.reopened
    return session
  }

  /** Runs `work` as the session's only user. Throws `CONFLICT` when another request uses it. */
  async use<T>(key: SessionKey, work: (session: UploadSession) => Promise<T>): Promise<T> {
    const session = await this.#find(key)
    if (session.isBusy) {
      throw new StrakeError('CONFLICT', 'Cannot continue the upload: another request is using it')
    }
    return this.#work(session, work)
  }

  async #work<T>(session: Session, work: (session: UploadSession) => Promise<T>): Promise<T> {
    session.isBusy = true
    session.reopened = session.reopen()
    const working = session.reopened.then(() => work(session))
    this.#working.add(working)
    try {
      return await working
    } finally {
      this.#working.delete(working)
      session.isBusy = false
      await this.#rest(session)
    }
  }

  /** Closes all ingests, so that another server can continue the uploads. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#working)
    for (const session of this.#sessions.values()) await session.close()
    this.#sessions.clear()
  }

  async #find({ repository, session: id, sender }: SessionKey): Promise<Session> {
    const known = this.#sessions.get(id)
    const isKnown = known !== undefined && (known.isBusy || this.#facts.isShared !== true)
    const upload = isKnown ? known.upload : await this.#facts.find(id)
    const isLate = upload !== undefined && this.#isExpired(upload)
    const isOther = upload?.repository !== repository || upload.sender !== sender
    if (upload === undefined || isOther || isLate) {
      throw new StrakeError(
        'BLOB_UPLOAD_UNKNOWN',
        'Cannot continue the upload: no such upload session',
      )
    }
    // Another request may have added it during the await.
    const session = this.#sessions.get(id) ?? this.#adopt(upload)
    if (!session.isBusy) session.upload = upload
    return session
  }

  #adopt(upload: Upload): Session {
    const session = new Session(upload, this.#open, {
      forget: async () => {
        this.#sessions.delete(upload.id)
        await this.#facts.remove(upload.id)
      },
      put: (changed) => this.#facts.put(changed),
    })
    this.#sessions.set(upload.id, session)
    return session
  }

  /** Makes the session the most recently used, and closes the ingests that are idle for longest. */
  async #rest(session: Session): Promise<void> {
    const { now } = this.#limits
    if (!this.#sessions.delete(session.upload.id)) return
    this.#sessions.set(session.upload.id, session)
    await session.noteUse(now())
    session.closeLater(openTime)
    const open = [...this.#sessions.values()].filter(({ isOpen, isBusy }) => isOpen && !isBusy)
    for (const idle of open.slice(0, Math.max(0, open.length - mostOpen))) await idle.close()
  }

  async #makeRoom(owner: string): Promise<void> {
    const { maxUploads, maxUploadsPerClient } = this.#limits
    for (const session of [...this.#sessions.values()]) {
      if (this.#isExpired(session.upload)) await this.#endIfIdle(session)
    }
    const own = [...this.#sessions.values()].filter(({ upload }) => upload.owner === owner)
    if (own.length >= maxUploadsPerClient) await this.#giveWay(own)
    if (this.#sessions.size >= maxUploads) await this.#giveWay([...this.#sessions.values()])
  }

  /** Ends the first idle session of a list in the order of last use. */
  async #giveWay(sessions: readonly Session[]): Promise<void> {
    for (const session of sessions) if (await this.#endIfIdle(session)) return
    throw new StrakeError('TOOMANYREQUESTS', 'Cannot start an upload: too many are in progress')
  }

  /** Returns false for a session that this or another server is using, or has used meanwhile. */
  async #endIfIdle(session: Session): Promise<boolean> {
    if (session.isBusy) return false
    const { id, usedAt, ingest } = session.upload
    if (this.#facts.isShared === true) {
      const upload = await this.#facts.find(id)
      if (upload === undefined) {
        await session.close()
        return this.#sessions.delete(id)
      }
      if (session.isBusy) return false
      if (upload.usedAt > usedAt || upload.ingest !== ingest) {
        session.upload = upload
        this.#sessions.delete(id)
        this.#sessions.set(id, session)
        return false
      }
    }
    try {
      await session.end()
      return true
    } catch (error) {
      if (!isStrakeError(error, 'CONFLICT')) throw error
      return false
    }
  }

  #isExpired({ usedAt }: Upload): boolean {
    return usedAt <= this.#limits.now() - this.#limits.uploadLifetime
  }

  /** Loads the uploads of earlier servers once, so that the limits and the lifetime apply to them. */
  #load(): Promise<void> {
    this.#loading ??= this.#loadAll().catch((error: unknown) => {
      // The next request tries it again.
      this.#loading = undefined
      throw error
    })
    return this.#loading
  }

  async #loadAll(): Promise<void> {
    const left = await Array.fromAsync(this.#facts.list())
    const younger = [...this.#sessions.values()]
    this.#sessions.clear()
    for (const upload of left.sort((one, other) => one.usedAt - other.usedAt)) this.#adopt(upload)
    for (const session of younger) this.#sessions.set(session.upload.id, session)
  }
}
