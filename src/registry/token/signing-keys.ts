import { importSigningKey, makeSigningKey, type SigningKey } from './signing-key.ts'

/** The keys of access tokens: one that signs now, and those whose tokens are still good. */
export interface SigningKeys {
  current(): Promise<SigningKey>
  /** Returns one of these keys, and `undefined` for an ID that none of them has. */
  find(id: string | undefined): Promise<SigningKey | undefined>
}

/** Always the same key. The ID in a token does not matter then. */
export function fixedKey(key: SigningKey): SigningKeys {
  return { current: async () => key, find: async () => key }
}

/** A private key as it is recorded. */
export interface KeyRecord {
  readonly id: string
  /** The private key as JWK, in JSON. */
  readonly jwk: string
  /** Milliseconds since 1970. */
  readonly madeAt: number
}

/** Where keys are recorded that replicas share. */
export interface KeyFacts {
  /** The newest first. */
  list(): Promise<readonly KeyRecord[]>
  /**
   * Adds a key unless one was made after `newestBefore`, and removes those that were made before
   * `dropBefore`, at once. Returns all keys, the newest first.
   */
  rotate(
    key: KeyRecord,
    limits: { readonly newestBefore: number; readonly dropBefore: number },
  ): Promise<readonly KeyRecord[]>
}

export interface RotatedKeysOptions {
  readonly facts: KeyFacts
  readonly now: () => number
  /** Milliseconds for which an access token is good. */
  readonly lifetime: number
}

const minute = 60_000

/** Milliseconds after which another key signs. A copy of the database is worth nothing after two of them. */
export const rotation: number = 24 * 60 * minute

/** Milliseconds after which the recorded keys are read again. */
const believed = minute

/** Milliseconds until a new key signs: by then every replica has read it. */
const settling = 2 * minute

/** Milliseconds between two looks for the key of a token that is not known. */
const patience = 1000

/** Keys that replicas share and change every day, so that each proves what another has signed. */
export function createRotatedKeys({ facts, now, lifetime }: RotatedKeysOptions): SigningKeys {
  let records: readonly KeyRecord[] = []
  let lookedAt = Number.NEGATIVE_INFINITY
  let looking: Promise<void> | undefined
  const imported = new Map<string, Promise<SigningKey>>()

  const read = async (): Promise<void> => {
    const found = await facts.list()
    const [newest] = found
    const isFresh = newest !== undefined && now() - newest.madeAt < rotation
    records = isFresh ? found : await rotate()
    lookedAt = now()
    for (const id of imported.keys()) {
      if (!records.some((each) => each.id === id)) imported.delete(id)
    }
  }
  const rotate = async (): Promise<readonly KeyRecord[]> => {
    const madeAt = now()
    const dropBefore = madeAt - rotation - settling - lifetime - 10 * minute
    const made = { ...(await makeSigningKey()), madeAt }
    return await facts.rotate(made, { newestBefore: madeAt - rotation, dropBefore })
  }
  const look = async (age: number): Promise<void> => {
    const since = now() - lookedAt
    if (since >= 0 && since < age) return
    looking ??= read().finally(() => {
      looking = undefined
    })
    // Known keys are good while the database does not answer.
    await looking.catch((error: unknown) => {
      if (records.length === 0) throw error
    })
  }
  const importOf = (record: KeyRecord): Promise<SigningKey> => {
    const known = imported.get(record.id) ?? importSigningKey(record.jwk, 'the recorded key')
    imported.set(record.id, known)
    return known
  }
  return {
    async current() {
      await look(believed)
      const settled = records.find(({ madeAt }) => now() - madeAt >= settling) ?? records.at(-1)
      if (settled === undefined) throw new TypeError('rotate() has returned no key')
      return await importOf(settled)
    },
    async find(id) {
      await look(believed)
      const known = (): KeyRecord | undefined => records.find((each) => each.id === id)
      if (known() === undefined) await look(patience)
      const record = known()
      return record && (await importOf(record))
    },
  }
}
