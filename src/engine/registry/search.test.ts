import { expect, test } from 'bun:test'
import { createMemoryRegistry, createRegistryHandler } from '#registry'
import { push } from '../push/push.ts'
import { addTestImage, openTestEngine } from '../testing/fixture.ts'
import { type SearchOptions, searchImages } from './search.ts'

const answer = {
  results: [
    { name: 'few', description: 'a\nb', star_count: 2, is_official: false },
    { name: 'many', description: 'c', star_count: 30, is_official: true, is_automated: true },
    { name: 7 },
    'text',
    { name: 'odd', star_count: 'x', description: 5 },
  ],
}

/** Searches in a registry that answers with `body`; returns the results and the requested URLs. */
async function search(text: string, options: SearchOptions = {}, body: unknown = answer) {
  const asked: string[] = []
  const fetch = async (request: Request): Promise<Response> => {
    asked.push(request.url)
    return Response.json(body)
  }
  await using engine = await openTestEngine({ fetch })
  const found = await searchImages(engine, text, options)
  return { asked, names: found.map(({ name }) => name), found }
}

test('searchImages() asks the first version of the API, and sorts by stars', async () => {
  const { asked, found, names } = await search('registry.example:5000/a b', { limit: 7 })
  expect(asked).toEqual(['https://registry.example:5000/v1/search?q=a+b&n=7'])
  expect(names).toEqual(['many', 'few', 'odd'])
  expect(found[0]).toEqual({
    name: 'many',
    description: 'c',
    stars: 30,
    isOfficial: true,
    isAutomated: true,
  })
  expect((await search('docker.io/nginx')).asked).toEqual([
    'https://index.docker.io/v1/search?q=nginx&n=25',
  ])
  expect((await search('library/nginx')).asked[0]).toContain(
    'index.docker.io/v1/search?q=library%2F',
  )
})

test('searchImages() filters by official builds and stars, and cuts at the limit', async () => {
  const host = 'registry.example/a'
  expect((await search(host, { filter: { isOfficial: true } })).names).toEqual(['many'])
  expect((await search(host, { filter: { isAutomated: false } })).names).toEqual(['few', 'odd'])
  expect((await search(host, { filter: { stars: 2 } })).names).toEqual(['many', 'few'])
  expect((await search(host, { limit: 1 })).names).toEqual(['few'])
})

test('searchImages() refuses a limit out of range, no word, and an answer of another shape', async () => {
  for (const limit of [0, 101, -1]) {
    await expect(search('nginx', { limit })).rejects.toThrow('outside the range of [1, 100]')
  }
  await expect(search('')).rejects.toThrow('it is no word')
  await expect(search('https://docker.io/a')).rejects.toThrow('it is no word')
  await expect(search('registry.example/a', {}, { results: 5 })).rejects.toThrow('no results')
  await expect(search('registry.example/a', {}, [])).rejects.toThrow('no results')
})

test('searchImages() looks into the catalogue of a registry that cannot search', async () => {
  await using engine = await openTestEngine({
    fetch: createRegistryHandler(createMemoryRegistry()),
  })
  for (const name of ['team/app', 'team/apple', 'other']) {
    await addTestImage(engine, { names: [`localhost:1/${name}`] })
    await push(engine, `localhost:1/${name}`)
  }
  const names = async (text: string, options: SearchOptions = {}): Promise<readonly string[]> =>
    (await searchImages(engine, text, options)).map(({ name }) => name)
  expect(await names('localhost:1/app')).toEqual(['team/app', 'team/apple'])
  expect(await names('localhost:1/')).toEqual(['other', 'team/app', 'team/apple'])
  expect(await names('localhost:1/app', { limit: 1 })).toEqual(['team/app'])
  expect(await names('localhost:1/app', { filter: { stars: 1 } })).toEqual([])
})
