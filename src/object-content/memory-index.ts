import type { Digest } from '#oci'
import type { IngestState, ObjectIndex, UsedObject } from './object-index.ts'

/** Keeps an index in maps, for one process. */
export function createMemoryIndex(now: () => number = Date.now): ObjectIndex {
  const objects = new Map<Digest, UsedObject>()
  const hidden = new Map<Digest, UsedObject>()
  const ingests = new Map<string, IngestState & { readonly changedAt: number }>()
  const trash = new Set<string>()
  return {
    async use(digest) {
      const found = objects.get(digest)
      if (found !== undefined) objects.set(digest, { ...found, usedAt: now() })
      return found
    },
    look: async (digest) => objects.get(digest),
    async hide(digest, usedAt) {
      const found = objects.get(digest)
      if (found === undefined || (usedAt ?? found.usedAt) !== found.usedAt) return undefined
      objects.delete(digest)
      hidden.set(digest, found)
      return found
    },
    async restore({ digest }) {
      const found = hidden.get(digest)
      hidden.delete(digest)
      if (found === undefined) return
      if (objects.has(digest)) trash.add(found.key)
      else objects.set(digest, found)
    },
    async remove({ digest, key }) {
      hidden.delete(digest)
      trash.add(key)
    },
    async *list() {
      yield* objects.values()
    },
    ingests: {
      async open(state) {
        const known = ingests.get(state.id)
        if (known === undefined) ingests.set(state.id, { ...state, changedAt: now() })
        return known ?? state
      },
      find: async (id) => ingests.get(id),
      async put(state) {
        if ((ingests.get(state.id)?.version ?? 0) !== state.version - 1) return false
        ingests.set(state.id, { ...state, changedAt: now() })
        return true
      },
      async finish(id, object, keys) {
        ingests.delete(id)
        for (const key of keys) trash.add(key)
        const known = objects.get(object.digest)
        if (known === undefined) objects.set(object.digest, { ...object, usedAt: now() })
        else if (known.key !== object.key) trash.add(object.key)
        return known ?? object
      },
      async remove(id) {
        ingests.delete(id)
      },
      async discard(id, state) {
        ingests.delete(id)
        ingests.set(state.id, { ...state, changedAt: 0 })
      },
      async *list(before) {
        for (const state of ingests.values()) if (state.changedAt < before) yield state
      },
    },
    trash: {
      async add(keys) {
        for (const key of keys) trash.add(key)
      },
      async list(limit) {
        const used = new Set([...objects.values()].map(({ key }) => key))
        return [...trash].filter((key) => !used.has(key)).slice(0, limit)
      },
      async forget(keys) {
        for (const key of keys) trash.delete(key)
      },
    },
  }
}
