import { describe, expect, test } from 'bun:test'
import type { Digest } from '#oci'
import { blob, manifest } from '../../testing/fixtures.ts'
import type { Member, MemberKind, RegistryFacts } from '../facts.ts'

export type OpenFacts = () => Promise<{ readonly facts: RegistryFacts } & AsyncDisposable>

const one = blob('one').descriptor
const two = blob('two').descriptor
const three = blob('three').descriptor

const member = (kind: MemberKind, descriptor = one): Member => ({ kind, descriptor })

/** The contract of every `RegistryFacts`. */
export function testRegistryFacts(name: string, open: OpenFacts): void {
  const withFacts = async (work: (facts: RegistryFacts) => Promise<void>): Promise<void> => {
    await using opened = await open()
    await work(opened.facts)
  }
  describe(`${name} as registry facts`, () => {
    testMembers(withFacts)
    testTags(withFacts)
    testReferrers(withFacts)
    testNames(withFacts)
    testHolders(withFacts)
    testForget(withFacts)
  })
}

type With = (work: (facts: RegistryFacts) => Promise<void>) => Promise<void>

function testMembers(withFacts: With): void {
  test('find() returns members of this repository only, by kind', () =>
    withFacts(async (facts) => {
      const app = facts.repository('team/app')
      await app.add(member('blob'))
      const found = await app.find('blob', one.digest)
      expect(found).toEqual(member('blob'))
      expect(await app.find('manifest', one.digest)).toBeUndefined()
      expect(await app.find('blob', two.digest)).toBeUndefined()
      for (const other of ['team', 'team/app/x', 'other']) {
        expect(await facts.repository(other).find('blob', one.digest)).toBeUndefined()
      }
      expect(await facts.repository('team/app').find('blob', one.digest)).toEqual(found)
    }))

  test('add() replaces a member, and remove() removes it', () =>
    withFacts(async (facts) => {
      const app = facts.repository('app')
      await app.add(member('manifest'))
      const changed = { ...member('manifest'), descriptor: { ...one, artifactType: 'a/b' } }
      await app.add(changed)
      expect(await app.find('manifest', one.digest)).toEqual(changed)
      await app.remove('blob', one.digest)
      expect(await app.find('manifest', one.digest)).toEqual(changed)
      await app.remove('manifest', one.digest)
      await app.remove('manifest', one.digest)
      expect(await app.find('manifest', one.digest)).toBeUndefined()
    }))

  test('add() accepts sha512, the longest names, and many calls at the same time', () =>
    withFacts(async (facts) => {
      const digest: Digest = `sha512:${'ab'.repeat(64)}`
      const long = facts.repository(`${'a'.repeat(127)}/${'b'.repeat(127)}`)
      await long.add({ kind: 'blob', descriptor: { ...one, digest } })
      expect((await long.find('blob', digest))?.descriptor.digest).toBe(digest)
      const names = Array.from({ length: 20 }, (_, count) => `first/${count}`)
      await Promise.all(names.map((name) => facts.repository(name).add(member('blob'))))
      for (const name of names) {
        expect(await facts.repository(name).find('blob', one.digest)).toBeDefined()
      }
    }))
}

function testTags(withFacts: With): void {
  test('setTag() sets, moves and removes a tag', () =>
    withFacts(async (facts) => {
      const app = facts.repository('app')
      await app.add(member('manifest'))
      expect(await app.findTag('v1')).toBeUndefined()
      await app.setTag('v1', one.digest)
      expect(await app.findTag('v1')).toBe(one.digest)
      await app.setTag('v1', two.digest)
      expect(await app.findTag('v1')).toBe(two.digest)
      expect(await facts.repository('app/b').findTag('v1')).toBeUndefined()
      await app.setTag('v1', undefined)
      await app.setTag('v1', undefined)
      expect(await app.findTag('v1')).toBeUndefined()
    }))

  test('setTag() with onlyNew leaves a tag alone that has another digest', () =>
    withFacts(async (facts) => {
      const app = facts.repository('app')
      await app.add(member('manifest'))
      expect(await app.setTag('v1', one.digest, { onlyNew: true })).toBe('done')
      expect(await app.setTag('v1', one.digest, { onlyNew: true })).toBe('done')
      expect(await app.setTag('v1', two.digest, { onlyNew: true })).toBe('taken')
      expect(await app.setTag('v1', undefined, { onlyNew: true })).toBe('taken')
      expect(await app.setTag('absent', undefined, { onlyNew: true })).toBe('done')
      expect(await app.findTag('v1')).toBe(one.digest)
      expect(await app.setTag('v1', two.digest)).toBe('done')
    }))

  test('setTag() with onlyHeld sets no tag without its manifest', () =>
    withFacts(async (facts) => {
      const app = facts.repository('app')
      expect(await app.setTag('v1', one.digest, { onlyHeld: true })).toBe('unheld')
      expect(await app.exists()).toBe(false)
      await app.add(member('blob'))
      expect(await app.setTag('v1', one.digest, { onlyHeld: true })).toBe('unheld')
      expect(await app.findTag('v1')).toBeUndefined()
      await app.add(member('manifest'))
      expect(await app.setTag('v1', one.digest, { onlyHeld: true })).toBe('done')
      expect(await app.setTag('v1', undefined, { onlyHeld: true })).toBe('done')
      expect(await app.findTag('v1')).toBeUndefined()
    }))

  test('setTag() with from changes a tag of one digest only', () =>
    withFacts(async (facts) => {
      const app = facts.repository('app')
      await app.add(member('manifest'))
      expect(await app.setTag('v1', two.digest, { from: one.digest })).toBe('taken')
      await app.setTag('v1', one.digest)
      expect(await app.setTag('v1', undefined, { from: two.digest })).toBe('taken')
      expect(await app.setTag('v1', one.digest, { from: two.digest })).toBe('done')
      expect(await app.setTag('v1', two.digest, { from: one.digest })).toBe('done')
      expect(await app.findTag('v1')).toBe(two.digest)
      expect(await app.setTag('v1', undefined, { from: two.digest })).toBe('done')
      expect(await app.setTag('v1', undefined, { from: two.digest })).toBe('done')
      expect(await app.findTag('v1')).toBeUndefined()
    }))

  test('remove() with onlyTags leaves a manifest with another tag, and returns that tag', () =>
    withFacts(async (facts) => {
      const app = facts.repository('app')
      await app.add(member('manifest'))
      for (const tag of ['a', 'b']) await app.setTag(tag, one.digest)
      const remove = async (...onlyTags: readonly string[]) =>
        [...(await app.remove('manifest', one.digest, { onlyTags }))].sort()
      expect(await remove()).toEqual(['a', 'b'])
      expect(await remove('b', 'c')).toEqual(['a'])
      expect(await app.find('manifest', one.digest)).toBeDefined()
      expect(await Array.fromAsync(app.tags())).toEqual(['a', 'b'])
      expect(await remove('a', 'b')).toEqual([])
      expect(await app.find('manifest', one.digest)).toBeUndefined()
      expect(await Array.fromAsync(app.tags())).toEqual([])
      expect(await remove()).toEqual([])
    }))

  test('of a tag and a removal of its manifest at the same time, one waits for the other', () =>
    withFacts(async (facts) => {
      const app = facts.repository('app')
      for (let round = 0; round < 20; round += 1) {
        await app.add(member('manifest'))
        const works = [
          () => app.setTag('v1', one.digest, { onlyHeld: true }),
          () => app.remove('manifest', one.digest, { onlyTags: [] }),
        ]
        if (round % 2 === 1) works.reverse()
        await Promise.all(works.map((work) => work()))
        const isHeld = (await app.find('manifest', one.digest)) !== undefined
        expect(await app.findTag('v1')).toBe(isHeld ? one.digest : undefined)
        await app.remove('manifest', one.digest)
      }
    }))

  test('tags() are in code unit order and start after a present or absent name', () =>
    withFacts(async (facts) => {
      const app = facts.repository('app')
      await app.add(member('manifest'))
      for (const tag of ['b', 'a', 'C', '_x', '10', '9']) await app.setTag(tag, one.digest)
      expect(await Array.fromAsync(app.tags())).toEqual(['10', '9', 'C', '_x', 'a', 'b'])
      expect(await Array.fromAsync(app.tags({ after: 'C' }))).toEqual(['_x', 'a', 'b'])
      expect(await Array.fromAsync(app.tags({ after: 'Z' }))).toEqual(['_x', 'a', 'b'])
    }))

  test('remove() of a manifest removes its tags, and no other tags', () =>
    withFacts(async (facts) => {
      const app = facts.repository('app')
      for (const descriptor of [one, two]) await app.add(member('manifest', descriptor))
      for (const tag of ['a', 'b']) await app.setTag(tag, one.digest)
      await app.setTag('c', two.digest)
      await app.remove('manifest', one.digest)
      expect(await Array.fromAsync(app.tags())).toEqual(['c'])
    }))
}

function testReferrers(withFacts: With): void {
  test('referrers() yields manifests with the subject by digest, until they are removed', () =>
    withFacts(async (facts) => {
      const app = facts.repository('app')
      const attached = [two, three].map((descriptor) => ({
        ...member('manifest', { ...descriptor, artifactType: 'a/b' }),
        subject: one.digest,
      }))
      for (const each of attached) await app.add(each)
      const byDigest = attached
        .map(({ descriptor }) => descriptor)
        .sort((a, b) => (a.digest < b.digest ? -1 : 1))
      expect(await Array.fromAsync(app.referrers(one.digest))).toEqual(byDigest)
      const behind = (after: string | undefined) =>
        Array.fromAsync(app.referrers(one.digest, { after }))
      expect(await behind(byDigest[0]?.digest)).toEqual(byDigest.slice(1))
      expect(await behind(byDigest[1]?.digest)).toEqual([])
      expect(await Array.fromAsync(app.referrers(two.digest))).toEqual([])
      expect(await Array.fromAsync(facts.repository('b').referrers(one.digest))).toEqual([])
      await app.remove('manifest', two.digest)
      expect(await Array.fromAsync(app.referrers(one.digest))).toEqual(
        byDigest.filter(({ digest }) => digest !== two.digest),
      )
    }))
}

function testNames(withFacts: With): void {
  test('exists() is true after the first member was added', () =>
    withFacts(async (facts) => {
      const app = facts.repository('team/app')
      await app.find('blob', one.digest)
      expect(await app.exists()).toBe(false)
      await app.add(member('blob'))
      expect(await app.exists()).toBe(true)
      for (const other of ['team', 'team/app/b', 'team-app']) {
        expect(await facts.repository(other).exists()).toBe(false)
      }
    }))

  test('repositories() are in code unit order and start after a name', () =>
    withFacts(async (facts) => {
      expect(await Array.fromAsync(facts.repositories())).toEqual([])
      for (const name of ['b/c', 'a', 'b', 'a-b', 'a/b']) {
        await facts.repository(name).add(member('blob'))
      }
      const all = ['a', 'a-b', 'a/b', 'b', 'b/c']
      expect(await Array.fromAsync(facts.repositories())).toEqual(all)
      expect(await Array.fromAsync(facts.repositories({ after: 'a-b' }))).toEqual(all.slice(2))
      expect(await Array.fromAsync(facts.repositories({ after: 'a.' }))).toEqual(all.slice(2))
      await facts.repository('c').add(member('blob'))
      expect(await Array.fromAsync(facts.repositories({ after: 'b' }))).toEqual(['b/c', 'c'])
    }))
}

function testForget(withFacts: With): void {
  test('forget() removes the name and the tags of one repository', () =>
    withFacts(async (facts) => {
      for (const name of ['team', 'team/app']) {
        await facts.repository(name).add(member('manifest'))
        await facts.repository(name).setTag('v1', one.digest)
      }
      await facts.repository('team').remove('manifest', one.digest)
      await facts.forget('team')
      await facts.forget('absent')
      expect(await Array.fromAsync(facts.repositories())).toEqual(['team/app'])
      expect(await facts.repository('team').exists()).toBe(false)
      expect(await facts.repository('team').findTag('v1')).toBeUndefined()
      expect(await facts.repository('team/app').findTag('v1')).toBe(one.digest)
    }))
}

function testHolders(withFacts: With): void {
  test('holders() yields every repository that has a blob or manifest, and no other', () =>
    withFacts(async (facts) => {
      const holders = async (digest: Digest): Promise<string[]> =>
        [...new Set(await Array.fromAsync(facts.holders(digest)))].sort()
      expect(await holders(one.digest)).toEqual([])
      for (const name of ['a', 'a/b', 'c']) await facts.repository(name).add(member('blob'))
      const index = manifest().descriptor
      await facts.repository('d').add(member('manifest', index))
      expect(await holders(one.digest)).toEqual(['a', 'a/b', 'c'])
      expect(await holders(index.digest)).toEqual(['d'])
      await facts.repository('a').remove('blob', one.digest)
      expect(await holders(one.digest)).toEqual(['a/b', 'c'])
      expect(await holders(two.digest)).toEqual([])
    }))
}
