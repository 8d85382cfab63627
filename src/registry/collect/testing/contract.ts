import { describe, expect, test } from 'bun:test'
import type { Descriptor, Digest } from '#oci'
import { type RegistryCollection, useResolution } from '../../store/collection.ts'
import type { RegistryFacts } from '../../store/facts.ts'
import type { RegistryLedger } from '../../store/ledger.ts'
import { blob, index, manifest } from '../../testing/fixtures.ts'

/** Facts with a clock that the test moves, in milliseconds since 1970. */
export interface CollectedFacts {
  readonly facts: RegistryFacts
  readonly ledger: RegistryLedger
  readonly collection: RegistryCollection
  readonly clock: { at: number }
}

export type OpenCollected = () => Promise<CollectedFacts & AsyncDisposable>

const layer = blob('layer').descriptor
const other = blob('other').descriptor
const image = manifest({ layers: [layer] }).descriptor
const referrer = manifest({ layers: [other] }).descriptor
const list = index([image]).descriptor

const hour = 3_600_000

/** The contract of every `RegistryCollection`. */
export function testRegistryCollection(name: string, open: OpenCollected): void {
  const withFacts = async (work: (opened: CollectedFacts) => Promise<void>): Promise<void> => {
    await using opened = await open()
    await work(opened)
  }
  /** Removes what has been free for an hour. Returns the digests. */
  const removeFree = async ({ collection, clock }: CollectedFacts): Promise<readonly Digest[]> => {
    const before = clock.at - hour
    const limits = { manifest: before, blob: before }
    const listed = await Array.fromAsync(collection.listFree(limits))
    const freed = await collection.removeFree(limits, 100)
    const digests = freed.map(({ digest }) => digest).sort()
    expect(listed.map(({ digest }) => digest).sort()).toEqual(digests)
    return digests
  }
  const addImage = async ({ facts }: CollectedFacts): Promise<void> => {
    const app = facts.repository('app')
    await app.add({ kind: 'blob', descriptor: layer })
    await app.add({ kind: 'manifest', descriptor: image, names: [layer.digest] })
  }

  describe(`${name} as the facts of a collection`, () => {
    test('a blob that no manifest names goes, one that a manifest names stays', () =>
      withFacts(async (opened) => {
        await addImage(opened)
        await opened.facts.repository('app').setTag('v1', image.digest)
        await opened.facts.repository('app').add({ kind: 'blob', descriptor: other })
        opened.clock.at += hour
        expect(await removeFree(opened)).toEqual([])
        opened.clock.at += 1
        expect(await removeFree(opened)).toEqual([other.digest])
        opened.clock.at += hour * 100
        expect(await removeFree(opened)).toEqual([])
      }))

    test('an untagged manifest goes, and an hour later what only it named', () =>
      withFacts(async (opened) => {
        await addImage(opened)
        const app = opened.facts.repository('app')
        await app.setTag('v1', image.digest)
        await app.setTag('v2', image.digest)
        opened.clock.at += hour * 10
        await app.setTag('v1', undefined)
        opened.clock.at += hour * 10
        expect(await removeFree(opened)).toEqual([])
        await app.setTag('v2', undefined)
        opened.clock.at += hour
        expect(await removeFree(opened)).toEqual([])
        opened.clock.at += 1
        expect(await removeFree(opened)).toEqual([image.digest])
        expect(await removeFree(opened)).toEqual([])
        opened.clock.at += hour + 1
        expect(await removeFree(opened)).toEqual([layer.digest])
        expect(await app.find('blob', layer.digest)).toBeUndefined()
      }))

    test('a manifest that comes by digest waits for its tag or index', () =>
      withFacts(async (opened) => {
        await addImage(opened)
        const app = opened.facts.repository('app')
        opened.clock.at += hour
        await app.add({ kind: 'manifest', descriptor: list, names: [image.digest] })
        await app.setTag('all', list.digest)
        opened.clock.at += hour * 10
        expect(await removeFree(opened)).toEqual([])
        await app.setTag('all', undefined)
        opened.clock.at += hour + 1
        expect(await removeFree(opened)).toEqual([list.digest])
        opened.clock.at += hour + 1
        expect(await removeFree(opened)).toEqual([image.digest])
      }))

    test('referrers stay as long as their subject, also those that came before it', () =>
      withFacts(async (opened) => {
        const app = opened.facts.repository('app')
        const attached = { kind: 'manifest', descriptor: referrer, subject: image.digest } as const
        await app.add(attached)
        await addImage(opened)
        await app.setTag('v1', image.digest)
        opened.clock.at += hour * 10
        expect(await removeFree(opened)).toEqual([])
        await app.add(attached)
        opened.clock.at += hour * 10
        expect(await removeFree(opened)).toEqual([])
        await app.remove('manifest', image.digest)
        opened.clock.at += hour + 1
        expect(await removeFree(opened)).toEqual([layer.digest, referrer.digest].sort())
      }))

    test('find() delays the collection of what a push may rely on', () =>
      withFacts(async (opened) => {
        const app = opened.facts.repository('app')
        await app.add({ kind: 'blob', descriptor: layer })
        for (let count = 0; count < 5; count += 1) {
          opened.clock.at += hour / 2
          expect(await app.find('blob', layer.digest)).toBeDefined()
          expect(await removeFree(opened)).toEqual([])
        }
        opened.clock.at += hour + 1
        expect(await removeFree(opened)).toEqual([layer.digest])
        opened.clock.at += useResolution
        expect(await app.find('blob', layer.digest)).toBeUndefined()
      }))

    test('removeFree() removes at most the limit, the longest free first', () =>
      withFacts(async ({ facts, collection, clock }) => {
        for (const descriptor of [layer, other]) {
          await facts.repository('app').add({ kind: 'blob', descriptor })
          clock.at += 1000
        }
        const limits = { manifest: clock.at, blob: clock.at }
        expect(await collection.removeFree(limits, 1)).toMatchObject([{ digest: layer.digest }])
        expect(await collection.removeFree(limits, 1)).toMatchObject([
          { repository: 'app', kind: 'blob', digest: other.digest, size: other.size },
        ])
        expect(await collection.removeFree(limits, 1)).toEqual([])
      }))

    test('content is unheld when the last repository has dropped it', () =>
      withFacts(async ({ facts, collection, clock }) => {
        const held: Descriptor[] = [layer, other]
        for (const name of ['a', 'b']) {
          for (const descriptor of held)
            await facts.repository(name).add({ kind: 'blob', descriptor })
        }
        await facts.repository('a').remove('blob', layer.digest)
        await facts.forget('a')
        const claim = async (before = clock.at + 1) => {
          const claims = await collection.claimUnheld(before, 10)
          return claims.filter(({ isHeld }) => !isHeld)
        }
        expect(await claim()).toEqual([])
        clock.at += 10
        await facts.repository('b').remove('blob', layer.digest)
        expect(await claim(clock.at)).toEqual([])
        expect(await claim()).toMatchObject([{ digest: layer.digest }])
        expect(await collection.isHeld(layer.digest)).toBe(false)
        clock.at += 10
        await collection.noteUnheld([layer.digest, other.digest])
        const claims = await claim()
        expect(claims).toMatchObject([{ digest: layer.digest, isHeld: false }])
        expect(await collection.isHeld(other.digest)).toBe(true)
        await collection.forgetUnheld(claims)
        expect(await claim()).toEqual([])
        await collection.noteUnheld([layer.digest])
        expect(await claim()).toMatchObject([{ digest: layer.digest }])
      }))

    test('a claim ends when nobody decides, and when the content is dropped again', () =>
      withFacts(async ({ facts, collection, clock }) => {
        const app = facts.repository('app')
        const drop = async (): Promise<void> => {
          await app.add({ kind: 'blob', descriptor: layer })
          await app.remove('blob', layer.digest)
        }
        await drop()
        clock.at += 100
        const before = clock.at
        const [first] = await collection.claimUnheld(before, 10)
        expect(first).toMatchObject({ digest: layer.digest, isHeld: false })
        expect(await collection.claimUnheld(before, 10)).toEqual([])
        clock.at += 100
        const [second] = await collection.claimUnheld(clock.at, 10)
        expect(second?.digest).toBe(layer.digest)
        await collection.forgetUnheld(first === undefined ? [] : [first])
        await drop()
        await collection.forgetUnheld(second === undefined ? [] : [second])
        clock.at += 100
        await app.add({ kind: 'blob', descriptor: layer })
        const [third] = await collection.claimUnheld(clock.at, 10)
        expect(third).toMatchObject({ digest: layer.digest, isHeld: true })
        await collection.forgetUnheld(third === undefined ? [] : [third])
        clock.at += 100
        expect(await collection.claimUnheld(clock.at, 10)).toEqual([])
      }))
  })
}
