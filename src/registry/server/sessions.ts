import { randomBytes } from 'node:crypto'
import type { Ingest } from '#content'
import { type DigestAlgorithm, isStrakeError, StrakeError } from '#oci'
import type { Registry } from '../registry.ts'
import type { Upload, UploadFacts } from '../store/uploads.ts'

export interface UploadLimits {
  /** Upload sessions at a time; 1,000 unless told otherwise. */
  readonly maxUploads?: number | undefined
  /** Upload sessions at a time that one client may have; 500 unless told otherwise. */
  readonly maxUploadsPerClient?: number | undefined
  /** Milliseconds without activity after which an upload session is forgotten; a day. */
  readonly uploadLifetime?: number | undefined
  /** Milliseconds since the epoch. */
  readonly now?: (() => number) | undefined
}

/** A session that a request may work on. */
export interface UploadSession {
  readonly id: string
  readonly repository: string
  /** Bytes received so far. */
  readonly size: number
  /** The ingest that receives the bytes, opened when it is asked for. `expectedSize` is about what will come. */
  ingest(expectedSize?: number): Promise<Ingest>
  /** Ends the session; what was received and not committed is forgotten. */
  end(): Promise<void>
}

/** Ingests that stay open between requests; to open one again, its bytes are hashed again. */
const mostOpen = 32

/** How long an ingest stays open after a request, in milliseconds. */
const openTime = 30_000

/** How old the noted time of use may become, in milliseconds. */
const usedResolution = 60_000

/**
 * The uploads of one handler. An id is 128 random bits and valid only for the
 * repository it was made for, so it can neither be guessed nor carried over.
 * Where there are too many, the one that was idle for longest gives way. Memory
 * and descriptors are taken only while bytes come, and for a while after.
 */
export class UploadSessions implements AsyncDisposable {
  readonly #registry: Registry
  readonly #facts: UploadFacts
  readonly #limits: Required<{ [K in keyof UploadLimits]: NonNullable<UploadLimits[K]> }>
  /** Uploads this process knows of, the one used least recently first. */
  readonly #sessions = new Map<string, Session>()
  readonly #working = new Set<Promise<unknown>>()
  #loading: Promise<void> | undefined

  constructor(registry: Registry, facts: UploadFacts, limits: UploadLimits) {
    this.#registry = registry
    this.#facts = facts
    this.#limits = {
      maxUploads: limits.maxUploads ?? 1000,
      maxUploadsPerClient: limits.maxUploadsPerClient ?? 500,
      uploadLifetime: limits.uploadLifetime ?? 24 * 60 * 60 * 1000,
      now: limits.now ?? Date.now,
    }
  }

  /** Begins an upload. Throws `TOOMANYREQUESTS` where no idle one can give way. */
  async begin(
    repository: string,
    owner: string,
    algorithm: DigestAlgorithm | undefined,
  ): Promise<UploadSession> {
    await this.#load()
    await this.#makeRoom(owner)
    const id = randomBytes(16).toString('hex')
    const usedAt = this.#limits.now()
    const session = this.#adopt({ id, repository, owner, algorithm, usedAt })
    await this.#facts.put(session.upload)
    return session
  }

  /** A session to be looked at, also while a request is using it. */
  async look(repository: string, id: string): Promise<UploadSession> {
    const session = await this.#find(repository, id)
    return session.isBusy ? session : this.use(repository, id, async (own) => own)
  }

  /** Runs `work` as the session's only user. Throws `CONFLICT` when it has one already. */
  async use<T>(
    repository: string,
    id: string,
    work: (session: UploadSession) => Promise<T>,
  ): Promise<T> {
    const session = await this.#find(repository, id)
    if (session.isBusy) {
      throw new StrakeError('CONFLICT', 'Cannot continue the upload: another request is using it')
    }
    session.isBusy = true
    const working = session.reopen().then(() => work(session))
    this.#working.add(working)
    try {
      return await working
    } finally {
      this.#working.delete(working)
      session.isBusy = false
      await this.#rest(session)
    }
  }

  /** Lets go of everything, so that another server can go on with the uploads. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#working)
    for (const session of this.#sessions.values()) await session.close()
    this.#sessions.clear()
  }

  async #find(repository: string, id: string): Promise<Session> {
    const known = this.#sessions.get(id)
    const upload = known?.upload ?? (await this.#facts.find(id))
    const isLate = upload !== undefined && this.#isExpired(upload)
    if (upload === undefined || upload.repository !== repository || isLate) {
      throw new StrakeError(
        'BLOB_UPLOAD_UNKNOWN',
        'Cannot continue the upload: no such upload session',
      )
    }
    // Another request may have found it meanwhile.
    return this.#sessions.get(id) ?? this.#adopt(upload)
  }

  #adopt(upload: Upload): Session {
    const session = new Session(upload, this.#registry, {
      forget: async () => {
        this.#sessions.delete(upload.id)
        await this.#facts.remove(upload.id)
      },
      put: (changed) => this.#facts.put(changed),
    })
    this.#sessions.set(upload.id, session)
    return session
  }

  /** After a request: the session becomes the youngest, and those idle for long let go of their files. */
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
      if (this.#isExpired(session.upload)) await endIfIdle(session)
    }
    const own = [...this.#sessions.values()].filter(({ upload }) => upload.owner === owner)
    if (own.length >= maxUploadsPerClient) await giveWay(own)
    if (this.#sessions.size >= maxUploads) await giveWay([...this.#sessions.values()])
  }

  #isExpired({ usedAt }: Upload): boolean {
    return usedAt <= this.#limits.now() - this.#limits.uploadLifetime
  }

  /** Once: the uploads that earlier servers left count as well, and the old ones among them go. */
  #load(): Promise<void> {
    this.#loading ??= this.#loadAll()
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

/** Ends the first idle one of `sessions`, which are in the order of their last use. */
async function giveWay(sessions: readonly Session[]): Promise<void> {
  for (const session of sessions) if (await endIfIdle(session)) return
  throw new StrakeError('TOOMANYREQUESTS', 'Cannot start an upload: too many are in progress')
}

/** False for a session that is in use, here or by another server. */
async function endIfIdle(session: Session): Promise<boolean> {
  if (session.isBusy) return false
  try {
    await session.end()
    return true
  } catch (error) {
    if (!isStrakeError(error, 'CONFLICT')) throw error
    return false
  }
}

interface SessionActions {
  readonly forget: () => Promise<void>
  readonly put: (upload: Upload) => Promise<void>
}

class Session implements UploadSession {
  upload: Upload
  isBusy = false
  readonly #registry: Registry
  readonly #actions: SessionActions
  #notedAt: number
  #ingest: Ingest | undefined
  #closing: Promise<void> | undefined
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(upload: Upload, registry: Registry, actions: SessionActions) {
    this.upload = upload
    this.#notedAt = upload.usedAt
    this.#registry = registry
    this.#actions = actions
  }

  get id(): string {
    return this.upload.id
  }

  get repository(): string {
    return this.upload.repository
  }

  get size(): number {
    return this.#ingest?.size ?? 0
  }

  get isOpen(): boolean {
    return this.#ingest !== undefined
  }

  async ingest(expectedSize?: number): Promise<Ingest> {
    await this.#closing
    if (this.#ingest !== undefined) return this.#ingest
    const { repository, algorithm, ingest: id = `upload-${this.upload.id}` } = this.upload
    const options = { id, algorithm, expectedSize }
    this.#ingest = await this.#registry.repository(repository).ingest(options)
    await this.#noteIngest(this.#ingest)
    return this.#ingest
  }

  /** Opens the ingest where bytes came already. Throws `CONFLICT` where another server has it open. */
  async reopen(): Promise<void> {
    clearTimeout(this.#timer)
    if (this.upload.ingest !== undefined) await this.ingest()
  }

  async end(): Promise<void> {
    clearTimeout(this.#timer)
    const ingest = this.upload.ingest === undefined ? undefined : await this.ingest()
    this.#ingest = undefined
    await this.#actions.forget()
    await ingest?.abort()
  }

  /** Keeps what was received for a later request. */
  async close(): Promise<void> {
    clearTimeout(this.#timer)
    const ingest = this.#ingest
    this.#ingest = undefined
    if (ingest !== undefined) {
      this.#closing = this.#noteIngest(ingest).finally(() => ingest[Symbol.asyncDispose]())
    }
    await this.#closing
  }

  closeLater(milliseconds: number): void {
    clearTimeout(this.#timer)
    if (this.#ingest === undefined) return
    this.#timer = setTimeout(() => {
      if (!this.isBusy) this.close().catch(() => {})
    }, milliseconds)
    this.#timer.unref()
  }

  /** What cannot be noted, on a full disk, is merely taken for older than it is. */
  async noteUse(usedAt: number): Promise<void> {
    this.upload = { ...this.upload, usedAt }
    if (usedAt - this.#notedAt < usedResolution) return
    this.#notedAt = usedAt
    await this.#actions.put(this.upload).catch(() => {})
  }

  /** The ingest of a registry elsewhere has an id that changes with what it received. */
  async #noteIngest({ id }: Ingest): Promise<void> {
    if (id === this.upload.ingest) return
    this.upload = { ...this.upload, ingest: id }
    await this.#actions.put(this.upload)
  }
}
